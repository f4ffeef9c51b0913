"""random and tls: values made once, kept in the engine's state only, as the real providers do."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from localcloud.backend import Backend, Call, Outcome, Update, preview_outputs, secret_paths
from localcloud.kinds.model import Refused, Value
from localcloud.wire import Properties

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"  # terraform-provider-random: the default special characters
_PASSWORD_DEFAULTS: Final[Mapping[str, Value]] = {
    **dict.fromkeys(("lower", "upper", "numeric", "number", "special"), True),
    **dict.fromkeys(("minLower", "minUpper", "minNumeric", "minSpecial"), 0),
}


class Generator(Backend):
    """A package whose resources are nothing but generated values: each change of an input makes new ones."""

    makers: Mapping[str, Callable[[Mapping[str, Value]], dict[str, Value]]]
    secrets: Mapping[str, tuple[str, ...]]

    def force_new(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, ...]:
        """All inputs."""
        del call
        return tuple(old.keys() | new.keys())

    def create(self, call: Call, inputs: Properties, *, preview: bool) -> Outcome:
        """Generate.

        Raises:
            Refused: the local cloud does not make this type.
        """
        maker = self.makers.get(call.token)
        if maker is None:
            raise Refused(
                "Unsupported", f"the local cloud can't make {call.token}; of {self.package} it makes {', '.join(sorted(self.makers))}"
            )
        outputs = preview_outputs(self.package, call.token, inputs.values)
        outputs.pop("id", None)
        if not preview:
            outputs = {name: value for name, value in outputs.items() if name in inputs.values} | maker(inputs.values)
        identity = str(outputs.pop("id", "none"))
        secret = [(name,) for name in self.secrets.get(call.token, ())]
        return Outcome("" if preview else identity, outputs, secret_paths(outputs, inputs.secrets, secret))

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """There is nothing but the state."""
        del call
        return Outcome(resource_id, state.values, secret_paths(state.values, state.secrets), inputs.values)

    def update(self, call: Call, change: Update) -> Outcome:
        """Nothing changes in place."""
        del call
        return Outcome(change.id, change.state.values, secret_paths(change.state.values, change.state.secrets))

    def delete(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> None:
        """There is nothing to delete."""


def _characters(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """RandomPassword, RandomString: the wanted length, the wanted kinds of characters, at least so many of each."""
    asked = {**_PASSWORD_DEFAULTS, **{name: value for name, value in inputs.items() if value is not None}}
    special = asked.get("overrideSpecial")
    kinds = {"Lower": string.ascii_lowercase, "Upper": string.ascii_uppercase, "Numeric": string.digits, "Special": special or _SPECIAL}
    length = _whole(asked.get("length"))
    chosen: list[str] = []
    alphabet = ""
    for kind, characters in kinds.items():
        if asked[kind.lower()] is True:
            alphabet += str(characters)
        chosen += [secrets.choice(str(characters)) for _ in range(_whole(asked[f"min{kind}"]))]
    if len(chosen) > length or not alphabet:
        raise Refused("InvalidArgument", f"length {length} is too short for the minimums, or no kind of character is allowed")
    chosen += [secrets.choice(alphabet) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return {**{name: asked[name] for name in _PASSWORD_DEFAULTS}, "result": "".join(chosen), "id": "none"}


def _identifier(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """RandomId."""
    raw = secrets.token_bytes(_whole(inputs.get("byteLength")))
    prefix = inputs.get("prefix") or ""
    forms = {"hex": raw.hex(), "dec": str(int.from_bytes(raw)), "b64Std": base64.b64encode(raw).decode()}
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    made: dict[str, Value] = {name: f"{prefix}{form}" for name, form in {**forms, "b64Url": url}.items()}
    return {**made, "id": url}


def _bytes(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """RandomBytes."""
    raw = secrets.token_bytes(_whole(inputs.get("length")))
    return {"hex": raw.hex(), "base64": base64.b64encode(raw).decode(), "id": "none"}


def _uuid(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """RandomUuid."""
    del inputs
    made = str(uuid.uuid4())
    return {"result": made, "id": made}


def _private_key(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """A private key; needs the `cryptography` package, which only the tests bring."""
    try:
        serialization = import_module("cryptography.hazmat.primitives.serialization")
        asymmetric = "cryptography.hazmat.primitives.asymmetric"
        if inputs.get("algorithm") == "RSA":
            key = import_module(f"{asymmetric}.rsa").generate_private_key(65537, _whole(inputs.get("rsaBits")) or 2048)
        elif inputs.get("algorithm") == "ECDSA":
            curve = f"SECP{str(inputs.get('ecdsaCurve') or 'P224')[1:]}R1"
            ec = import_module(f"{asymmetric}.ec")
            key = ec.generate_private_key(getattr(ec, curve)())
        else:
            key = import_module(f"{asymmetric}.ed25519").Ed25519PrivateKey.generate()
    except ModuleNotFoundError as missing:
        raise Refused("Unsupported", "tls.PrivateKey needs the Python package cryptography: pip install cryptography") from missing
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat
    secret = key.private_bytes(pem, private.PKCS8, serialization.NoEncryption()).decode()
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return {"privateKeyPem": secret, "privateKeyPemPkcs8": secret, "publicKeyPem": public, "id": secrets.token_hex(20)}


def _whole(value: Value) -> int:
    return int(value) if isinstance(value, int | float) else 0


class Random(Generator):
    """pulumi-random."""

    package = "random"
    secrets: Final = {  # type: ignore[misc]  # the base declares it, this fills it
        "random:index/randomPassword:RandomPassword": ("result", "bcryptHash"),
        "random:index/randomBytes:RandomBytes": ("hex", "base64"),
    }
    makers: Final = {  # type: ignore[misc]  # as above
        "random:index/randomPassword:RandomPassword": _characters,
        "random:index/randomString:RandomString": _characters,
        "random:index/randomId:RandomId": _identifier,
        "random:index/randomBytes:RandomBytes": _bytes,
        "random:index/randomUuid:RandomUuid": _uuid,
    }


class Tls(Generator):
    """pulumi-tls."""

    package = "tls"
    secrets: Final = {"tls:index/privateKey:PrivateKey": ("privateKeyPem", "privateKeyPemPkcs8")}  # type: ignore[misc]  # as above
    makers: Final = {"tls:index/privateKey:PrivateKey": _private_key}  # type: ignore[misc]  # as above

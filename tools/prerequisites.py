"""What an operator has before the first `pulumi up`, made up for the local cloud: a hosted zone, and secrets of the right form.

The values are random, and stand in the local cloud only. A test that looks for leaks plants its own with CODER_EKS_LOCAL_SECRETS.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tools.install import SetupError
from tools.stack_files import mapping

SECRETS_FILE = "CODER_EKS_LOCAL_SECRETS"  # a JSON file: name in Secrets Manager to value


@dataclass(frozen=True)
class Seed:
    """hosted_zones: domain names. secrets: name in Secrets Manager to value; region: of the secrets, none for the local cloud's own."""

    hosted_zones: tuple[str, ...]
    secrets: Mapping[str, str]
    region: str | None = None

    def to_json(self) -> str:
        """As the local cloud reads it."""
        seed = {"hosted_zones": list(self.hosted_zones), "secrets": dict(self.secrets)}
        return json.dumps(seed | ({"region": self.region} if self.region else {}))

    def names(self) -> str:
        """What is seeded, without the values."""
        return "".join(f"{name}\n" for name in [*self.hosted_zones, *sorted(self.secrets)])


def prerequisites(config: Mapping[str, object]) -> Seed:
    """The seed of the local cloud for a stack file's `config`.

    A stack file that lacks something gets no seed for it; the program says what is missing.
    """
    zone = mapping(config.get("coder-eks:system")).get("base_domain")
    coder = mapping(config.get("coder-eks:coder"))
    names = mapping(coder.get("secrets"))
    values = {name: _value(purpose, coder) for purpose, name in sorted(names.items()) if isinstance(name, str)}
    return Seed((zone,) if isinstance(zone, str) else (), values, _primary(config))


def _primary(config: Mapping[str, object]) -> str | None:
    """The region that coderd is in: the one with a database."""
    regions = mapping(config.get("coder-eks:regions"))
    return next((name for name, region in regions.items() if mapping(region).get("database")), None)


def with_overrides(seed: Seed, file: str | None) -> Seed:
    """The seed with the secret values of an override file. Raises SetupError."""
    if not file:
        return seed
    try:
        content: object = json.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise SetupError(f"{SECRETS_FILE}={file}: {error}; it must be a JSON file that maps secret names to values") from None
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in sorted(mapping(content).items())}
    return Seed(seed.hosted_zones, {**seed.secrets, **values}, seed.region)


def _value(purpose: str, coder: Mapping[str, object]) -> str:
    """A plausible value for what the stack file calls `purpose`."""
    match purpose:
        case "oidc" | "github":
            return json.dumps({"client_id": f"coder-{secrets.token_hex(4)}", "client_secret": secrets.token_urlsafe(32)})
        case "external_auth":
            entries = (mapping(entry).get("id") for entry in _list(coder.get("external_auth")))
            return json.dumps(
                {
                    key: value
                    for identifier in entries
                    for key, value in (
                        (f"{identifier}_client_id", f"Iv1.{secrets.token_hex(8)}"),
                        (f"{identifier}_client_secret", secrets.token_hex(20)),
                    )
                }
            )
        case "encryption_keys":  # Coder takes base64 keys of 32 bytes
            return base64.b64encode(secrets.token_bytes(32)).decode()
        case _:
            return secrets.token_urlsafe(48)


def _list(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else []

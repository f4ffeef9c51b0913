"""Values as the engine sends them (protobuf structs with signatures) and as the local cloud reads them.

Secrets are unwrapped, their paths kept beside the values; unknowns become UNKNOWN; references to resources and output values become
what they mean; assets and archives stay objects with their signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from google.protobuf.struct_pb2 import Struct
from google.protobuf.struct_pb2 import Value as WireValue

from localcloud.kinds.model import UNKNOWN, Value

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"  # with those below: pulumi/sdk v3.250.0, resource/sig, plugin/rpc.go
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - resource.SecretSig, a mark, not a secret
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"  # resource.ResourceReferenceSig
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"  # resource.OutputValueSig
UNKNOWN_TEXTS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # plugin.UnknownStringValue, which stands for each type
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # UnknownBoolValue
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # UnknownNumberValue
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # UnknownArrayValue
        "030794c1-ac77-496b-92df-f27374a8bd58",  # UnknownAssetValue
        "e48ece36-62e2-4504-bad9-02848725956a",  # UnknownArchiveValue
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # UnknownObjectValue
    }
)
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Path: TypeAlias = "tuple[str | int, ...]"


@dataclass
class Properties:
    """Values, which of them are secret (by path), and which resources they depend on (by top key; component inputs only)."""

    values: dict[str, Value] = field(default_factory=dict[str, Value])
    secrets: set[Path] = field(default_factory=set[Path])
    dependencies: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def secret_keys(self) -> set[str]:
        """The top keys that hold a secret anywhere."""
        return {str(path[0]) for path in self.secrets}


@dataclass(frozen=True)
class ResourceReference:
    """A resource as an output of a component: the SDK makes the resource object of it."""

    urn: str
    id: str | None


def decode(struct: Struct) -> Properties:
    """Read a struct."""
    found = Properties()
    reader = _Reader(found)
    for key, value in struct.fields.items():
        reader.top = key
        found.values[key] = reader.value(value, (key,))
    return found


@dataclass
class _Reader:
    found: Properties
    top: str = ""

    def value(self, wire: WireValue, path: Path) -> Value:
        match wire.WhichOneof("kind"):
            case "string_value":
                return UNKNOWN if wire.string_value in UNKNOWN_TEXTS else wire.string_value
            case "bool_value":
                return wire.bool_value
            case "number_value":
                return _number(wire.number_value)
            case "list_value":
                return [self.value(each, (*path, index)) for index, each in enumerate(wire.list_value.values)]
            case "struct_value":
                return self._object(wire.struct_value, path)
            case _:
                return None

    def _object(self, struct: Struct, path: Path) -> Value:
        fields = struct.fields
        if SIGNATURE_KEY not in fields:
            return {key: self.value(each, (*path, key)) for key, each in fields.items()}
        signature = fields[SIGNATURE_KEY].string_value
        if signature == SECRET:
            self.found.secrets.add(path)
            return self.value(fields["value"], path)
        if signature == OUTPUT:
            if fields["secret"].bool_value if "secret" in fields else False:
                self.found.secrets.add(path)
            if "dependencies" in fields:
                urns = {each.string_value for each in fields["dependencies"].list_value.values}
                self.found.dependencies.setdefault(self.top, set()).update(urns)
            return self.value(fields["value"], path) if "value" in fields else UNKNOWN
        if signature == RESOURCE:
            return self._reference(fields, path)
        return {key: self.value(each, (*path, key)) for key, each in fields.items()}  # asset or archive

    def _reference(self, fields: Mapping[str, WireValue], path: Path) -> Value:
        """A reference to a resource means its id; to a component, its URN."""
        if "id" not in fields:
            return fields["urn"].string_value
        return self.value(fields["id"], path) or UNKNOWN


def encode(values: Mapping[str, Value | ResourceReference], secrets: Iterable[Path] = ()) -> Struct:
    """Write a struct; what lies at the secret paths is marked."""
    marked = frozenset(secrets)
    struct = Struct()
    for key, value in values.items():
        _write(struct.fields[key], value, (key,), marked)
    return struct


def _write(target: WireValue, value: Value | ResourceReference, path: Path, secrets: frozenset[Path]) -> None:
    if secrets and path in secrets:
        fields = target.struct_value.fields
        fields[SIGNATURE_KEY].string_value = SECRET
        _write_plain(fields["value"], value, path, secrets - {path})
    else:
        _write_plain(target, value, path, secrets)


def _write_plain(target: WireValue, value: Value | ResourceReference, path: Path, secrets: frozenset[Path]) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = 0  # type: ignore[assignment]  # the enumeration's only value
    elif value is UNKNOWN:
        target.string_value = _UNKNOWN_TEXT
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, ResourceReference):
        _write_reference(target, value)
    else:
        _write_nested(target, value, path, secrets)


def _write_reference(target: WireValue, reference: ResourceReference) -> None:
    fields = target.struct_value.fields
    fields[SIGNATURE_KEY].string_value = RESOURCE
    fields["urn"].string_value = reference.urn
    if reference.id is not None:
        fields["id"].string_value = reference.id or _UNKNOWN_TEXT


def _write_nested(target: WireValue, value: Value, path: Path, secrets: frozenset[Path]) -> None:
    if isinstance(value, Mapping):
        target.struct_value.SetInParent()
        fields = target.struct_value.fields
        for key, each in value.items():
            _write(fields[key], each, (*path, key), secrets)
    elif isinstance(value, Sequence):
        target.list_value.SetInParent()
        for index, each in enumerate(value):
            _write(target.list_value.values.add(), each, (*path, index), secrets)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value

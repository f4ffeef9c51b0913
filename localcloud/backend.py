"""What a package of the local cloud does, in plain values: `provider.py` speaks the engine's protocol for it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from localcloud import schema
from localcloud.differences import Difference, differences
from localcloud.kinds.model import EMPTY, UNKNOWN, Value
from localcloud.schema import Failure
from localcloud.store import Store
from localcloud.wire import Path, Properties

_SUFFIX_DIGITS: Final = 7  # pulumi-terraform-bridge: names end in a hyphen and 7 hexadecimal digits


@dataclass(frozen=True)
class Instance:
    """One configured provider: a region, a cluster, a Coder deployment."""

    settings: Mapping[str, Value]
    scope: str = ""  # the region or the cluster's ARN

    def text(self, name: str) -> str:
        """A setting that is text, "" where it is not set."""
        value = self.settings.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Call:
    """Which resource a call is about, and through which provider instance."""

    token: str
    name: str
    instance: Instance
    seed: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """A resource after a call. `inputs` only of a read."""

    id: str
    properties: Mapping[str, Value]
    secrets: frozenset[Path] = frozenset()
    inputs: Mapping[str, Value] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Update:
    """A change of a resource: its inputs before, its state, its inputs from now on."""

    id: str
    old: Mapping[str, Value]
    state: Properties
    news: Properties
    preview: bool


class Backend:
    """The behaviour of a package. The defaults: inputs are held to the SDK's schema, a diff compares inputs, there is nothing else."""

    package: str = ""
    id_among_outputs: bool = False
    """Whether outputs repeat the id, as those of a bridged Terraform provider do."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def force_new(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, ...]:
        """The input paths whose change replaces a resource."""
        del call, old, new
        return ()

    def delete_before_replace(self, token: str, new: Mapping[str, Value]) -> bool:
        """Whether the old one has to go first."""
        del token, new
        return False

    def check_settings(self, settings: Mapping[str, Value]) -> list[Failure]:
        """Faults of a provider's configuration."""
        return schema.check_provider(self.package, settings)

    def replaces_provider(self, old: Mapping[str, Value], new: Mapping[str, Value]) -> list[str]:
        """The settings whose change means another cloud, so that every resource is replaced."""
        del old, new
        return []

    def configure(self, settings: Mapping[str, Value]) -> Instance:
        """Make an instance."""
        return Instance(settings)

    def check(self, call: Call, old: Mapping[str, Value], news: Properties) -> tuple[Mapping[str, Value], list[Failure]]:
        """The inputs as they will be, and their faults."""
        del old
        return news.values, schema.check(self.package, call.token, news.values)

    def diff(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value], state: Mapping[str, Value]) -> list[Difference]:
        """What differs."""
        del state
        return differences(old, new, self.force_new(call, old, new))

    def create(self, call: Call, inputs: Properties, *, preview: bool) -> Outcome:
        """Make a resource; at preview say which outputs are known."""
        raise NotImplementedError

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """What the cloud has; None where it is gone."""
        raise NotImplementedError

    def update(self, call: Call, change: Update) -> Outcome:
        """Change a resource."""
        raise NotImplementedError

    def delete(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> None:
        """Delete a resource; one that is gone already is no error."""
        raise NotImplementedError

    def invoke(self, token: str, inputs: Mapping[str, Value], instance: Instance) -> Properties:
        """Answer a data source."""
        raise NotImplementedError


def auto_name(call: Call, max_length: int, *, lower: bool = False, suffix: str = "") -> str:
    """`<logical name>-<7 hex digits>`, the logical name cut so that it fits."""
    digits = hashlib.sha256(call.seed).hexdigest() if call.seed else secrets.token_hex(16)
    tail = f"-{digits[:_SUFFIX_DIGITS]}{suffix}"
    name = call.name[: max_length - len(tail)] + tail
    return name.lower() if lower else name


def preview_outputs(package: str, token: str, inputs: Mapping[str, Value], further: Iterable[str] = ()) -> dict[str, Value]:
    """The outputs before a create: the inputs, and what the cloud will compute as unknown."""
    outputs: dict[str, Value] = dict.fromkeys([*sorted(schema.computed(package, token)), *further], UNKNOWN)
    outputs.update((name, value) for name, value in inputs.items() if value is not None and not name.startswith("__"))
    return outputs


def secret_paths(properties: Mapping[str, Value], *sources: Iterable[Path]) -> frozenset[Path]:
    """The secret paths that exist in the properties, from several sources."""
    return frozenset(path for source in sources for path in source if _exists(properties, path))


def _exists(tree: Value, path: Path) -> bool:
    for step in path:
        if isinstance(tree, Mapping) and step in tree:
            tree = tree[str(step)]
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return tree is UNKNOWN
    return True

"""The engine's resource monitor, as a component inside a provider uses it: values that know what they come from.

No state is shared: each component has a connection of its own, so several at a time don't mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from localcloud.kinds.model import UNKNOWN, Value, values_at
from localcloud.wire import Path, Properties, ResourceReference, decode, encode

_MAX_MESSAGE: Final = 400 * 1024 * 1024  # bytes; pulumi's own limit


@dataclass(frozen=True)
class Known:
    """A value (which may be UNKNOWN at preview), the resources it comes from, and whether it is secret."""

    value: Value
    urns: frozenset[str] = frozenset()
    secret: bool = False


Given: TypeAlias = "Known | Value | ResourceReference | Sequence[Given] | Mapping[str, Given]"
"""What an input of a child is made of."""


@dataclass(frozen=True)
class Registered:
    """A resource that the engine knows."""

    urn: str
    id: str
    outputs: Properties

    def out(self, path: str) -> Known:
        """An output; UNKNOWN where it is not known yet."""
        top = path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
        found = values_at(self.outputs.values, path)
        missing = UNKNOWN if not self.id else None
        return Known(found[0] if found else missing, frozenset({self.urn}), top in self.outputs.secret_keys())

    @property
    def resource_id(self) -> Known:
        """The id."""
        return Known(self.id or UNKNOWN, frozenset({self.urn}))

    @property
    def reference(self) -> ResourceReference:
        """The resource itself, as an output of a component."""
        return ResourceReference(self.urn, self.id)


@dataclass
class _Flat:
    """An input taken apart: plain values, the paths of secrets, the resources."""

    urns: set[str] = field(default_factory=set[str])
    secrets: set[Path] = field(default_factory=set[Path])

    def plain(self, given: Given, path: Path) -> Value | ResourceReference:
        """The plain value."""
        if isinstance(given, Known):
            self.urns |= given.urns
            if given.secret:
                self.secrets.add(path)
            return given.value
        if isinstance(given, ResourceReference):
            self.urns.add(given.urn)
            return given
        if isinstance(given, str) or given is UNKNOWN:
            return given  # type: ignore[return-value]  # no sequence is left but text
        if isinstance(given, Mapping):
            return {name: self.plain(each, (*path, name)) for name, each in given.items() if each is not None}  # type: ignore[misc]  # references nest
        if isinstance(given, Sequence):
            return [self.plain(each, (*path, index)) for index, each in enumerate(given)]  # type: ignore[misc]  # as above
        return given


@dataclass(frozen=True)
class Options:
    """What a child or component is registered with."""

    parent: str = ""
    depends_on: Iterable[str] = ()
    ignore_changes: Sequence[str] = ()
    providers: Mapping[str, str] = field(default_factory=dict[str, str])
    protect: bool | None = None
    version: str = ""  # of the SDK; the engine writes that of a provider into its inputs


class Monitor:
    """A connection to the monitor of one engine run."""

    def __init__(self, address: str, providers: Mapping[str, str]) -> None:
        self.providers = providers
        limits = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)]
        self._channel = grpc.insecure_channel(address, options=limits)
        stub: Any = resource_pb2_grpc.ResourceMonitorStub(self._channel)  # its methods' types are partly unknown
        self._register_resource: Callable[[resource_pb2.RegisterResourceRequest], resource_pb2.RegisterResourceResponse] = (
            stub.RegisterResource
        )
        self._register_outputs: Callable[[resource_pb2.RegisterResourceOutputsRequest], object] = stub.RegisterResourceOutputs
        self._invoke: Callable[[resource_pb2.ResourceInvokeRequest], provider_pb2.InvokeResponse] = stub.Invoke

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def custom(self, token: str, name: str, inputs: Mapping[str, Given], options: Options) -> Registered:
        """Register a resource of a provider."""
        provider = options.providers.get(token.split(":")[0]) or self.providers.get(token.split(":")[0], "")
        request = resource_pb2.RegisterResourceRequest(custom=True, type=token, name=name, provider=provider)
        request.version = options.version
        return self._register(request, inputs, options)

    def component(self, token: str, name: str, inputs: Mapping[str, Given], options: Options) -> Registered:
        """Register a component; its outputs follow by `outputs`."""
        request = resource_pb2.RegisterResourceRequest(type=token, name=name, providers=options.providers or self.providers)
        return self._register(request, inputs, options)

    def outputs(self, urn: str, outputs: Mapping[str, Given]) -> None:
        """Tell the outputs of a component."""
        plain, secrets, _dependencies = flatten(outputs)
        request = resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=encode(plain, secrets))
        self._register_outputs(request)

    def invoke(self, token: str, inputs: Mapping[str, Given]) -> Known:
        """Ask a data source; unknown where an input is."""
        plain, secrets, dependencies = flatten(inputs)
        urns = frozenset(urn for each in dependencies.values() for urn in each)
        if UNKNOWN in plain.values():
            return Known(UNKNOWN, urns)
        provider = self.providers.get(token.split(":")[0], "")
        request = resource_pb2.ResourceInvokeRequest(tok=token, args=encode(plain, secrets), provider=provider)
        found = decode(getattr(self._invoke(request), "return"))
        return Known(found.values, urns, bool(found.secrets))

    def resource(self, reference: ResourceReference) -> Registered:
        """What a reference among the inputs refers to."""
        found = self.invoke("pulumi:pulumi:getResource", {"urn": reference.urn})
        state = found.value.get("state") if isinstance(found.value, Mapping) else None
        return Registered(reference.urn, reference.id or "", Properties(dict(state) if isinstance(state, Mapping) else {}))

    def _register(self, request: resource_pb2.RegisterResourceRequest, inputs: Mapping[str, Given], options: Options) -> Registered:
        plain, secrets, dependencies = flatten(inputs)
        request.object.CopyFrom(encode(plain, secrets))
        request.parent = options.parent
        request.acceptSecrets = True
        request.supportsPartialValues = True
        request.ignoreChanges.extend(options.ignore_changes)
        urns = {urn for each in dependencies.values() for urn in each} | set(options.depends_on)
        request.dependencies.extend(sorted(urns))
        for name, each in dependencies.items():
            request.propertyDependencies[name].urns.extend(sorted(each))
        if options.protect is not None:
            request.protect = options.protect
        response = self._register_resource(request)
        return Registered(response.urn, response.id, decode(response.object))


def flatten(inputs: Mapping[str, Given]) -> tuple[dict[str, Value | ResourceReference], set[Path], dict[str, set[str]]]:
    """Plain values, secret paths, and the resources that each input comes from."""
    plain: dict[str, Value | ResourceReference] = {}
    secrets: set[Path] = set()
    dependencies: dict[str, set[str]] = {}
    for name, given in inputs.items():
        if given is None or (isinstance(given, Known) and given.value is None):
            continue
        flat = _Flat()
        plain[name] = flat.plain(given, (name,))
        secrets |= flat.secrets
        dependencies[name] = flat.urns
    return plain, secrets, dependencies

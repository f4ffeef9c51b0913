"""Records what a program registers, under pulumi.runtime's mocks: no engine, no provider, no network."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import Mocks, mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from tests.components import sdk_schema
from tests.components.graph import Graph, Node
from tests.components.known_outputs import computed, eks_cluster_child, invoked

Outputs = Mapping[str, Mapping[str, Any]]
PROJECT, STACK = "coder-eks", "test"


class _Answers(Mocks):
    """Outputs of resources and results of functions; the recorder asks by itself."""

    def __init__(self, outputs: Outputs, calls: Outputs, preview: bool) -> None:
        self.outputs, self.calls, self.preview = outputs, calls, preview

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token in self.calls:
            return dict(self.calls[args.token]), []
        return invoked(args.token, args.args), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if self.preview:  # as the engine has it: what a provider computes is unknown
            return "", dict(args.inputs)
        identity = "" if args.custom is False else f"{args.typ.rsplit(':', 1)[-1].lower()}-{args.name}"
        known = computed(args.typ, args.name, args.inputs)
        return identity, {**known, **args.inputs, **self.outputs.get(args.typ, {}), **self.outputs.get(args.name, {})}


class _Monitor(mocks.MockMonitor):
    """The mocks' monitor, keeping what the mocks leave out: parent, dependencies, options, registered outputs."""

    def __init__(self, answers: _Answers) -> None:
        super().__init__(answers)
        self.nodes: dict[str, Node] = {}
        self.registered: dict[str, Mapping[str, Any]] = {}
        self.twice: list[str] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()  # the mocks open one in each worker thread and leave it open
        self._lock = threading.Lock()  # registrations arrive on the SDK's worker threads

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the monitor's own name
        try:
            return super().Invoke(request)
        finally:
            self._remember_loop()

    def _remember_loop(self) -> None:
        with self._lock:
            self.loops.add(asyncio.get_event_loop())

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        given, request = request, resource_pb2.RegisterResourceRequest()
        request.CopyFrom(given)
        referred = {key: frozenset(_by_id(value)) for key, value in request.object.fields.items()}
        if request.type == "eks:index:Cluster":
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            urn, id_, state = eks_cluster_child(str(inputs.get("name", request.name)))
            self.resources[urn] = mocks.MockMonitor.ResourceRegistration(urn, id_, state)
        response = super().RegisterResource(request)
        if request.type == "pulumi:pulumi:Stack":
            return response
        self._remember_loop()
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        registration = self.resources[response.urn]
        node = Node(
            urn=response.urn,
            type=request.type,
            name=request.name,
            id=registration.id,
            inputs={key: _plain(value) for key, value in inputs.items()},
            outputs=registration.state,
            parent=request.parent,
            provider=request.provider or (request.providers.get("aws", "") if request.remote else ""),
            dependencies=frozenset(request.dependencies),
            property_dependencies={
                key: frozenset(value.urns) | referred.get(key, frozenset()) for key, value in request.propertyDependencies.items()
            },
            secrets=frozenset(key for key, value in inputs.items() if _holds_secret(value)),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            custom=request.custom,
            remote=request.remote,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace,
            timeouts={key: getattr(request.customTimeouts, key) for key in ("create", "update", "delete")},
        )
        with self._lock:
            if node.urn in self.nodes:
                self.twice.append(f"{node.urn} is registered twice")
            self.nodes[node.urn] = node
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock:
            self.registered[request.urn] = _plain(rpc.deserialize_properties(request.outputs, keep_unknowns=True))
        return super().RegisterResourceOutputs(request)


def _by_id(value: struct_pb2.Value) -> list[str]:
    """Put ids where resources are handed over whole, as to remote components, and give those resources' URNs.

    The SDK would make resources of them again, on a worker thread whose event loop never runs, and wait for ever.
    """
    match value.WhichOneof("kind"):
        case "list_value":
            return [urn for item in value.list_value.values for urn in _by_id(item)]
        case "struct_value":
            fields = value.struct_value.fields
            if rpc._special_sig_key in fields and fields[rpc._special_sig_key].string_value == rpc._special_resource_sig:
                urn, value.string_value = fields["urn"].string_value, fields["id"].string_value or rpc.UNKNOWN
                return [urn]
            return [urn for item in fields.values() for urn in _by_id(item)]
        case _:
            return []


def _plain(value: Any) -> Any:
    """A value with its secrets unwrapped, and whole numbers as integers: the wire has floats only."""
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_secret(item) for item in inner)


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences.append(record.getMessage())


def record(program: Callable[[], object], *, outputs: Outputs | None = None, calls: Outputs | None = None, preview: bool = False) -> Graph:
    """Run `program` and give the graph it registers.

    `outputs`: further outputs by type token or by resource name. `calls`: results of functions by their token.
    `preview`: outputs that a provider computes stay unknown. Raises what the program raises.
    """
    monitor = _Monitor(_Answers(outputs or {}, calls or {}, preview))
    classes: dict[str, type[pulumi.Resource]] = {}
    heard = _Warnings()
    logger = logging.Logger("program")  # its own: recordings don't hear each other
    logger.addHandler(heard)

    def learn_class(args: pulumi.ResourceTransformationArgs) -> None:
        classes[args.type_] = type(args.resource)

    def stack() -> None:
        pulumi.runtime.register_stack_transformation(learn_class)
        result = program()
        assert not inspect.isawaitable(result), "a program of resources is a plain function"

    async def run() -> None:
        # After a failure the SDK leaves futures behind; only the first error counts, and it is raised.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        settings.set_root_resource(None)  # type: ignore[arg-type]  # the SDK clears it so between runs too
        settings.configure(
            mocks.MockSettings(
                monitor=monitor, engine=mocks.MockEngine(logger), project=PROJECT, stack=STACK, dry_run=preview, organization=None
            )
        )
        await run_in_stack(stack)

    try:
        asyncio.run(run())
    finally:
        for loop in monitor.loops:
            loop.close()
    nodes = tuple(monitor.nodes[urn] for urn in sorted(monitor.nodes))
    schema = [f"{n.type} {n.name}: {fault}" for n in nodes if n.type in classes for fault in sdk_schema.faults(classes[n.type], n.inputs)]
    return Graph(nodes, monitor.registered, tuple(heard.sentences), (*sorted(monitor.twice), *schema))

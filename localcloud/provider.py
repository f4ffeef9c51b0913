"""The engine's provider protocol for one package: what arrives is read into plain values, handed to the backend, and answered.

One server answers every instance of its package (each region, each cluster): an instance is the connection it was configured on.
"""

# ruff: noqa: N802 - the method names are the protocol's

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Final, Protocol, TypeVar, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from localcloud import schema
from localcloud.backend import Backend, Call, Instance, Outcome, Update
from localcloud.differences import Difference
from localcloud.faults import Faults
from localcloud.kinds.model import UNKNOWN, Refused, Value
from localcloud.schema import Failure
from localcloud.sdk_source import STRING
from localcloud.wire import decode, encode

LOG: Final = logging.getLogger(__name__)
_CONNECTIONS_KEPT: Final = 4096  # an engine run opens a few; old ones fall out
_THREADS: Final = 16
_MAX_MESSAGE: Final = 400 * 1024 * 1024  # bytes; pulumi's own limit, rpcutil.GrpcChannelOptions
_KINDS: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}

_Method = TypeVar("_Method", bound=Callable[..., object])


class ConstructsComponents(Protocol):
    """A backend that makes components."""

    def construct(self, request: provider_pb2.ConstructRequest) -> provider_pb2.ConstructResponse:
        """Register the component and its children with the engine."""
        ...

    def call(self, request: provider_pb2.CallRequest) -> provider_pb2.CallResponse:
        """Answer a method of a component."""
        ...


def _answered(method: _Method) -> _Method:
    """A refusal ends the call with its code and sentence; a fault of ours with a hint at the log."""

    @wraps(method)
    def answer(self: Provider, request: Message, context: grpc.ServicerContext) -> object:
        try:
            return method(self, request, context)
        except Refused as refused:
            LOG.info("refused %s: %s", getattr(request, "urn", ""), refused)
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refused))
        except NotImplementedError:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the local cloud does not do {method.__name__} for this package")
        except Exception as fault:
            LOG.exception("%s failed", method.__name__)
            context.abort(grpc.StatusCode.INTERNAL, f"the local cloud itself failed ({type(fault).__name__}: {fault}); see localcloud.log")

    return cast("_Method", answer)


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One package."""

    def __init__(self, backend: Backend, faults: Faults, version: str) -> None:
        self._backend = backend
        self._faults = faults
        self._version = version
        self._instances: OrderedDict[str, Instance] = OrderedDict()

    # the plugin

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Components get resources and outputs as such; the others their ids and values."""
        del request, context
        whole = hasattr(self._backend, "construct")
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=whole, accept_outputs=whole)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:
        """Nothing to remember: a call that needs the engine brings its address."""
        del request, context
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK that the schema is read from."""
        del request, context
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:
        """A minimal schema: programs use the generated SDKs."""
        del request, context
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._backend.package, "version": self._version}))

    def GetMapping(self, request: provider_pb2.GetMappingRequest, context: grpc.ServicerContext) -> provider_pb2.GetMappingResponse:
        """There is no other source to map from."""
        del request, context
        return provider_pb2.GetMappingResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Calls are short: they end by themselves."""
        del request, context
        return Empty()

    @_answered
    def Parameterize(self, request: provider_pb2.ParameterizeRequest, context: grpc.ServicerContext) -> provider_pb2.ParameterizeResponse:
        """Become a package of a bridged Terraform provider.

        Raises:
            Refused: it is not the one that this backend stands for.
        """
        del context
        name, version = (request.value.name, request.value.version) if request.HasField("value") else (self._backend.package, "")
        if name != self._backend.package:
            raise Refused("Unsupported", f"the local cloud has no bridged Terraform provider {name!r}, only {self._backend.package!r}")
        return provider_pb2.ParameterizeResponse(name=name, version=version)

    # its configuration

    @_answered
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """The configuration's keys and values."""
        del context
        failures = self._backend.check_settings(_settings(self._backend.package, decode(request.news).values))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    @_answered
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """A changed setting updates the provider; one that means another cloud replaces its resources; the engine's keys are not asked."""
        del context
        old, new = (decode(each).values for each in (request.old_inputs, request.news))
        names = {name for name in old.keys() | new.keys() if name not in schema.ENGINE_SETTINGS and not name.startswith("__")}
        changed = sorted(name for name in names if old.get(name) != new.get(name))
        package = self._backend.package
        replaces = self._backend.replaces_provider(_settings(package, old), _settings(package, new)) if changed else []
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=changed, replaces=replaces)

    @_answered
    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:
        """Remember the instance by its connection."""
        instance = self._backend.configure(_settings(self._backend.package, decode(request.args).values))
        self._instances[context.peer()] = instance
        while len(self._instances) > _CONNECTIONS_KEPT:
            self._instances.popitem(last=False)
        whole = hasattr(self._backend, "construct")
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=whole, acceptOutputs=whole)

    # resources

    @_answered
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """The inputs as they will be, and their faults."""
        news = decode(request.news)
        call = self._call(request, context, request.randomSeed)
        inputs, failures = self._backend.check(call, decode(request.olds).values, news)
        return provider_pb2.CheckResponse(inputs=encode(inputs, news.secrets), failures=_failures(failures))

    @_answered
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """What changes, property by property, and what of it replaces."""
        call = self._call(request, context)
        state = decode(request.olds).values
        old = decode(request.old_inputs).values if request.HasField("old_inputs") else state
        new = decode(request.news).values
        found = self._backend.diff(call, old, new, state)
        return _diff(found, self._backend.delete_before_replace(call.token, new))

    @_answered
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Make one, or say what it would be."""
        call = self._call(request, context)
        if not request.preview:
            self._faults.before_create(request.urn)
        outcome = self._backend.create(call, decode(request.properties), preview=request.preview)
        if not request.preview:
            self._faults.after_create()
        return provider_pb2.CreateResponse(id=outcome.id, properties=self._outputs(outcome))

    @_answered
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """What is there: for a refresh, for an import, for `Resource.get`."""
        call = self._call(request, context)
        outcome = self._backend.read(call, request.id, decode(request.properties), decode(request.inputs))
        if outcome is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=outcome.id, properties=self._outputs(outcome), inputs=encode(outcome.inputs, outcome.secrets))

    @_answered
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change one, or say what it would be."""
        call = self._call(request, context)
        old, state, news = decode(request.old_inputs), decode(request.olds), decode(request.news)
        outcome = self._backend.update(call, Update(request.id, old.values, state, news, request.preview))
        return provider_pb2.UpdateResponse(properties=self._outputs(outcome))

    def _outputs(self, outcome: Outcome) -> Struct:
        known = {"id": outcome.id or UNKNOWN} if self._backend.id_among_outputs else {}
        return encode({**outcome.properties, **known}, outcome.secrets)

    @_answered
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        """Delete one."""
        self._backend.delete(self._call(request, context), request.id, decode(request.properties).values)
        return Empty()

    # functions and components

    @_answered
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """A data source."""
        found = self._backend.invoke(request.tok, decode(request.args).values, self._instance(context))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(found.values, found.secrets))  # a word of Python's
        return response

    @_answered
    def Construct(self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext) -> provider_pb2.ConstructResponse:
        """A component."""
        del context
        return self._components().construct(request)

    @_answered
    def Call(self, request: provider_pb2.CallRequest, context: grpc.ServicerContext) -> provider_pb2.CallResponse:
        """A method of a component."""
        del context
        return self._components().call(request)

    def _components(self) -> ConstructsComponents:
        if not hasattr(self._backend, "construct"):
            raise NotImplementedError
        return self._backend  # type: ignore[return-value]  # it has what the protocol asks for

    def _instance(self, context: grpc.ServicerContext) -> Instance:
        """The instance of the connection.

        Raises:
            Refused: it was not configured.
        """
        instance = self._instances.get(context.peer())
        if instance is None:
            raise Refused("Unconfigured", f"this connection to the local cloud's {self._backend.package} provider was not configured")
        return instance

    def _call(self, request: _Addressed, context: grpc.ServicerContext, seed: bytes = b"") -> Call:
        token = request.type or request.urn.split("::")[2].rpartition("$")[2]
        return Call(token, request.name or request.urn.rpartition("::")[2], self._instance(context), seed)


class _Addressed(Protocol):
    @property
    def urn(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


def serve(provider: Provider) -> tuple[grpc.Server, int]:
    """Start a server on a free port of loopback."""
    options = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _settings(package: str, given: Mapping[str, Value]) -> Mapping[str, Value]:
    """A provider's settings: nested ones arrive as JSON text."""
    text = {name for name, each in schema.sdk(package).provider_inputs().items() if each.type == STRING}
    return {name: _unpacked(value) if name not in text else value for name, value in given.items()}


def _unpacked(value: Value) -> Value:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _failures(failures: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in failures]


def _diff(found: list[Difference], delete_before_replace: bool) -> provider_pb2.DiffResponse:
    if not found:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        replaces=sorted({each.top for each in found if each.replaces}),
        diffs=sorted({each.top for each in found}),
        detailedDiff={each.path: provider_pb2.PropertyDiff(kind=_KINDS[each.change, each.replaces], inputDiff=True) for each in found},
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_before_replace and any(each.replaces for each in found),
    )

"""The engine's resource monitor, as far as a component needs it: registers with the local cloud's aws provider, remembers what it saw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from localcloud.wire import Properties, decode, encode
from tests.localcloud.engine_side import Instance


@dataclass
class Registration:
    """What was registered."""

    type: str
    name: str
    parent: str
    provider: str
    inputs: dict[str, Any]
    depends_on: set[str]
    property_depends_on: dict[str, set[str]]
    protect: bool | None


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """At preview nothing is made; else everything is."""

    def __init__(self, aws: Instance, *, preview: bool) -> None:
        self.aws, self.preview = aws, preview
        self.seen: dict[str, Registration] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self._lock = Lock()
        self._server = grpc.server(ThreadPoolExecutor(4))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(None).wait()

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> resource_pb2.RegisterResourceResponse:  # noqa: N802, ARG002
        inputs = decode(request.object).values
        urn = f"urn:pulumi:test::tests::{request.type}::{request.name}"
        dependencies = {name: set(each.urns) for name, each in request.propertyDependencies.items()}
        protect = request.protect if request.HasField("protect") else None
        registration = Registration(
            request.type, request.name, request.parent, request.provider, inputs, set(request.dependencies), dependencies, protect
        )
        with self._lock:
            self.seen[urn] = registration
        made = Properties(inputs)
        identity = ""
        if request.custom and not request.type.startswith("pulumi:providers:"):
            if self.preview:
                made = Properties(self.aws.preview(request.type, request.name, inputs))
            else:
                state = self.aws.create(request.type, request.name, inputs)
                identity, made = state.id, state.outputs
        elif request.custom:
            identity = "" if self.preview else "provider-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=encode(made.values, made.secrets))

    def RegisterResourceOutputs(self, request: Any, context: grpc.ServicerContext) -> Empty:  # noqa: N802, ARG002
        self.outputs[request.urn] = decode(request.outputs).values
        return Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802, ARG002
        response = provider_pb2.InvokeResponse()
        found = self.aws.invoke(request.tok, decode(request.args).values)
        getattr(response, "return").CopyFrom(encode(found.values, found.secrets))
        return response

    def types(self) -> dict[str, str]:
        """Name → type of everything that was registered."""
        return {each.name: each.type for each in self.seen.values()}

    def one(self, name: str, token: str = "") -> Registration:
        """The one of a name (and type)."""
        (found,) = (each for each in self.seen.values() if each.name == name and token in each.type)
        return found

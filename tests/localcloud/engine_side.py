"""The engine's side of the provider protocol: calls a served provider over gRPC, in plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from localcloud.aws import Aws, relink
from localcloud.coderd import Coderd
from localcloud.eks import Eks
from localcloud.faults import Faults
from localcloud.generators import Random, Tls
from localcloud.kinds.model import UNKNOWN
from localcloud.kubernetes import Kubernetes
from localcloud.provider import Provider, serve
from localcloud.store import Store
from localcloud.wire import Properties, decode, encode


class CallRefusedError(Exception):
    """What the engine would show."""


class State:
    """A resource as the engine's state holds it."""

    def __init__(self, token: str, name: str, resource_id: str, inputs: dict[str, Any], outputs: Properties) -> None:
        self.token, self.name, self.id, self.inputs, self.outputs = token, name, resource_id, inputs, outputs

    def __getitem__(self, name: str) -> Any:
        return self.outputs.values[name]


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:test::tests::{token}::{name}"


class Instance:
    """One provider instance of the engine: a connection of its own, configured."""

    def __init__(self, port: int, package: str, settings: Mapping[str, Any] | None) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
        if settings is not None:
            self._ask("Configure", provider_pb2.ConfigureRequest(args=encode(settings), type=f"pulumi:providers:{package}"))

    def check(
        self, token: str, name: str, inputs: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The checked inputs, and failures by property."""
        news, olds = encode(inputs), encode(old or {})
        request = provider_pb2.CheckRequest(urn=urn(token, name), name=name, type=token, news=news, olds=olds, randomSeed=b"seed")
        response = self._ask("Check", request)
        return decode(response.inputs).values, {failure.property: failure.reason for failure in response.failures}

    def preview(self, token: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs of a create at preview."""
        checked, failures = self.check(token, name, inputs)
        assert not failures, failures
        request = provider_pb2.CreateRequest(urn=urn(token, name), name=name, type=token, properties=encode(checked), preview=True)
        return decode(self._ask("Create", request).properties).values

    def create(self, token: str, name: str, inputs: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> State:
        """Check and create."""
        checked, failures = self.check(token, name, inputs)
        if failures:
            raise CallRefusedError("; ".join(failures.values()))
        marked = [(secret,) for secret in secrets]
        request = provider_pb2.CreateRequest(urn=urn(token, name), name=name, type=token, properties=encode(checked, marked))
        response = self._ask("Create", request)
        return State(token, name, response.id, checked, decode(response.properties))

    def diff(self, state: State, inputs: Mapping[str, Any]) -> dict[str, str]:
        """Property path → kind of its change."""
        response = self._diff(state, inputs)
        return {path: provider_pb2.PropertyDiff.Kind.Name(each.kind) for path, each in response.detailedDiff.items()}

    def deletes_first(self, state: State, inputs: Mapping[str, Any]) -> bool:
        return self._diff(state, inputs).deleteBeforeReplace

    def _diff(self, state: State, inputs: Mapping[str, Any]) -> provider_pb2.DiffResponse:
        checked, failures = self.check(state.token, state.name, inputs, state.inputs)
        assert not failures, failures
        return self._ask(
            "Diff",
            provider_pb2.DiffRequest(
                id=state.id,
                urn=urn(state.token, state.name),
                name=state.name,
                type=state.token,
                olds=encode(state.outputs.values),
                old_inputs=encode(state.inputs),
                news=encode(checked),
            ),
        )

    def update(self, state: State, inputs: Mapping[str, Any], *, preview: bool = False) -> State:
        """Check and update."""
        checked, failures = self.check(state.token, state.name, inputs, state.inputs)
        if failures:
            raise CallRefusedError("; ".join(failures.values()))
        request = provider_pb2.UpdateRequest(
            id=state.id,
            urn=urn(state.token, state.name),
            name=state.name,
            type=state.token,
            olds=encode(state.outputs.values, state.outputs.secrets),
            old_inputs=encode(state.inputs),
            news=encode(checked),
            preview=preview,
        )
        return State(state.token, state.name, state.id, checked, decode(self._ask("Update", request).properties))

    def read(self, state: State) -> State | None:
        """Refresh; None where it is gone."""
        request = provider_pb2.ReadRequest(
            id=state.id,
            urn=urn(state.token, state.name),
            name=state.name,
            type=state.token,
            properties=encode(state.outputs.values, state.outputs.secrets),
            inputs=encode(state.inputs),
        )
        response = self._ask("Read", request)
        if not response.id:
            return None
        return State(state.token, state.name, response.id, decode(response.inputs).values, decode(response.properties))

    def imported(self, token: str, name: str, resource_id: str) -> State | None:
        """Import by id."""
        response = self._ask("Read", provider_pb2.ReadRequest(id=resource_id, urn=urn(token, name), name=name, type=token))
        return State(token, name, response.id, decode(response.inputs).values, decode(response.properties)) if response.id else None

    def delete(self, state: State) -> None:
        request = provider_pb2.DeleteRequest(
            id=state.id, urn=urn(state.token, state.name), name=state.name, type=state.token, properties=encode(state.outputs.values)
        )
        self._ask("Delete", request)

    def invoke(self, token: str, inputs: Mapping[str, Any]) -> Properties:
        return decode(getattr(self._ask("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(inputs))), "return"))

    def check_settings(self, settings: Mapping[str, Any]) -> dict[str, str]:
        response = self._ask("CheckConfig", provider_pb2.CheckRequest(news=encode(settings)))
        return {failure.property: failure.reason for failure in response.failures}

    def diff_settings(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> provider_pb2.DiffResponse:
        return self._ask("DiffConfig", provider_pb2.DiffRequest(old_inputs=encode(old), news=encode(new)))

    def info(self) -> str:
        return self.stub.GetPluginInfo(Empty()).version

    def _ask(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request)
        except grpc.RpcError as error:
            raise CallRefusedError(error.details()) from None  # type: ignore[attr-defined]  # an RpcError of a call has details


class Cloud:
    """A local cloud served in this process."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "cloud.sqlite")
        relink(self.store)
        self.faults = Faults(self.store)
        backends = (Aws(self.store), Kubernetes(self.store), Eks(self.store), Random(self.store), Tls(self.store), Coderd(self.store))
        self._served = {each.package: serve(Provider(each, self.faults, "7.0.0")) for each in backends}
        self._instances: list[Instance] = []

    def provider(self, package: str, **settings: Any) -> Instance:
        """Configure an instance of a package."""
        instance = Instance(self._served[package][1], package, settings)
        self._instances.append(instance)
        return instance

    def aws(self, region: str = "us-east-1", **settings: Any) -> Instance:
        return self.provider("aws", region=region, **settings)

    def port(self, package: str) -> int:
        return self._served[package][1]

    def close(self) -> None:
        for instance in self._instances:
            instance.channel.close()
        for server, _port in self._served.values():
            server.stop(None).wait()
        self.store.close()


@contextmanager
def refused(code: str) -> Iterator[None]:
    """A call that is refused with a code of AWS (or of the API server), and a sentence after it."""
    with pytest.raises(CallRefusedError, match=rf"^{code}: .{{10,}}"):
        yield


def unknown(outputs: Mapping[str, Any]) -> set[str]:
    """The outputs that are not known yet."""
    return {name for name, value in outputs.items() if value is UNKNOWN}

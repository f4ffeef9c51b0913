"""pulumi-eks: the remote component `eks.Cluster`."""

from __future__ import annotations

from typing import Final

from google.protobuf.struct_pb2 import Value as WireValue
from pulumi.runtime.proto import provider_pb2

from localcloud import schema
from localcloud.backend import Backend
from localcloud.eks_arguments import COMPONENT, Inputs, check
from localcloud.eks_cluster import Children
from localcloud.kinds.model import Refused
from localcloud.monitor import Monitor, Options, flatten
from localcloud.wire import OUTPUT, RESOURCE, SECRET, SIGNATURE_KEY, UNKNOWN_TEXTS, ResourceReference, decode, encode

PACKAGE: Final = "eks"


class Eks(Backend):
    """The package: one component, no resources of its own."""

    package = PACKAGE

    def construct(self, request: provider_pb2.ConstructRequest) -> provider_pb2.ConstructResponse:
        """Register the component and its children.

        Raises:
            Refused: it is another component, or an argument is unknown, missing, mistyped, or beyond what is made here.
        """
        if request.type != COMPONENT:
            raise Refused("Unsupported", f"the local cloud makes {COMPONENT} only, not {request.type}")
        inputs = _inputs(request)
        failures = schema.check(PACKAGE, COMPONENT, inputs.values)
        if failures:
            raise Refused("InvalidArgument", "; ".join(each.reason for each in failures))
        check(inputs)
        monitor = Monitor(request.monitorEndpoint, dict(request.providers))
        try:
            given = {name: inputs.whole(name) for name in inputs.values}
            protect = request.protect if request.HasField("protect") else None
            options = Options(request.parent, list(request.dependencies), list(request.ignoreChanges), dict(request.providers), protect)
            component = monitor.component(COMPONENT, request.name, given, options)
            outputs = Children(monitor, request.name, component.urn, inputs).register()
            monitor.outputs(component.urn, outputs)
        finally:
            monitor.close()
        plain, secrets, dependencies = flatten(outputs)
        told = {name: provider_pb2.ConstructResponse.PropertyDependencies(urns=sorted(urns)) for name, urns in dependencies.items()}
        return provider_pb2.ConstructResponse(urn=component.urn, state=encode(plain, secrets), stateDependencies=told)

    def call(self, request: provider_pb2.CallRequest) -> provider_pb2.CallResponse:
        """Methods of the component.

        Raises:
            Refused: there is none here.
        """
        raise Refused("Unsupported", f"the local cloud does not answer {request.tok}; use the component's kubeconfig_json")


def _inputs(request: provider_pb2.ConstructRequest) -> Inputs:
    decoded = decode(request.inputs)
    urns = {name: set(each.urns) for name, each in request.inputDependencies.items()}
    for name, found in decoded.dependencies.items():
        urns.setdefault(name, set()).update(found)
    references = _references(request)
    for name, reference in references.items():
        urns.setdefault(name, set()).add(reference.urn)  # the engine leaves it out of the dependencies: the reference tells it
    return Inputs(decoded.values, {name: frozenset(each) for name, each in urns.items()}, frozenset(decoded.secret_keys()), references)


def _references(request: provider_pb2.ConstructRequest) -> dict[str, ResourceReference]:
    """The inputs that are resources: a security group, a role."""
    found = {name: _reference(value) for name, value in request.inputs.fields.items()}
    return {name: each for name, each in found.items() if each}


def _reference(value: WireValue) -> ResourceReference | None:
    fields = value.struct_value.fields
    signature = fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in fields else ""
    if signature == RESOURCE:
        identity = fields["id"].string_value if "id" in fields else None
        return ResourceReference(fields["urn"].string_value, "" if identity in UNKNOWN_TEXTS else identity)
    return _reference(fields["value"]) if signature in {OUTPUT, SECRET} and "value" in fields else None

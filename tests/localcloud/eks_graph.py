"""What a provider of pulumi-eks registers for some sets of arguments, so that the local cloud's can be held against the real one's.

`python -m tests.localcloud.eks_graph PORT` writes pulumi_eks.json anew from a real provider (`pulumi-resource-eks`) that serves on PORT
of loopback. It was recorded from the component at 7bf0c1b1 of pulumi-eks (2026-08-12, after 4.3.0) on @pulumi/aws 7.25.0 and Node 20.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, resource_pb2

from localcloud.wire import ResourceReference, decode, encode
from tests.localcloud.engine_side import Cloud, Instance, State, urn
from tests.localcloud.monitor_side import Monitor

RECORDED = Path(__file__).with_name("pulumi_eks.json")
COMPONENT = "eks:index:Cluster"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # plugin.UnknownStringValue
_GENERATED = ("arn", "endpoint", "securityGroupRuleId", "id", "data", "issuer", "clusterSecurityGroupId")
_PROVIDER = "9e5a0a3e-6fbd-4a4c-b4d4-0d6b7a3f1d11"  # the id of the aws provider, any
_SUFFIX = re.compile(r"-[0-9a-f]{7}\b")


@dataclass
class Site:
    """What a cluster stands on: a network, a key, a security group, a role."""

    aws: Instance
    made: dict[str, State]

    def inputs(self, *names: str) -> dict[str, Any]:
        """The arguments of every case, and what `names` add to them."""
        group, role = self.made["group"], self.made["role"]
        offered: dict[str, Any] = {
            "clusterSecurityGroup": ResourceReference(urn(group.token, group.name), group.id),
            "serviceRole": ResourceReference(urn(role.token, role.name), role.id),
            "encryptionConfigKeyArn": self.made["key"]["arn"],
        }
        needed = {
            "vpcId": self.made["vpc"].id,
            "subnetIds": [self.made["a"].id, self.made["b"].id],
            "version": "1.33",
            "skipDefaultNodeGroup": True,
            "authenticationMode": "API",
        }
        return needed | {name: offered[name] for name in names}


@dataclass(frozen=True)
class Case:
    """Arguments of the component. of_site: those that are resources of the site."""

    arguments: Mapping[str, Any]
    of_site: tuple[str, ...] = ()


_PRIVATE = {"endpointPrivateAccess": True, "endpointPublicAccess": False}
_BARE = {"useDefaultVpcCni": True, "kubeProxyAddonOptions": {"enabled": False}, "corednsAddonOptions": {"enabled": False}}
CASES: Mapping[str, Case] = {
    "defaults": Case({}),
    "as the program asks for it": Case(
        {
            **_PRIVATE,
            **_BARE,
            "name": "coder-prod",
            "skipDefaultSecurityGroups": True,
            "createOidcProvider": False,
            "enabledClusterLogTypes": ["api", "audit"],
            "deletionProtection": True,
            "bootstrapSelfManagedAddons": False,
        },
        ("clusterSecurityGroup", "encryptionConfigKeyArn"),
    ),
    "a role and a group of one's own": Case(_PRIVATE, ("clusterSecurityGroup", "serviceRole")),
    "tags, addresses, support": Case(
        {
            **_PRIVATE,
            **_BARE,
            "tags": {"a": "b"},
            "clusterTags": {"c": "d", "Name": "mine"},
            "nodeSecurityGroupTags": {"e": "f"},
            "clusterSecurityGroupTags": {"g": "h"},
            "kubernetesServiceIpAddressRange": "172.20.0.0/16",
            "upgradePolicy": {"supportType": "STANDARD"},
        }
    ),
    "add-ons, pinned and configured": Case(
        {
            **_PRIVATE,
            "kubeProxyAddonOptions": {
                "version": "v1.33.0-eksbuild.2",
                "configurationValues": {"mode": "ipvs", "ipvs": {"scheduler": "rr"}},
            },
            "vpcCniOptions": {
                "addonVersion": "v1.20.4-eksbuild.2",
                "enableNetworkPolicy": True,
                "warmEniTarget": 2,
                "configurationValues": {"env": {"X": "y"}, "nodeAgent": {"enablePolicyEventLogs": "true"}},
            },
        }
    ),
    "credentials": Case({**_PRIVATE, **_BARE, "providerCredentialOpts": {"roleArn": "arn:aws:iam::123456789012:role/deployer"}}),
}


class Recorder(Monitor):
    """A monitor that keeps the whole requests, and knows the resources of the site."""

    def __init__(self, site: Site, *, preview: bool) -> None:
        super().__init__(site.aws, preview=preview)
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.names = {value: f"<{name}>" for name, state in site.made.items() for value in _generated(state.outputs.values, state.id)}
        self._states = {urn(state.token, state.name): state for state in site.made.values()}

    def SupportsFeature(self, request: Any, context: grpc.ServicerContext) -> resource_pb2.SupportsFeatureResponse:  # noqa: N802, ARG002
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in {"secrets", "resourceReferences", "outputValues"})

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        response = super().RegisterResource(request, context)
        self.requests[response.urn] = request
        values = decode(response.object).values
        self.names |= dict.fromkeys(_generated(values, response.id), f"<{request.name}>")
        return response

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802
        if request.tok != "pulumi:pulumi:getResource":
            return super().Invoke(request, context)
        asked = decode(request.args).values["urn"]
        found = self._states.get(asked)
        answer = {"urn": asked, "id": found.id if found else _PROVIDER, "state": found.outputs.values if found else {}}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer))
        return response

    def graph(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """What was registered, and the component's state, without what is random."""
        resources = {
            f"{request.type}::{request.name}": {
                "parent": request.parent.rpartition("::")[2],
                "provider": request.provider,
                "inputs": decode(request.object).values,
                "dependencies": sorted(_short(each) for each in request.dependencies),
                "propertyDependencies": {
                    name: sorted(_short(each) for each in found.urns) for name, found in request.propertyDependencies.items()
                },
                "ignoreChanges": list(request.ignoreChanges),
            }
            for request in self.requests.values()
        }
        outputs = {_short(key): value for key, value in self.outputs.items()}
        assert outputs.pop(f"{COMPONENT}::c") == state  # told twice
        return self._named({"resources": resources, "outputs": outputs, "state": state})

    def _named(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        text = json.dumps(graph, sort_keys=True, default=lambda _: _UNKNOWN)
        for value in sorted(self.names, key=len, reverse=True):
            text = text.replace(value, self.names[value])
        return json.loads(_SUFFIX.sub("-<suffix>", text))


def _generated(values: Mapping[str, Any], identity: str) -> Iterator[str]:
    """What AWS made up: ids, ARNs, addresses."""
    if identity:
        yield identity
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _generated(value, "")
        elif isinstance(value, list):
            yield from (found for each in value if isinstance(each, Mapping) for found in _generated(each, ""))
        elif name in _GENERATED and isinstance(value, str) and len(value) > 8:
            yield value
            yield value.removeprefix("https://")


def _short(long: str) -> str:
    return "::".join(long.split("::")[-2:])


@contextmanager
def site() -> Iterator[tuple[Cloud, Site]]:
    """A local cloud of its own."""
    with TemporaryDirectory() as folder:
        cloud = Cloud(Path(folder))
        try:
            yield cloud, _furnish(cloud.aws())
        finally:
            cloud.close()


def _furnish(aws: Instance) -> Site:
    vpc = aws.create("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16"})
    made = {"vpc": vpc, "key": aws.create("aws:kms/key:Key", "key", {}), "group": aws.create(GROUP, "group", {"vpcId": vpc.id})}
    for number, zone in enumerate("ab"):
        subnet = {"vpcId": vpc.id, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"us-east-1{zone}"}
        made[zone] = aws.create("aws:ec2/subnet:Subnet", zone, subnet)
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made["role"] = aws.create("aws:iam/role:Role", "role", {"assumeRolePolicy": trust})
    policy = {"role": made["role"]["name"], "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}
    aws.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", policy)
    return Site(aws, made)


def graph_of(stub: Any, place: Site, case: Case, *, preview: bool) -> dict[str, Any]:
    """What the component registers for a case."""
    monitor = Recorder(place, preview=preview)
    try:
        inputs = place.inputs(*case.of_site) | dict(case.arguments)
        request = provider_pb2.ConstructRequest(
            project="tests",
            stack="test",
            type=COMPONENT,
            name="c",
            inputs=encode(inputs),
            providers={"aws": f"urn:pulumi:test::tests::pulumi:providers:aws::aws::{_PROVIDER}"},
            monitorEndpoint=monitor.address,
            dryRun=preview,
            inputDependencies={"vpcId": provider_pb2.ConstructRequest.PropertyDependencies(urns=[urn("aws:ec2/vpc:Vpc", "vpc")])},
        )
        return monitor.graph(decode(stub.Construct(request).state).values)
    finally:
        monitor.close()


def main(port: int) -> None:
    """Record what the provider on `port` registers for every case."""
    recorded: dict[str, Any] = {}
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
    stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))  # of no engine: it is spoken to in faults only
    for name, case in CASES.items():
        recorded[name] = {}
        for phase in ("preview", "up"):
            with site() as (_cloud, place):
                recorded[name][phase] = graph_of(stub, place, case, preview=phase == "preview")
    RECORDED.write_text(json.dumps(recorded, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The arguments of `eks.Cluster`: what they come from, and which of them the local cloud serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localcloud.kinds.model import Refused, Value
from localcloud.monitor import Known
from localcloud.wire import ResourceReference

COMPONENT: Final = "eks:index:Cluster"
_SUPPORTED: Final = frozenset(
    {
        "authenticationMode", "bootstrapSelfManagedAddons", "clusterSecurityGroup", "clusterSecurityGroupTags", "clusterTags",
        "corednsAddonOptions", "createOidcProvider", "createInstanceRole", "deletionProtection", "enableConfigMapMutable",
        "enabledClusterLogTypes", "encryptionConfigKeyArn", "endpointPrivateAccess", "endpointPublicAccess", "ipFamily",
        "kubeProxyAddonOptions", "kubernetesServiceIpAddressRange", "name", "nodeSecurityGroupTags", "privateSubnetIds",
        "providerCredentialOpts", "proxy", "publicAccessCidrs", "publicSubnetIds", "serviceRole", "skipDefaultNodeGroup",
        "skipDefaultSecurityGroups", "subnetIds", "tags", "upgradePolicy", "useDefaultVpcCni", "version", "vpcCniOptions", "vpcId",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Inputs:
    """The component's inputs: values (of a resource its id), the resources that each comes from, and those that are one."""

    values: Mapping[str, Value]
    urns: Mapping[str, frozenset[str]]
    secret: frozenset[str]
    references: Mapping[str, ResourceReference]

    def get(self, name: str, default: Value = None) -> Known:
        """One input."""
        value = self.values.get(name)
        return Known(default if value is None else value, self.urns.get(name, frozenset()), name in self.secret)

    def whole(self, name: str) -> Known | ResourceReference:
        """One input, as it came: a resource stays one."""
        return self.references.get(name) or self.get(name)

    def has(self, name: str) -> bool:
        """Whether it is given."""
        return self.values.get(name) is not None

    def part(self, name: str, key: str, default: Value = None) -> Known:
        """A part of an object."""
        whole = self.values.get(name)
        found = whole.get(key) if isinstance(whole, Mapping) else None
        return Known(default if found is None else found, self.urns.get(name, frozenset()), name in self.secret)


def check(inputs: Inputs) -> None:
    """Refuse what the real component refuses, and what this one does not make.

    Raises:
        Refused: with a sentence that names the argument.
    """
    values = inputs.values
    if inputs.has("subnetIds") and (inputs.has("publicSubnetIds") or inputs.has("privateSubnetIds")):
        raise Refused("InvalidArgument", "subnetIds, and the use of publicSubnetIds and/or privateSubnetIds are mutually exclusive")
    if inputs.has("publicAccessCidrs") and values.get("endpointPublicAccess") is False:
        raise Refused("InvalidArgument", "`publicAccessCidrs` can only be set when `endpointPublicAccess` is true")
    group = values.get("clusterSecurityGroup")
    if isinstance(group, str) and "clusterSecurityGroup" not in inputs.references:
        raise Refused("InvalidArgument", f"clusterSecurityGroup takes an aws.ec2.SecurityGroup, not its id {group!r}")
    beyond = sorted(name for name, value in values.items() if value is not None and name not in _SUPPORTED)
    if values.get("skipDefaultNodeGroup") is not True:
        beyond.append("skipDefaultNodeGroup (it has to be true)")
    if values.get("authenticationMode") != "API":
        beyond.append("authenticationMode (it has to be API)")
    if values.get("createOidcProvider") is True:
        beyond.append("createOidcProvider (make an aws.iam.OpenIdConnectProvider on oidc_provider_url)")
    if not inputs.has("vpcId"):
        beyond.append("vpcId (there is no default VPC)")
    if beyond:
        raise Refused("Unsupported", f"the local cloud's eks.Cluster does not make what these arguments ask for: {', '.join(beyond)}")

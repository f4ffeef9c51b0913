"""What `eks.Cluster` tells of itself, as the real component does (nodejs/eks/cluster/cluster.ts at 7bf0c1b1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.eks_arguments import Inputs
from localcloud.kinds.model import UNKNOWN, Value
from localcloud.monitor import Given, Known, Registered
from localcloud.wire import ResourceReference


@dataclass(frozen=True)
class Made:
    """What was made. role: None where the program brings one; group: the cluster's security group, of the component or of the program.

    interface: the component of the vpc-cni add-on. encryption: how Secrets are encrypted.
    """

    cluster: Registered
    role: Registered | None
    group: ResourceReference | None
    nodes: Registered | None
    ingress: Registered | None
    interface: ResourceReference | None
    provider: Registered
    subnets: Known
    encryption: Given
    kubeconfig: Known
    text: Known


def outputs(inputs: Inputs, made: Made) -> dict[str, Given]:
    """The outputs of the component."""
    cluster, nodes, ingress = made.cluster, made.nodes, made.ingress
    own = cluster.out("vpcConfig.clusterSecurityGroupId")
    url = cluster.out("identities.0.oidcs.0.issuer")
    issuer = Known(url.value.removeprefix("https://") if isinstance(url.value, str) else UNKNOWN, url.urns)
    given = Known(made.group.id or UNKNOWN, frozenset({made.group.urn})) if made.group else own
    return {
        "autoModeNodeRoleName": "",
        "clusterIngressRuleId": ingress.out("securityGroupRuleId") if ingress else "",
        "clusterSecurityGroup": made.group,
        "clusterSecurityGroupId": given,
        "core": _core(inputs, made),
        "defaultNodeGroupAsgName": "",
        "eksCluster": cluster.reference,
        "eksClusterIngressRule": ingress.reference if ingress else None,
        "fargateProfileId": "",
        "fargateProfileStatus": "",
        "instanceRoles": [],
        "kubeconfig": made.kubeconfig,
        "kubeconfigJson": made.text,
        "nodeSecurityGroup": nodes.reference if nodes else None,
        "nodeSecurityGroupId": nodes.resource_id if nodes else own,
        "oidcIssuer": issuer,
        "oidcProviderArn": "",
        "oidcProviderUrl": url,
    }


def _core(inputs: Inputs, made: Made) -> Given:
    """What other components of the package read: one output, so unknown as a whole while any part of it is."""
    groups = {"clusterIngressRule": made.ingress, "nodeSecurityGroup": made.nodes}
    core: dict[str, Given] = {
        "accessEntries": [],
        "autoModeNodeRoleName": "",
        "cluster": made.cluster.reference,
        "clusterIamRole": made.role.reference if made.role else inputs.whole("serviceRole"),
        "clusterSecurityGroup": made.group,
        "encryptionConfig": made.encryption,
        "endpoint": made.cluster.out("endpoint"),
        "instanceRoles": [],
        "kubeconfig": made.kubeconfig,
        "nodeSecurityGroupTags": inputs.get("nodeSecurityGroupTags"),
        "nodeGroupOptions": {"version": inputs.get("version"), **{name: each.reference for name, each in groups.items() if each}},
        "provider": made.provider.reference,
        "storageClasses": {},
        "subnetIds": made.subnets,
        "tags": inputs.get("tags"),
        "vpcCni": made.interface,
        "vpcId": inputs.get("vpcId"),
    }
    parts = [each for each in core.values() if isinstance(each, Known)]
    whole = frozenset(urn for part in parts for urn in part.urns)
    unknown = any(part.value is UNKNOWN for part in parts)
    return Known(UNKNOWN, whole) if unknown else {name: each for name, each in core.items() if not _absent(each)}


def _absent(given: Given) -> bool:
    return given is None or (isinstance(given, Known) and given.value is None)


def kubeconfig(inputs: Inputs, cluster: Registered) -> Known:
    """How to reach the cluster, by a token of the AWS CLI; unknown before the cluster exists."""
    credentials = inputs.values.get("providerCredentialOpts")
    role = credentials.get("roleArn") if isinstance(credentials, Mapping) else None
    parts = {name: cluster.out(name) for name in ("name", "endpoint", "arn", "certificateAuthority.data")}
    if any(part.value is UNKNOWN for part in parts.values()) or role is UNKNOWN:
        return Known(UNKNOWN, frozenset({cluster.urn}))
    arguments = ["--region", str(parts["arn"].value).split(":")[3], "eks", "get-token", "--cluster-name", parts["name"].value]
    arguments += ["--output", "json", *(["--role", role] if role else [])]
    version = "client.authentication.k8s.io/v1beta1"
    information = {"name": "KUBERNETES_EXEC_INFO", "value": f'{{"apiVersion": "{version}"}}'}
    execute = {"apiVersion": version, "command": "aws", "args": arguments, "env": [information]}
    server = {"server": parts["endpoint"].value, "certificate-authority-data": parts["certificateAuthority.data"].value}
    config: dict[str, Value] = {
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": execute}}],
    }
    return Known(config, frozenset({cluster.urn}))

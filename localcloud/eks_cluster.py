"""The children of `eks.Cluster`, as the real component (pulumi-eks 4, nodejs/eks/cluster/cluster.ts at 7bf0c1b1) registers them.

Covered is a cluster with access entries (API) and without a default node group, Fargate, auto mode and storage classes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localcloud.eks_arguments import Inputs
from localcloud.eks_cni import cni_configuration
from localcloud.eks_outputs import Made, kubeconfig, outputs
from localcloud.kinds.model import UNKNOWN, Refused, Value
from localcloud.monitor import Given, Known, Monitor, Options, Registered
from localcloud.wire import ResourceReference

_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
_ADD_ON: Final = "aws:eks/addon:Addon"
_KUBERNETES_SDK: Final = "4.19.0"  # nodejs/eks/yarn.lock at 7bf0c1b1: the component brings a kubernetes provider of that version
_DESCRIBED: Final = {"description": "Managed by Pulumi"}  # the SDK's default
_ANYWHERE: Final = {"fromPort": 0, "toPort": 0, "protocol": "-1"}


@dataclass
class Children:
    """Registers the children of one cluster."""

    monitor: Monitor
    name: str
    parent: str
    inputs: Inputs

    def register(self) -> dict[str, Given]:
        """All of them; the component's outputs."""
        inputs = self.inputs
        partition = self.monitor.invoke("aws:index/getPartition:getPartition", {})
        role, attached = (None, []) if inputs.has("serviceRole") else self._service_role(partition)
        group = self._cluster_group()
        encryption = self._encryption()
        cluster = self._cluster(role, attached, group, encryption)
        self._kube_proxy(cluster)
        config = kubeconfig(inputs, cluster)
        text = Known(UNKNOWN if config.value is UNKNOWN else _json(config.value), config.urns)
        settings: dict[str, Given] = {"kubeconfig": text, "enableConfigMapMutable": inputs.get("enableConfigMapMutable")}
        provider = self._child("pulumi:providers:kubernetes", "eks-k8s", settings, version=_KUBERNETES_SDK)
        interface = None if inputs.values.get("useDefaultVpcCni") is True else self._vpc_cni(cluster, provider)
        if inputs.part("corednsAddonOptions", "enabled").value is True or inputs.part("corednsAddonOptions", "configurationValues").value:
            self._add_on(cluster, "coredns", "corednsAddonOptions")
        nodes, ingress = (None, None) if inputs.values.get("skipDefaultSecurityGroups") is True else self._node_group(cluster, group)
        return outputs(inputs, Made(cluster, role, group, nodes, ingress, interface, provider, self._subnets(), encryption, config, text))

    def _child(self, token: str, suffix: str, inputs: Mapping[str, Given], **options: object) -> Registered:
        return self.monitor.custom(token, f"{self.name}-{suffix}", inputs, Options(parent=self.parent, **options))  # type: ignore[arg-type]  # checked by the caller

    def _service_role(self, partition: Known) -> tuple[Registered, list[Registered]]:
        policy = "AmazonEKSClusterPolicy"
        actions: list[Value] = ["sts:AssumeRole", "sts:TagSession"]
        suffix = partition.value.get("partition") if isinstance(partition.value, Mapping) else UNKNOWN
        arn = Known(f"arn:{suffix}:iam::aws:policy/{policy}" if isinstance(suffix, str) else UNKNOWN, partition.urns)
        identity = f"arn:aws:iam::aws:policy/{policy}"
        name = f"{self.name}-eksRole"
        arguments: dict[str, Given] = {
            "service": "eks.amazonaws.com",
            "description": "Allows EKS to manage clusters on your behalf.",
            "managedPolicyArns": [{"id": identity, "arn": arn}],
            "assumeRoleActions": actions,
            "tags": self.inputs.get("tags"),
        }
        component = self.monitor.component("eks:index:ServiceRole", name, arguments, Options(parent=self.parent))
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Action": actions, "Effect": "Allow", "Principal": {"Service": ["eks.amazonaws.com"]}}],
        }
        options = Options(parent=component.urn)
        made: dict[str, Given] = {"description": arguments["description"], "assumeRolePolicy": _json(trust), "tags": arguments["tags"]}
        role = self.monitor.custom("aws:iam/role:Role", f"{name}-role", made, options)
        digest = hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()[:8]
        attachment = self.monitor.custom(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{name}-{digest}", {"policyArn": arn, "role": role.reference}, options
        )
        self.monitor.outputs(component.urn, {"directRole": role.reference, "resolvedRole": role.reference})
        return role, [attachment]

    def _cluster_group(self) -> ResourceReference | None:
        """The cluster's security group: the program's, else one of the component; None where the program wants none."""
        if self.inputs.has("clusterSecurityGroup"):
            return self.inputs.references.get("clusterSecurityGroup")
        if self.inputs.values.get("skipDefaultSecurityGroups") is True:
            return None
        tags = self._tags("clusterSecurityGroupTags", {"Name": f"{self.name}-eksClusterSecurityGroup"})
        made: dict[str, Given] = {"vpcId": self.inputs.get("vpcId"), "revokeRulesOnDelete": True, "tags": tags, **_DESCRIBED}
        group = self._child(_GROUP, "eksClusterSecurityGroup", made)
        self._rule(
            "eksClusterInternetEgressRule",
            group.resource_id,
            "Allow internet access.",
            type="egress",
            cidrBlocks=["0.0.0.0/0"],
            **_ANYWHERE,
        )
        return group.reference

    def _encryption(self) -> Known | None:
        """How Secrets are encrypted; as a whole unknown while the key is, as an apply leaves it."""
        key = self.inputs.get("encryptionConfigKeyArn")
        if not key.value:
            return None
        found: Value = UNKNOWN if key.value is UNKNOWN else {"provider": {"keyArn": key.value}, "resources": ["secrets"]}
        return Known(found, key.urns, key.secret)

    def _cluster(
        self, role: Registered | None, attached: list[Registered], group: ResourceReference | None, encryption: Known | None
    ) -> Registered:
        inputs = self.inputs
        network = {"serviceIpv4Cidr": inputs.get("kubernetesServiceIpAddressRange"), "ipFamily": inputs.get("ipFamily", "ipv4")}
        made: dict[str, Given] = {
            "name": inputs.get("name"),
            "roleArn": role.out("arn") if role else self._role_arn(),
            "bootstrapSelfManagedAddons": inputs.get("bootstrapSelfManagedAddons", default=True),
            "vpcConfig": {
                "securityGroupIds": [_id(group)] if group else None,
                "subnetIds": self._subnets(),
                "endpointPrivateAccess": _or_none(inputs.get("endpointPrivateAccess")),
                "endpointPublicAccess": _or_none(inputs.get("endpointPublicAccess")),
                "publicAccessCidrs": _or_none(inputs.get("publicAccessCidrs")),
            },
            "version": inputs.get("version"),
            "enabledClusterLogTypes": inputs.get("enabledClusterLogTypes"),
            "tags": self._tags("clusterTags", {"Name": f"{self.name}-eksCluster"}),
            "encryptionConfig": encryption,
            "kubernetesNetworkConfig": network if inputs.has("kubernetesServiceIpAddressRange") or inputs.has("ipFamily") else None,
            "accessConfig": {"authenticationMode": inputs.get("authenticationMode"), "bootstrapClusterCreatorAdminPermissions": True},
            "upgradePolicy": inputs.get("upgradePolicy"),
            "deletionProtection": inputs.get("deletionProtection"),
        }
        return self._child(
            "aws:eks/cluster:Cluster",
            "eksCluster",
            made,
            ignore_changes=["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"],
            depends_on=[each.urn for each in (*([role] if role else []), *attached)],
        )

    def _role_arn(self) -> Known:
        """Of the role that the program brings."""
        role = self.inputs.references.get("serviceRole")
        return self.monitor.resource(role).out("arn") if role else self.inputs.get("serviceRole")

    def _subnets(self) -> Known:
        if self.inputs.has("subnetIds"):
            return self.inputs.get("subnetIds")
        parts = [self.inputs.get(name, []) for name in ("publicSubnetIds", "privateSubnetIds")]
        urns = frozenset(urn for part in parts for urn in part.urns)
        lists = [part.value for part in parts if isinstance(part.value, list)]
        return Known([each for part in lists for each in part] if len(lists) == len(parts) else UNKNOWN, urns)

    def _kube_proxy(self, cluster: Registered) -> None:
        if self.inputs.part("kubeProxyAddonOptions", "enabled").value is not False:
            self._add_on(cluster, "kube-proxy", "kubeProxyAddonOptions")

    def _add_on(self, cluster: Registered, name: str, options: str) -> None:
        configuration = self.inputs.part(options, "configurationValues")
        version = self.inputs.part(options, "version")
        made: dict[str, Given] = {
            "clusterName": cluster.out("name"),
            "addonName": name,
            "preserve": True,
            "tags": self.inputs.get("tags"),
            "resolveConflictsOnCreate": self.inputs.part(options, "resolveConflictsOnCreate", "OVERWRITE"),
            "resolveConflictsOnUpdate": self.inputs.part(options, "resolveConflictsOnUpdate", "OVERWRITE"),
            "addonVersion": version if version.value else self._newest(name, cluster),
            "configurationValues": _document(configuration) if configuration.value else None,
        }
        self._child(_ADD_ON, name, made)

    def _newest(self, add_on: str, cluster: Registered) -> Known:
        if not cluster.id:
            return Known(UNKNOWN)  # the SDK asks nothing about a resource that is not made yet
        asked: dict[str, Given] = {"addonName": add_on, "kubernetesVersion": cluster.out("version"), "mostRecent": True}
        found = self.monitor.invoke("aws:eks/getAddonVersion:getAddonVersion", asked)
        return Known(found.value.get("version") if isinstance(found.value, Mapping) else UNKNOWN, found.urns | {cluster.urn})

    def _vpc_cni(self, cluster: Registered, provider: Registered) -> ResourceReference:
        inputs, name = self.inputs, f"{self.name}-vpc-cni"
        options = inputs.values.get("vpcCniOptions")
        given: Mapping[str, Value] = options if isinstance(options, Mapping) else {}
        if given.get("securityContextPrivileged"):
            raise Refused("Unsupported", "the local cloud's eks.Cluster does not patch aws-node (vpcCniOptions.securityContextPrivileged)")
        urns = inputs.urns.get("vpcCniOptions", frozenset())
        arguments: dict[str, Given] = {option: Known(value, urns) for option, value in given.items()}
        arguments |= {"clusterName": cluster.out("name"), "clusterVersion": cluster.out("version"), "tags": inputs.get("tags")}
        providers = {**self.monitor.providers, "kubernetes": f"{provider.urn}::{provider.id or '04da6b54-80e4-46f7-96ec-b56ff0331ba9'}"}
        component = self.monitor.component("eks:index:VpcCniAddon", name, arguments, Options(parent=self.parent, providers=providers))
        version = given.get("addonVersion")
        made: dict[str, Given] = {
            "clusterName": cluster.out("name"),
            "addonVersion": Known(version, urns) if version else self._newest("vpc-cni", cluster),
            "addonName": "vpc-cni",
            "resolveConflictsOnCreate": given.get("resolveConflictsOnCreate") or "OVERWRITE",
            "resolveConflictsOnUpdate": given.get("resolveConflictsOnUpdate") or "OVERWRITE",
            "preserve": True,
            "configurationValues": _document(Known(cni_configuration(given), urns)),
            "serviceAccountRoleArn": Known(given.get("serviceAccountRoleArn"), urns),
            "tags": inputs.get("tags"),
        }
        add_on = self.monitor.custom(_ADD_ON, name, made, Options(parent=component.urn))
        self.monitor.outputs(component.urn, {"addon": add_on.reference})
        return ResourceReference(component.urn, None)

    def _node_group(self, cluster: Registered, group: ResourceReference | None) -> tuple[Registered, Registered]:
        """The security group of the nodes, and its rules with the cluster's."""
        if group is None:
            raise Refused("InvalidArgument", "clusterSecurityGroup is required when creating the default node group.")
        name = cluster.out("name")
        tags: dict[str, Value] = {"Name": f"{self.name}-nodeSecurityGroup"}
        if isinstance(name.value, str):
            tags[f"kubernetes.io/cluster/{name.value}"] = "owned"
        merged = self._tags("nodeSecurityGroupTags", tags)
        made: dict[str, Given] = {
            "vpcId": self.inputs.get("vpcId"),
            "revokeRulesOnDelete": True,
            **_DESCRIBED,
            "tags": Known(merged.value if isinstance(name.value, str) else UNKNOWN, merged.urns | name.urns),
        }
        nodes = self._child(_GROUP, "nodeSecurityGroup", made)
        ours, theirs = nodes.resource_id, _id(group)
        self._rule("eksNodeIngressRule", ours, "Allow nodes to communicate with each other", self=True, **_ANYWHERE)
        text = "Allow worker Kubelets and pods to receive communication from the cluster control plane"
        self._rule("eksNodeClusterIngressRule", ours, text, fromPort=1025, toPort=65535, protocol="tcp", sourceSecurityGroupId=theirs)
        text = "Allow pods running extension API servers on port 443 to receive communication from cluster control plane"
        self._rule("eksExtApiServerClusterIngressRule", ours, text, fromPort=443, toPort=443, protocol="tcp", sourceSecurityGroupId=theirs)
        self._rule("eksNodeInternetEgressRule", ours, "Allow internet access.", type="egress", cidrBlocks=["0.0.0.0/0"], **_ANYWHERE)
        text = "Allow pods to communicate with the cluster API Server"
        ingress = self._rule("eksClusterIngressRule", theirs, text, fromPort=443, toPort=443, protocol="tcp", sourceSecurityGroupId=ours)
        return nodes, ingress

    def _rule(self, suffix: str, group: Known, description: str, /, **rule: Given) -> Registered:
        return self._child(_RULE, suffix, {"type": "ingress", "description": description, "securityGroupId": group, **rule})

    def _tags(self, further: str, own: Mapping[str, Value]) -> Known:
        """Tags as the component merges them: its own, the resource's, the component's."""
        parts = [self.inputs.get(further), self.inputs.get("tags")]
        urns = frozenset(urn for part in parts for urn in part.urns)
        if any(part.value is UNKNOWN for part in parts):
            return Known(UNKNOWN, urns)
        merged = dict(own)
        for part in parts:
            merged |= part.value if isinstance(part.value, Mapping) else {}
        return Known(merged, urns)


def _or_none(known: Known) -> Known | None:
    return known if known.value is not None else None


def _document(configuration: Known) -> Known:
    text = UNKNOWN if configuration.value is UNKNOWN else _json(configuration.value, ordered=True)
    return Known(text, configuration.urns, configuration.secret)


def _id(reference: ResourceReference) -> Known:
    return Known(reference.id or UNKNOWN, frozenset({reference.urn}))


def _json(value: Value, *, ordered: bool = False) -> str:
    """As JSON.stringify writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=ordered)

"""What EKS refuses about node groups and add-ons. Codes: errors of the EKS API reference; health issues: AddonIssue and Issue there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from localcloud.kinds.compute import LAUNCH_TEMPLATE
from localcloud.kinds.compute_facts import is_instance_type
from localcloud.kinds.eks import ADDON, NODE_GROUP
from localcloud.kinds.eks_facts import ADDON_VERSION, ADDONS, DEPLOYMENTS
from localcloud.kinds.eks_lookups import cluster_of, minor, trusts
from localcloud.kinds.forms import entry, first, listed, parsed, whole
from localcloud.kinds.iam import ATTACHMENT, ROLE, ROLE_POLICY
from localcloud.kinds.model import Request, Resource, Value
from localcloud.kinds.security_groups import SECURITY_GROUP
from localcloud.refusals import ALWAYS, CREATE, row

_RESERVED_LABELS: Final = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
_NODE_POLICIES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy")
_EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}


def _sizes(request: Request) -> str | None:
    low, high, wanted = (request.number(f"scalingConfig.{name}") for name in ("minSize", "maxSize", "desiredSize"))
    if low is not None and high is not None and low > high:
        return f"Minimum capacity {whole(low)} can't be greater than maximum size {whole(high)}"
    if wanted is not None and low is not None and wanted < low:
        return f"Minimum capacity {whole(low)} can't be greater than desired size {whole(wanted)}"
    return (
        f"desired capacity {whole(wanted)} can't be greater than max size {whole(high)}"
        if wanted is not None and high is not None and wanted > high
        else None
    )


def _nodes_elsewhere(request: Request) -> str | None:
    cluster = cluster_of(request)
    wrong = [
        subnet.id for subnet in request.referred("subnetIds[*]") if cluster and subnet.text("vpcId") != cluster.text("vpcConfig.vpcId")
    ]
    return f"Subnets {', '.join(wrong)} are not in the VPC of the cluster" if wrong else None


def _node_version(request: Request) -> str | None:
    cluster, version = cluster_of(request), request.text("version")
    if not cluster or not version or minor(version) <= minor(cluster.text("version")):
        return None
    return f"Requested Nodegroup version {version} is greater than the cluster's {cluster.text('version')}"


def _template_of(request: Request) -> Resource | None:
    found = (request.text("launchTemplate.id"), request.text("launchTemplate.name"))
    return first(each for each in request.world.all(LAUNCH_TEMPLATE) if each.id in found or each.text("name") in found)


def _template(request: Request) -> str | None:
    """What a managed node group does not take from a launch template (EKS user guide, "Customize managed nodes with launch templates")."""
    template = _template_of(request)
    if template is None:
        return None
    content, version = template.properties, str(entry(request.inputs.get("launchTemplate")).get("version", ""))
    if version.isdigit() and int(version) > whole(content.get("latestVersion"), 1):
        return f"Launch template {template.id} has no version {version}"
    if content.get("iamInstanceProfile"):
        return "Launch template should not specify an instance profile. The noderole in your request will be used to construct one."
    if content.get("instanceType") and request.texts("instanceTypes[*]"):
        return "Cannot specify instance types in launch template and API request"
    if request.inputs.get("diskSize") or request.inputs.get("remoteAccess"):
        return "Disk size and remote access can't be given with a launch template: it has them"
    if content.get("imageId") and (request.text("version") or request.text("releaseVersion")):
        return "You cannot specify the field version or releaseVersion when using a custom AMI in the launch template."
    if content.get("instanceInitiatedShutdownBehavior") or content.get("hibernationOptions"):
        return "Launch template should not specify shutdown behavior or hibernation options: a node group sets them"
    return (
        "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."
        if _image_fault(request, content)
        else None
    )


def _image_fault(request: Request, content: Mapping[str, Value]) -> bool:
    return bool(content.get("imageId")) and request.text("amiType") not in (None, "CUSTOM")


def _template_groups(request: Request) -> str | None:
    """The groups of the template are looked at when the first node starts."""
    template, cluster = _template_of(request), cluster_of(request)
    named = template.texts("vpcSecurityGroupIds[*]") + template.texts("networkInterfaces[*].securityGroups[*]") if template else []
    for each in named:
        group = request.world.get(SECURITY_GROUP, each)
        if group is None or (cluster and group.text("vpcId") != cluster.text("vpcConfig.vpcId")):
            return f"The security group {each} of launch template {template.id if template else ''} does not exist in the cluster's VPC"
    return None


def _instance_types(request: Request) -> str | None:
    template = _template_of(request)
    named = [*request.texts("instanceTypes[*]"), *([template.text("instanceType")] if template and template.text("instanceType") else [])]
    return next((f"The following supplied instance types do not exist: [{name}]" for name in named if not is_instance_type(name)), None)


def _taints(request: Request) -> str | None:
    found = [(item.get("key"), item.get("effect")) for item in request.items("taints[*]")]
    return "taints: two have one key and effect" if len(set(found)) < len(found) else None


def _addon_name(request: Request) -> str | None:
    name = request.text("addonName")
    return f"Addon {name} specified is not supported; EKS has {', '.join(ADDONS)}" if name and name not in ADDONS else None


def _addon_version(request: Request) -> str | None:
    version = request.text("addonVersion")
    return (
        f"Addon version specified is not supported: {version!r} is not of the form v1.2.3-eksbuild.1"
        if version and not ADDON_VERSION.fullmatch(version)
        else None
    )


def _proxy_version(request: Request) -> str | None:
    """kube-proxy has the minor version of its cluster, or an older one."""
    cluster, version = cluster_of(request), re.match(r"v(\d+\.\d+)", request.text("addonVersion") or "")
    newer = cluster and version and minor(version[1]) > minor(cluster.text("version"))
    return (
        f"Addon version specified is not supported: {version[0]} on Kubernetes {cluster.text('version')}"
        if newer and version and cluster
        else None
    )


def _addon_configuration(request: Request) -> str | None:
    """JSON or YAML; a text that begins like JSON must be JSON."""
    text = (request.text("configurationValues") or "").strip()
    wrong = (text.startswith("{") and not isinstance(parsed(text), dict)) or (text and ":" not in text and text != "{}")
    return "ConfigurationValue is not in valid JSON or YAML format" if wrong else None


def _tolerates(tolerations: list[Mapping[str, Value]], taint: Mapping[str, Value]) -> bool:
    """Whether a pod with these may run beside that taint (Kubernetes, "Taints and Tolerations")."""
    for each in tolerations:
        key, effect = each.get("key"), each.get("effect")
        every = not key and each.get("operator") == "Exists"
        value = each.get("operator") == "Exists" or (each.get("value") or "") == (taint.get("value") or "")
        if (every or (key == taint.get("key") and value)) and effect in (None, "", _EFFECTS.get(str(taint.get("effect")))):
            return True
    return False


def _fits(group: Resource, tolerations: list[Mapping[str, Value]], selector: Mapping[str, Value]) -> bool:
    taints = [entry(each) for each in listed(group.properties.get("taints")) if entry(each).get("effect") in _EFFECTS]
    labels = entry(group.properties.get("labels"))
    nodes = whole(entry(group.properties.get("scalingConfig")).get("desiredSize")) > 0
    return (
        nodes
        and all(_tolerates(tolerations, taint) for taint in taints)
        and all(labels.get(key) == value for key, value in selector.items())
    )


def _no_node(request: Request) -> str | None:
    """The provider waits for a Deployment's replicas until its time is up, and tells the add-on's health."""
    name = request.text("addonName") or ""
    if name not in DEPLOYMENTS:
        return None
    values = entry(parsed(request.text("configurationValues")))
    values = entry(values.get(DEPLOYMENTS[name])) if DEPLOYMENTS[name] else values
    tolerations: list[Mapping[str, Value]] = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]  # every AWS add-on has this one
    if "tolerations" in values:
        tolerations = [entry(each) for each in listed(values.get("tolerations"))]
    groups = [group for group in request.world.all(NODE_GROUP) if group.text("clusterName") == request.text("clusterName")]
    if any(_fits(group, tolerations, entry(values.get("nodeSelector"))) for group in groups):
        return None
    why = f"no node group has nodes that {name} tolerates and selects" if groups else "the cluster has no node group"
    health = "The add-on is unhealthy because it doesn't have the desired number of replicas"
    return f"unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. {health}: {why}"


def _labels(request: Request) -> str | None:
    """The sentence: aws-cloudformation/cloudformation-coverage-roadmap#1326, read 2026-11-21; below such a domain too."""
    named = ((name, name.partition("/")[0]) for name in entry(request.inputs.get("labels")) if "/" in name)
    reserved = [name for name, domain in named if any(f".{domain}".endswith(f".{own}") for own in _RESERVED_LABELS)]
    shown = ", ".join(f"{prefix}/" for prefix in _RESERVED_LABELS)
    return f"Label cannot contain reserved prefixes [{shown}]: {reserved[0]}" if reserved else None


def _joins(request: Request) -> str | None:
    """Without the right to describe itself a node never joins, and EKS gives up after some 20 minutes (EKS user guide, "node IAM role").

    A role with a policy of the account's own, attached or inline, may have that right by it.
    """
    role = request.world.find(ROLE, "arn", request.text("nodeRoleArn") or "")
    if role is None:
        return None
    attached = [
        str(each.properties.get("policyArn")) for each in request.world.all(ATTACHMENT) if each.text("role") in (role.id, role.text("name"))
    ]
    attached += role.texts("managedPolicyArns[*]")
    own = any(each.text("role") in (role.id, role.text("name")) for each in request.world.all(ROLE_POLICY))
    if own or any(arn.rpartition("/")[2] in _NODE_POLICIES or ":iam::aws:policy/" not in arn for arn in attached):
        return None
    health = "Instances failed to join the kubernetes cluster"
    return f"unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. {health}: role {role.id} lacks {_NODE_POLICIES[0]}"


_BAD: Final = "InvalidParameterException"
REFUSALS: Final = (
    row(NODE_GROUP, _BAD, "minimum, desired and maximum are in order", _sizes),
    row(NODE_GROUP, _BAD, "nodes are in the cluster's VPC", _nodes_elsewhere, CREATE),
    row(NODE_GROUP, _BAD, "nodes are no newer than the cluster", _node_version),
    row(NODE_GROUP, _BAD, "EC2 may assume the nodes' role", lambda request: trusts("ec2.amazonaws.com", "nodeRoleArn", request), CREATE),
    row(NODE_GROUP, _BAD, "the launch template suits a managed node group", _template),
    row(NODE_GROUP, "Ec2SecurityGroupNotFound", "the launch template's groups are in the cluster's VPC", _template_groups),
    row(NODE_GROUP, _BAD, "the instance types exist", _instance_types, CREATE),
    row(NODE_GROUP, _BAD, "no taint twice", _taints),
    row(NODE_GROUP, _BAD, "a label has no prefix that is Kubernetes' own", _labels),
    row(NODE_GROUP, "NodeCreationFailure", "the nodes' role lets them join", _joins, CREATE),
    row(ADDON, _BAD, "EKS has the add-on", _addon_name, CREATE),
    row(ADDON, _BAD, "the add-on's version has EKS's form", _addon_version),
    row(
        ADDON,
        _BAD,
        "kube-proxy is no newer than the cluster",
        lambda request: _proxy_version(request) if request.text("addonName") == "kube-proxy" else None,
    ),
    row(ADDON, _BAD, "an add-on's configuration is JSON", _addon_configuration, ALWAYS, "configurationValues"),
    row(ADDON, "InsufficientNumberOfReplicas", "an add-on has a node that it tolerates", _no_node, CREATE),
)

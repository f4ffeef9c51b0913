"""What a stack asks of AWS's quotas at most, counted in its graph (requirements 2.14).

The plan computes the same from the stack file; the judge counts what is there. Codes and names as in requirements 2.14.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy import tokens
from policy.graph import Graph, Node
from policy.values import Unknown, Value, at, has_unknown, integer, mapping, sequence, text

STANDARD, GRAPHICS, TRAINING, SPOT = "L-1216C47A", "L-DB2E81BA", "L-417A185B", "L-34B43A08"
GP3, ELASTIC_IPS, NAT, VPCS, GATEWAYS = "L-7A658B76", "L-0263D0A3", "L-FE5A380F", "L-F678F1CE", "L-A4707A72"
SUBNETS, ENDPOINTS, CLUSTERS, NODE_GROUPS, NODES = "L-407747CB", "L-29B6F2EB", "L-1194D53C", "L-6D54EA21", "L-BD136A63"
BALANCERS, DB_CLUSTERS, DB_INSTANCES = "L-69A177A2", "L-952B80B8", "L-7B6409FD"

NAMES = {
    STANDARD: "vCPU of On-Demand Standard instances",
    GRAPHICS: "vCPU of On-Demand G and VT instances",
    TRAINING: "vCPU of On-Demand P instances",
    SPOT: "vCPU of Spot Standard instances",
    GP3: "TiB of gp3 volumes",
    ELASTIC_IPS: "Elastic IPs",
    NAT: "NAT gateways in a zone",
    VPCS: "VPCs",
    GATEWAYS: "internet gateways",
    SUBNETS: "subnets in a VPC",
    ENDPOINTS: "interface endpoints in a VPC",
    CLUSTERS: "EKS clusters",
    NODE_GROUPS: "managed node groups in a cluster",
    NODES: "nodes in a managed node group",
    BALANCERS: "Network Load Balancers",
    DB_CLUSTERS: "DB clusters",
    DB_INSTANCES: "DB instances",
}

# Instance sizes to vCPU: the same in every family that the systems use (EC2 user guide, "Instance types", read 2026-11).
_TYPE = re.compile(r"^(?P<family>[a-z]+)\d[a-z0-9-]*\.(?:(?P<times>\d+)xlarge|(?P<size>xlarge|large|medium|small|micro|nano))$")
_SIZES = {"xlarge": 4, "large": 2}
# Families of the quota "Standard (A, C, D, H, I, M, R, T, Z)"; F, X, Inf, Trn, DL, HPC, Mac and U have quotas of their own
_FAMILIES = frozenset({"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"})
_TEMPLATES: Sequence[tuple[tuple[str, ...], str, str]] = (
    (("launchTemplate",), "id", "name"),
    (("mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification"), "launchTemplateId", "launchTemplateName"),
)
_BOUGHT, _ZONE = "karpenter.sh/capacity-type", "topology.kubernetes.io/zone"
POOL = re.compile(r"^kubernetes:karpenter\.sh/\w+:NodePool$")


@dataclass(frozen=True)
class Demand:
    """need: the most of a quota that a region can ask for; None where something is unknown. because: the arithmetic.

    counted: the resources that it was counted from. unread: instance types of which nobody can tell the vCPU or the quota.
    """

    code: str
    need: float | None
    because: str
    counted: Sequence[Node]
    unread: Sequence[str] = ()


def vcpus(instance_type: str) -> int | None:
    """The vCPU of an instance type by its name; None for a name of another form.

    >>> vcpus("m5.2xlarge"), vcpus("m5.large"), vcpus("t4g.small"), vcpus("p4d.24xlarge"), vcpus("huge")
    (8, 2, 2, 96, None)
    """
    found = _TYPE.match(instance_type)
    if found is None:
        return None
    if found["times"]:
        return 4 * int(found["times"])
    two = found["family"] == "t" and (found["size"] == "medium" or not instance_type.startswith("t2."))
    return _SIZES.get(found["size"], 2 if two else 1)  # below `large` burstable ones have two, but for the small ones of T2; others one


def quota_of(instance_type: str, spot: bool) -> str:
    """The vCPU quota that instances of a type count for; "" for a family of another quota, which nothing here counts."""
    named = _TYPE.match(instance_type)
    family = named["family"] if named else ""
    if family in ("g", "gr", "vt"):
        return GRAPHICS
    if family == "p":
        return TRAINING
    return (SPOT if spot else STANDARD) if family in _FAMILIES else ""


def demands(graph: Graph, region: str, alone: bool, volumes_gib: float | None) -> Iterator[Demand]:
    """Every quota that a region touches. alone: whether resources without a region are this one's. volumes_gib: of all workspaces."""

    def here(*types: str) -> list[Node]:
        return [node for node in graph.all(*types) if node.region == region or (alone and node.region is None)]

    groups, gateways = here(tokens.NODE_GROUP), here(tokens.NAT_GATEWAY)
    pools = [node for node in graph.nodes if POOL.match(node.type) and (alone or _starts_in(node, region))]
    yield from _processors(graph, [*groups, *here(tokens.SCALING_GROUP, tokens.INSTANCE)], pools)
    yield from _volumes(graph, groups, volumes_gib)
    if gateways:
        yield Demand(NAT, _most([text(_zone(graph, node)) for node in gateways]), "in the fullest zone", gateways)
    if groups:
        sizes = [size for node in groups if (size := integer(node.get("scalingConfig", "maxSize"))) is not None]
        yield Demand(NODES, max(sizes, default=None), "the largest group", groups)
    for code, found in (
        (ELASTIC_IPS, here(tokens.EIP)),
        (VPCS, here(tokens.VPC)),
        (GATEWAYS, here(tokens.INTERNET_GATEWAY)),
        (SUBNETS, here(tokens.SUBNET)),
        (ENDPOINTS, [node for node in here(tokens.VPC_ENDPOINT) if node.get("vpcEndpointType") == "Interface"]),
        (CLUSTERS, here(tokens.EKS_CLUSTER)),
        (NODE_GROUPS, groups),
        (BALANCERS, here(*tokens.LOAD_BALANCERS)),
        (DB_CLUSTERS, here(tokens.DATABASE_CLUSTER)),
        (DB_INSTANCES, here(tokens.DATABASE_CLUSTER_INSTANCE, tokens.DATABASE_INSTANCE)),
    ):
        if found:
            yield Demand(code, len(found), "counted", found)


def _processors(graph: Graph, starters: Sequence[Node], pools: Sequence[Node]) -> Iterator[Demand]:
    """The vCPU of all instances: of node groups, of Auto Scaling groups, of their own, and of what Karpenter's pools may start."""
    parts: dict[str, list[tuple[int, str, Node]]] = {}
    unread: list[str] = []
    unknown = False
    for node in starters:
        most, kinds = _most_nodes(node), machines_of(graph, node)
        dark = [f"{kind} of {node.name}" for kind in kinds if vcpus(kind) is None or not quota_of(kind, spot=False)]
        if not kinds and node.type != tokens.NODE_GROUP and not has_unknown([node.get("instanceType"), *_origin(graph, node)]):
            dark = [f"what {node.name} starts"]
        unread += dark
        if most is None or not kinds or dark:
            unknown = True
            continue
        each = max(vcpus(kind) or 0 for kind in kinds)
        for code in sorted({quota_of(kind, spot) for kind in kinds for spot in _bought(graph, node)}):
            parts.setdefault(code, []).append((most * each, f"{most} x {each}", node))
    for pool in pools:
        limit = _number(pool.get("spec", "limits", "cpu"))
        for code in sorted({SPOT if bought == "spot" else STANDARD for bought in required(pool, _BOUGHT)} or {STANDARD}):
            parts.setdefault(code, []).append((int(limit or 0), f"{limit} of {pool.name}", pool))  # it can come to its limit in each
        unknown = unknown or limit is None
    for code in sorted({*parts, STANDARD} if unknown else parts):
        counts, texts, nodes = zip(*parts[code], strict=True) if code in parts else ((), (), ())
        yield Demand(code, None if unknown else sum(counts), " + ".join(texts), nodes, unread if code == STANDARD else ())


def _origin(graph: Graph, node: Node) -> list[Value]:
    """What a node has its type from: its launch template's, else whatever leads to a template that is not in the stack."""
    template = launch_template(graph, node)
    keys = ("launchTemplate", "mixedInstancesPolicy", "launchConfiguration")
    return [template.get("instanceType")] if template else [node.get(key) for key in keys]


def _most_nodes(node: Node) -> int | None:
    """How many instances it may come to."""
    if node.type == tokens.INSTANCE:
        return 1
    return integer(node.get("maxSize") if node.type == tokens.SCALING_GROUP else node.get("scalingConfig", "maxSize"))


def _bought(graph: Graph, node: Node) -> list[bool]:
    """Whether its instances are bought as Spot; both where a mix may be."""
    if node.get("mixedInstancesPolicy") is not None:
        return [False, True]
    template = launch_template(graph, node)
    markets = [other.get("instanceMarketOptions", "marketType") for other in (node, template) if other]
    return [node.get("capacityType") == "SPOT" or "spot" in markets]


def _volumes(graph: Graph, groups: Sequence[Node], workspaces_gib: float | None) -> Iterator[Demand]:
    """The disks of all workspaces and nodes."""
    sizes = [(integer(group.get("scalingConfig", "maxSize")), _disk_gib(graph, group)) for group in groups]
    disks = [most * each for most, each in sizes if most is not None and each is not None]
    templates = [template for group in groups if (template := launch_template(graph, group))]
    need = None if workspaces_gib is None or len(disks) < len(sizes) else round((workspaces_gib + sum(disks)) / 1024, 3)
    if groups or workspaces_gib:
        yield Demand(GP3, need, "volumes of workspaces and nodes", [*groups, *templates])


def required(pool: Node, label: str) -> list[str]:
    """The values of a label that the nodes of a pool of Karpenter's may have."""
    wanted = sequence(pool.get("spec", "template", "spec", "requirements"))
    named = [item for item in wanted if at(item, "key") == label and at(item, "operator") == "In"]
    return [kind for item in named for value in sequence(at(item, "values")) if (kind := text(value))]


def _starts_in(pool: Node, region: str) -> bool:
    """Kubernetes objects have no region, but a pool's zones are called after theirs."""
    return any(zone.startswith(region) for zone in required(pool, _ZONE))


def machines_of(graph: Graph, node: Node) -> list[str]:
    """The instance types of a node group, an Auto Scaling group or an instance: its own, else its launch template's."""
    mix = node.get("mixedInstancesPolicy", "launchTemplate", "overrides")
    own = [*sequence(node.get("instanceTypes")), node.get("instanceType"), *(at(item, "instanceType") for item in sequence(mix))]
    template = launch_template(graph, node)
    return [kind for item in own if (kind := text(item))] or [
        kind for kind in [text(template.get("instanceType")) if template else None] if kind
    ]


def launch_template(graph: Graph, node: Node) -> Node | None:
    """The launch template of a node group, an Auto Scaling group or an instance, by id or by name; or its launch configuration."""
    for path, *keys in _TEMPLATES:
        if node.get(*path) is not None:
            key = next((key for key in keys if node.get(*path, key) is not None), keys[-1])
            return graph.targets(node, (*path, key), tokens.LAUNCH_TEMPLATE).only
    named = node.get("launchConfiguration") is not None
    return graph.targets(node, "launchConfiguration", tokens.LAUNCH_CONFIGURATION).only if named else None


def _disk_gib(graph: Graph, group: Node) -> int | None:
    """The volumes of one node; EKS gives 20 GiB where nothing is said (EKS user guide, managed node groups)."""
    template = launch_template(graph, group)
    sizes = [at(item, "ebs", "volumeSize") for item in sequence(template.get("blockDeviceMappings") if template else None)]
    if any(isinstance(size, Unknown) for size in sizes):
        return None
    return sum(integer(size) or 0 for size in sizes) or integer(group.get("diskSize")) or 20


def _zone(graph: Graph, gateway: Node) -> Value:
    subnet = graph.targets(gateway, "subnetId", tokens.SUBNET).only
    return subnet.get("availabilityZone") if subnet else None


def _most(zones: list[str | None]) -> int:
    known = [zone for zone in zones if zone]
    vague = len(zones) - len(known)
    return max((known.count(zone) for zone in set(known)), default=0) + vague


def _number(value: Value) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else None


def limits_of(source: Value, region: str) -> dict[str, Value]:
    """The figures of a region by quota code; `*` stands for every region."""
    regions = mapping(source)
    return {**mapping(regions.get("*")), **mapping(regions.get(region))}

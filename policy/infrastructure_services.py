"""Property 1 on cluster, node groups, database and load balancer: each in its tier's subnets and joined to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy import helm, tokens
from policy.facts import PRIMARY
from policy.graph import Node, Targets
from policy.region import Region
from policy.systems import GROUP_KEY
from policy.values import Unknown, at, has_unknown, integer, leaves, sequence, text
from policy.verdict import Verdict

HTTPS_PORT = 443
CODERD_PORT = 8080  # where coderd's pods listen (CDR-20)
BINDING = "TargetGroupBinding"


def relations(region: Region, verdict: Verdict) -> None:
    """Judge what stands on the network."""
    _node_groups(region, verdict)
    _database(region, verdict)
    _load_balancer(region, verdict)
    _security_groups(region, verdict)


def group_of(node: Node) -> str | None:
    """The node group that an EKS node group is part of: `coder-ws` for `coder-ws-a`."""
    return text(node.get("labels", GROUP_KEY))


def _node_groups(region: Region, verdict: Verdict) -> None:
    """Every group is there, in its tier's subnets, in all zones, as many and of the type as declared (EKS-06 to EKS-08, EKS-33)."""
    members: dict[str, list[Node]] = {}
    for node in region.all(tokens.NODE_GROUP):
        verdict.saw(node)
        if isinstance(node.get("labels", GROUP_KEY), Unknown):
            verdict.undecided(node, "its group is unknown")
            return
        if name := group_of(node):
            members.setdefault(name, []).append(node)
    known = {*region.need.node_groups, *region.facts.node_groups}
    for name in sorted(members.keys() - known):
        verdict.wrong(members[name][0], f"is of the group {name}, which nobody declares; declare it under cluster.node_groups")
    for name in sorted(known):
        if name in members:
            _node_group(region, name, members[name], verdict)
        else:
            verdict.wrong(None, f"{region.name} has no node group {name}; declare it under cluster.node_groups")


def _node_group(region: Region, name: str, nodes: list[Node], verdict: Verdict) -> None:
    declared, needed = region.facts.node_groups.get(name), region.need.tier_of(name)
    tier = (declared.tier if declared else None) or needed
    if needed is not None and tier != needed:
        verdict.wrong(nodes[0], f"is declared in the tier {tier}; {name} belongs to {needed}")
    _in_tier(region, tier or "", nodes, verdict)
    _sizes(region, name, nodes, verdict)
    for node in nodes:
        _machine(region, node, declared.instance_type if declared else None, verdict)
        cluster = region.graph.targets(node, "clusterName", tokens.EKS_CLUSTER)
        if cluster.undecided:
            verdict.undecided(node, "its cluster is unknown")
        elif cluster.only is None:
            verdict.wrong(node, "belongs to no cluster of this stack; set cluster_name to that of the region's")


def _in_tier(region: Region, tier: str, nodes: list[Node], verdict: Verdict) -> None:
    """Each node lies in subnets of the tier and no other, and together they have every zone."""
    wanted = {subnet.urn: subnet for subnet in region.subnets.get(tier, [])}
    covered: set[str] = set()
    for node in nodes:
        subnets = region.graph.targets(node, "subnetIds", tokens.SUBNET)
        if subnets.undecided:
            verdict.undecided(node, "its subnets are unknown")
            return
        stray = [subnet.name for subnet in subnets.nodes if subnet.urn not in wanted] + list(subnets.foreign)
        if stray or not subnets.nodes:
            verdict.wrong(node, f"lies in {', '.join(stray) or 'no subnet'}; its tier is {tier}: use that tier's subnets only")
        covered |= subnets.urns & wanted.keys()
    missing = sorted(wanted[urn].name for urn in wanted.keys() - covered)
    if missing:
        verdict.wrong(nodes[0], f"and its like leave out {', '.join(missing)}; a node group spreads over every zone")


def _sizes(region: Region, name: str, nodes: list[Node], verdict: Verdict) -> None:
    """The nodes of a group together: the declared maximum, and at least the declared and the needed minimum."""
    if any(has_unknown(node.get("scalingConfig")) for node in nodes):
        verdict.undecided(nodes[0], "its size is unknown")
        return
    least = sum(integer(node.get("scalingConfig", "minSize")) or 0 for node in nodes)
    most = sum(integer(node.get("scalingConfig", "maxSize")) or 0 for node in nodes)
    declared = region.facts.node_groups.get(name)
    need = region.need.node_groups.get(name)
    floor = max((declared.minimum if declared else None) or 0, need.minimum if need else 0)
    if least < floor:
        verdict.wrong(nodes[0], f"and its like run {least} nodes at least; {name} needs {floor}: raise min")
    if declared and declared.maximum is not None and most != declared.maximum:
        verdict.wrong(nodes[0], f"and its like run {most} nodes at most; {name} is declared with {declared.maximum}")


def _machine(region: Region, node: Node, declared: str | None, verdict: Verdict) -> None:
    """The instance type: the node group's own, or its launch template's."""
    if declared is None:
        return
    templates = _templates(region, node)
    found = list(leaves(node.get("instanceTypes"))) or list(leaves([template.get("instanceType") for template in templates.nodes]))
    if templates.undecided or any(isinstance(value, Unknown) for value in found):
        verdict.undecided(node, "its instance type is unknown")
    elif found != [declared]:
        verdict.wrong(node, f"runs on {', '.join(map(str, found)) or 'no known instance type'}; {declared} is declared")


def _templates(region: Region, node: Node) -> Targets:
    """The launch template of a node group, which it names by id or by name."""
    key = "id" if node.get("launchTemplate", "id") is not None else "name"
    return region.graph.targets(node, ("launchTemplate", key), tokens.LAUNCH_TEMPLATE)


def _database(region: Region, verdict: Verdict) -> None:
    """Aurora with a writer and its readers, or one RDS instance with a standby, on exactly the database subnets (DB-01, DB-02, DB-05)."""
    if region.facts.serves != PRIMARY:
        for database in region.all(tokens.DATABASE_CLUSTER, tokens.DATABASE_INSTANCE):
            verdict.wrong(database, f"stands in {region.name}, which has none; Coder's only database is in the primary region")
        return
    aurora = region.need.database_engine.startswith("aurora")
    databases = region.all(tokens.DATABASE_CLUSTER) if aurora else region.all(tokens.DATABASE_INSTANCE)
    engines = [node for node in databases if text(node.get("engine")) == region.need.database_engine and not is_replica(node)]
    needed = 2 if region.facts.litellm else 1  # DB-04
    if len(engines) != needed:
        verdict.wrong(None, f"{region.name} has {len(engines)} databases of {region.need.database_engine}, and needs {needed}")
    for database in engines:
        verdict.saw(database)
        _subnet_group(region, database, verdict)
        if aurora:
            _instances(region, database, verdict)
        else:
            _standby(database, verdict)
            _replicas(region, database, verdict)


def is_replica(node: Node) -> bool:
    """Whether an RDS instance follows another one: an input that only replicas have, known or not."""
    return bool(node.get("replicateSourceDb")) or isinstance(node.get("replicateSourceDb"), Unknown)


def _standby(database: Node, verdict: Verdict) -> None:
    """A zone that fails takes no database with it (DB-02)."""
    standby = database.get("multiAz")
    if isinstance(standby, Unknown):
        verdict.undecided(database, "whether it has a standby is unknown")
    elif standby is not True:
        verdict.wrong(database, "has no standby in another zone; set multi_az to true")


def _replicas(region: Region, database: Node, verdict: Verdict) -> None:
    """As many read replicas as are declared, each of this database (DB-17)."""
    found = [node for node in region.all(tokens.DATABASE_INSTANCE) if is_replica(node)]
    for replica in found:
        verdict.saw(replica)
        source = region.graph.targets(replica, "replicateSourceDb", tokens.DATABASE_INSTANCE)
        if source.undecided:
            verdict.undecided(replica, "its source is unknown")
        elif source.only is not database:
            verdict.wrong(replica, "follows no database of this stack; set replicate_source_db to the database's identifier")
    wanted = region.facts.readers or 0
    if len(found) != wanted:
        verdict.wrong(database, f"has {len(found)} read replicas; {wanted} are declared: see database.readers")


def _instances(region: Region, cluster: Node, verdict: Verdict) -> None:
    wanted = max(region.need.instances, 1 + (region.facts.readers or 0))
    instances = region.all(tokens.DATABASE_CLUSTER_INSTANCE)
    verdict.saw(*instances)
    targets = [(instance, region.graph.targets(instance, "clusterIdentifier", tokens.DATABASE_CLUSTER)) for instance in instances]
    for instance, target in targets:
        if target.undecided:
            verdict.undecided(instance, "its database cluster is unknown")
        elif target.only is None:
            verdict.wrong(instance, "belongs to no database of this stack; set cluster_identifier to the cluster's id")
    found = sum(target.only is cluster for _, target in targets)
    if found != wanted and not any(target.undecided for _, target in targets):
        verdict.wrong(cluster, f"has {found} instances; {wanted} are needed, the writer included: see database.readers")


def _subnet_group(region: Region, database: Node, verdict: Verdict) -> None:
    target = region.graph.targets(database, "dbSubnetGroupName", tokens.SUBNET_GROUP)
    if target.undecided:
        verdict.undecided(database, "its subnet group is unknown")
        return
    if target.only is None:
        verdict.wrong(database, "has no subnet group of this stack; set db_subnet_group_name to that of the database subnets")
        return
    verdict.saw(target.only)
    subnets = region.graph.targets(target.only, "subnetIds", tokens.SUBNET)
    if subnets.undecided:
        verdict.undecided(target.only, "its subnets are unknown")
    elif subnets.foreign or subnets.urns != {subnet.urn for subnet in region.subnets.get(region.need.isolated, [])}:
        names = ", ".join(subnet.name for subnet in subnets.nodes) or "no subnet"
        verdict.wrong(target.only, f"holds {names}; it must hold the {region.need.isolated} subnets, all and only those")


def _load_balancer(region: Region, verdict: Verdict) -> None:
    """An NLB with a foot in every public subnet, a listener on 443, and a target group that coderd's pods join (CDR-20, CDR-25, NET-31)."""
    for balancer in region.all(*tokens.LOAD_BALANCERS):
        verdict.saw(balancer)
        kind, subnets = balancer.get("loadBalancerType"), _subnets_of(region, balancer)
        if isinstance(kind, Unknown) or subnets.undecided:
            verdict.undecided(balancer, "its type or its subnets are unknown")
            continue
        if kind != "network":
            verdict.wrong(balancer, "is no network load balancer; set load_balancer_type to network")
        if subnets.foreign or subnets.urns != {subnet.urn for subnet in region.subnets.get(region.need.public, [])}:
            names = ", ".join([*(subnet.name for subnet in subnets.nodes), *subnets.foreign]) or "no subnet"
            verdict.wrong(balancer, f"stands in {names}; it must stand in every public subnet and no other")
        _listeners(region, balancer, verdict)


def _subnets_of(region: Region, balancer: Node) -> Targets:
    """Where a load balancer stands: in subnets, or in subnets with an address each, which are no subnets."""
    subnets, mapped = (region.graph.targets(balancer, path, tokens.SUBNET) for path in ("subnets", "subnetMappings"))
    if subnets.nodes or not (mapped.nodes or mapped.undecided):
        return subnets
    return Targets(mapped.nodes, undecided=mapped.undecided)


def _listeners(region: Region, balancer: Node, verdict: Verdict) -> None:
    listeners: list[Node] = []
    left_open = False
    for listener in region.all(*tokens.LISTENERS):
        target, port = region.graph.targets(listener, "loadBalancerArn", *tokens.LOAD_BALANCERS), listener.get("port")
        if target.undecided or isinstance(port, Unknown):
            verdict.undecided(listener, "its load balancer or its port is unknown")
            left_open = True
        elif target.only is balancer and integer(port) == HTTPS_PORT:
            listeners.append(listener)
    if len(listeners) != 1 and not left_open:
        verdict.wrong(balancer, f"has {len(listeners)} listeners on {HTTPS_PORT}, and needs one")
    for listener in listeners:
        verdict.saw(listener)
        direct = listener.get("defaultActions", 0, "targetGroupArn")
        path = ("targetGroupArn",) if direct is not None else ("forward", "targetGroups")
        found = region.graph.targets(listener, ("defaultActions", 0, *path), *tokens.TARGET_GROUPS)
        if found.undecided:
            verdict.undecided(listener, "its target group is unknown")
        elif found.only is None:
            verdict.wrong(listener, "does not forward to one target group of this stack; forward to coderd's, and to no other")
        else:
            _target_group(region, found.only, verdict)


def _target_group(region: Region, group: Node, verdict: Verdict) -> None:
    verdict.saw(group)
    port, vpc = group.get("port"), region.graph.targets(group, "vpcId", tokens.VPC)
    if isinstance(port, Unknown) or vpc.undecided:
        verdict.undecided(group, "its port or its VPC is unknown")
        return
    if integer(port) != CODERD_PORT:
        verdict.wrong(group, f"sends to port {integer(port)}; coderd listens on {CODERD_PORT}")
    kind = group.get("targetType")
    if not isinstance(kind, Unknown) and kind != "ip":
        verdict.wrong(
            group, f"has targets of the type {kind or 'instance'}; coderd's pods are targets by their addresses: set target_type to ip"
        )
    if vpc.only is None:
        verdict.wrong(group, "lies in no VPC of this stack; set vpc_id to that of the network")
    bindings = [node for node in region.graph.nodes if (kind := tokens.kubernetes_kind(node.type)) and kind[1] == BINDING]
    verdict.saw(*bindings)
    found = [(node, region.graph.targets(node, ("spec", "targetGroupARN"), group.type)) for node in bindings]
    bound = [node for node, target in found if target.only is group]
    joined = [service for node in bound for service in _services_of(region, node) if _has_port(service, node)]
    if joined:
        return
    if bound:
        verdict.wrong(
            bound[0], "joins no Service and port of its namespace in front of coderd's pods to the target group; set serviceRef to coderd's"
        )
    elif any(target.undecided for _, target in found):
        verdict.undecided(group, "which pods join it is unknown")
    else:
        verdict.wrong(group, f"has no {BINDING} that joins coderd's pods to it; without one every target is missing")


def _services_of(region: Region, binding: Node) -> Iterator[Node]:
    """The Services of coderd's pods that a binding names; a name that is unknown comes from one by its edge."""
    name, namespace = binding.get("spec", "serviceRef", "name"), helm.object_namespace(region.graph, binding)
    coderd = [*helm.releases(region.graph, helm.CODER), *helm.proxies(region.graph)]
    for service in region.graph.all(tokens.SERVICE):
        same = helm.object_namespace(region.graph, service) in (namespace, Unknown.UNKNOWN) or isinstance(namespace, Unknown)
        named = service.urn in binding.edges.get("spec", ()) if isinstance(name, Unknown) else name == service.get("metadata", "name")
        if same and named and any(helm.selects(service.get("spec", "selector"), release) for release in coderd):
            yield service


def _has_port(service: Node, binding: Node) -> bool:
    """Whether a Service has the port that a binding names, by number or by name."""
    port = binding.get("spec", "serviceRef", "port")
    ports = [at(item, key) for item in sequence(service.get("spec", "ports")) for key in ("port", "name")]
    return isinstance(port, Unknown) or port in ports or any(isinstance(each, Unknown) for each in ports)


def _security_groups(region: Region, verdict: Verdict) -> None:
    """Nodes, database, endpoints and load balancer each have a security group of this stack, and no two tiers share one (NET-18)."""
    endpoints = [node for node in region.all(tokens.VPC_ENDPOINT) if text(node.get("vpcEndpointType")) == "Interface"]
    databases = region.all(tokens.DATABASE_CLUSTER, tokens.DATABASE_INSTANCE)
    groups = [(node, _templates(region, node)) for node in region.all(tokens.NODE_GROUP)]
    for node, templates in groups:
        if not templates.nodes and not templates.undecided:
            verdict.wrong(node, "has no launch template of this stack, which would say the security group of the nodes; give it one")
    nodes = [template for _, templates in groups for template in templates.nodes]
    roles = (
        ("the load balancer", region.all(*tokens.LOAD_BALANCERS), ("securityGroups",)),
        ("the database", databases, ("vpcSecurityGroupIds",)),
        ("the endpoints", endpoints, ("securityGroupIds",)),
        ("the nodes", nodes, ("vpcSecurityGroupIds", "networkInterfaces")),
    )
    owner: dict[str, str] = {}
    for role, users, paths in roles:
        guards = _guards_of(region, role, users, paths, verdict)
        verdict.saw(*guards)
        for group in guards:
            if owner.setdefault(group.urn, role) != role:
                verdict.wrong(group, f"serves {owner[group.urn]} and {role}; give each a security group of its own")


def _guards_of(region: Region, role: str, users: Iterable[Node], paths: tuple[str, ...], verdict: Verdict) -> list[Node]:
    found: dict[str, Node] = {}
    for user in users:
        targets: list[Targets] = [region.graph.targets(user, path, tokens.SECURITY_GROUP) for path in paths]
        if any(target.undecided for target in targets):
            verdict.undecided(user, "its security groups are unknown")
        elif not any(target.nodes for target in targets):
            verdict.wrong(user, f"has no security group of this stack; {role} must have one")
        found.update((node.urn, node) for target in targets for node in target.nodes)
    return list(found.values())

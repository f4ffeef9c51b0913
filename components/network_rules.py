"""Who may talk to whom: flows between tiers, and each tier's NACL. Plain data, declared by network_security (NET-18, NET-19, NET-33)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, collapse_addresses

from plan.model import NetworkPlan
from settings.network import Tier
from settings.roles import NODE_TIERS, Role

ANYWHERE = "0.0.0.0/0"
HTTPS, DNS, POSTGRESQL = 443, 53, 5432
CODERD = 8080  # fixed by the Coder chart
METRICS = 2112  # of coderd and provisioners, fixed by the Coder charts
KUBELET = 10250  # and the webhook of External Secrets and the API of metrics-server, which share its number
LOAD_BALANCER_WEBHOOK = 9443  # default of the aws-load-balancer-controller chart

# Ports that answers go to. NAT gateways, NLBs and the CNI's translation use the whole range (VPC User Guide, "Ephemeral ports").
EPHEMERAL = (1024, 65535)

# A NACL takes 20 rules in each direction unless the account's quota is raised (Amazon VPC User Guide, "Amazon VPC quotas").
ACL_RULES_MAX = 20


class Party(StrEnum):
    """What has a security group of its own, and the internet."""

    INTERNET = "internet"
    LOAD_BALANCER = "load-balancer"
    CLUSTER = "cluster"  # the interfaces of the Kubernetes API in the control subnets
    CONTROL = "control"
    PROVISIONER = "provisioner"
    WORKSPACE = "workspace"
    EC2_WORKSPACE = "ec2-workspace"  # workspaces that are instances; they come through the front door (NET-29, NET-35)
    DATABASE = "database"
    ENDPOINT = "endpoint"


NODES = (Party.CONTROL, Party.PROVISIONER, Party.WORKSPACE)
WORKSPACES = (Party.WORKSPACE, Party.EC2_WORKSPACE)  # where no connection comes from another workspace
OPEN_EGRESS = (*NODES, Party.EC2_WORKSPACE)  # "egress all" (NET-26); what a workspace may reach is narrowed by its NetworkPolicy


@dataclass(frozen=True)
class Flow:
    """One permitted direction of opening a connection. protocol: `-1` for all of them, which have no port: None."""

    source: Party
    target: Party
    protocol: str
    port: int | None
    purpose: str


def flows() -> tuple[Flow, ...]:
    """Everything that may be opened; what is not here is closed.

    Workspaces accept kubelet traffic and nothing else: no workspace, provisioner or coderd reaches a workspace's port (NET-29, NET-33).
    """
    return (*_through_the_front(), *_to_the_cluster(), *_between_nodes(), *_to_data())


def _through_the_front() -> Iterable[Flow]:
    yield Flow(Party.INTERNET, Party.LOAD_BALANCER, "tcp", HTTPS, "dashboard, API, DERP, EC2 agents")  # NET-28; no STUN: T-20
    yield Flow(Party.LOAD_BALANCER, Party.CONTROL, "tcp", CODERD, "coderd and its health check")  # the target's port, not 443: T-23


def _to_the_cluster() -> Iterable[Flow]:
    for node in NODES:
        yield Flow(node, Party.CLUSTER, "tcp", HTTPS, "Kubernetes API")  # NET-25
        yield Flow(Party.CLUSTER, node, "tcp", KUBELET, "kubelet: logs and exec")
    yield Flow(Party.CLUSTER, Party.CONTROL, "tcp", LOAD_BALANCER_WEBHOOK, "webhook of the load balancer controller")


def _between_nodes() -> Iterable[Flow]:
    """Inside the control tier everything (NET-26): replicas' relay, CoreDNS, metrics; NetworkPolicies say which pod reaches which."""
    yield Flow(Party.CONTROL, Party.CONTROL, "-1", None, "between control nodes")
    for node in (Party.PROVISIONER, Party.WORKSPACE):
        yield Flow(node, Party.CONTROL, "tcp", DNS, "CoreDNS")
        yield Flow(node, Party.CONTROL, "udp", DNS, "CoreDNS")
        yield Flow(node, Party.CONTROL, "tcp", CODERD, "coderd: provisioners and agents")  # T-22, NET-34
        yield Flow(Party.CONTROL, node, "tcp", KUBELET, "metrics-server to kubelets")
    yield Flow(Party.CONTROL, Party.PROVISIONER, "tcp", METRICS, "Prometheus to provisioners")  # OBS-05


def _to_data() -> Iterable[Flow]:
    yield Flow(Party.CONTROL, Party.DATABASE, "tcp", POSTGRESQL, "database")  # NET-27, T-38
    for node in NODES:
        yield Flow(node, Party.ENDPOINT, "tcp", HTTPS, "AWS APIs")  # NET-23, T-88


@dataclass(frozen=True)
class RangeFlow:
    """What an address range may open, where no security group stands for who is behind it."""

    cidr: str
    target: Party
    port: int
    purpose: str


def range_flows(network: NetworkPlan) -> tuple[RangeFlow, ...]:
    """Who comes from outside of the VPC by a private way: runners and operators (EKS-03), and a coderd of another region on this one's
    database (T-36), which a security group of this region can't name (VPC Peering Guide, "Update your
    security groups to reference peer security groups", read 2026-11).
    """
    return (
        *(RangeFlow(cidr, Party.CLUSTER, HTTPS, "Kubernetes API for runners and operators") for cidr in network.runner_cidrs),
        *(RangeFlow(cidr, Party.CONTROL, CODERD, "coderd of another region: relay") for cidr in network.relay_cidrs),
        *(RangeFlow(cidr, Party.DATABASE, POSTGRESQL, "coderd of another region") for cidr in network.database_client_cidrs),
    )


class Protocol(StrEnum):
    """IP protocol numbers: NACLs are stored by number, so a name would be a difference at every refresh."""

    ALL = "-1"
    ICMP = "1"
    TCP = "6"
    UDP = "17"


@dataclass(frozen=True)
class AclRule:
    """One rule of a NACL. ports: both ends included; (0, 0) for protocols without ports. `cidr`: the other side."""

    allow: bool
    protocol: Protocol
    cidr: str
    ports: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class TierAcl:
    """A NACL: rules in their order, the first match decides, no match is a denial; it keeps no state, so answers have rules too."""

    ingress: tuple[AclRule, ...]
    egress: tuple[AclRule, ...]


def tier_acls(network: NetworkPlan) -> dict[Tier, TierAcl]:
    """The NACL of every tier (NET-19): a coarse second net under the security groups.

    Databases speak to the control tier only; provisioners and workspaces reach neither databases nor each other, nor one zone's workspaces
    another's. In a tier that all nodes share, no NACL can tell them apart: there it's the work of security groups and NetworkPolicies alone
    (T-10). Raises ValueError where a tier is too scattered for AWS's 20 rules.
    """
    ranges = {Tier(tier.name): _ranges(network, Tier(tier.name)) for tier in network.tiers}
    databases = ranges[Tier.DATABASE]
    clients = [*ranges[Tier(network.tier_of(Role.CONTROL.value).name)], *_collapsed(network.database_client_cidrs)]
    acls = {
        Tier.PUBLIC: _acl(
            [
                *_deny(databases),
                AclRule(True, Protocol.ALL, network.cidr),  # on its way out through NAT
                AclRule(True, Protocol.TCP, ANYWHERE, (HTTPS, HTTPS)),
                *_answers(),
            ],
            [*_deny(databases), _EVERYTHING],
        ),
        **{tier: _nodes_acl(tier, network, ranges) for tier in ranges if tier in NODE_TIERS},
        Tier.DATABASE: _acl(
            [AclRule(True, Protocol.TCP, cidr, (POSTGRESQL, POSTGRESQL)) for cidr in clients],
            [AclRule(True, Protocol.TCP, cidr, EPHEMERAL) for cidr in clients],
        ),
    }
    for tier, acl in acls.items():
        if max(len(acl.ingress), len(acl.egress)) > ACL_RULES_MAX:
            raise ValueError(
                f"the NACL of tier {tier.value} needs more than the {ACL_RULES_MAX} rules that AWS takes; give tiers adjacent ranges"
            )
    return acls


_EVERYTHING = AclRule(True, Protocol.ALL, ANYWHERE)


def _nodes_acl(tier: Tier, network: NetworkPlan, ranges: Mapping[Tier, list[str]]) -> TierAcl:
    """Of a tier with nodes: where control nodes are, open inside and to names and APIs; else closed to what it has no business with."""
    if tier in (Tier.CONTROL, Tier.PRIVATE):
        inside = [
            *(AclRule(True, Protocol.ALL, cidr) for cidr in ranges[tier]),
            AclRule(True, Protocol.TCP, network.cidr, (HTTPS, HTTPS)),
            *(AclRule(True, Protocol.TCP, cidr, (HTTPS, HTTPS)) for cidr in _runners_outside(network)),  # the Kubernetes API
            *(AclRule(True, protocol, network.cidr, (DNS, DNS)) for protocol in (Protocol.TCP, Protocol.UDP)),
        ]
        return _acl([*inside, *_answers()], [_EVERYTHING])
    others = (Tier.DATABASE, Tier.WORKSPACE) if tier is Tier.PROVISIONER else (Tier.DATABASE, Tier.PROVISIONER, Tier.WORKSPACE)
    away = [rule for other in others for rule in _deny(ranges.get(other, []))]
    return _acl([*away, *_answers()], [*away, _EVERYTHING])


def _acl(ingress: list[AclRule], egress: list[AclRule]) -> TierAcl:
    return TierAcl(tuple(ingress), tuple(egress))


def _ranges(network: NetworkPlan, tier: Tier) -> list[str]:
    """A tier's subnets in as few ranges as they can be written."""
    return _collapsed(subnet.cidr for subnet in network.tier(tier.value).subnets)


def _collapsed(cidrs: Iterable[str]) -> list[str]:
    return [str(cidr) for cidr in collapse_addresses(map(IPv4Network, cidrs))]


def _runners_outside(network: NetworkPlan) -> list[str]:
    """Runners of connected networks; those inside are admitted with the VPC."""
    return [cidr for cidr in network.runner_cidrs if not IPv4Network(cidr).subnet_of(IPv4Network(network.cidr))]


def _deny(cidrs: list[str]) -> list[AclRule]:
    return [AclRule(False, Protocol.ALL, cidr) for cidr in cidrs]


def _answers() -> list[AclRule]:
    """Answers, and whatever security groups let in on high ports; and the "too big" of path MTU discovery (VPC User Guide)."""
    return [
        AclRule(True, Protocol.TCP, ANYWHERE, EPHEMERAL),
        AclRule(True, Protocol.UDP, ANYWHERE, EPHEMERAL),
        AclRule(True, Protocol.ICMP, ANYWHERE),
    ]

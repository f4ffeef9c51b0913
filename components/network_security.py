"""Security groups and NACLs as resources, from the rules of network_rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_aws as aws
from pulumi import Input, Resource, ResourceOptions

from components.network_rules import ANYWHERE, NODES, OPEN_EGRESS, AclRule, Flow, Party, Protocol, RangeFlow, flows, range_flows, tier_acls
from plan.model import NetworkPlan
from settings.network import Tier

# ICMP type 3 code 4, "fragmentation needed": the one ICMP message that path MTU discovery asks for (RFC 1191).
FRAGMENTATION_NEEDED = (3, 4)

Rule = tuple[tuple[Party, ...], Resource]  # with the parties that it is about


def security_groups(
    name: str,
    vpc_id: Input[str],
    plan: NetworkPlan,
    tags: Mapping[Party, Mapping[str, str]],
    opts: ResourceOptions,
    *,
    has_entrance: bool,
) -> tuple[dict[Party, aws.ec2.SecurityGroup], list[Rule]]:
    """A group for each party, never shared (NET-18), and a rule resource for each flow: what is not a flow is closed.

    Sources are groups, not ranges: an address that moves to another tier takes no right with it. Who comes
    from another network is known by range (EKS-03, T-36). tags: of some groups beside their name. has_entrance: whether the internet
    may open what it may open at all.
    """
    parties = [party for party in Party if party is not Party.INTERNET]
    groups = {
        party: aws.ec2.SecurityGroup(
            f"{name}-{party.value}",
            vpc_id=vpc_id,
            description=f"{party.value} of {name}",
            revoke_rules_on_delete=True,  # groups name each other: without it none of them can go first
            tags={"Name": f"{name}-{party.value}", **tags.get(party, {})},
            opts=opts,
        )
        for party in parties
    }
    rules: list[Rule] = []
    for flow in flows():
        if flow.source is Party.INTERNET and not has_entrance:
            continue
        ends = (flow.source, flow.target)
        rules.append((ends, _ingress(name, groups, flow, opts)))
        if flow.source not in (Party.INTERNET, *OPEN_EGRESS):
            rules.append((ends, _egress(name, groups, flow, opts)))
    rules += [
        (
            (party,),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-{party.value}-egress",
                security_group_id=groups[party].id,
                description="anywhere",
                ip_protocol="-1",
                cidr_ipv4=ANYWHERE,
                opts=opts,
            ),
        )
        for party in OPEN_EGRESS
    ]
    rules += [((flow.target,), _by_range(name, groups, flow, opts)) for flow in range_flows(plan)]
    aws.ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc_id, ingress=[], egress=[], opts=opts)
    return groups, rules


def rules_of(node: Party, rules: Sequence[Rule]) -> list[Resource]:
    """What nodes of this role wait for: all but the rules that are of other nodes only."""
    return [rule for ends, rule in rules if node in ends or not set(ends) & set(NODES)]


def _ingress(name: str, groups: Mapping[Party, aws.ec2.SecurityGroup], flow: Flow, opts: ResourceOptions) -> Resource:
    source = None if flow.source is Party.INTERNET else groups[flow.source].id
    return aws.vpc.SecurityGroupIngressRule(
        f"{name}-{flow.target.value}-from-{flow.source.value}{_label(flow)}",
        security_group_id=groups[flow.target].id,
        description=flow.purpose,
        ip_protocol=flow.protocol,
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=source,
        cidr_ipv4=ANYWHERE if source is None else None,
        opts=opts,
    )


def _egress(name: str, groups: Mapping[Party, aws.ec2.SecurityGroup], flow: Flow, opts: ResourceOptions) -> Resource:
    return aws.vpc.SecurityGroupEgressRule(
        f"{name}-{flow.source.value}-to-{flow.target.value}{_label(flow)}",
        security_group_id=groups[flow.source].id,
        description=flow.purpose,
        ip_protocol=flow.protocol,
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=groups[flow.target].id,
        opts=opts,
    )


def _by_range(name: str, groups: Mapping[Party, aws.ec2.SecurityGroup], flow: RangeFlow, opts: ResourceOptions) -> Resource:
    return aws.vpc.SecurityGroupIngressRule(
        f"{name}-{flow.target.value}-from-{flow.cidr.replace('.', '-').replace('/', '-')}",
        security_group_id=groups[flow.target].id,
        description=flow.purpose,
        ip_protocol="tcp",
        from_port=flow.port,
        to_port=flow.port,
        cidr_ipv4=flow.cidr,
        opts=opts,
    )


def _label(flow: Flow) -> str:
    return "" if flow.port is None else f"-{flow.protocol}-{flow.port}"


def network_acls(
    name: str, plan: NetworkPlan, vpc_id: Input[str], subnet_ids: Mapping[Tier, Sequence[Input[str]]], opts: ResourceOptions
) -> None:
    """One NACL for each tier, holding its subnets; rules inline, so that a tier is one resource and never half ruled (NET-19)."""
    for tier, acl in tier_acls(plan).items():
        aws.ec2.NetworkAcl(
            f"{name}-{tier.value}",
            vpc_id=vpc_id,
            subnet_ids=list(subnet_ids[tier]),
            ingress=[_ingress_rule(number, rule) for number, rule in _numbered(acl.ingress)],
            egress=[_egress_rule(number, rule) for number, rule in _numbered(acl.egress)],
            tags={"Name": f"{name}-{tier.value}"},
            opts=opts,
        )


def _numbered(rules: Sequence[AclRule]) -> list[tuple[int, AclRule]]:
    """Numbers in steps of ten, as AWS advises: room between two rules."""
    return [(100 + 10 * index, rule) for index, rule in enumerate(rules)]


def _ingress_rule(number: int, rule: AclRule) -> aws.ec2.NetworkAclIngressArgs:
    icmp_type, icmp_code = FRAGMENTATION_NEEDED if rule.protocol is Protocol.ICMP else (None, None)
    return aws.ec2.NetworkAclIngressArgs(
        rule_no=number,
        action="allow" if rule.allow else "deny",
        protocol=rule.protocol.value,
        cidr_block=rule.cidr,
        from_port=rule.ports[0],
        to_port=rule.ports[1],
        icmp_type=icmp_type,
        icmp_code=icmp_code,
    )


def _egress_rule(number: int, rule: AclRule) -> aws.ec2.NetworkAclEgressArgs:
    if rule.protocol is Protocol.ICMP:
        raise ValueError("an ICMP rule for leaving packets is not foreseen: what leaves is open or denied whole")
    return aws.ec2.NetworkAclEgressArgs(
        rule_no=number,
        action="allow" if rule.allow else "deny",
        protocol=rule.protocol.value,
        cidr_block=rule.cidr,
        from_port=rule.ports[0],
        to_port=rule.ports[1],
    )

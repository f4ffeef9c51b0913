"""Whether a packet arrives, by a recorded graph: routes, NACLs without state, security groups with state; knows nothing of our rules."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from tests.components.graph import Graph, Node

INTERNET_HOST = "198.51.100.7"
CLIENT_PORT = 43210  # an ephemeral port of the one who opens the connection
NUMBERS = {"tcp": "6", "udp": "17"}


@dataclass(frozen=True)
class Host:
    """An interface. group: its security group's name in the graph, None on the internet."""

    address: str
    group: str | None


@dataclass(frozen=True)
class World:
    """One recorded network; `name` is that of the Network component. linked: a range with routes to and from the private subnets."""

    graph: Graph
    name: str = "network"
    linked: IPv4Network | None = None

    def host(self, tier: str, group: str | None = None, zone: int = 0, number: int = 10) -> Host:
        """The interface with that number in a tier's subnet of a zone."""
        subnets = sorted((n for n in self.graph.of("aws:ec2/subnet:Subnet") if n.tags()["Tier"] == tier), key=lambda n: n.name)
        return Host(str(IPv4Network(subnets[zone].inputs["cidrBlock"])[number]), group or tier)

    def internet(self) -> Host:
        return Host(INTERNET_HOST, None)

    def opens(self, source: Host, target: Host, protocol: str, port: int) -> bool:
        """Whether `source` can open a connection to `target` and get its answers."""
        there = (source.address, target.address, protocol, port)
        back = (target.address, source.address, protocol, CLIENT_PORT)
        return (
            self._routed(source, target)
            and self._grouped(source, target, protocol, port)
            and self._acls_pass(*there)
            and self._acls_pass(*back)
        )

    def _subnet(self, address: str) -> Node | None:
        return next((n for n in self.graph.of("aws:ec2/subnet:Subnet") if IPv4Address(address) in IPv4Network(n.inputs["cidrBlock"])), None)

    def _routed(self, source: Host, target: Host) -> bool:
        """Inside the VPC always; to the internet by the table's default route; from it only to a subnet with an internet gateway."""
        from_, to = self._subnet(source.address), self._subnet(target.address)
        if from_ and to:
            return True
        vpc = IPv4Network(self.graph.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"])
        if all(IPv4Address(host.address) in vpc for host in (source, target)):
            return True  # a subnet of somebody else's in the VPC
        if self.linked and any(IPv4Address(host.address) in self.linked for host in (source, target)):
            return True
        if from_:
            return self.way_out(from_) is not None
        return to is not None and (way := self.way_out(to)) is not None and way.type == "aws:ec2/internetGateway:InternetGateway"

    def way_out(self, subnet: Node) -> Node | None:
        """What a subnet's default route leads to; None without one."""
        association = self.graph.one("aws:ec2/routeTableAssociation:RouteTableAssociation", subnetId=subnet.id)
        for route in self.graph.of("aws:ec2/route:Route"):
            if route.inputs["routeTableId"] == association.inputs["routeTableId"] and route.inputs["destinationCidrBlock"] == "0.0.0.0/0":
                return self.graph.by_id[route.inputs.get("natGatewayId") or route.inputs["gatewayId"]]
        return None

    def _grouped(self, source: Host, target: Host, protocol: str, port: int) -> bool:
        out = source.group is None or self._rule_admits("Egress", source.group, target, protocol, port)
        return out and (target.group is None or self._rule_admits("Ingress", target.group, source, protocol, port))

    def _rule_admits(self, direction: str, group: str, other: Host, protocol: str, port: int) -> bool:
        group_id = self.graph.one("aws:ec2/securityGroup:SecurityGroup", f"{self.name}-{group}").id
        rules = self.graph.of(f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule")
        return any(
            r.inputs["securityGroupId"] == group_id and _ports(r.inputs, protocol, port) and self._names(r.inputs, other) for r in rules
        )

    def _names(self, rule: Any, other: Host) -> bool:
        if "cidrIpv4" in rule:
            return IPv4Address(other.address) in IPv4Network(rule["cidrIpv4"])
        if other.group is None:
            return False
        return rule["referencedSecurityGroupId"] == self.graph.one("aws:ec2/securityGroup:SecurityGroup", f"{self.name}-{other.group}").id

    def _acls_pass(self, source: str, target: str, protocol: str, port: int) -> bool:
        """A packet through the NACLs of both ends; within one subnet none is asked."""
        from_, to = self._subnet(source), self._subnet(target)
        if from_ is to:
            return True
        leaves = from_ is None or self._acl_allows(from_, "egress", target, protocol, port)
        return leaves and (to is None or self._acl_allows(to, "ingress", source, protocol, port))

    def _acl_allows(self, subnet: Node, direction: str, other: str, protocol: str, port: int) -> bool:
        acls = [n for n in self.graph.of("aws:ec2/networkAcl:NetworkAcl") if subnet.id in n.inputs["subnetIds"]]
        assert len(acls) == 1, f"{subnet.name} is in {len(acls)} NACLs"
        for rule in sorted(acls[0].inputs[direction], key=lambda rule: rule["ruleNo"]):
            fits = rule["protocol"] == "-1" or (rule["protocol"] == NUMBERS[protocol] and rule["fromPort"] <= port <= rule["toPort"])
            if fits and IPv4Address(other) in IPv4Network(rule["cidrBlock"]):
                return rule["action"] == "allow"
        return False


def _ports(rule: Any, protocol: str, port: int) -> bool:
    return rule["ipProtocol"] == "-1" or (rule["ipProtocol"] == protocol and rule["fromPort"] <= port <= rule["toPort"])

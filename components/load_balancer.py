"""The network load balancer before coderd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.tags import LEAVING_TAG

HTTPS_PORT = 443
TARGET_PORT = 8080  # where the coder chart's pods listen; it can't be changed there (T-23)
HEALTH_PATH = "/healthz"

# The chart ends a pod at most 60 seconds after it was told to stop; a target that drains for longer would keep connections to nothing.
DRAIN_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """What a load balancer needs.

    subnet_ids: one public subnet a zone. security_group_id: admits 443 from the internet (NET-28). certificate_arn: of an issued
    certificate. tls_policy: AWS's name, TLS 1.2 or newer with GCM and ECDHE only (T-29). static_ips: an Elastic IP a zone (T-18).
    after: the way to the internet.
    """

    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    certificate_arn: Input[str]
    tls_policy: str
    static_ips: bool
    data_protection: bool
    after: Sequence[Resource] = ()


class LoadBalancer(ComponentResource):
    """Internet-facing NLB that ends TLS and hands HTTP to coderd's pods by IP (CDR-06, CDR-20 to CDR-25, CDR-35, NET-31, T-76).

    It stands in the graph, and a TargetGroupBinding joins the pods to it, so that policies see it and a destroy leaves nothing behind.
    Port 80 has no listener (CDR-30), nor has UDP 3478 (T-20).

    Clients keep their address (CDR-24, T-24): coderd's audit log has it without a proxy header, and whoever filters behind the balancer,
    a NACL or a NetworkPolicy, meets the internet's addresses on port 8080.

    A TLS listener cuts connections that are idle for 350 seconds; AWS refuses another value there (Elastic Load Balancing User Guide,
    "Update the TCP idle timeout", read 2026-11). coderd pings its websockets every 15 seconds (coderd/httpapi/websocket.go, v2.24.0), so
    that none is idle (CDR-35).
    """

    arn: Output[str]
    arn_suffix: Output[str]
    dns_name: Output[str]
    zone_id: Output[str]
    target_group_arn: Output[str]
    target_group_arn_suffix: Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "internal": False,
            "zones": len(args.subnet_ids),
            "port": HTTPS_PORT,
            "target_port": TARGET_PORT,
            "tls_policy": args.tls_policy,
            "static_ips": args.static_ips,
            "data_protection": args.data_protection,
        }
        super().__init__("coder-eks:load_balancer:LoadBalancer", name, facts, opts)
        child = ResourceOptions(parent=self)

        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="network",
            internal=False,
            ip_address_type="ipv4",
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=args.data_protection,
            tags=None if args.data_protection else {LEAVING_TAG: "true"},
            security_groups=[args.security_group_id],
            subnets=None if args.static_ips else list(args.subnet_ids),
            subnet_mappings=self._static_mappings(name, args) if args.static_ips else None,
            opts=self._behind(args),
        )
        targets = self._target_group(name, args.vpc_id)
        aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="TLS",
            ssl_policy=args.tls_policy,
            certificate_arn=args.certificate_arn,
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            opts=child,
        )

        self.arn = balancer.arn
        self.arn_suffix = balancer.arn_suffix
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.target_group_arn = targets.arn
        self.target_group_arn_suffix = targets.arn_suffix
        self.register_outputs(
            {**facts, "arn": self.arn, "dns_name": self.dns_name, "zone_id": self.zone_id, "target_group_arn": self.target_group_arn}
        )

    def _behind(self, args: LoadBalancerArgs) -> ResourceOptions:
        return ResourceOptions(parent=self, depends_on=list(args.after))

    def _static_mappings(self, name: str, args: LoadBalancerArgs) -> list[aws.lb.LoadBalancerSubnetMappingArgsDict]:
        """An address of our own in each zone, for firewalls elsewhere that list it (CDR-23)."""
        return [
            {
                "subnet_id": subnet_id,
                "allocation_id": aws.ec2.Eip(f"{name}-{index}", domain="vpc", opts=self._behind(args)).allocation_id,
            }
            for index, subnet_id in enumerate(args.subnet_ids)
        ]

    def _target_group(self, name: str, vpc_id: Input[str]) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            name,
            vpc_id=vpc_id,
            target_type="ip",
            ip_address_type="ipv4",
            port=TARGET_PORT,
            protocol="TCP",
            preserve_client_ip="true",  # off by default for IP targets (T-24)
            deregistration_delay=DRAIN_SECONDS,
            connection_termination=True,
            health_check={
                "protocol": "HTTP",
                "port": "traffic-port",
                "path": HEALTH_PATH,
                "matcher": "200",
                "interval": 10,  # seconds
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
            },
            opts=ResourceOptions(parent=self),
        )

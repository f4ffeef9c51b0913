"""How a region is reached from outside: certificate, then load balancer, then records."""

from __future__ import annotations

from dataclasses import dataclass

from components.dns import Certificate, CertificateArgs, Records, RecordsArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network
from components.place import Place


@dataclass(frozen=True)
class Entrance:
    """What coderd's pods are bound to, and what of its access URL stands outside the cluster."""

    balancer: LoadBalancer
    hosts: Records


def entrance(place: Place, network: Network) -> Entrance:
    """The way to coderd in the primary region."""
    settings, coder = place.settings, place.settings.coder
    certificate = Certificate(
        "hosts", CertificateArgs(zone_name=settings.system.base_domain, hosts=[coder.access_host, coder.wildcard_host]), place.opts
    )
    balancer = LoadBalancer(
        "coder",
        LoadBalancerArgs(
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids["public"],
            security_group_id=network.security_group_ids["load-balancer"],
            certificate_arn=certificate.arn,
            tls_policy=coder.tls_policy.value,
            static_ips=coder.static_ips,
            data_protection=settings.system.data_protection,
            after=network.entrance,
        ),
        place.opts,
    )
    hosts = Records(
        "hosts",
        RecordsArgs(
            zone_id=certificate.zone_id,
            access_host=coder.access_host,
            wildcard_host=coder.wildcard_host,
            load_balancer_dns_name=balancer.dns_name,
            load_balancer_zone_id=balancer.zone_id,
        ),
        place.opts,
    )
    return Entrance(balancer, hosts)

"""How a region is reached from outside: certificate, then load balancer, then records."""

from __future__ import annotations

from dataclasses import dataclass

from components.dns import Certificate, CertificateArgs, Records, RecordsArgs, Regional
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network
from components.place import Place


@dataclass(frozen=True)
class Entrance:
    """What pods are bound to, and what of their URL stands outside the cluster."""

    certificate: Certificate
    balancer: LoadBalancer
    hosts: Records


def entrance(place: Place, network: Network, primary: Entrance | None = None) -> Entrance:
    """The way into one region. primary: the primary region's, in every other one.

    Each region has a load balancer and a certificate of its own, since ACM's are regional. The primary region's names don't tell their
    region, so that an environment that gains a second one replaces nothing.
    """
    settings, coder = place.settings, place.settings.coder
    own_host = settings.regional_hosts.get(place.region)
    of_region = f"-{place.region}" if primary else ""
    names = [coder.access_host, coder.wildcard_host, *([own_host, f"*.{own_host}"] if own_host else [])]  # DNS-09, T-67
    certificate = Certificate(
        f"hosts{of_region}",
        CertificateArgs(
            zone_name=settings.system.base_domain, hosts=list(dict.fromkeys(names)), proven=primary.certificate.proofs if primary else {}
        ),
        place.opts,
    )
    balancer = LoadBalancer(
        f"coder{of_region}",
        LoadBalancerArgs(
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids["public"],
            security_group_id=network.security_group_ids["load-balancer"],
            certificate_arn=certificate.arn,
            tls_policy=coder.tls_policy.value,
            static_ips=coder.static_ips,
            data_protection=settings.protects(place.region),
            after=network.entrance,
        ),
        place.opts,
    )
    hosts = Records(
        f"hosts{of_region}",
        RecordsArgs(
            zone_id=certificate.zone_id,
            access_host=coder.access_host,
            wildcard_host=coder.wildcard_host,
            load_balancer_dns_name=balancer.dns_name,
            load_balancer_zone_id=balancer.zone_id,
            regional=Regional(region=place.region, host=own_host, serves_access=settings.serves_access(place.region)) if own_host else None,
        ),
        place.opts,
    )
    return Entrance(certificate, balancer, hosts)

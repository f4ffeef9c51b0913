"""A valid world of two regions: Coder in the first, in the second a workspace proxy or a coderd on the same database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.world import Ref

PRIMARY, SECOND = "us-east-2", "us-west-2"
HOST = f"{SECOND}.coder.example.com"
# What a second region has not
_GONE = ("environment", "access", "wildcard", "provisioner-key", "key-secret", "provisioners", "provisioners-up", "provisioners-down")
# What a proxy's region has from the second visit on
ENTRANCE = ("balancer", "targets", "listener", "certificate", "proof", "issued", "region", "region-wildcard", "binding", "release")


@dataclass(frozen=True)
class Two:
    """west: the parts of the second region; the primary one's are the world's own."""

    built: ProdLike
    west: ProdLike


def two_regions(serves: str = "proxy", visit: int = 2) -> Two:
    built = prod_like(Shape(region=PRIMARY, visit=visit))
    west = prod_like(Shape(region=SECOND, prefix="west", cidr="10.1.0.0/16", visit=visit, serial=1000))
    _without_database(west)
    west.world.remove(*(west.parts.pop(part) for part in _GONE if part in west.parts))
    _hosts(built, built, PRIMARY, serving=True)
    _hosts(west, built, SECOND, serving=serves != "proxy")
    facts = built.parts["environment"].inputs["regions"]
    mine: dict[str, Any] = {**facts[PRIMARY]}
    mine.pop("database")
    facts[PRIMARY] |= {"serves": "primary", "host": f"{PRIMARY}.coder.example.com"}
    facts[SECOND] = {**mine, "serves": serves, "host": HOST}
    west.parts["release"].inputs["values"]["coder"].update({"workspaceProxy": serves == "proxy"})
    if serves == "proxy":
        told = {
            "CODER_PRIMARY_ACCESS_URL": "https://coder.example.com",
            "CODER_ACCESS_URL": f"https://{HOST}",
            "CODER_WILDCARD_ACCESS_URL": f"*.{HOST}",
            "CODER_DISABLE_OWNER_WORKSPACE_ACCESS": "true",
            "CODER_DISABLE_PATH_APPS": "true",
            "CODER_SECURE_AUTH_COOKIE": "true",
            "CODER_STRICT_TRANSPORT_SECURITY": "31536000",
        }
        token = {"name": "CODER_PROXY_SESSION_TOKEN", "valueFrom": {"secretKeyRef": {"name": "coder-proxy-token", "key": "token"}}}
        env = [{"name": name, "value": value} for name, value in told.items()] + [token]
        west.parts["release"].inputs["values"]["coder"]["env"] = env
    west.world.remove(west.world.root)
    for resource in west.world.resources:
        resource.parent = built.parts["environment"]
    built.world.resources += west.world.resources
    return Two(built, west)


def _without_database(west: ProdLike) -> None:
    data = [part for part, resource in west.parts.items() if resource.type.startswith("aws:rds/")]
    west.world.remove(*(west.parts.pop(part) for part in data))


def _hosts(region: ProdLike, built: ProdLike, name: str, serving: bool) -> None:
    """Names of the region's own, in its certificate too; those of coderd chosen by latency."""
    host = f"{name}.coder.example.com"
    certificate = region.parts["certificate"].inputs
    certificate["subjectAlternativeNames"] = [*certificate["subjectAlternativeNames"], host, f"*.{host}"]
    balancer = region.parts["balancer"]
    alias = {"name": Ref(balancer, "dnsName"), "zoneId": Ref(balancer, "zoneId"), "evaluateTargetHealth": True}
    check = region.make("check", "aws:route53/healthCheck:HealthCheck", {"fqdn": host, "type": "HTTPS"})
    chosen = {"setIdentifier": name, "latencyRoutingPolicies": [{"region": name}], "healthCheckId": Ref(check)}
    hosts = {"region": (host, {}), "region-wildcard": (f"*.{host}", {})}
    if serving:
        hosts |= {"access": (built.shape.access_host, chosen), "wildcard": (built.shape.wildcard_host, chosen)}
    for part, (spelt, more) in hosts.items():
        record = {"zoneId": "Z0123456789", "name": spelt, "type": "A", "aliases": [alias], **more}
        if part in region.parts:
            region.parts[part].inputs = record
        else:
            region.make(part, "aws:route53/record:Record", record)

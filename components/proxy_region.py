"""A region beside the primary one: the way in, and a workspace proxy of the primary region's coderd behind it (decision 8, T-36)."""

from __future__ import annotations

from components.coder_access import CoderAccess
from components.entrance import Entrance, entrance
from components.foundation import Foundation
from components.namespaces import CODER
from components.place import Place, placement
from components.workspace_proxy import WorkspaceProxy, WorkspaceProxyArgs
from settings.cluster import Role
from settings.network import Tier


def proxy_region(place: Place, base: Foundation, primary: Entrance, access: CoderAccess) -> Entrance:
    """What the region serves, from the second visit on; returns the way into it. access: to coderd, which hands out the proxy's token."""
    settings, cluster = place.settings, base.cluster
    host = settings.regional_hosts[place.region]
    way = entrance(place, base.network, primary)
    WorkspaceProxy(
        f"proxy-{place.region}",
        WorkspaceProxyArgs(
            system=settings.system.name,
            region=place.region,
            namespace=cluster.namespaces[CODER],
            namespace_name=CODER,
            primary_url=place.plan.access_url,
            access_url=f"https://{host}",
            wildcard_host=f"*.{host}",
            version=settings.versions.coder,
            chart_version=settings.versions.charts.coder,
            replicas=place.plan.control.replicas,
            cpu=place.plan.control.cpu,
            memory=place.plan.control.memory,
            identity=cluster.identity,
            placement=placement(place.planned, Role.CONTROL),
            vpc_id=base.network.vpc_id,
            vpc_cidr=place.planned.network.cidr,
            load_balancer_cidrs=place.cidrs(Tier.PUBLIC),
            target_group_arn=way.balancer.target_group_arn,
            add_ons=cluster.add_ons,
            coderd=access.provider,
            licensed=access.licensed,
        ),
        place.inside(cluster.kubernetes),
    )
    return way

"""What every region has: a network and a cluster in it."""

from __future__ import annotations

from dataclasses import dataclass

from components.cluster import Cluster, ClusterArgs
from components.namespaces import WORKSPACES, workspace_limits
from components.network import Network, NetworkArgs
from components.place import Place
from components.tags import environment_tags


@dataclass(frozen=True)
class Foundation:
    """Both are named after their region, so that no two regions' resources share a name."""

    network: Network
    cluster: Cluster


def foundation(place: Place, *, has_entrance: bool) -> Foundation:
    """Network and cluster of one region (NET-01, EKS-01). has_entrance: see NetworkArgs."""
    settings, declared = place.settings, place.declared
    cluster_name = f"coder-{settings.system.name}"
    system = settings.system
    shared = settings.coder.provisioner_namespace.value == WORKSPACES
    network = Network(
        place.region,
        NetworkArgs(
            plan=place.planned.network,
            system=settings.system.name,
            region=place.region,
            interface_endpoints=[endpoint.value for endpoint in declared.network.interface_endpoints],
            flow_log_retention_days=declared.network.flow_log_retention_days,
            data_protection=settings.protects(place.region),
            has_entrance=has_entrance,
            nat_release=settings.versions.fck_nat,
            cluster_name=cluster_name,
            pools=place.planned.pools,
        ),
        place.opts,
    )
    cluster = Cluster(
        place.region,
        ClusterArgs(
            cluster_name=cluster_name,
            system=settings.system.name,
            region=place.region,
            declared=declared.cluster,
            versions=settings.versions,
            node_groups=place.planned.node_groups,
            pools=place.planned.pools,
            tags=environment_tags(system=system.name, owner=system.owner, cost_center=system.cost_center),
            network=network,
            workspace_limits=workspace_limits(
                settings.workload, settings.templates.pod_sizes, place.plan.capacity, place.planned.provisioners if shared else None
            ),
            provisioner_namespace=settings.coder.provisioner_namespace.value,
            data_protection=settings.protects(place.region),
        ),
        place.opts,
    )
    return Foundation(network, cluster)

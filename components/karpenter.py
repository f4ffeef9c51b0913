"""Karpenter: nodes that come with the pods that need them and go when they are empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from components import karpenter_access, karpenter_objects
from components.add_ons import SYSTEM_NAMESPACE
from components.add_ons_access import Place
from components.add_ons_charts import release
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.karpenter_queue import interruption_queue
from components.node_groups import node_role
from plan.model import NodeGroupPlan, PoolPlan


@dataclass(frozen=True, kw_only=True)
class KarpenterArgs:
    """cluster_name: in AWS, as text. version: of Karpenter. image_release: of Amazon Linux 2023. tags: of every node and its volumes.

    after: what the controller waits for: names, volumes, nodes to run on. ways: by role, what its nodes do not join without: routes, rules.
    """

    cluster_name: str
    pools: Sequence[PoolPlan]
    version: str
    image_release: str
    identity: ClusterIdentity
    control: NodeGroupPlan
    place: Place
    volume_key_arn: Input[str]
    tags: Mapping[str, str]
    after: Sequence[Resource]
    ways: Mapping[str, Sequence[Resource]]


class Karpenter(ComponentResource):
    """Controller with its role, the queue of interruptions, and for each pool a node role, a node class and a pool.

    EKS-11, EKS-12, EKS-22, EKS-25, EKS-31, EKS-32, EKS-38, EKS-39. Takes the region's AWS provider and the cluster's Kubernetes provider.
    On a destroy the pools go first, and Karpenter ends their nodes while everything that it needs for that still stands.
    """

    ready: list[Resource]
    """What workloads wait for."""

    def __init__(self, name: str, args: KarpenterArgs, opts: ResourceOptions | None = None) -> None:
        facts: dict[str, object] = {
            "cluster_name": args.cluster_name,
            "version": args.version,
            "image_release": args.image_release,
            "pools": [
                {
                    "name": pool.name,
                    "group": pool.group,
                    "tier": pool.tier,
                    "role": pool.role,
                    "capacity_types": list(pool.capacity_types),
                    "architectures": list(pool.architectures),
                    "cpu_limit": pool.cpu_limit,
                    "memory_limit": pool.memory_limit,
                }
                for pool in args.pools
            ],
        }
        super().__init__("coder-eks:karpenter:Karpenter", name, dict(facts), opts)
        self._name, self._args = name, args
        self._child = ResourceOptions(parent=self)

        roles = {pool.name: node_role(name, pool.name, args.place.partition, self._child) for pool in args.pools}
        entries: list[Resource] = [self._entry(pool, role) for pool, (role, _) in roles.items()]
        rights = [right for _, attached in roles.values() for right in attached]
        profiles = {pool: aws.iam.InstanceProfile(f"{name}-{pool}", role=role.name, opts=self._child) for pool, (role, _) in roles.items()}
        queue, heard = interruption_queue(name, args.cluster_name, args.place, self._child)
        controller = WorkloadIdentity(
            name,
            WorkloadIdentityArgs(
                cluster=args.identity,
                namespace=SYSTEM_NAMESPACE,
                service_account=karpenter_objects.CONTROLLER,
                statements=karpenter_access.controller(
                    args.place,
                    args.cluster_name,
                    [role.arn for role, _ in roles.values()],
                    [profile.arn for profile in profiles.values()],
                    queue.arn,
                ),
            ),
            self._child,
        )
        running = self._controller(queue, controller, [*heard, *args.after])
        needed = [running, *entries, *rights]
        self.ready = [self._pool(pool, index, profiles[pool.name].name, needed) for index, pool in enumerate(args.pools)]
        self.register_outputs({**facts, "queue_name": queue.name, "role_arn": controller.role_arn})

    def _entry(self, pool: str, role: aws.iam.Role) -> aws.eks.AccessEntry:
        """Lets nodes with that role join; EKS makes such an entry by itself for its own node groups only."""
        return aws.eks.AccessEntry(
            f"{self._name}-{pool}",
            cluster_name=self._args.identity.cluster_name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=self._child,
        )

    def _controller(self, queue: aws.sqs.Queue, identity: WorkloadIdentity, after: Sequence[Resource]) -> Resource:
        """Kinds, then the controller: on a destroy the other way round."""
        args = self._args
        waiting = ResourceOptions.merge(self._child, ResourceOptions(depends_on=list(args.after)))
        kinds = release(f"{self._name}-definitions", karpenter_objects.definitions_chart(args.version), waiting)
        chart = karpenter_objects.controller_chart(
            args.version, args.cluster_name, args.place.region, queue.name, args.control, identity.annotations
        )
        return release(self._name, chart, ResourceOptions.merge(self._child, ResourceOptions(depends_on=[kinds, identity, *after])))

    def _pool(self, pool: PoolPlan, index: int, profile: Input[str], ready: Sequence[Resource]) -> Resource:
        """A node class of its own for each pool, since workspace types differ in disk and place (EKS-11)."""
        args = self._args
        ready = [*ready, *args.ways[pool.role]]
        kind = kubernetes.apiextensions.CustomResource(
            f"{self._name}-{pool.name}-class",
            api_version=karpenter_objects.NODE_CLASS_API,
            kind="EC2NodeClass",
            metadata={"name": pool.name},
            spec=karpenter_objects.node_class(
                pool,
                image_release=args.image_release,
                cluster_name=args.cluster_name,
                profile=profile,
                volume_key_arn=args.volume_key_arn,
                tags={**args.tags, "Name": f"{args.cluster_name}-{pool.name}"},
            ),
            opts=ResourceOptions.merge(self._child, ResourceOptions(depends_on=list(ready))),
        )
        return kubernetes.apiextensions.CustomResource(
            f"{self._name}-{pool.name}",
            api_version=karpenter_objects.NODE_POOL_API,
            kind="NodePool",
            metadata={"name": pool.name},
            spec=karpenter_objects.node_pool(pool, karpenter_objects.HIGHEST_WEIGHT - index),
            opts=ResourceOptions.merge(self._child, ResourceOptions(depends_on=[kind, *ready])),
        )

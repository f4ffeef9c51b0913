"""EKS node groups: labels, taints, one per zone where volumes ask for it, and what the clock does to them (EKS-06 to EKS-21)."""

from __future__ import annotations

from plan.capacity import split
from plan.groups import Group
from plan.model import NodeGroupPlan, ScheduledAction, SchedulePlan, Taint
from settings.karpenter import Pool
from settings.quantities import GIB

NODE_GROUP_KEY = "coder.com/node-group"  # label and taint: a pod that tolerates a group also selects it (EKS-12)


def node_groups(group: Group, zones: tuple[str, ...], schedule: SchedulePlan | None) -> tuple[NodeGroupPlan, ...]:
    """The EKS node groups of one group of the stack file; their figures sum to its totals exactly (EKS-33). A pool has none."""
    if isinstance(group.declared, Pool):
        return ()
    parts = [(zone,) for zone in zones] if group.declared.per_zone else [zones]
    figures = zip(*(split(total, len(parts)) for total in (group.min, group.max, group.desired, group.peak)), strict=True)
    return tuple(
        NodeGroupPlan(
            name=f"{group.name}-{part[0][-1]}" if group.declared.per_zone else group.name,
            group=group.name,
            tier=group.tier.value,
            role=group.role.value,
            zones=part,
            instance_type=group.instance.name,
            capacity_type=group.declared.capacity_type,
            architecture=group.instance.architecture,
            min=least,
            max=most,
            desired=desired,
            root_disk_gib=-(-group.declared.root_disk.bytes // GIB),
            labels={NODE_GROUP_KEY: group.name},
            taints=(Taint(NODE_GROUP_KEY, group.name, "NO_SCHEDULE"),),
            scheduled=_actions(schedule, peak, least) if group.scheduled and schedule else (),
        )
        for part, (least, most, desired, peak) in zip(parts, figures, strict=True)
    )


def _actions(schedule: SchedulePlan, peak: int, floor: int) -> tuple[ScheduledAction, ...]:
    """Up raises the minimum, and the nodes with it; down lowers the minimum only, so that nobody is evicted (T-83)."""
    return (
        ScheduledAction("up", schedule.up_cron, schedule.time_zone, peak),
        ScheduledAction("down", schedule.down_cron, schedule.time_zone, floor),
    )

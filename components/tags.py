"""The tags that everything taggable carries; one place, so that costs and owners can be asked of AWS by tag."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping

import pulumi
from pulumi import Output, Resource, ResourceTransformationArgs, ResourceTransformationResult

ENVIRONMENT = "Environment"
COMPONENT = "Component"
COST_CENTER = "CostCenter"
OWNER = "Owner"
MANAGED_BY = "ManagedBy"
LEAVING_TAG = "Leaving"  # on what AWS's own guidance would keep from deletion, once its region is let go
WORKSPACE_TAG = "coder.com/workspace"  # on security groups that workspaces are in, by which a policy knows them (POL-03)
DISCOVERY_TAG, ROLE_TAG, TIER_TAG = "karpenter.sh/discovery", "Role", "Tier"  # by which Karpenter finds subnets and groups (NET-30)

# These take a `tags` input of another shape: a list of key, value and whether instances get it.
_CLUSTER = "eks:index:Cluster"  # a remote component: it hands its tags on to what it makes, which no transformation reaches
_OTHER_SHAPE = frozenset({"aws:autoscaling/group:Group", "aws:autoscaling/tag:Tag"})


@functools.cache
def taggable(resource: type[Resource]) -> bool:
    """Whether a resource of the AWS SDK takes `tags`, which its generated constructor tells."""
    make = getattr(resource, "_internal_init", None)
    return make is not None and "tags" in inspect.signature(make).parameters


def tag_everything(tags: Mapping[str, str]) -> None:
    """Give every taggable AWS resource that is declared from here on these tags, and `Component`: the component that it stands in.

    A tag that a resource sets itself wins; outside of our components the AWS service is the component. Raises ValueError for a tag that
    AWS would refuse.
    """
    for key, value in tags.items():
        if not key or len(key) > 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise ValueError(f"{key}={value!r} is no tag: AWS takes keys of 1 to 128 characters outside of aws:, values of at most 256")

    modules: dict[Resource, str] = {}  # every resource to the module of the component of ours that it stands in

    def transform(args: ResourceTransformationArgs) -> ResourceTransformationResult | None:
        parent = args.opts.parent
        inherited = modules.get(parent, "") if parent is not None else ""
        modules[args.resource] = module = _own_module(args.type_) or inherited
        ours = args.type_.startswith("aws:") or args.type_ == _CLUSTER
        if not ours or args.type_ in _OTHER_SHAPE or not taggable(type(args.resource)):
            return None
        common = {**tags, COMPONENT: module or args.type_.split(":")[1].split("/")[0]}
        return ResourceTransformationResult(props={**args.props, "tags": _merged(common, args.props.get("tags"))}, opts=args.opts)

    pulumi.runtime.register_stack_transformation(transform)


def _own_module(type_: str) -> str:
    """`network` of `coder-eks:network:Network`; empty for what is no component of ours."""
    package, module, *_ = f"{type_}::".split(":")
    return module if package == "coder-eks" else ""


def environment_tags(*, system: str, owner: str, cost_center: str) -> dict[str, str]:
    """What the stack file says of a system, as tags."""
    return {COST_CENTER: cost_center, ENVIRONMENT: system, MANAGED_BY: "pulumi", OWNER: owner}


def _merged(common: Mapping[str, str], own: pulumi.Input[Mapping[str, str] | None]) -> Output[dict[str, str]] | dict[str, str]:
    if own is None:
        return dict(sorted(common.items()))
    if isinstance(own, Mapping):
        return {**common, **own}
    return Output.from_input(own).apply(lambda known: {**common, **(known or {})})

"""EKS: what several refusals look up."""

from __future__ import annotations

from localcloud.kinds.eks import CLUSTER
from localcloud.kinds.iam import ROLE
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.policies import principals


def cluster_of(request: Request) -> Resource | None:
    """The cluster that an input names."""
    return request.world.get(CLUSTER, request.text("clusterName") or "")


def minor(version: str) -> int:
    """A Kubernetes version as a number that orders."""
    major, _, minor = version.partition(".")
    return int(major) * 1000 + int(minor) if major.isdigit() and minor.isdigit() else 0


def trusts(service: str, path: str, request: Request) -> str | None:
    """A sentence where the role at the path does not trust the service."""
    role = request.world.find(ROLE, "arn", request.text(path) or "")
    trusted = principals(role.text("assumeRolePolicy"), "Service") if role else [service]
    return (
        None
        if service in trusted
        else f"Role with arn: {request.text(path)}, could not be assumed because the trusted entity is not correct"
    )

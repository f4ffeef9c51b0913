"""How one workload gets AWS credentials: a role of its own, for one service account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components import iam
from settings.cluster import IdentityMode

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"  # read by EKS's webhook, which hands the pod a token (irsa)


@dataclass(frozen=True, kw_only=True)
class ClusterIdentity:
    """How pods of one cluster prove who they are. oidc_issuer: without scheme; both oidc values serve `irsa` only.

    secrets_role_arn: of External Secrets under pod-identity, where it takes its stores' roles by its own; None under irsa.
    """

    mode: IdentityMode
    cluster_name: Input[str]
    oidc_provider_arn: Input[str]
    oidc_issuer: Input[str]
    secrets_role_arn: Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentityArgs:
    """Which service account may do what. managed_policy_arns: AWS's own policies, for what follows AWS's releases."""

    cluster: ClusterIdentity
    namespace: str
    service_account: str
    statements: Sequence[iam.Statement] = ()
    managed_policy_arns: Sequence[Input[str]] = field(default_factory=list[Input[str]])


class WorkloadIdentity(ComponentResource):
    """A role that exactly one Kubernetes service account can take, by IRSA or by EKS Pod Identity (EKS-23, EKS-25, EKS-26, EKS-28).

    Raises ValueError for a service account with a wildcard, or with nothing to do.
    """

    role_arn: Output[str]
    role_name: Output[str]
    annotations: dict[str, Output[str]]
    """What the service account must carry: its role under irsa, nothing under pod-identity."""

    def __init__(self, name: str, args: WorkloadIdentityArgs, opts: ResourceOptions | None = None) -> None:
        if not args.statements and not args.managed_policy_arns:
            raise ValueError(f"{args.namespace}/{args.service_account} is given a role without a permission")
        facts = {"namespace": args.namespace, "service_account": args.service_account, "mode": args.cluster.mode.value}
        super().__init__("coder-eks:identity:WorkloadIdentity", name, dict(facts), opts)
        child = ResourceOptions(parent=self)

        role = aws.iam.Role(
            name,
            description=f"{args.namespace}/{args.service_account}",
            assume_role_policy=_trust(args),
            max_session_duration=3600,  # seconds; the SDKs renew
            opts=child,
        )
        if args.statements:
            aws.iam.RolePolicy(name, role=role.name, policy=iam.document(*args.statements), opts=child)
        for index, policy_arn in enumerate(args.managed_policy_arns):
            aws.iam.RolePolicyAttachment(f"{name}-{index}", role=role.name, policy_arn=policy_arn, opts=child)
        if args.cluster.mode is IdentityMode.POD_IDENTITY:
            aws.eks.PodIdentityAssociation(
                name,
                cluster_name=args.cluster.cluster_name,
                namespace=args.namespace,
                service_account=args.service_account,
                role_arn=role.arn,
                opts=child,
            )

        self.role_arn = role.arn
        self.role_name = role.name
        self.annotations = {ROLE_ANNOTATION: role.arn} if args.cluster.mode is IdentityMode.IRSA else {}
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name, **facts})


def _trust(args: WorkloadIdentityArgs) -> Output[str]:
    if args.cluster.mode is IdentityMode.POD_IDENTITY:
        return iam.document(iam.trusted_pod_identity())
    cluster = args.cluster
    return iam.service_account_trust(cluster.oidc_provider_arn, cluster.oidc_issuer, args.namespace, args.service_account)

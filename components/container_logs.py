"""Logs of every container in CloudWatch, coderd's with its audit log among them (CDR-18, OBS-01, OBS-19, OBS-21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions

from components import chart_keys, iam
from components.add_ons import SYSTEM_NAMESPACE
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs

CHART = "aws-for-fluent-bit"  # keys: stable/aws-for-fluent-bit/values.yaml of aws/eks-charts at 5239609, 2026-08-03
REPOSITORY = "https://aws.github.io/eks-charts"
TIMEOUT_SECONDS = 900
# Tags of tailed files: kube.var.log.containers.<pod>_<namespace>_<container>-<id>.log
_FILES = r"kube\.var\.log\.containers\."


@dataclass(frozen=True, kw_only=True)
class ContainerLogsArgs:
    """audited: the namespace whose log carries the audit log. kubernetes: the cluster's provider.

    audit_retention_days: of that namespace's log, retention_days: of all others', as CloudWatch takes them.
    """

    system: str
    region: str
    chart_version: str
    identity: ClusterIdentity
    audited: str
    audit_retention_days: int
    retention_days: int
    data_protection: bool
    kubernetes: kubernetes.Provider
    after: Sequence[Resource] = ()


class ContainerLogs(ComponentResource):
    """Fluent Bit on every node, and two encrypted log groups of ours: one for coderd's namespace, one for all others.

    coderd writes each audit entry as a line `audit_log` to its log, beside its database (enterprise/audit/backends/slog.go, v2.24.0); the
    namespace's group is kept as long as audit logs are. Fluent Bit may write to these two groups and make none.
    """

    groups: dict[str, Output[str]]

    def __init__(self, name: str, args: ContainerLogsArgs, opts: ResourceOptions | None = None) -> None:
        base = f"/{args.system}/{args.region}/containers"
        kept = {f"{base}/{args.audited}": args.audit_retention_days, f"{base}/others": args.retention_days}
        facts = {"groups": kept}
        super().__init__("coder-eks:container_logs:ContainerLogs", name, dict(facts), opts)
        child = ResourceOptions(parent=self)
        caller = InvokeOptions(parent=self)
        account_id = aws.get_caller_identity_output(opts=caller).account_id
        partition = aws.get_partition_output(opts=caller).partition

        arns = Output.concat("arn:", partition, f":logs:{args.region}:", account_id, f":log-group:{base}/*")
        key = aws.kms.Key(
            name,
            description=f"Container logs of {args.system}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=iam.key_policy(account_id, partition, _logs_use_key(args.region, arns)),
            opts=ResourceOptions.merge(child, ResourceOptions(protect=args.data_protection)),
        )
        groups = [
            aws.cloudwatch.LogGroup(
                f"{name}-{group.rpartition('/')[2]}", name=group, retention_in_days=days, kms_key_id=key.arn, opts=child
            )
            for group, days in kept.items()
        ]
        writer = WorkloadIdentity(
            name,
            WorkloadIdentityArgs(
                cluster=args.identity,
                namespace=SYSTEM_NAMESPACE,
                service_account=CHART,
                statements=[
                    iam.Statement(
                        sid="Write",
                        actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                        resources=[part for group in groups for part in (group.arn, Output.concat(group.arn, ":*"))],
                    )
                ],
            ),
            child,
        )
        chosen = values(args.region, args.audited, base, writer.annotations)
        chart_keys.check(CHART, args.chart_version, chosen)
        kubernetes.helm.v3.Release(
            name,
            name=CHART,
            namespace=SYSTEM_NAMESPACE,
            chart=CHART,
            version=args.chart_version,
            repository_opts={"repo": REPOSITORY},
            values=chosen,
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            max_history=5,
            opts=ResourceOptions(parent=self, provider=args.kubernetes, depends_on=[*args.after, *groups, writer]),
        )
        self.groups = {group: made.name for group, made in zip(kept, groups, strict=True)}
        self.register_outputs(facts)


def values(region: str, audited: str, base: str, annotations: dict[str, Output[str]]) -> dict[str, object]:
    """Values of the chart: on every node, with its own two outputs instead of the chart's one."""
    return {
        "serviceAccount": {"create": True, "name": CHART, "annotations": annotations},
        "tolerations": [{"operator": "Exists"}],  # every node, whatever its taint
        "priorityClassName": "system-node-critical",
        "filter": {"keepLog": "Off"},  # a line that is JSON is kept as its fields, not twice
        "cloudWatchLogs": {"enabled": False},  # it makes groups by itself, which no key encrypts and nobody ends
        "additionalOutputs": _output(region, of_namespace(audited), f"{base}/{audited}")
        + _output(region, of_others(audited), f"{base}/others"),
    }


def of_namespace(namespace: str) -> str:
    """The tags of one namespace's containers, as a regular expression."""
    return rf"^{_FILES}[^_]+_{namespace}_"


def of_others(namespace: str) -> str:
    """The tags of all other namespaces' containers."""
    return rf"^{_FILES}(?![^_]+_{namespace}_)"


def _output(region: str, match: str, group: str) -> str:
    lines = {
        "Name": "cloudwatch_logs",
        "Match_Regex": match,
        "region": region,
        "log_group_name": group,
        "log_stream_prefix": "node-",
        "auto_create_group": "false",
        "retry_limit": "5",
    }
    return "[OUTPUT]\n" + "".join(f"    {key} {value}\n" for key, value in lines.items())


def _logs_use_key(region: str, groups: Input[str]) -> iam.Statement:
    """CloudWatch Logs encrypts both groups with one key."""
    return iam.Statement(
        sid="Logs",
        actions=[*iam.USE_KEY, *iam.REENCRYPT],
        resources=["*"],
        principals={"Service": [f"logs.{region}.amazonaws.com"]},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )

"""VPC flow logs: who spoke to whom, by subnet (NET-20)."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, InvokeOutputOptions, Output, Resource, ResourceOptions

from components import iam

# The default fields, then those that say in which subnet and zone, and the packet's own addresses behind a NAT (VPC User Guide, "Flow log
# records", versions 2 to 5, read 2026-11).
LOG_FORMAT = " ".join(
    f"${{{part}}}"
    for part in (
        *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes"),
        *("start", "end", "action", "log-status", "vpc-id", "subnet-id", "az-id", "instance-id", "pkt-srcaddr", "pkt-dstaddr"),
        *("tcp-flags", "flow-direction", "traffic-path"),
    )
)
AGGREGATION_SECONDS = 60  # 60 or 600, AWS's choice: a minute tells which build spoke


def flow_logs(name: str, system: str, region: str, vpc_id: Input[str], retention_days: int, *, parent: Resource, protect: bool) -> None:
    """Everything that the VPC's interfaces accept and refuse; the log group has a key of its own, the role can write there only."""
    child = ResourceOptions(parent=parent)
    account_id = aws.get_caller_identity_output(opts=InvokeOutputOptions(parent=parent)).account_id
    partition = aws.get_partition_output(opts=InvokeOutputOptions(parent=parent)).partition
    group_name = f"/{system}/{region}/vpc-flow-logs"
    group_arn = Output.concat("arn:", partition, ":logs:", region, ":", account_id, ":log-group:", group_name)

    key = aws.kms.Key(
        f"{name}-flow-logs",
        description=f"VPC flow logs of {system}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=iam.key_policy(account_id, partition, iam.logs_use_key(region, group_arn)),
        opts=ResourceOptions.merge(child, ResourceOptions(protect=protect)),
    )
    group = aws.cloudwatch.LogGroup(f"{name}-flow-logs", name=group_name, retention_in_days=retention_days, kms_key_id=key.arn, opts=child)
    from_this_account = {"StringEquals": {"aws:SourceAccount": account_id}}
    role = aws.iam.Role(
        f"{name}-flow-logs",
        description=f"VPC flow logs of {system}",
        assume_role_policy=iam.document(iam.trusted_service("vpc-flow-logs.amazonaws.com", from_this_account)),
        opts=child,
    )
    write = iam.Statement(
        sid="Write",
        actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        resources=[group.arn, Output.concat(group.arn, ":*")],
    )
    find = iam.Statement(sid="Find", actions=["logs:DescribeLogGroups"], resources=[iam.ANY_RESOURCE])
    policy = aws.iam.RolePolicy(f"{name}-flow-logs", role=role.name, policy=iam.document(find, write), opts=child)
    aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        log_format=LOG_FORMAT,
        max_aggregation_interval=AGGREGATION_SECONDS,
        tags={"Name": name},
        opts=ResourceOptions.merge(child, ResourceOptions(depends_on=[policy])),
    )

"""Daily snapshots that outlive point-in-time recovery, here and in a second region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, InvokeOptions, Output, ResourceOptions

from components import iam

# UTC; after the database's own backup window and more than an hour from it, as AWS Backup asks of RDS.
SCHEDULE = "cron(0 9 * * ? *)"
START_WINDOW_MINUTES = 60
COMPLETION_WINDOW_MINUTES = 8 * 60
# Back up and restore: the monthly exercise (DB-11) restores with the same role.
MANAGED_POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores")


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """What backups need.

    vault_name: name of both vaults in AWS, `coder-prod`. resource_arns: what is backed up. retention_days: age at which a snapshot, here
    or there, is deleted. copy_provider: AWS provider of the region that gets the copies, None for no copies. data_protection: whether a
    vault that holds snapshots refuses to be deleted.
    """

    vault_name: str
    resource_arns: Sequence[Input[str]]
    retention_days: int
    copy_provider: aws.Provider | None
    copy_region: str | None
    data_protection: bool


class Backups(ComponentResource):
    """AWS Backup: a vault with a key of its own, a daily plan, the selection by ARN, a copy in a second region (DB-10, DB-11, T-31).

    Snapshots alone can't meet the RPO of 15 minutes (Property 5): that is the database's point-in-time recovery. They serve the 90 days
    that AWS's limit of 35 leaves open, and the loss of a region.
    """

    vault_arn: Output[str]
    copy_vault_arn: Output[str] | None
    role_arn: Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"retention_days": args.retention_days, "copy_to_region": args.copy_region, "data_protection": args.data_protection}
        super().__init__("coder-eks:backups:Backups", name, facts, opts)
        child = ResourceOptions(parent=self)

        vault = self._vault(name, args, child)
        copy = None
        if args.copy_provider is not None:
            copy = self._vault(f"{name}-copy", args, ResourceOptions(parent=self, provider=args.copy_provider))
        role = self._role(name, child)
        plan = self._plan(name, args, vault, copy)
        aws.backup.Selection(
            name, name=args.vault_name, plan_id=plan.id, iam_role_arn=role.arn, resources=list(args.resource_arns), opts=child
        )

        self.vault_arn = vault.arn
        self.copy_vault_arn = copy.arn if copy else None
        self.role_arn = role.arn
        self.register_outputs({**facts, "vault_arn": self.vault_arn, "copy_vault_arn": self.copy_vault_arn, "role_arn": self.role_arn})

    def _vault(self, name: str, args: BackupsArgs, opts: ResourceOptions) -> aws.backup.Vault:
        data = ResourceOptions.merge(opts, ResourceOptions(protect=args.data_protection))
        key = aws.kms.Key(
            name,
            description=f"Snapshots in the backup vault {args.vault_name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,  # the longest: a snapshot is lost with its key
            opts=data,
        )
        aws.kms.Alias(name, name=f"alias/{args.vault_name}-backups", target_key_id=key.key_id, opts=opts)
        # a vault can't go while it holds snapshots, and snapshots can't stay without it
        return aws.backup.Vault(name, name=args.vault_name, kms_key_arn=key.arn, force_destroy=not args.data_protection, opts=data)

    def _role(self, name: str, opts: ResourceOptions) -> aws.iam.Role:
        role = aws.iam.Role(
            name,
            description="AWS Backup takes, copies and restores snapshots",
            assume_role_policy=iam.document(iam.trusted_service("backup.amazonaws.com")),
            opts=opts,
        )
        partition = aws.get_partition_output(opts=InvokeOptions(parent=self)).partition
        for policy in MANAGED_POLICIES:
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy.rpartition('For')[2].lower()}",
                role=role.name,
                policy_arn=partition.apply(lambda partition, policy=policy: f"arn:{partition}:iam::aws:policy/service-role/{policy}"),
                opts=opts,
            )
        return role

    def _plan(self, name: str, args: BackupsArgs, vault: aws.backup.Vault, copy: aws.backup.Vault | None) -> aws.backup.Plan:
        copies: list[aws.backup.PlanRuleCopyActionArgsDict] = []
        if copy is not None:
            copies.append({"destination_vault_arn": copy.arn, "lifecycle": {"delete_after": args.retention_days}})
        return aws.backup.Plan(
            name,
            name=args.vault_name,
            rules=[
                {
                    "rule_name": "daily",
                    "target_vault_name": vault.name,
                    "schedule": SCHEDULE,
                    "start_window": START_WINDOW_MINUTES,
                    "completion_window": COMPLETION_WINDOW_MINUTES,
                    "lifecycle": {"delete_after": args.retention_days},
                    "copy_actions": copies,
                }
            ],
            opts=ResourceOptions(parent=self),
        )

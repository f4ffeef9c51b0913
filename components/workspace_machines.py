"""What every EC2 workspace runs as: a role that may read the licence of its desktop, and nothing else (TPL-10, TPL-11, EKS-24)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, InvokeOptions, Output, ResourceOptions

from components.iam import Statement, document, trusted_service
from components.provisioner_access import WORKSPACE_ROLE_PATH
from plan.templates import MACHINE_PROFILE


@dataclass(frozen=True, kw_only=True)
class WorkspaceMachinesArgs:
    """system: its name. region: of the workspaces."""

    system: str
    region: str


class WorkspaceMachines(ComponentResource):
    """A role below the path that provisioners may pass, and its instance profile under a name that templates know at a preview.

    No Session Manager: nobody enters a workspace but by Coder (Property 9).
    """

    profile: Output[str]

    def __init__(self, name: str, args: WorkspaceMachinesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("coder-eks:templates:WorkspaceMachines", name, {"system": args.system}, opts)
        child = ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=MACHINE_PROFILE.format(system=args.system),
            path=f"/{WORKSPACE_ROLE_PATH}/",
            description="EC2 workspaces of Coder",
            assume_role_policy=document(trusted_service("ec2.amazonaws.com")),
            opts=child,
        )
        partition = aws.get_partition_output(opts=InvokeOptions(parent=self)).partition
        licence = Statement(  # Amazon DCV asks there whether it runs on EC2 (its administrator guide, read 2026-11-21)
            sid="DcvLicense",
            actions=["s3:GetObject"],
            resources=[Output.concat("arn:", partition, f":s3:::dcv-license.{args.region}/*")],
        )
        aws.iam.RolePolicy(name, role=role.name, policy=document(licence), opts=child)
        made = aws.iam.InstanceProfile(name, name=MACHINE_PROFILE.format(system=args.system), role=role.name, opts=child)
        self.profile = made.name
        self.register_outputs({"profile": self.profile})

"""IAM: roles, policies, instance profiles, OIDC providers. Global: no region.

Source: Terraform's AWS provider, internal/service/iam/*.go at d5102ec2 (5.32, 2023-12-18); ids of attachments since 6.0: role/policy ARN.
Unique ids: "IAM identifiers" of the IAM guide (AROA, ANPA, AIPA and 17 characters).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import HEX, characters, constant, given, moment
from localcloud.kinds.model import ACCOUNT, PARTITION, AutoName, Kind, Reference, Request, Unique

ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
POLICY: Final = "aws:iam/policy:Policy"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
OIDC_PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
INSTANCE_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"

AWS_POLICY: Final = r"arn:aws:iam::aws:policy/.+"  # which of them exist: refusals_iam
ROLE_BY_NAME: Final = Reference(tokens=(ROLE,), missing="NoSuchEntity", attribute="name", also=("id",), blocks="DeleteConflict")
_POLICY: Final = Reference(tokens=(POLICY,), missing="NoSuchEntity", attribute="arn", blocks="DeleteConflict", literal=AWS_POLICY)


def role_by_arn(missing: str, blocks: str | None = None) -> Reference:
    """A role named by its ARN; IAM lets a role go that a service still uses. Service-linked roles are AWS's own."""
    return Reference(
        tokens=(ROLE,), missing=missing, attribute="arn", blocks=blocks, literal=r"arn:aws:iam::\d{12}:role/aws-service-role/.*"
    )


def _path(request: Request) -> str:
    return request.text("path") or "/"


def _policy_arn(request: Request) -> str:
    return f"arn:{PARTITION}:iam::{ACCOUNT}:policy{_path(request)}{request.text('name')}"


def _oidc_arn(request: Request) -> str:
    return f"arn:{PARTITION}:iam::{ACCOUNT}:oidc-provider/{(request.text('url') or '').removeprefix('https://')}"


KINDS: Final = (
    Kind(
        token=ROLE,
        id="{name}",
        arn="arn:{partition}:iam::{account}:role{path}{name}",
        global_=True,
        references={"permissionsBoundary": _POLICY, "managedPolicyArns[*]": _POLICY},
        force_new=("name", "namePrefix", "path"),
        auto_name=AutoName(max_length=64, unless=("namePrefix",)),
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        outputs={
            "uniqueId": "AROA{upper17}",
            "createDate": moment,
            "managedPolicyArns": constant("managedPolicyArns", []),
            "inlinePolicies": constant("inlinePolicies", []),
        },
        never_read=("forceDetachPolicies",),
        unique=(Unique(paths=("name",), code="EntityAlreadyExists"),),
    ),
    Kind(
        token=ROLE_POLICY,
        id="{role}:{name}",
        no_arn=True,
        global_=True,
        references={"role": ROLE_BY_NAME},
        force_new=("name", "namePrefix", "role"),
        auto_name=AutoName(max_length=128, unless=("namePrefix",)),
        taggable=False,
    ),
    Kind(
        token=POLICY,
        id=_policy_arn,
        arn=_policy_arn,
        global_=True,
        references={},
        force_new=("description", "name", "namePrefix", "path"),
        auto_name=AutoName(max_length=128, unless=("namePrefix",)),
        defaults={"path": "/"},
        outputs={"policyId": "ANPA{upper17}", "attachmentCount": 0},
        never_read=("delayAfterPolicyCreationInMs",),
        unique=(Unique(paths=("name",), code="EntityAlreadyExists"),),
    ),
    Kind(
        token=ATTACHMENT,
        id="{role}/{policyArn}",
        no_arn=True,
        global_=True,
        references={"role": ROLE_BY_NAME, "policyArn": _POLICY},
        force_new=("policyArn", "role"),
        taggable=False,
    ),
    Kind(
        token=OIDC_PROVIDER,
        id=_oidc_arn,
        arn=_oidc_arn,
        global_=True,
        references={},
        force_new=("url",),
        outputs={"thumbprintLists": given("thumbprintLists", lambda _request: [characters(HEX, 40)])},
        unique=(Unique(paths=("url",), code="EntityAlreadyExists"),),
    ),
    Kind(
        token=INSTANCE_PROFILE,
        id="{name}",
        arn="arn:{partition}:iam::{account}:instance-profile{path}{name}",
        global_=True,
        references={"role": ROLE_BY_NAME},
        force_new=("name", "namePrefix", "path"),
        auto_name=AutoName(max_length=128, unless=("namePrefix",)),
        defaults={"path": "/"},
        outputs={"uniqueId": "AIPA{upper17}", "createDate": moment},
        unique=(Unique(paths=("name",), code="EntityAlreadyExists"),),
    ),
)

"""KMS: keys and aliases.

Source: Terraform's AWS provider, internal/service/kms/{key,alias}.go at d5102ec2 (5.32, 2023-12-18). A deleted key waits for its
window to end.
"""

from __future__ import annotations

import json
from typing import Final

from localcloud.kinds.forms import arn, constant, given, whole
from localcloud.kinds.model import ACCOUNT, PARTITION, Kind, Made, Reference, Request, Unique, Value

KEY: Final = "aws:kms/key:Key"
ALIAS: Final = "aws:kms/alias:Alias"
PENDING: Final = "local:kms:KeyPendingDeletion"
DELETION_WINDOW_DAYS: Final = 30  # where none is asked for


def key_by(missing: str) -> Reference:
    """A key by its ARN, id, alias or alias's ARN, as most services take it; AWS's own keys are always there. It holds no deletion back."""
    return Reference(
        tokens=(KEY, ALIAS), missing=missing, attribute="arn", also=("id", "name"), blocks=None, literal=r"(arn:aws:kms:.*:)?alias/aws/.+"
    )


def _default_policy(_request: Request) -> Value:
    """The key policy that KMS gives where none is asked for: the account's IAM decides."""
    allowed = {"Effect": "Allow", "Principal": {"AWS": f"arn:{PARTITION}:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{"Sid": "Enable IAM User Permissions", **allowed}]})


def _pending(request: Request) -> list[Made]:
    days = whole(request.old_inputs.get("deletionWindowInDays"), DELETION_WINDOW_DAYS)
    return [
        Made(
            token=PENDING, id=request.id, properties={"arn": arn("kms", request.region, f"key/{request.id}"), "deletionWindowInDays": days}
        )
    ]


def _alias_name(request: Request) -> str:
    return request.text("name") or f"alias/{request.logical_name}"


def _target_arn(request: Request) -> Value:
    key = next(iter(request.referred("targetKeyId")), None)
    return key.text("arn") if key else ""


KINDS: Final = (
    Kind(
        token=KEY,
        id="{uuid}",
        arn="arn:{partition}:kms:{region}:{account}:key/{id}",
        references={},
        force_new=("customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"),
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
        outputs={
            "keyId": "{id}",
            "multiRegion": constant("multiRegion", False),
            "policy": given("policy", _default_policy),
            "description": constant("description", ""),
            "rotationPeriodInDays": given("rotationPeriodInDays", lambda request: 365 if request.flag("enableKeyRotation") else 0),
        },
        again={"rotationPeriodInDays": ("enableKeyRotation",)},
        never_read=("bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"),
        leaves=_pending,
    ),
    Kind(
        token=ALIAS,
        id=_alias_name,
        arn="arn:{partition}:kms:{region}:{account}:{id}",
        references={"targetKeyId": Reference(tokens=(KEY,), missing="NotFoundException", also=("arn",), blocks=None)},
        force_new=("name", "namePrefix"),
        outputs={"name": _alias_name, "targetKeyArn": _target_arn},
        again={"targetKeyArn": ("targetKeyId",)},
        unique=(Unique(paths=("name",), code="AlreadyExistsException"),),
        taggable=False,
    ),
)

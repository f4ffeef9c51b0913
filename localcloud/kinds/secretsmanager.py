"""Secrets Manager: secrets, versions, policies.

Source: Terraform's AWS provider, internal/service/secretsmanager: secret_version.go at 0042e8ea (6.10), the rest at d5102ec2 (5.32,
2023-12-18). A deleted secret waits for its recovery window to end, and its name with it; with a window of 0 it is gone at once.
"""

from __future__ import annotations

import string
from typing import Final

from localcloud.kinds.forms import arn, characters, constant, given, uuid, whole
from localcloud.kinds.kms import key_by
from localcloud.kinds.model import AutoName, Kind, Made, Reference, Request, Resource, Unique, Value, World

SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - the name of a type
SECRET_VERSION: Final = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - the name of a type
SECRET_POLICY: Final = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - the name of a type
PENDING: Final = "local:secretsmanager:SecretPendingDeletion"
RECOVERY_DAYS: Final = 30  # where no window is given

_SECRET: Final = Reference(tokens=(SECRET,), missing="ResourceNotFoundException", attribute="arn", also=("name",), blocks=None)


def secret_suffix() -> str:
    """The six characters after a secret's name in its ARN."""
    return characters(string.ascii_letters + string.digits, 6)


def find_secret(world: World, secret_id: str) -> Resource | None:
    """A secret by its ARN or its name."""
    return _SECRET.target(world, secret_id, "")


def _secret_arn(request: Request) -> str:
    return arn("secretsmanager", request.region, f"secret:{request.text('name')}-{secret_suffix()}")


def _version_id(request: Request) -> str:
    return f"{request.text('secretId')}|{uuid()}"


def _arn_of_secret(request: Request) -> str:
    secret = request.world.find(SECRET, "arn", request.text("secretId") or "") or request.world.find(
        SECRET, "name", request.text("secretId") or ""
    )
    return secret.text("arn") if secret else ""


def _pending(request: Request) -> list[Made]:
    days = whole(request.old_inputs.get("recoveryWindowInDays"), RECOVERY_DAYS)
    if days == 0:
        return []
    name = request.text("name")
    return [Made(token=PENDING, id=request.id, properties={"arn": request.id, "name": name, "recoveryWindowInDays": days})]


def _stages(_request: Request) -> Value:
    return ["AWSCURRENT"]


KINDS: Final = (
    Kind(
        token=SECRET,
        id=_secret_arn,
        arn="{id}",
        references={"kmsKeyId": key_by("InvalidParameterException")},
        force_new=("name", "namePrefix"),
        auto_name=AutoName(max_length=512, unless=("namePrefix",)),
        defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": RECOVERY_DAYS},
        outputs={"policy": constant("policy", ""), "replicas": constant("replicas", [])},
        never_read=("forceOverwriteReplicaSecret", "recoveryWindowInDays"),
        unique=(Unique(paths=("name",), code="ResourceExistsException", message="the secret {key} already exists"),),
        leaves=_pending,
    ),
    Kind(
        token=SECRET_VERSION,
        id=_version_id,
        arn=_arn_of_secret,
        references={"secretId": _SECRET},
        force_new=("secretBinary", "secretId", "secretString", "secretStringWoVersion"),
        outputs={"secretArn": "{arn}", "versionId": lambda request: request.id.rpartition("|")[2],
                 "versionStages": given("versionStages", _stages),
                 "hasSecretStringWo": False},
        secrets=("secretString", "secretBinary"),
        holds=("secretString", "secretBinary"),
        never_read=("secretStringWo",),
        taggable=False,
    ),
    Kind(
        token=SECRET_POLICY,
        id="{secretArn}",
        no_arn=True,
        references={"secretArn": _SECRET},
        force_new=("secretArn",),
        never_read=("blockPublicPolicy",),
        taggable=False,
    ),
)  # fmt: skip

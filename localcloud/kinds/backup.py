"""AWS Backup: vaults, plans, selections.

Source: Terraform's AWS provider, internal/service/backup/*.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import arn, given, uuid
from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import KEY
from localcloud.kinds.model import ACCOUNT, AutoName, Kind, Reference, Request, Unique, Value

VAULT: Final = "aws:backup/vault:Vault"
VAULT_POLICY: Final = "aws:backup/vaultPolicy:VaultPolicy"
PLAN: Final = "aws:backup/plan:Plan"
SELECTION: Final = "aws:backup/selection:Selection"
RECOVERY_POINT: Final = "local:backup:RecoveryPoint"  # properties: backupVaultName, resourceArn

# A plan holds no vault back, only the recovery points in it do. AWS notices a copy to a missing vault at the first copy only: refused here
_COPY_TARGET: Final = Reference(
    tokens=(VAULT,), missing="InvalidParameterValueException", attribute="arn", blocks=None, any_region=True,
    literal=rf"arn:aws:backup:[a-z0-9-]+:(?!{ACCOUNT})\d{{12}}:backup-vault:.+",
)  # fmt: skip


def _own_key(request: Request) -> Value:
    """AWS's own key for backups."""
    return arn("kms", request.region, f"key/{uuid()}")


def _vault_arn(request: Request) -> Value:
    return arn("backup", request.region, f"backup-vault:{request.text('backupVaultName')}")


KINDS: Final = (
    Kind(
        token=VAULT,
        id="{name}",
        arn="arn:{partition}:backup:{region}:{account}:backup-vault:{name}",
        references={
            "kmsKeyArn": Reference(
                tokens=(KEY,), missing="InvalidParameterValueException", attribute="arn", blocks=None, literal="arn:aws:kms:.*:alias/aws/.*"
            )
        },
        force_new=("kmsKeyArn", "name"),
        auto_name=AutoName(max_length=50),
        defaults={"forceDestroy": False},
        outputs={"kmsKeyArn": given("kmsKeyArn", _own_key), "recoveryPoints": 0},
        never_read=("forceDestroy",),
        unique=(Unique(paths=("name",), code="AlreadyExistsException"),),
    ),
    Kind(
        token=VAULT_POLICY,
        id="{backupVaultName}",
        no_arn=True,
        references={"backupVaultName": Reference(tokens=(VAULT,), missing="ResourceNotFoundException", attribute="name", blocks=None)},
        force_new=("backupVaultName",),
        outputs={"backupVaultArn": _vault_arn},
        taggable=False,
    ),
    Kind(
        token=PLAN,
        id="{uuid}",
        arn="arn:{partition}:backup:{region}:{account}:backup-plan:{id}",
        references={
            "rules[*].targetVaultName": Reference(tokens=(VAULT,), missing="InvalidParameterValueException", attribute="name", blocks=None),
            "rules[*].copyActions[*].destinationVaultArn": _COPY_TARGET,
        },
        force_new=("name",),
        auto_name=AutoName(max_length=50),
        outputs={"version": "{alnum48}"},
        again={"version": ("rules", "advancedBackupSettings", "scanSettings")},
    ),
    Kind(
        token=SELECTION,
        id="{uuid}",
        no_arn=True,
        references={
            "planId": Reference(tokens=(PLAN,), missing="InvalidParameterValueException", blocks="InvalidRequestException"),
            "iamRoleArn": role_by_arn("InvalidParameterValueException"),
        },
        force_new=("conditions", "iamRoleArn", "name", "notResources", "planId", "resources", "selectionTags"),
        auto_name=AutoName(max_length=50),
        taggable=False,
    ),
)

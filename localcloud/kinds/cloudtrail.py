"""CloudTrail.

Source: Terraform's AWS provider, internal/service/cloudtrail/cloudtrail.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import KEY
from localcloud.kinds.model import AutoName, Kind, Reference, Unique
from localcloud.kinds.s3 import BUCKET

TRAIL: Final = "aws:cloudtrail/trail:Trail"

KINDS: Final = (
    Kind(
        token=TRAIL,
        id="arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
        arn="{id}",
        references={
            "s3BucketName": Reference(tokens=(BUCKET,), missing="S3BucketDoesNotExistException", blocks=None, any_region=True),
            "kmsKeyId": Reference(tokens=(KEY,), missing="KmsKeyNotFoundException", attribute="arn", also=("id",), blocks=None),
            "cloudWatchLogsRoleArn": role_by_arn("InvalidCloudWatchLogsRoleArnException"),
        },
        force_new=("name",),
        auto_name=AutoName(max_length=128),
        defaults={
            "enableLogFileValidation": False,
            "enableLogging": True,
            "includeGlobalServiceEvents": True,
            "isMultiRegionTrail": False,
            "isOrganizationTrail": False,
        },
        outputs={"homeRegion": "{region}"},
        unique=(Unique(paths=("name",), code="TrailAlreadyExistsException"),),
    ),
)

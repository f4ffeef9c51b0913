"""S3: buckets and their configurations.

Source: Terraform's AWS provider, internal/service/s3/*.go and hosted_zones.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from localcloud.kinds.forms import constant
from localcloud.kinds.model import AutoName, Kind, Reference, Unique, Value

BUCKET: Final = "aws:s3/bucket:Bucket"
ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE: Final = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
HOSTED_ZONES: Final[Mapping[str, str]] = {
    "af-south-1": "Z83WF9RJE8B12",
    "ap-east-1": "ZNB98KWMFR0R6",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-northeast-2": "Z3W03O7B5YMIYP",
    "ap-northeast-3": "Z2YQB5RD63NC85",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-south-2": "Z02976202B4EZMXIPMXF7",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ap-southeast-3": "Z01846753K324LI26A3VV",
    "ap-southeast-4": "Z0312387243XT5FE14WFO",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-central-2": "Z030506016YDQGETNASS",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "eu-south-1": "Z30OZKI7KPW7MI",
    "eu-south-2": "Z0081959F7139GRJC19J",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "il-central-1": "Z09640613K4A3MN55U7GU",
    "me-central-1": "Z06143092I8HRXZRUZROF",
    "me-south-1": "Z1MPMWCPA7YB62",
    "sa-east-1": "Z7KQH4QJS55SO",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}
_BUCKET: Final = Reference(tokens=(BUCKET,), missing="NoSuchBucket", blocks=None)


def _part(name: str, force_new: tuple[str, ...] = ("bucket", "expectedBucketOwner"), defaults: Mapping[str, Value] | None = None) -> Kind:
    """One of the configurations that belong to a bucket and go with it."""
    return Kind(
        token=f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        id="{bucket}",
        no_arn=True,
        references={"bucket": _BUCKET},
        force_new=force_new,
        defaults=defaults or {},
        taggable=False,
    )


KINDS: Final = (
    Kind(
        token=BUCKET,
        id="{bucket}",
        arn="arn:{partition}:s3:::{bucket}",
        references={},
        force_new=("bucket", "bucketNamespace", "bucketPrefix", "objectLockConfiguration.objectLockEnabled", "objectLockEnabled"),
        auto_name=AutoName(property="bucket", max_length=63, lower=True, unless=("bucketPrefix",)),
        defaults={"forceDestroy": False},
        outputs={
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            "bucketRegion": "{region}",
            "hostedZoneId": lambda request: HOSTED_ZONES.get(request.region, ""),
            "objectLockEnabled": constant("objectLockEnabled", False),
            "requestPayer": constant("requestPayer", "BucketOwner"),
        },
        never_read=("forceDestroy",),
        unique=(Unique(paths=("bucket",), code="BucketAlreadyOwnedByYou", all_regions=True),),
    ),
    _part("BucketPolicy", ("bucket",)),
    _part("BucketPublicAccessBlock", ("bucket",),
          dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), False)),
    _part("BucketServerSideEncryptionConfiguration"),
    _part("BucketServerSideEncryptionConfigurationV2"),
    _part("BucketVersioning"),
    _part("BucketLifecycleConfiguration"),
)  # fmt: skip

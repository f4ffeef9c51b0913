"""CloudTrail: who changed what in the account (NET-37, OBS-21)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, InvokeOptions, Output, ResourceOptions

from components import iam

SERVICE = "cloudtrail.amazonaws.com"
RECENT_DAYS = 30  # older objects move to infrequent access, which asks for at least 30 days
MULTIPART_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class AuditTrailArgs:
    """trail_name: `coder-prod`. retention_days: of what the trail writes. data_protection: the bucket refuses to go with objects."""

    trail_name: str
    region: str
    retention_days: int
    data_protection: bool


class AuditTrail(ComponentResource):
    """A trail of every region with validated log files, in a versioned bucket with a key of its own (NET-37, OBS-21).

    Management events; those of objects and functions would cost more than they tell here. The bucket takes TLS only, is closed to the
    public, and accepts this trail's files alone (AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail", read 2026-11).
    """

    bucket_name: Output[str]
    arn: Output[str]

    def __init__(self, name: str, args: AuditTrailArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"trail_name": args.trail_name, "retention_days": args.retention_days, "multi_region": True, "validated": True}
        super().__init__("coder-eks:audit_trail:AuditTrail", name, dict(facts), opts)
        self._child = ResourceOptions(parent=self)
        self._data = ResourceOptions(parent=self, protect=args.data_protection)
        caller = InvokeOptions(parent=self)
        account_id = aws.get_caller_identity_output(opts=caller).account_id
        partition = aws.get_partition_output(opts=caller).partition
        trail_arn = Output.concat("arn:", partition, f":cloudtrail:{args.region}:", account_id, f":trail/{args.trail_name}")

        key = self._key(name, args, account_id, partition, trail_arn)
        bucket = self._bucket(name, args, key, account_id)
        written = self._policy(name, bucket, account_id, trail_arn)
        trail = aws.cloudtrail.Trail(
            name,
            name=args.trail_name,
            s3_bucket_name=bucket.bucket,
            kms_key_id=key.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            opts=ResourceOptions.merge(self._child, ResourceOptions(depends_on=[written])),  # AWS tries the bucket when a trail is made
        )
        self.bucket_name, self.arn = bucket.bucket, trail.arn
        self.register_outputs({**facts, "bucket_name": self.bucket_name, "arn": self.arn})

    def _key(self, name: str, args: AuditTrailArgs, account_id: Input[str], partition: Input[str], trail_arn: Output[str]) -> aws.kms.Key:
        this_trail = {"StringEquals": {"aws:SourceArn": trail_arn}}
        encrypt = iam.Statement(
            sid="Encrypt", actions=["kms:GenerateDataKey"], resources=["*"], principals={"Service": [SERVICE]}, conditions=this_trail
        )
        look = iam.Statement(
            sid="Look", actions=["kms:DescribeKey"], resources=["*"], principals={"Service": [SERVICE]}, conditions=this_trail
        )
        return aws.kms.Key(
            name,
            description=f"Trail {args.trail_name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,  # the longest: files are lost with their key
            policy=iam.key_policy(account_id, partition, encrypt, look),
            opts=self._data,
        )

    def _bucket(self, name: str, args: AuditTrailArgs, key: aws.kms.Key, account_id: Input[str]) -> aws.s3.Bucket:
        bucket = aws.s3.Bucket(
            name,
            bucket=Output.concat(
                f"{args.trail_name}-trail-{args.region}-", account_id
            ),  # bucket names are the world's: the account's id is not
            force_destroy=not args.data_protection,
            opts=self._data,
        )
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=self._child)
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
                    "bucket_key_enabled": True,
                }
            ],
            opts=self._child,
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                {
                    "id": "kept",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": RECENT_DAYS, "storage_class": "STANDARD_IA"}],
                    "expiration": {"days": args.retention_days},
                    "noncurrent_version_expiration": {"noncurrent_days": args.retention_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": MULTIPART_DAYS},
                }
            ],
            opts=self._child,
        )
        return bucket

    def _policy(self, name: str, bucket: aws.s3.Bucket, account_id: Input[str], trail_arn: Output[str]) -> aws.s3.BucketPolicy:
        this_trail = {"StringEquals": {"aws:SourceArn": trail_arn}}
        objects = Output.concat(bucket.arn, "/*")
        statements = [
            iam.Statement(
                sid="Look", actions=["s3:GetBucketAcl"], resources=[bucket.arn], principals={"Service": [SERVICE]}, conditions=this_trail
            ),
            iam.Statement(
                sid="Write",
                actions=["s3:PutObject"],
                resources=[Output.concat(bucket.arn, "/AWSLogs/", account_id, "/*")],
                principals={"Service": [SERVICE]},
                conditions={"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
            iam.Statement(
                sid="TlsOnly",
                effect="Deny",
                actions=["s3:*"],
                resources=[bucket.arn, objects],
                principals={"AWS": ["*"]},
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            ),
        ]
        return aws.s3.BucketPolicy(name, bucket=bucket.id, policy=iam.document(*statements), opts=self._child)

"""Bad requests about identities, clusters, databases, names, keys, secrets, logs, buckets and messages."""

from __future__ import annotations

import json

from tests.localcloud.account import allow, trust
from tests.localcloud.moto_side import (
    ADDRESS,
    GONE_SUBNET,
    REGION,
    Request,
    aurora,
    cluster,
    local,
    local_twice,
    record,
    role,
    subnet_group,
    subnets,
    twice,
    zone,
)

REQUESTS: dict[str, Request] = {
    "a role twice": Request(
        lambda c: twice(lambda: c("iam").create_role(RoleName="a", AssumeRolePolicyDocument=trust("ec2"))),
        local_twice("aws:iam/role:Role", name="a", assumeRolePolicy=trust("ec2")),
    ),
    "a policy that is no JSON": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument="{"), local("aws:iam/policy:Policy", name="a", policy="{")
    ),
    "a policy with an unknown version": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow().replace("2012-10-17", "2020-01-01")),
        local("aws:iam/policy:Policy", name="a", policy=allow().replace("2012-10-17", "2020-01-01")),
    ),
    "a policy without a resource": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow().replace('"Resource": "*"', '"Sid": "a"')),
        local("aws:iam/policy:Policy", name="a", policy=allow().replace('"Resource": "*"', '"Sid": "a"')),
    ),
    "an action without a service": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow("GetObject")),
        local("aws:iam/policy:Policy", name="a", policy=allow("GetObject")),
    ),
    "an attachment to no role": Request(
        lambda c: c("iam").attach_role_policy(RoleName="a", PolicyArn="arn:aws:iam::123456789012:policy/a"),
        local("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="a", policyArn="arn:aws:iam::123456789012:policy/a"),
    ),
    "an EKS cluster twice": Request(
        lambda c: (
            the_role := role(c),
            the_subnets := subnets(c, "a", "b"),
            twice(lambda: c("eks").create_cluster(name="a", roleArn=the_role, resourcesVpcConfig={"subnetIds": the_subnets})),
        ),
        local_twice(
            "aws:eks/cluster:Cluster",
            name="a",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets},
        ),
    ),
    "nodes of no cluster": Request(
        lambda c: c("eks").create_nodegroup(clusterName="a", nodegroupName="a", nodeRole=role(c), subnets=subnets(c, "a")),
        lambda account: account.make("aws:eks/nodeGroup:NodeGroup", **account.nodes(clusterName="a")),
    ),
    "a subnet group of no subnet": Request(
        lambda c: c("rds").create_db_subnet_group(DBSubnetGroupName="a", DBSubnetGroupDescription="a", SubnetIds=[GONE_SUBNET]),
        local("aws:rds/subnetGroup:SubnetGroup", name="a", subnetIds=[GONE_SUBNET]),
    ),
    "a DB cluster twice": Request(
        lambda c: twice(lambda: aurora(c)),
        lambda account: twice(lambda: account.make("aws:rds/cluster:Cluster", **account.database(clusterIdentifier="a"))),
    ),
    "an unknown engine": Request(
        lambda c: aurora(c, Engine="aurora-oracle"),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(engine="aurora-oracle")),
    ),
    "a cluster that is protected": Request(
        lambda c: (aurora(c, DeletionProtection=True), c("rds").delete_db_cluster(DBClusterIdentifier="a", SkipFinalSnapshot=True)),
        lambda account: account.delete(account.make("aws:rds/cluster:Cluster", **account.database(deletionProtection=True))),
    ),
    "a record of no zone": Request(
        lambda c: c("route53").change_resource_record_sets(**record("a.example.com", "Z0123456789ABCDEFGHIJ")),
        local("aws:route53/record:Record", zoneId="Z0123456789ABCDEFGHIJ", name="a.example.com", type="A", ttl=60, records=[ADDRESS]),
    ),
    "a record twice": Request(
        lambda c: (the_zone := zone(c), twice(lambda: c("route53").change_resource_record_sets(**record("a.example.com", the_zone)))),
        local_twice(
            "aws:route53/record:Record", zoneId=lambda account: account.zone.id, name="a.example.com", type="A", ttl=60, records=[ADDRESS]
        ),
    ),
    "a zone with records": Request(
        lambda c: (
            the_zone := zone(c),
            c("route53").change_resource_record_sets(**record("a.example.com", the_zone)),
            c("route53").delete_hosted_zone(Id=the_zone),
        ),
        lambda account: (
            account.make("aws:route53/record:Record", zoneId=account.zone.id, name="a.example.com", type="A", ttl=60, records=[ADDRESS]),
            account.delete(account.zone),
        ),
    ),
    "an alias of no key": Request(
        lambda c: c("kms").create_alias(AliasName="alias/a", TargetKeyId="11111111-2222-4333-8444-555555555555"),
        local("aws:kms/alias:Alias", name="alias/a", targetKeyId="11111111-2222-4333-8444-555555555555"),
    ),
    "an alias that is AWS's own": Request(
        lambda c: c("kms").create_alias(AliasName="alias/aws/a", TargetKeyId=c("kms").create_key()["KeyMetadata"]["KeyId"]),
        local("aws:kms/alias:Alias", name="alias/aws/a", targetKeyId=lambda account: account.key.id),
    ),
    "a log group twice": Request(
        lambda c: twice(lambda: c("logs").create_log_group(logGroupName="a")), local_twice("aws:cloudwatch/logGroup:LogGroup", name="a")
    ),
    "logs kept for 91 days": Request(
        lambda c: (c("logs").create_log_group(logGroupName="a"), c("logs").put_retention_policy(logGroupName="a", retentionInDays=91)),
        local("aws:cloudwatch/logGroup:LogGroup", name="a", retentionInDays=91),
    ),
    "a secret twice": Request(
        lambda c: twice(lambda: c("secretsmanager").create_secret(Name="a", SecretString="a")),
        local_twice("aws:secretsmanager/secret:Secret", name="a"),
    ),
    "a secret whose name waits": Request(
        lambda c: (
            c("secretsmanager").create_secret(Name="a", SecretString="a"),
            c("secretsmanager").delete_secret(SecretId="a"),
            c("secretsmanager").create_secret(Name="a", SecretString="a"),
        ),
        lambda account: (
            account.delete(account.make("aws:secretsmanager/secret:Secret", name="a")),
            account.make("aws:secretsmanager/secret:Secret", name="a"),
        ),
    ),
    "a value of no secret": Request(
        lambda c: c("secretsmanager").put_secret_value(SecretId="a", SecretString="a"),
        local("aws:secretsmanager/secretVersion:SecretVersion", secretId="a", secretString="a"),
    ),
    "a backup vault twice": Request(
        lambda c: twice(lambda: c("backup").create_backup_vault(BackupVaultName="ab")), local_twice("aws:backup/vault:Vault", name="ab")
    ),
    "a bucket with a bad name": Request(lambda c: c("s3").create_bucket(Bucket="Ab_c"), local("aws:s3/bucket:Bucket", bucket="Ab_c")),
    "a policy of no bucket": Request(
        lambda c: c("s3").put_bucket_policy(Bucket="abc", Policy=allow(Principal="*")),
        local("aws:s3/bucketPolicy:BucketPolicy", bucket="abc", policy=allow(Principal="*")),
    ),
    "a subscription of no topic": Request(
        lambda c: c("sns").subscribe(TopicArn=f"arn:aws:sns:{REGION}:123456789012:a", Protocol="email", Endpoint="a@example.com"),
        local(
            "aws:sns/topicSubscription:TopicSubscription",
            topic=f"arn:aws:sns:{REGION}:123456789012:a",
            protocol="email",
            endpoint="a@example.com",
        ),
    ),
    "a FIFO queue without its ending": Request(
        lambda c: c("sqs").create_queue(QueueName="a", Attributes={"FifoQueue": "true"}),
        local("aws:sqs/queue:Queue", name="a", fifoQueue=True),
    ),
    "a subnet group in one zone": Request(
        lambda c: subnet_group(c, "a", "a"),
        lambda account: account.make("aws:rds/subnetGroup:SubnetGroup", subnetIds=[account.subnet(7, "a").id, account.subnet(8, "a").id]),
    ),
    "Aurora backups for 90 days": Request(
        lambda c: aurora(c, BackupRetentionPeriod=90),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(backupRetentionPeriod=90)),
    ),
    "a minimum above the maximum of ACU": Request(
        lambda c: aurora(c, ServerlessV2ScalingConfiguration={"MinCapacity": 8, "MaxCapacity": 4}),
        lambda account: account.make(
            "aws:rds/cluster:Cluster", **account.database(serverlessv2ScalingConfiguration={"minCapacity": 8, "maxCapacity": 4})
        ),
    ),
    "an unknown engine version": Request(
        lambda c: aurora(c, EngineVersion="99.9"),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(engineVersion="99.9")),
    ),
    "a trust policy that trusts nobody": Request(
        lambda c: c("iam").create_role(RoleName="a", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []})),
        local("aws:iam/role:Role", assumeRolePolicy=json.dumps({"Version": "2012-10-17", "Statement": []})),
    ),
    "an EKS cluster in one zone": Request(
        lambda c: cluster(c, "a"),
        local(
            "aws:eks/cluster:Cluster",
            name="a",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets[:1]},
        ),
    ),
    "an EKS version of long ago": Request(
        lambda c: cluster(c, "a", "b", version="1.10"),
        local(
            "aws:eks/cluster:Cluster",
            name="a",
            version="1.10",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets},
        ),
    ),
    "a record with a wrong address": Request(
        lambda c: c("route53").change_resource_record_sets(
            **json.loads(json.dumps(record("a.example.com", zone(c))).replace(ADDRESS, "192.0.2.256"))
        ),
        lambda account: account.make(
            "aws:route53/record:Record", zoneId=account.zone.id, name="a.example.com", type="A", ttl=60, records=["192.0.2.256"]
        ),
    ),
    "a plan with a schedule that is no cron": Request(
        lambda c: c("backup").create_backup_plan(
            BackupPlan={
                "BackupPlanName": "a",
                "Rules": [
                    {
                        "RuleName": "a",
                        "TargetBackupVaultName": c("backup").create_backup_vault(BackupVaultName="ab")["BackupVaultName"],
                        "ScheduleExpression": "daily",
                    }
                ],
            }
        ),
        lambda account: account.make(
            "aws:backup/plan:Plan", rules=[{"ruleName": "a", "targetVaultName": account.vault.id, "schedule": "daily"}]
        ),
    ),
}

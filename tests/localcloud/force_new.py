"""Which inputs replace a resource: what Terraform's AWS provider says, read out of its sources by a program, not out of our tables.

Every `ForceNew: true` and `RequiresReplace()` of the schemas in internal/service at commit d5102ec2bd9c (5.32, 2023-12-18), names as
the SDK of pulumi-aws 7.51.1 has them. `eks/access_entry.go` came later: read at 01f43111.
"""

from __future__ import annotations

from collections.abc import Mapping

RECORDED: Mapping[str, str] = {
    "aws:acm/certificate:Certificate": (
        "certificateAuthorityArn domainName keyAlgorithm subjectAlternativeNames validationMethod validationOptions "
        "validationOptions.domainName validationOptions.validationDomain"
    ),
    "aws:acm/certificateValidation:CertificateValidation": "certificateArn validationRecordFqdns",
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": "workspaceId",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": "name workspaceId",
    "aws:amp/workspace:Workspace": "",
    "aws:autoscaling/group:Group": (
        "initialLifecycleHooks initialLifecycleHooks.defaultResult initialLifecycleHooks.heartbeatTimeout "
        "initialLifecycleHooks.lifecycleTransition initialLifecycleHooks.name initialLifecycleHooks.notificationMetadata "
        "initialLifecycleHooks.notificationTargetArn initialLifecycleHooks.roleArn name namePrefix"
    ),
    "aws:autoscaling/schedule:Schedule": "autoscalingGroupName scheduledActionName",
    "aws:autoscaling/tag:Tag": "autoscalingGroupName tag.key",
    "aws:backup/plan:Plan": "name",
    "aws:backup/selection:Selection": (
        "conditions conditions.stringEquals conditions.stringEquals.key conditions.stringEquals.value conditions.stringLike "
        "conditions.stringLike.key conditions.stringLike.value conditions.stringNotEquals conditions.stringNotEquals.key "
        "conditions.stringNotEquals.value conditions.stringNotLike conditions.stringNotLike.key conditions.stringNotLike.value "
        "iamRoleArn name notResources planId resources selectionTags selectionTags.key selectionTags.type selectionTags.value"
    ),
    "aws:backup/vault:Vault": "kmsKeyArn name",
    "aws:backup/vaultPolicy:VaultPolicy": "backupVaultName",
    "aws:budgets/budget:Budget": "accountId name namePrefix",
    "aws:cloudtrail/trail:Trail": "name",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:cloudwatch/eventRule:EventRule": "eventBusName name namePrefix",
    "aws:cloudwatch/eventTarget:EventTarget": "eventBusName rule targetId",
    "aws:cloudwatch/logGroup:LogGroup": "logGroupClass name namePrefix",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpcId",
    "aws:ec2/eip:Eip": "address domain networkBorderGroup publicIpv4Pool",
    "aws:ec2/flowLog:FlowLog": (
        "deliverCrossAccountRole destinationOptions destinationOptions.fileFormat destinationOptions.hiveCompatiblePartitions "
        "destinationOptions.perHourPartition eniId iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval "
        "subnetId trafficType transitGatewayAttachmentId transitGatewayId vpcId"
    ),
    "aws:ec2/instance:Instance": (
        "ami associatePublicIpAddress availabilityZone cpuOptions.amdSevSnp cpuOptions.coreCount cpuOptions.threadsPerCore "
        "ebsBlockDevices.deleteOnTermination ebsBlockDevices.deviceName ebsBlockDevices.encrypted ebsBlockDevices.iops "
        "ebsBlockDevices.kmsKeyId ebsBlockDevices.snapshotId ebsBlockDevices.throughput ebsBlockDevices.volumeSize "
        "ebsBlockDevices.volumeType ebsOptimized enclaveOptions.enabled ephemeralBlockDevices hibernation hostId instanceMarketOptions "
        "instanceMarketOptions.marketType instanceMarketOptions.spotOptions "
        "instanceMarketOptions.spotOptions.instanceInterruptionBehavior instanceMarketOptions.spotOptions.maxPrice "
        "instanceMarketOptions.spotOptions.spotInstanceType instanceMarketOptions.spotOptions.validUntil ipv6AddressCount "
        "ipv6Addresses keyName launchTemplate launchTemplate.id launchTemplate.name networkInterfaces.deleteOnTermination "
        "networkInterfaces.deviceIndex networkInterfaces.networkCardIndex networkInterfaces.networkInterfaceId placementGroup "
        "placementPartitionNumber privateDnsNameOptions privateIp rootBlockDevice.encrypted rootBlockDevice.kmsKeyId securityGroups "
        "subnetId tenancy"
    ),
    "aws:ec2/internetGateway:InternetGateway": "",
    "aws:ec2/launchTemplate:LaunchTemplate": "name namePrefix",
    "aws:ec2/natGateway:NatGateway": "allocationId connectivityType privateIp secondaryPrivateIpAddressCount subnetId",
    "aws:ec2/networkAcl:NetworkAcl": "vpcId",
    "aws:ec2/networkInterface:NetworkInterface": "interfaceType subnetId",
    "aws:ec2/networkAclAssociation:NetworkAclAssociation": "networkAclId subnetId",
    "aws:ec2/networkAclRule:NetworkAclRule": (
        "cidrBlock egress fromPort icmpCode icmpType ipv6CidrBlock networkAclId protocol ruleAction ruleNumber toPort"
    ),
    "aws:ec2/route:Route": "routeTableId",
    "aws:ec2/routeTable:RouteTable": "vpcId",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "gatewayId subnetId",
    "aws:ec2/securityGroup:SecurityGroup": "description name namePrefix vpcId",
    "aws:ec2/securityGroupRule:SecurityGroupRule": (
        "cidrBlocks fromPort ipv6CidrBlocks prefixListIds protocol securityGroupId self sourceSecurityGroupId toPort type"
    ),
    "aws:ec2/subnet:Subnet": "availabilityZone availabilityZoneId cidrBlock ipv6Native outpostArn vpcId",
    "aws:ec2/vpc:Vpc": "cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
    # the three of peering: internal/service/ec2/vpc_peering_connection*.go, read 2026-11-21
    "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions": "vpcPeeringConnectionId",
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": "peerOwnerId peerRegion peerVpcId vpcId",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "vpcPeeringConnectionId",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "serviceName vpcEndpointType vpcId",
    "aws:eks/accessEntry:AccessEntry": "clusterName principalArn type",
    "aws:eks/addon:Addon": "addonName clusterName",
    "aws:eks/cluster:Cluster": (
        "kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr name outpostConfig.controlPlaneInstanceType "
        "outpostConfig.controlPlanePlacement.groupName roleArn"
    ),
    "aws:eks/nodeGroup:NodeGroup": (
        "amiType capacityType clusterName diskSize instanceTypes launchTemplate.id launchTemplate.name nodeGroupName "
        "nodeGroupNamePrefix nodeRoleArn remoteAccess remoteAccess.ec2SshKey remoteAccess.sourceSecurityGroupIds subnetIds"
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "aws:iam/instanceProfile:InstanceProfile": "name namePrefix path",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "clientIdLists url",
    "aws:iam/policy:Policy": "description name namePrefix path",
    "aws:iam/role:Role": "name namePrefix path",
    "aws:iam/rolePolicy:RolePolicy": "name namePrefix role",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn role",
    "aws:kms/alias:Alias": "name namePrefix",
    "aws:kms/key:Key": "customKeyStoreId customerMasterKeySpec keyUsage multiRegion",
    "aws:lb/listener:Listener": "loadBalancerArn",
    "aws:lb/loadBalancer:LoadBalancer": "customerOwnedIpv4Pool internal loadBalancerType name namePrefix",
    "aws:lb/targetGroup:TargetGroup": "ipAddressType name namePrefix port protocol protocolVersion targetType vpcId",
    "aws:rds/cluster:Cluster": (
        "availabilityZones clusterIdentifier clusterIdentifierPrefix databaseName dbSubnetGroupName dbSystemId engine engineMode "
        "kmsKeyId masterUsername restoreToPointInTime restoreToPointInTime.restoreToTime restoreToPointInTime.restoreType "
        "restoreToPointInTime.sourceClusterIdentifier restoreToPointInTime.useLatestRestorableTime s3Import.bucketName "
        "s3Import.bucketPrefix s3Import.ingestionRole s3Import.sourceEngine s3Import.sourceEngineVersion snapshotIdentifier "
        "sourceRegion storageEncrypted"
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        "availabilityZone clusterIdentifier customIamInstanceProfile dbSubnetGroupName engine identifier identifierPrefix"
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "description family name namePrefix",
    "aws:rds/instance:Instance": (
        "availabilityZone backupTarget characterSetName customIamInstanceProfile dbName engine kmsKeyId ncharCharacterSetName "
        "restoreToPointInTime s3Import.bucketName s3Import.bucketPrefix s3Import.ingestionRole s3Import.sourceEngine "
        "s3Import.sourceEngineVersion snapshotIdentifier storageEncrypted timezone username"
    ),
    "aws:rds/parameterGroup:ParameterGroup": "description family name namePrefix",
    "aws:rds/subnetGroup:SubnetGroup": "name namePrefix",
    "aws:route53/healthCheck:HealthCheck": "measureLatency referenceName requestInterval routingControlArn type",
    "aws:route53/record:Record": "name zoneId",
    "aws:route53/zone:Zone": "delegationSetId name",
    "aws:s3/bucket:Bucket": "bucket bucketPrefix objectLockConfiguration.objectLockEnabled objectLockEnabled",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket expectedBucketOwner",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket expectedBucketOwner",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": "bucket expectedBucketOwner",
    "aws:s3/bucketVersioning:BucketVersioning": "bucket expectedBucketOwner",
    "aws:secretsmanager/secret:Secret": "name namePrefix",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "secretArn",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretBinary secretId secretString",
    "aws:sns/topic:Topic": "fifoTopic name namePrefix",
    "aws:sns/topicPolicy:TopicPolicy": "arn",
    "aws:sns/topicSubscription:TopicSubscription": "endpoint protocol topic",
    "aws:sqs/queue:Queue": "fifoQueue name namePrefix",
    "aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
    "aws:ssm/parameter:Parameter": "name",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
}

# What changed in the provider since, or what a parser of schemas does not see
FURTHER: Mapping[str, str] = {
    "aws:amp/scraper:Scraper": "source",  # came later; UpdateScraper has no source
    "aws:amp/workspace:Workspace": "kmsKeyArn",  # came later; no API changes it
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",  # alarm_name there
    "aws:ec2/eip:Eip": "ipamPoolId",
    "aws:ec2/flowLog:FlowLog": "regionalNatGatewayId",
    "aws:ec2/natGateway:NatGateway": "availabilityMode vpcId",
    "aws:ec2/route:Route": "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",  # named by constants there
    "aws:ec2/vpc:Vpc": "instanceTenancy",  # by CustomizeDiff there
    "aws:ec2/vpcEndpoint:VpcEndpoint": "resourceConfigurationArn serviceNetworkArn serviceRegion",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "accessScope clusterName policyArn principalArn",
    "aws:eks/cluster:Cluster": "accessConfig.bootstrapClusterCreatorAdminPermissions bootstrapSelfManagedAddons",
    "aws:kms/key:Key": "xksKeyId",
    "aws:rds/cluster:Cluster": "clusterScalabilityType",
    "aws:s3/bucket:Bucket": "bucketNamespace",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretStringWoVersion",
}
NO_LONGER: Mapping[str, str] = {
    "aws:ec2/instance:Instance": "launchTemplate",  # its id and name do, its version does not
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "clientIdLists",  # clients are added and removed in place
}

"""What AWS computes: endpoints, secrets, groups, names, and what a delete leaves behind."""

from __future__ import annotations

import base64
import json
import re

import pytest
from cryptography import x509

from localcloud.kinds.eks_facts import CERTIFICATE
from localcloud.kinds.model import Refused
from localcloud.store import Origin
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL

_DB, _MEMBER, _DB_INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance", "aws:rds/instance:Instance"
_SECRET, _TEMPLATE, _RECORD = "aws:secretsmanager/secret:Secret", "aws:ec2/launchTemplate:LaunchTemplate", "aws:route53/record:Record"
_SCHEDULE, _EKS, _BALANCER = "aws:autoscaling/schedule:Schedule", "aws:eks/cluster:Cluster", "aws:lb/loadBalancer:LoadBalancer"


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


def _left(account: Account) -> dict[str, str]:
    return {record.resource.id: record.resource.token for record in account.store.records() if record.origin is Origin.LEFT}


def test_aurora_has_a_writers_and_a_readers_endpoint(account):
    cluster = account.db_cluster
    assert re.fullmatch(rf"{cluster.id}\.cluster-[a-z0-9]{{12}}\.us-east-1\.rds\.amazonaws\.com", cluster["endpoint"])
    assert cluster["readerEndpoint"] == cluster["endpoint"].replace(".cluster-", ".cluster-ro-")
    assert re.fullmatch(r"cluster-[A-Z0-9]{26}", cluster["clusterResourceId"])
    assert cluster["port"] == 5432


def test_the_managed_master_secret_is_in_secrets_manager_and_goes_with_the_cluster(account):
    (managed,) = account.db_cluster["masterUserSecrets"]
    assert re.fullmatch(
        r"arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-[0-9a-f-]{36}-[A-Za-z0-9]{6}", managed["secretArn"]
    )
    version = account.ask("secretsmanager/getSecretVersion", secretId=managed["secretArn"])
    value = json.loads(version["secretString"])
    assert value["username"] == "coder"
    assert len(value["password"]) >= 28
    account.delete(account.db_cluster)
    assert account.ids(_SECRET) == []


def test_a_cluster_with_a_password_of_its_own_has_no_managed_secret(account):
    cluster = account.make(_DB, **account.database(manageMasterUserPassword=None, masterPassword="correct-horse"))
    assert cluster["masterUserSecrets"] == []
    assert account.ids(_SECRET) == []


def test_the_first_instance_of_a_cluster_writes_and_the_next_are_in_other_zones(account):
    made = [account.make(_MEMBER, **MINIMAL[_MEMBER](account)) for _ in range(3)]
    assert [each["writer"] for each in made] == [True, False, False]
    assert len({each["availabilityZone"] for each in made}) == 3
    assert all(each["port"] == 5432 for each in made)


def test_a_final_snapshot_stays_behind(account):
    cluster = account.make(_DB, **account.database(skipFinalSnapshot=False, finalSnapshotIdentifier="coder-final"))
    account.delete(cluster)
    assert _left(account) == {"coder-final": "aws:rds/clusterSnapshot:ClusterSnapshot"}
    account.delete(account.make(_DB, **account.database()))
    assert list(_left(account)) == ["coder-final"]


def test_an_instances_id_is_its_resource_id_and_its_endpoint_has_the_port(account):
    instance = account.make(_DB_INSTANCE, **MINIMAL[_DB_INSTANCE](account))
    assert re.fullmatch(r"db-[A-Z0-9]{26}", instance.id)
    assert instance["resourceId"] == instance.id
    assert instance["endpoint"] == f"{instance['address']}:5432"


def test_a_protected_cluster_can_be_deleted_once_the_protection_is_taken_away(account):
    cluster = account.make(_DB, **account.database(deletionProtection=True))
    with pytest.raises(Refused, match="deletion protection"):
        account.delete(cluster)
    account.delete(account.change(cluster, deletionProtection=False))


def test_eks_gives_an_endpoint_an_issuer_and_a_certificate(account):
    cluster = account.cluster
    number = re.fullmatch(r"https://([0-9A-F]{32})\.gr7\.us-east-1\.eks\.amazonaws\.com", cluster["endpoint"])
    assert cluster["identities"][0]["oidcs"][0]["issuer"] == f"https://oidc.eks.us-east-1.amazonaws.com/id/{number[1]}"
    assert cluster["certificateAuthority"]["data"] == CERTIFICATE
    assert x509.load_pem_x509_certificate(base64.b64decode(CERTIFICATE)).subject.rfc4514_string() == "CN=kubernetes"


def test_eks_completes_the_vpc_configuration_with_a_security_group_that_exists(account):
    config = account.cluster["vpcConfig"]
    assert config["vpcId"] == account.vpc.id
    assert config["subnetIds"] == account.subnets
    assert config["clusterSecurityGroupId"] in account.ids("aws:ec2/securityGroup:SecurityGroup")
    rule = {"securityGroupId": config["clusterSecurityGroupId"], "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/16"}
    assert account.refusal("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", **rule) is None


def test_the_cluster_security_group_goes_with_the_cluster(account):
    group = account.cluster["vpcConfig"]["clusterSecurityGroupId"]
    account.delete(account.cluster)
    assert group not in account.ids("aws:ec2/securityGroup:SecurityGroup")


def test_a_node_group_has_an_auto_scaling_group_that_a_schedule_can_name(account):
    name = account.node_group["resources"][0]["autoscalingGroups"][0]["name"]
    assert re.fullmatch(r"eks-control-[0-9a-f-]{36}", name)
    asked = {"scheduledActionName": "up", "recurrence": "45 6 * * 1-5", "minSize": 1}
    assert account.refusal(_SCHEDULE, autoscalingGroupName=name, **asked) is None
    assert account.refusal(_SCHEDULE, autoscalingGroupName="eks-control", **asked) == "ValidationError"


def test_a_launch_template_counts_its_versions(account):
    template = account.make(_TEMPLATE, instanceType="m5.large")
    second = account.change(template, instanceType="m5.xlarge")
    tagged = account.change(second, tags={"Owner": "platform"})
    third = account.change(tagged, instanceType="m5.2xlarge", updateDefaultVersion=True)
    assert [each["latestVersion"] for each in (template, second, tagged, third)] == [1, 2, 2, 3]
    assert [each["defaultVersion"] for each in (template, second, tagged, third)] == [1, 1, 1, 3]


def test_a_node_group_knows_its_launch_template_by_id_and_name(account):
    template = account.make(_TEMPLATE, name="control")
    group = account.make("aws:eks/nodeGroup:NodeGroup", **account.nodes(launchTemplate={"id": template.id, "version": "1"}))
    assert group["launchTemplate"] == {"id": template.id, "name": "control", "version": "1"}


def test_a_network_balancer_has_the_zone_of_its_region(tmp_path):
    zones = []
    for region in ("us-east-1", "eu-central-1"):
        account = Account(tmp_path / region, region)
        zones.append(account.balancer["zoneId"])
        assert re.fullmatch(rf"{account.balancer['name']}-[0-9a-f]{{16}}\.elb\.{region}\.amazonaws\.com", account.balancer["dnsName"])
    assert zones == ["Z26RNL4JYFTOTI", "Z3F0SRJ5LGBH90"]


def test_an_added_subnet_changes_a_network_balancer_and_a_removed_one_replaces_it(account):
    third = account.subnet(2, "c").id
    assert account.replaces(account.balancer, subnets=[*account.subnets, third]) == set()
    assert account.replaces(account.balancer, subnets=account.subnets[:1]) == {"subnets"}
    assert account.replaces(account.balancer, securityGroups=[account.group.id]) == {"securityGroups"}


def test_a_wildcard_and_its_parent_share_one_validation_record(account):
    options = account.certificate["domainValidationOptions"]
    assert [each["domainName"] for each in options] == ["coder.example.com", "*.coder.example.com"]
    assert len({each["resourceRecordName"] for each in options}) == 1
    assert all(each["resourceRecordValue"].endswith(".acm-validations.aws.") for each in options)


def test_a_record_is_completed_with_its_zone(account):
    record = account.make(_RECORD, zoneId=account.zone.id, name="coder", type="A", ttl=60, records=["192.0.2.1"])
    assert record["fqdn"] == "coder.example.com"
    assert record.id == f"{account.zone.id}_coder_A"


def test_addresses_are_from_the_ranges_for_documentation_and_all_different(account):
    addresses = [account.make("aws:ec2/eip:Eip", domain="vpc")["publicIp"] for _ in range(5)]
    assert len(set(addresses)) == 5
    assert all(each.startswith("203.0.113.") for each in addresses)


def test_a_nat_gateway_has_its_address_and_one_of_its_subnet(account):
    nat = account.make("aws:ec2/natGateway:NatGateway", **MINIMAL["aws:ec2/natGateway:NatGateway"](account))
    assert nat["publicIp"].startswith("203.0.113.")
    assert nat["privateIp"].startswith("10.0.0.")


def test_a_vpc_comes_with_its_group_its_acl_and_its_main_table(account):
    vpc = account.vpc
    assert vpc["defaultSecurityGroupId"] in account.ids("aws:ec2/securityGroup:SecurityGroup")
    assert vpc["defaultNetworkAclId"] in account.ids("aws:ec2/networkAcl:NetworkAcl")
    assert vpc["mainRouteTableId"] == vpc["defaultRouteTableId"]
    adopted = account.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", vpcId=vpc.id)
    assert adopted.id == vpc["defaultSecurityGroupId"]


def test_a_deleted_key_waits_for_its_window_to_end(account):
    key = account.make("aws:kms/key:Key", deletionWindowInDays=7)
    account.delete(key)
    assert _left(account) == {key.id: "local:kms:KeyPendingDeletion"}


def test_a_secret_without_a_window_is_gone_at_once_and_another_waits(account):
    account.delete(account.secret)
    assert _left(account) == {}
    other = account.make(_SECRET, name="coder/other")
    account.delete(other)
    assert _left(account) == {other.id: "local:secretsmanager:SecretPendingDeletion"}


def test_encryption_of_a_cluster_can_be_turned_on_later_and_not_off(account):
    encryption = {"resources": ["secrets"], "provider": {"keyArn": account.key["arn"]}}
    plain = account.cluster
    assert account.replaces(plain, encryptionConfig=encryption) == set()
    encrypted = account.change(plain, encryptionConfig=encryption)
    assert account.replaces(encrypted, encryptionConfig=None) == {"encryptionConfig"}


def test_a_password_is_not_read_back_and_stands_in_no_store(account):
    cluster = account.make(_DB, **account.database(manageMasterUserPassword=None, masterPassword="canary-horse-battery"))
    assert account.read(cluster)["masterPassword"] == "canary-horse-battery"  # the state's own
    stored = account.store.of(_DB)[0].resource
    assert "canary" not in json.dumps([stored.inputs, stored.properties])

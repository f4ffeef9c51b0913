"""LiteLLM's database: off unless it is asked for, and then apart from coderd's in all but its version and its days (DB-04, T-63)."""

from __future__ import annotations

from plan import make_plan
from settings.load import load_file
from tests.components.graph import Node
from tests.components.test_demo_table import ROOT
from tests.components.test_regions import RULE, demo, graph
from tests.components.test_shared_database import shared

CLUSTER, GROUP = "aws:rds/cluster:Cluster", "aws:ec2/securityGroup:SecurityGroup"


def clusters() -> tuple[Node, Node]:
    """coderd's and LiteLLM's."""
    return shared().one(CLUSTER, "database"), shared().one(CLUSTER, "litellm-database")


def test_it_is_off_in_the_shipped_file():
    assert load_file(ROOT / "Pulumi.demo.yaml").regions["us-east-2"].litellm_database is None
    assert [node.name for node in graph().of(CLUSTER)] == ["database"]


def test_it_is_as_large_as_declared_and_as_safe_as_coderds():
    """DB-04: 0.5 to 8 ACU; encrypted by a key of its own, restorable, kept from deletion."""
    coderd, litellm = (node.inputs for node in clusters())
    assert litellm["serverlessv2ScalingConfiguration"] == {"minCapacity": 0.5, "maxCapacity": 8}
    assert (litellm["clusterIdentifier"], litellm["databaseName"]) == ("coder-demo-litellm", "litellm")
    for same in ("engine", "engineVersion", "backupRetentionPeriod", "storageEncrypted", "deletionProtection", "skipFinalSnapshot"):
        assert litellm[same] == coderd[same], same
    keys = [shared().reference(node, "kmsKeyId") for node in clusters()]
    assert [[key.name for key in each] for each in keys] == [["database"], ["litellm-database"]]
    assert all(node.protect for node in (*clusters(), *(key for each in keys for key in each)))
    instances = [node for node in shared().of("aws:rds/clusterInstance:ClusterInstance") if "litellm" in node.name]
    assert len(instances) == len({node.inputs["availabilityZone"] for node in instances}) == 2


def test_it_has_a_secret_of_its_own():
    """DB-08: made and rotated by RDS, under its own key; nothing of coderd's may read it."""
    _, litellm = clusters()
    assert litellm.inputs["manageMasterUserPassword"] is True
    assert [key.name for key in shared().reference(litellm, "masterUserSecretKmsKeyId")] == ["litellm-database"]
    secret = litellm.outputs["masterUserSecrets"][0]["secretArn"]
    assert secret != clusters()[0].outputs["masterUserSecrets"][0]["secretArn"]
    assert not [node for node in shared().of("aws:iam/rolePolicy:RolePolicy") if secret in node.inputs["policy"]]


def test_only_the_control_nodes_of_its_region_reach_it():
    """NET-27, T-38: in a security group of its own; not from a region whose coderd is on coderd's database."""
    _, litellm = clusters()
    (group,) = shared().reference(litellm, "vpcSecurityGroupIds")
    assert (group.type, group.name) == (GROUP, "litellm-database")
    assert "'" not in group.inputs["description"]  # EC2 refuses it
    opened = [node for node in shared().of(RULE) if group in shared().reference(node, "securityGroupId")]
    assert [node.inputs["fromPort"] for node in opened] == [5432]
    assert [source.name for source in shared().reference(opened[0], "referencedSecurityGroupId")] == ["us-east-2-control"]
    assert "cidrIpv4" not in opened[0].inputs


def test_it_is_in_the_plan():
    """DB-04: cost, quotas, and an alarm near its maximum."""
    plan, without = make_plan(demo(litellm=True)), make_plan(demo())
    (line,) = [line for line in plan.monthly_cost.lines if "LiteLLM" in line.item]
    assert line.item == "us-east-2: Aurora for LiteLLM, 2 instances at their minimum of 0.5 ACU (at most 8)"
    assert line.monthly_usd == next(line.monthly_usd for line in plan.monthly_cost.lines if "Aurora, 2 instances" in line.item)
    quotas = {quota.name: quota.need for quota in plan.regions["us-east-2"].quotas}
    assert (quotas["DB clusters"], quotas["DB instances"]) == (2, 4)
    alarms = {alarm.name: alarm for alarm in plan.observability.regions["us-east-2"].alarms}
    assert alarms["litellm-database-near-maximum"].threshold == 0.9 * 8
    assert not [alarm.name for alarm in without.observability.regions["us-east-2"].alarms if "litellm" in alarm.name]
    (made,) = [node for node in shared().nodes if node.name == "us-east-2-litellm-database-near-maximum"]
    assert made.inputs["dimensions"]["DBClusterIdentifier"] == "coder-demo-litellm"

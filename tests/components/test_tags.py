"""Tags of everything that takes them."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from components.tags import environment_tags, tag_everything
from tests.components.conftest import Deploy

TAGS = environment_tags(system="prod", owner="platform", cost_center="developer-experience")


class _Inner(pulumi.ComponentResource):
    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("coder-eks:network:Network", "inner", {}, opts)
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", tags={"Name": "mine", "Owner": "me"}, opts=pulumi.ResourceOptions(parent=self))
        aws.ec2.RouteTable("t", vpc_id=vpc.id, tags=vpc.arn.apply(lambda arn: {"Arn": arn}), opts=pulumi.ResourceOptions(parent=vpc))


def _program() -> None:
    tag_everything(TAGS)
    _Inner()
    aws.sns.Topic("alone")
    aws.ec2.Route("untaggable", route_table_id="rtb-1", destination_cidr_block="0.0.0.0/0", gateway_id="igw-1")
    aws.autoscaling.Tag("other-shape", autoscaling_group_name="g", tag={"key": "k", "value": "v", "propagate_at_launch": False})


def test_a_resource_carries_the_tags_of_its_environment_and_component(deploy: Deploy):
    graph = deploy(_program)
    tags = graph.one("aws:sns/topic:Topic").tags()
    assert tags == {
        "Environment": "prod",
        "Component": "sns",
        "CostCenter": "developer-experience",
        "Owner": "platform",
        "ManagedBy": "pulumi",
    }


def test_a_component_names_itself_on_everything_below_it(deploy: Deploy):
    graph = deploy(_program)
    assert graph.one("aws:ec2/vpc:Vpc").tags()["Component"] == "network"
    assert graph.one("aws:ec2/routeTable:RouteTable").tags()["Component"] == "network"


def test_a_tag_of_the_resource_itself_wins(deploy: Deploy):
    tags = deploy(_program).one("aws:ec2/vpc:Vpc").tags()
    assert tags["Owner"] == "me"
    assert tags["Name"] == "mine"


def test_tags_that_are_known_late_are_merged(deploy: Deploy):
    tags = deploy(_program).one("aws:ec2/routeTable:RouteTable").tags()
    assert tags["Arn"].startswith("arn:aws:ec2:")
    assert tags["Environment"] == "prod"


def test_what_takes_no_tags_is_left_alone(deploy: Deploy):
    graph = deploy(_program)
    assert "tags" not in graph.one("aws:ec2/route:Route").inputs
    assert graph.one("aws:autoscaling/tag:Tag").inputs["tag"] == {"key": "k", "value": "v", "propagateAtLaunch": False}


@pytest.mark.parametrize("tags", [{"aws:owner": "x"}, {"": "x"}, {"k" * 129: "x"}, {"Owner": "x" * 257}])
def test_a_tag_that_aws_refuses_is_refused(tags: dict[str, str]):
    with pytest.raises(ValueError, match="is no tag"):
        tag_everything(tags)

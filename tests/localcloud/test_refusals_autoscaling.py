"""What EC2 refuses of interfaces, and Auto Scaling of groups: every row with an input that is refused and a near one that is not."""

from __future__ import annotations

import pytest

from tests.localcloud.account import Account
from tests.localcloud.pairs import Pair, judge, made, rows, untested

_INTERFACE, _SCALING, _ROUTE = (
    "aws:ec2/networkInterface:NetworkInterface",
    "aws:autoscaling/group:Group",
    "aws:ec2/route:Route",
)
ROWS = rows("refusals_autoscaling")


def _group_of(vpc: str):
    return lambda account: [account.make("aws:ec2/securityGroup:SecurityGroup", vpcId=getattr(account, vpc).id).id]


PAIRS = {
    "an interface's groups are in its VPC": Pair(
        made(_INTERFACE, securityGroups=_group_of("other_vpc")), made(_INTERFACE, securityGroups=_group_of("vpc"))
    ),
    "sizes are in order": Pair(made(_SCALING, desiredCapacity=2), made(_SCALING, desiredCapacity=1)),
    "a group launches from one thing": Pair(made(_SCALING, launchTemplate=None), made(_SCALING)),
    "a group is somewhere": Pair(made(_SCALING, vpcZoneIdentifiers=None), made(_SCALING)),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


def test_a_route_leads_to_an_interface_that_is_there(tmp_path):
    """NET-15: what a NAT instance's routes point to."""
    account = Account(tmp_path)
    way = {"routeTableId": account.table.id, "destinationCidrBlock": "0.0.0.0/0"}

    assert account.refusal(_ROUTE, **way, networkInterfaceId="eni-0123456789abcdef0") == "InvalidNetworkInterfaceID.NotFound"
    interface = account.make(_INTERFACE, subnetId=account.subnets[0])
    assert account.refusal(_ROUTE, **way, networkInterfaceId=interface.id) is None

"""What moto refuses, the local cloud refuses, too; and what moto takes although AWS refuses it, the local cloud refuses.

moto is a floor, not an oracle. Each case is one bad request, put to both.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from localcloud.kinds.model import Refused
from tests.localcloud import moto_network, moto_services
from tests.localcloud.account import Account
from tests.localcloud.moto_side import client

REQUESTS = {**moto_network.REQUESTS, **moto_services.REQUESTS}
# moto 5.2.5 takes these although AWS (or its Terraform provider) refuses them: the local cloud goes beyond moto
MOTO_TAKES = frozenset(
    {
        "Aurora backups for 90 days",
        "a NAT gateway without an internet gateway",
        "a TLS listener without a certificate",
        "a balancer twice",
        "a balancer with too long a name",
        "a bucket with a bad name",
        "a load balancer twice in one zone",
        "a minimum above the maximum of ACU",
        "a plan with a schedule that is no cron",
        "a record with a wrong address",
        "a second internet gateway",
        "a subnet group in one zone",
        "a subnet in use goes",
        "a trust policy that trusts nobody",
        "an EKS cluster in one zone",
        "an EKS version of long ago",
        "an alias that is AWS's own",
        "an instance without a good image",
        "an unknown engine version",
        "logs kept for 91 days",
    }
)


@pytest.fixture(autouse=True)
def moto(monkeypatch):
    """An empty account of moto's, without its 500 images, and without a way to a real one."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield


def _refused(act: Callable[[], object], *faults: type[Exception]) -> bool:
    try:
        act()
    except faults:
        return True
    return False


# moto tells a code that botocore's model does not list
@pytest.mark.filterwarnings("ignore:Exception.*does not match an error shape")
@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_what_moto_or_aws_refuses_is_refused_here(name, tmp_path):
    request = REQUESTS[name]
    assert _refused(lambda: request.local(Account(tmp_path)), Refused)
    assert _refused(lambda: request.moto(client), ClientError, ParamValidationError) is (name not in MOTO_TAKES)


def test_the_cases_that_moto_takes_are_cases():
    assert set(REQUESTS) >= MOTO_TAKES

"""What Elastic Load Balancing, Auto Scaling, Route 53 and ACM refuse: each row with a refused input and a near one."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.kinds import cron
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, deleted, judge, made, rows, untested

_BALANCER, _TARGETS, _LISTENER = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup", "aws:lb/listener:Listener"
_SCHEDULE = "aws:autoscaling/schedule:Schedule"
_ZONE, _RECORD, _HEALTH = "aws:route53/zone:Zone", "aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"
_CERTIFICATE, _VALIDATION = "aws:acm/certificate:Certificate", "aws:acm/certificateValidation:CertificateValidation"
ROWS = rows("refusals_elb", "refusals_dns")


def _subnets(*places: tuple[int, str]) -> Any:
    return lambda account: [account.subnet(third, letter).id for third, letter in places]


def _groups(which: str) -> Act:
    return made(_BALANCER, securityGroups=lambda account: [getattr(account, which).id])


def _public(account: Account, *, gateway: bool) -> object:
    if gateway:
        assert account.gateway.id
    return account.make(_BALANCER, loadBalancerType="network", subnets=account.subnets)


def _tls(*, proven: bool = True, **inputs: Any) -> Act:
    """A TLS listener on a certificate."""

    def act(account: Account) -> object:
        if proven:
            account.prove(account.certificate)
        given = {**MINIMAL[_LISTENER](account), "protocol": "TLS", "certificateArn": account.certificate["arn"], **inputs}
        return account.make(_LISTENER, **{name: value for name, value in given.items() if value is not None})

    return act


def _forward_to(**group: Any) -> Act:
    """A TCP listener that forwards to a target group of this kind."""

    def act(account: Account) -> object:
        inputs = {"port": 8080, "protocol": "TCP", "targetType": "ip", "vpcId": account.vpc.id}
        vpc = {"vpcId": account.other_vpc.id} if group.get("elsewhere") else {}
        shape = {name: value for name, value in group.items() if name != "elsewhere"}
        targets = account.make(_TARGETS, **{**inputs, **vpc, **shape})
        action = {"type": "forward", "targetGroupArn": targets["arn"]}
        return account.make(_LISTENER, loadBalancerArn=account.balancer["arn"], port=80, protocol="TCP", defaultActions=[action])

    return act


def _two_balancers(*, shared: bool) -> Act:
    def act(account: Account) -> object:
        account.make(_LISTENER, **MINIMAL[_LISTENER](account))
        other = account.make(_BALANCER, loadBalancerType="network", internal=True, subnets=account.subnets) if shared else account.balancer
        return account.make(_LISTENER, **{**MINIMAL[_LISTENER](account), "loadBalancerArn": other["arn"], "port": 444})

    return act


def _two_records(first: dict[str, Any], second: dict[str, Any]) -> Act:
    def act(account: Account) -> object:
        made(_RECORD, **first)(account)
        return made(_RECORD, **second)(account)

    return act


def _alias(name: str | None) -> Act:
    """An alias to the balancer, or to a name like its."""

    def act(account: Account) -> object:
        target = {"name": name or account.balancer["dnsName"], "zoneId": account.balancer["zoneId"], "evaluateTargetHealth": True}
        return account.make(_RECORD, zoneId=account.zone.id, name="coder.example.com", type="A", aliases=[target])

    return act


def _validated(records: int) -> Act:
    def act(account: Account) -> object:
        certificate = account.make(
            _CERTIFICATE, domainName="example.com", subjectAlternativeNames=["*.example.com", "a.example.com"], validationMethod="DNS"
        )
        for record in account.prove(certificate)[records:]:
            account.delete(record)
        return account.make(_VALIDATION, certificateArn=certificate["arn"])

    return act


def _listing(count: int) -> Act:
    def act(account: Account) -> object:
        names = sorted(record["fqdn"] for record in account.prove(account.certificate))
        return account.make(
            _VALIDATION, certificateArn=account.certificate["arn"], validationRecordFqdns=names[:count] or ["other.example.com"]
        )

    return act


_CNAME = {"type": "CNAME", "records": ["other.example.net"]}
PAIRS = {
    "a balancer has subnets": Pair(made(_BALANCER, subnets=[]), made(_BALANCER, subnets=_subnets((30, "a")))),
    "one subnet in a zone, all in one VPC": Pair(
        made(_BALANCER, subnets=_subnets((30, "a"), (31, "a"))), made(_BALANCER, subnets=_subnets((30, "a"), (31, "b")))
    ),
    "a balancer's groups are in its VPC": Pair(_groups("other_group"), _groups("group")),
    "a public balancer's VPC has an internet gateway": Pair(
        lambda account: _public(account, gateway=False), lambda account: _public(account, gateway=True)
    ),
    "a protected balancer stays": Pair(deleted(_BALANCER, enableDeletionProtection=True), deleted(_BALANCER)),
    "a target group has port, protocol and VPC": Pair(made(_TARGETS, vpcId=None), made(_TARGETS)),
    "a health check fits its protocol": Pair(
        made(_TARGETS, healthCheck={"protocol": "TCP", "path": "/healthz"}),
        made(_TARGETS, healthCheck={"protocol": "HTTP", "path": "/healthz"}),
    ),
    "a listener has a protocol of its balancer": Pair(made(_LISTENER, protocol="HTTP"), made(_LISTENER, protocol="TCP")),
    "TLS has a certificate, the rest none": Pair(_tls(certificateArn=None), _tls()),
    "the certificate is issued": Pair(_tls(proven=False), _tls()),
    "the TLS policy exists": Pair(
        _tls(sslPolicy="ELBSecurityPolicy-TLS13-2021-06"), _tls(sslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06")
    ),
    "a TLS policy is for TLS": Pair(made(_LISTENER, sslPolicy="ELBSecurityPolicy-2016-08"), _tls(sslPolicy="ELBSecurityPolicy-2016-08")),
    "the group's protocol fits the listener's": Pair(
        _forward_to(protocol="UDP", healthCheck={"protocol": "TCP"}), _forward_to(protocol="TCP")
    ),
    "the target group is in the balancer's VPC": Pair(_forward_to(elsewhere=True), _forward_to()),
    "a target group has one balancer": Pair(_two_balancers(shared=True), _two_balancers(shared=False)),
    "a listener does something": Pair(made(_LISTENER, defaultActions=[{"type": "forward"}]), made(_LISTENER)),
    "minimum, desired and maximum are in order": Pair(made(_SCHEDULE, minSize=3, maxSize=2), made(_SCHEDULE, minSize=3, maxSize=-1)),
    "a schedule says what and when": Pair(made(_SCHEDULE, recurrence=None), made(_SCHEDULE)),
    "the recurrence is a cron expression": Pair(
        made(_SCHEDULE, recurrence="45 6 * * MON-FUN"), made(_SCHEDULE, recurrence="45 6 * * MON-FRI")
    ),
    "the time zone exists": Pair(made(_SCHEDULE, timeZone="America/Newark"), made(_SCHEDULE, timeZone="America/New_York")),
    "times have their form": Pair(made(_SCHEDULE, startTime="2026-12-01 06:45"), made(_SCHEDULE, startTime="2026-12-01T06:45:00Z")),
    # DNS and certificates
    "a zone has a domain name": Pair(made(_ZONE, name="exa mple.org"), made(_ZONE, name="example.org")),
    "a record lies in its zone": Pair(made(_RECORD, name="a.example.net."), made(_RECORD, name="a.example.com.")),
    "a record has a domain name": Pair(made(_RECORD, name="a..example.com"), made(_RECORD, name="*.example.com")),
    "no record twice": Pair(_two_records({}, {"name": "A.example.com."}), _two_records({}, {"name": "b.example.com"})),
    "a CNAME stands alone, and not at the apex": Pair(
        _two_records(_CNAME, {"type": "A"}), _two_records(_CNAME, {"type": "A", "name": "b.example.com"})
    ),
    "values with a time to live, or an alias": Pair(made(_RECORD, ttl=None), made(_RECORD)),
    "values fit the type": Pair(made(_RECORD, records=["192.0.2.256"]), made(_RECORD, records=["192.0.2.255"])),
    "the alias target exists": Pair(_alias("coder-0123456789abcdef.elb.us-east-1.amazonaws.com"), _alias(None)),
    "one routing policy with a set identifier": Pair(
        made(_RECORD, latencyRoutingPolicies=[{"region": "us-east-1"}]),
        made(_RECORD, latencyRoutingPolicies=[{"region": "us-east-1"}], setIdentifier="a"),
    ),
    "a health check has a target": Pair(made(_HEALTH, fqdn=None), made(_HEALTH, fqdn=None, ipAddress="192.0.2.1")),
    "certificates are for domain names": Pair(
        made(_CERTIFICATE, domainName="*.*.example.com"), made(_CERTIFICATE, domainName="*.example.com")
    ),
    "the records of a validation exist": Pair(_validated(1), _validated(2)),
    "a validation lists all records": Pair(_listing(0), _listing(1)),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


def test_a_cname_at_the_apex_is_refused(tmp_path):
    account = Account(tmp_path)
    assert account.refusal(_RECORD, zoneId=account.zone.id, name="example.com", ttl=60, **_CNAME) == "InvalidChangeBatch"


def test_an_application_balancer_needs_two_zones(tmp_path):
    account = Account(tmp_path)
    asked = {"internal": True, "loadBalancerType": "application"}
    assert account.refusal(_BALANCER, subnets=account.subnets[:1], **asked) == "ValidationError"
    assert account.refusal(_BALANCER, subnets=account.subnets, **asked) is None


@pytest.mark.parametrize("expression", ["45 6 * * 1-5", "*/15 0-23/2 1,15 JAN-MAR MON,WED", "0 0 * * 7"])
def test_unix_cron_is_taken(expression):
    assert cron.fault(expression) is None


@pytest.mark.parametrize(
    "expression", ["", "45 6 * *", "60 6 * * *", "45 24 * * *", "45 6 0 * *", "45 6 * 13 *", "45 6 * * 8", "45 6-5 * * *", "*/0 * * * *"]
)
def test_other_texts_are_no_unix_cron(expression):
    assert cron.fault(expression)


@pytest.mark.parametrize(
    "expression",
    ["cron(0 5 * * ? *)", "cron(0 5 ? * MON-FRI *)", "cron(0 5 L * ? *)", "cron(0 5 ? * 2#1 *)", "rate(1 hour)", "rate(5 minutes)"],
)
def test_schedules_of_events_are_taken(expression):
    assert cron.schedule_fault(expression) is None


@pytest.mark.parametrize(
    "expression", ["0 5 * * *", "cron(0 5 * * * *)", "cron(0 5 ? * ? *)", "cron(0 5 * * ?)", "rate(1 hours)", "rate(0 minutes)"]
)
def test_other_texts_are_no_schedules_of_events(expression):
    assert cron.schedule_fault(expression)

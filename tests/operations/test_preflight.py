"""`coder-eks preflight` against moto's account, and against small stand-ins for what moto does not serve."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from moto import mock_aws
from rich.console import Console

from operations import preflight_account, preflight_quotas, preflight_reach, preflight_secrets
from operations.command import main
from operations.failure import ExitCode
from operations.preflight import CHECKS, Check, Finding, State, as_json, asked, passed, run, show
from operations.preflight_surroundings import Answer, NoAnswerError, Surroundings, fetch
from policy.property_02_quota import outdated, shortfalls
from tests.plan.stacks import plan_of, prod
from tools.install import ROOT

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
LICENSE = f"eyJhbGciOiJFZERTQSJ9.{base64.urlsafe_b64encode(json.dumps({'exp': 4_000_000_000}).encode()).decode().rstrip('=')}.c2lnbmF0dXJl"
CANARY = "canary-7f3a"


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    """An account, shared by this file's tests; each makes what it needs under names of its own."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_DEFAULT_REGION", REGION)):
            patch.setenv(name, value)
        yield


def client(service: str, region: str) -> Any:
    return boto3.client(service, region_name=region)  # pyright: ignore[reportCallIssue, reportArgumentType]


def around(change: str = "", **others: Any) -> Surroundings:
    return Surroundings(stack="prod", settings=prod(change), plan=plan_of(change), **{"client": client, **others})


def with_services(**fakes: Any) -> Callable[[str, str], Any]:
    """moto's clients, but for these services; an underscore stands for a dash."""
    return lambda service, region: fakes.get(service.replace("-", "_")) or client(service, region)


def answers(check: Callable[[Surroundings], Any], world: Surroundings) -> list[Answer]:
    return list(check(world))


# -- the table


def test_the_table_asks_everything_in_its_order():
    assert [check.name for check in CHECKS] == [
        *("credentials", "quotas", "zones", "instance types", "database engine", "Kubernetes versions", "hosted zone", "secrets"),
        *("identity provider", "Kubernetes API"),
    ]


def _raises(error: Exception) -> Callable[[Surroundings], Iterator[Answer]]:
    def check(_: Surroundings) -> Iterator[Answer]:
        yield Answer(True, "so far")
        raise error

    return check


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you."}}, "DescribeZones")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DENIED, "AWS refuses DescribeZones: AccessDenied: not you"),
        (EndpointConnectionError(endpoint_url="https://ec2"), "AWS does not answer (EndpointConnectionError); is it reachable from here?"),
        (NoCredentialsError(), "there are no AWS credentials; sign in to the account (`aws sso login`, or AWS_PROFILE)"),
        (NoAnswerError("nobody there"), "nobody there"),
    ],
)
def test_what_cannot_be_asked_is_neither_right_nor_wrong(error: Exception, sentence: str):
    findings = run(around(), [Check("a", _raises(error)), Check("b", lambda _: [Answer(True, "right")])])
    assert findings == (
        Finding("a", State.OK, "so far"),
        Finding("a", State.NOT_CHECKED, sentence),
        Finding("b", State.OK, "right"),
    )
    assert passed(findings)


@pytest.mark.parametrize("error", [DENIED, NoCredentialsError(), EndpointConnectionError(endpoint_url="https://sts")])
def test_without_an_account_nothing_of_it_is_asked(error: Exception):
    """PRE-12."""
    findings = run(
        around(),
        [
            Check("credentials", _raises(error), needs_account=False, required=True),
            Check("zones", _raises(AssertionError("asked"))),
            Check("login", lambda _: [Answer(True, "right")], needs_account=False),
        ],
    )
    assert [finding.state for finding in findings] == [State.OK, State.FAILED, State.NOT_CHECKED, State.OK]
    assert not passed(findings)


def test_limits_that_cannot_be_read_are_no_pass():
    """PRE-08: it passes if and only if all quotas suffice."""
    findings = run(
        around(), [check if check.name != "quotas" else Check("quotas", _raises(DENIED), required=True) for check in CHECKS[1:2]]
    )
    assert [finding.state for finding in findings] == [State.OK, State.FAILED]
    assert {check.name for check in CHECKS if check.required} == {"credentials", "quotas"}


def test_what_aws_says_is_one_line():
    page = ClientError({"Error": {"Code": "500", "Message": f"<!doctype html>\n{'<p>' * 500}"}}, "GetServiceQuota")
    (_, finding) = run(around(), [Check("quotas", _raises(page))])
    assert "\n" not in finding.sentence
    assert len(finding.sentence) < 300


def test_findings_for_people_and_for_programs():
    """PRE-14."""
    findings = (Finding("zones", State.OK, "a"), Finding("secrets", State.FAILED, "b"), Finding("login", State.NOT_CHECKED, "c"))
    written = io.StringIO()
    show("prod", findings, Console(file=written, width=100))
    text = written.getvalue()
    assert "secrets" in text
    assert "1 right, 1 not checked, 1 would stop `pulumi up --stack prod`" in text
    assert as_json("prod", findings) == {
        "stack": "prod",
        "passed": False,
        "checks": [
            {"name": "zones", "state": "ok", "sentence": "a"},
            {"name": "secrets", "state": "failed", "sentence": "b"},
            {"name": "login", "state": "not checked", "sentence": "c"},
        ],
    }


def test_the_command_ends_with_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """PRE-14: in an account that has nothing yet."""
    monkeypatch.setattr("operations.preflight.CHECKS", CHECKS)
    monkeypatch.setattr("operations.preflight.run.__defaults__", (tuple(c for c in CHECKS if c.name in ("credentials", "hosted zone")),))
    code = main(["preflight", "--stack", "prod", "--project", str(Path(__file__).parents[2]), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.BLOCKED
    assert told["passed"] is False
    assert [check["state"] for check in told["checks"]] == ["ok", "failed"]


# -- the account


@pytest.mark.parametrize(
    ("declared", "right", "part"),
    [
        ("", True, "name it as system.account_id"),
        (f'system: {{ account_id: "{ACCOUNT}" }}', True, f"account {ACCOUNT}, as arn:"),
        ('system: { account_id: "210987654321" }', False, "system.account_id is 210987654321; sign in to that one"),
    ],
)
def test_the_account_is_the_one_that_is_meant(declared: str, right: bool, part: str):
    """PRE-12."""
    (answer,) = answers(preflight_account.credentials, around(declared))
    assert answer.right is right
    assert part in answer.sentence


def test_zones_that_serve():
    """PRE-11."""
    (answer,) = answers(preflight_account.zones, around())
    assert answer.right is True
    assert "us-east-1a (use1-az" in answer.sentence


def test_a_zone_without_eks_is_told_with_zones_that_serve():
    """PRE-11: in moto's account us-east-1e is use1-az3, as in many."""
    named = "regions: { us-east-1: { network: { zone_names: [us-east-1a, us-east-1c, us-east-1e] } } }"
    (answer,) = answers(preflight_account.zones, around(named))
    assert answer == Answer(
        False,
        "us-east-1e is use1-az3 in this account, where EKS puts no control plane; write regions.us-east-1.network.zone_names: "
        "[us-east-1a, us-east-1b, us-east-1c]",
    )


def _zones(*zones: tuple[str, str, str]) -> Any:
    described = [{"ZoneName": name, "ZoneId": identity, "State": state, "ZoneType": "availability-zone"} for name, identity, state in zones]
    return SimpleNamespace(describe_availability_zones=lambda: {"AvailabilityZones": described})


def test_zones_that_are_not_there_or_not_available():
    """PRE-11."""
    fake = _zones(("us-east-1a", "use1-az1", "available"), ("us-east-1b", "use1-az2", "impaired"))
    found = answers(preflight_account.zones, around(client=with_services(ec2=fake)))
    assert [answer.right for answer in found] == [False, False]
    assert found[0].sentence.startswith("us-east-1b is impaired; us-east-1 has 1 zones that serve: take another region, or fewer zones")
    assert found[1].sentence.startswith("us-east-1c is no zone of this account, which has us-east-1a, us-east-1b")


def test_instance_types_that_are_offered():
    """PRE-11."""
    (answer,) = answers(preflight_account.instance_types, around())
    assert answer == Answer(True, "us-east-1 offers c5.2xlarge, m5.2xlarge, m5.large in every planned zone")


def test_an_instance_type_that_a_zone_does_not_have():
    """PRE-11: moto has AWS's own list, where us-east-1e has none of the newer families."""
    change = (
        "regions: { us-east-1: { network: { zone_names: [us-east-1a, us-east-1b, us-east-1e] }, "
        "cluster: { node_groups: { coder-ws: { instance_type: m7i.2xlarge } } } } }"
    )
    found = answers(preflight_account.instance_types, around(change))
    assert [answer.right for answer in found] == [False] * 3
    assert found[2].sentence.startswith("m7i.2xlarge of coder-ws is not offered in us-east-1e: it is in us-east-1a, us-east-1b, ")


@pytest.mark.parametrize(
    ("version", "right", "part"),
    [
        ("15.2", True, "us-east-1 offers aurora-postgresql 15.2 on db.serverless"),
        ("14.99", False, "it has 14.4, 14.5, 14.6, 14.7: change versions.aurora_postgresql"),
    ],
)
def test_the_engine_version_is_offered(version: str, right: bool, part: str):
    """PRE-11."""
    (answer,) = answers(preflight_account.database_engine, around(f'versions: {{ aurora_postgresql: "{version}" }}'))
    assert answer.right is right
    assert part in answer.sentence


def _eks(versions: list[str], add_ons: dict[str, list[str]]) -> Any:
    def describe(kubernetesVersion: str, addonName: str) -> Any:  # noqa: N803 - boto3's spelling
        assert kubernetesVersion in versions
        found = add_ons.get(addonName)
        return {"addons": [{"addonVersions": [{"addonVersion": version} for version in found]}] if found else []}

    return SimpleNamespace(
        describe_cluster_versions=lambda includeAll: {"clusterVersions": [{"clusterVersion": version} for version in versions]},  # noqa: N803, ARG005
        describe_addon_versions=describe,
    )


def _pinned(world: Surroundings) -> dict[str, list[str]]:
    inside = asdict(world.settings.versions.in_cluster(world.settings.regions[REGION].cluster.kubernetes_version))
    names = {"ebs_csi_driver": "aws-ebs-csi-driver", "pod_identity_agent": "eks-pod-identity-agent"}
    return {names.get(key, key.replace("_", "-")): [version] for key, version in inside.items()}


def test_kubernetes_and_its_add_ons_are_offered():
    """PRE-11, T-57."""
    plain = around()
    version = plain.settings.regions[REGION].cluster.kubernetes_version
    (answer,) = answers(preflight_account.kubernetes_versions, around(client=with_services(eks=_eks([version], _pinned(plain)))))
    assert answer == Answer(True, f"EKS in us-east-1 offers {version} and every add-on in its pinned version")


def test_a_version_that_eks_does_not_offer():
    """PRE-11, T-57."""
    plain = around()
    version = plain.settings.regions[REGION].cluster.kubernetes_version
    (answer,) = answers(preflight_account.kubernetes_versions, around(client=with_services(eks=_eks(["1.99", "1.98"], {}))))
    assert answer.sentence == f"EKS in us-east-1 offers 1.99, 1.98, not {version}; change regions.us-east-1.cluster.kubernetes_version"
    offered = {**_pinned(plain), "coredns": ["v1.99.0-eksbuild.1"]}
    del offered["vpc-cni"]
    found = answers(preflight_account.kubernetes_versions, around(client=with_services(eks=_eks([version], offered))))
    assert [answer.right for answer in found] == [False, False]
    assert "it knows no such add-on: change versions.add_ons.vpc_cni" in found[0].sentence
    assert "the newest is v1.99.0-eksbuild.1: change versions.add_ons.coredns" in found[1].sentence


def test_the_hosted_zone_is_there_once_and_public():
    """PRE-03."""
    route53 = client("route53", REGION)
    for domain, private in (("only.example", False), ("inside.example", True), ("twice.example", False), ("twice.example", False)):
        extra = {"VPC": {"VPCRegion": REGION, "VPCId": "vpc-0"}} if private else {}
        route53.create_hosted_zone(Name=domain, CallerReference=f"{domain}-{id(extra)}", HostedZoneConfig={"PrivateZone": private}, **extra)

    def asked(domain: str) -> list[Answer]:
        host = f'system: {{ base_domain: {domain} }}\ncoder: {{ access_host: {domain}, wildcard_host: "*.{domain}" }}'
        return answers(preflight_account.hosted_zone, around(host))

    right, delegation = asked("only.example")
    assert right == Answer(True, "only.example is a public hosted zone of this account")
    assert delegation.right is None
    assert "dig +short NS only.example" in delegation.sentence
    assert [
        (a.right, a.sentence.split(" in this account")[0])
        for domain in ("inside.example", "twice.example", "none.example")
        for a in asked(domain)
    ] == [
        (False, "inside.example has a private hosted zone only"),
        (False, "twice.example has 2 public hosted zones"),
        (False, "none.example has no hosted zone"),
    ]


# -- quotas


class Quotas:
    """Service Quotas with these limits of the account; moto knows those of one service only."""

    class exceptions:  # noqa: N801 - boto3's spelling
        class NoSuchResourceException(Exception):  # noqa: N818 - likewise
            pass

    def __init__(self, limits: dict[str, float], defaults: dict[str, float]) -> None:
        self._limits, self._defaults = limits, defaults

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803, ARG002 - boto3's spelling
        return self._answer(self._limits, QuotaCode)

    def get_aws_default_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803, ARG002 - likewise
        return self._answer(self._defaults, QuotaCode)

    def _answer(self, known: dict[str, float], code: str) -> Any:
        if code not in known:
            raise self.exceptions.NoSuchResourceException
        return {"Quota": {"Value": known[code]}}


def _enough() -> dict[str, float]:
    """Just what prod needs, and the one VPC, gateway and no address that moto's account begins with beside it."""
    return {quota.code: quota.need + (quota.code == "L-F678F1CE") for quota in plan_of().regions[REGION].quotas}


def test_quotas_that_suffice():
    """PRE-02, PRE-08: limits of the account first, AWS's defaults for what it never asked for."""
    limits = _enough()
    fake = Quotas({"L-1216C47A": limits.pop("L-1216C47A")}, limits)
    (answer,) = answers(preflight_quotas.quotas, around(client=with_services(service_quotas=fake)))
    assert answer == Answer(True, f"us-east-1: all {len(limits) + 1} quotas suffice")


def test_a_short_quota_is_one_line_with_code_have_and_need():
    """PRE-06."""
    limits = {**_enough(), "L-1216C47A": 5.0, "L-F678F1CE": 1.0}
    found = answers(preflight_quotas.quotas, around(client=with_services(service_quotas=Quotas(limits, {}))))
    assert [answer.right for answer in found] == [False, False]
    assert found[0].sentence.startswith(
        "us-east-1: L-1216C47A Running On-Demand Standard instances, vCPU (ec2): has 5, needs 1,766 (3 x 2 + 20 x 8 + 200 x 8"
    )
    assert found[0].sentence.endswith("ask Service Quotas for at least 1,766")
    assert "L-F678F1CE VPCs per region (vpc): has 1, needs 1 beside 1 of others in the account" in found[1].sentence


def test_a_quota_that_aws_does_not_tell_does_not_pass():
    """PRE-08."""
    limits = _enough()
    del limits["L-BD136A63"]
    (answer,) = answers(preflight_quotas.quotas, around(client=with_services(service_quotas=Quotas(limits, {}))))
    assert answer.right is False
    assert "AWS does not tell the limit of L-BD136A63" in answer.sentence


def test_what_is_this_stacks_own_is_not_counted_twice():
    """PRE-02: after the first update its VPC is in the account already."""
    ec2 = client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Environment", "Value": "prod"}])
    try:
        (answer,) = answers(preflight_quotas.quotas, around(client=with_services(service_quotas=Quotas(_enough(), {}))))
    finally:
        ec2.delete_vpc(VpcId=vpc)
    assert answer.right is True


def test_the_report_is_what_property_2_reads():
    """PRE-14, POL-02: limits and the usage of others, by region and code; with it the judge decides, without a code it does not pass."""
    limits = {**_enough(), "L-1216C47A": 5.0}
    del limits["L-BD136A63"]
    found = preflight_quotas.report(around(client=with_services(service_quotas=Quotas(limits, {}))), ROOT / "Pulumi.prod.yaml")
    assert outdated(found, "prod", datetime.now(UTC)) is None
    assert found["limits"] == {REGION: limits}
    assert found["usage"][REGION]["L-F678F1CE"] == 1  # moto's default VPC
    lacks = shortfalls({"L-1216C47A": 8.0, "L-BD136A63": 2.0, "L-F678F1CE": 1.0}, found["limits"][REGION], found["usage"][REGION])
    assert [lack.code for lack in lacks] == ["L-1216C47A", "L-BD136A63"]


@pytest.mark.parametrize(
    ("credentials", "quotas", "there"),
    [(State.OK, State.FAILED, True), (State.OK, State.OK, True), (State.OK, State.NOT_CHECKED, False), (State.FAILED, State.FAILED, False)],
)
def test_there_is_a_report_only_of_what_the_account_answered(credentials: State, quotas: State, there: bool):
    findings = (Finding("credentials", credentials, ""), Finding("quotas", quotas, ""))
    assert asked(findings, "quotas") is there


def test_defaults_of_vpc_quotas_are_awss_own():
    """Requirements 2.14: moto keeps what Service Quotas answers for this service, by code."""
    published = client("service-quotas", REGION).list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
    defaults = {quota["QuotaCode"]: quota["Value"] for quota in published}
    ours = {quota.code: quota.default for quota in plan_of().regions[REGION].quotas if quota.service == "vpc"}
    assert len(ours) >= 8
    assert ours == {code: defaults[code] for code in ours}


# -- secrets


def _secrets(values: dict[str, str]) -> list[Answer]:
    """Answers where these secrets of prod have these values, and the others right ones."""
    coder = prod().coder
    right = {
        coder.secrets.license: LICENSE,
        coder.secrets.oidc: json.dumps({"client_id": "coder", "client_secret": CANARY}),
        coder.secrets.external_auth: json.dumps({"primary-github_client_id": "a", "primary-github_client_secret": CANARY}),
        coder.secrets.encryption_keys: base64.b64encode(bytes(32)).decode(),
    }
    store = client("secretsmanager", REGION)
    for name, value in {**right, **values}.items():
        if name is None:
            continue
        try:
            store.create_secret(Name=name, SecretString=value)
        except store.exceptions.ResourceExistsException:
            store.put_secret_value(SecretId=name, SecretString=value)
    return answers(preflight_secrets.secrets, around())


def test_secrets_that_are_there_and_right():
    found = _secrets({})
    assert len(found) == 4
    assert all(answer.right for answer in found), found
    assert not any(CANARY in answer.sentence for answer in found)


EXPIRED = f"a.{base64.urlsafe_b64encode(json.dumps({'exp': 1_700_000_000}).encode()).decode().rstrip('=')}.c"


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("license", CANARY, "is no licence of Coder's, which is a token of three parts"),
        ("license", f"a.{CANARY}.c", "is no licence of Coder's"),
        ("license", EXPIRED, "is a licence that ended on 2023-11-14; put a current one there"),  # PRE-05
        ("oidc", CANARY, "is no JSON object; put client_id, client_secret there"),
        ("oidc", json.dumps([CANARY]), "is no JSON object"),
        ("oidc", json.dumps({"client_id": CANARY, "client_secret": ""}), "has no text for client_secret; add it"),
        ("external_auth", json.dumps({"client_id": CANARY}), "has no text for primary-github_client_id, primary-github_client_secret"),
        ("encryption_keys", CANARY, "key 1 is no base64, and coderd takes base64 of 32"),
        ("encryption_keys", f"{base64.b64encode(bytes(32)).decode()},{base64.b64encode(b'canary').decode()}", "key 2 has 6 bytes"),
    ],
)
def test_a_secret_of_the_wrong_shape_is_told_without_its_value(key: str, value: str, sentence: str):
    name = getattr(prod().coder.secrets, key)
    wrong = [answer for answer in _secrets({name: value}) if not answer.right]
    assert len(wrong) == 1
    assert f"coder.secrets.{key}: secret {name} {sentence}" in wrong[0].sentence
    assert CANARY not in wrong[0].sentence


def test_secrets_that_are_missing_or_empty():
    client("secretsmanager", REGION).create_secret(Name="none/empty")
    names = "{ license: none/license, oidc: none/empty }"
    wrong = [answer.sentence for answer in answers(preflight_secrets.secrets, around(f"coder: {{ secrets: {names} }}")) if not answer.right]
    assert wrong[0].startswith("coder.secrets.license: secret none/license is missing in us-east-1; make it in Secrets Manager")
    assert wrong[1].startswith("coder.secrets.oidc: secret none/empty has no value; make it")


# -- the way to the Kubernetes API

RUNNERS = "regions: { us-east-1: { cluster: { runner_cidrs: [10.20.0.0/24] } } }"
PUBLIC = "regions: { us-east-1: { cluster: { api_access: [203.0.113.0/24] } } }"


class Eks:
    """EKS with one cluster, or none."""

    class exceptions:  # noqa: N801 - boto3's spelling
        class ResourceNotFoundException(Exception):  # noqa: N818 - likewise
            pass

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint

    def describe_cluster(self, name: str) -> Any:
        assert name == "coder-prod"
        if self._endpoint is None:
            raise self.exceptions.ResourceNotFoundException
        return {"cluster": {"endpoint": self._endpoint}}


def _api(change: str, endpoint: str | None, *, connects: bool = False, here: str = "192.168.7.7") -> Answer:
    asked: list[tuple[str, int]] = []

    def connecting(host: str, port: int) -> bool:
        asked.append((host, port))
        return connects

    world = around(change, client=with_services(eks=Eks(endpoint)), connects=connecting, own_address=lambda _: here)
    (answer,) = answers(preflight_reach.kubernetes_api, world)
    assert asked == ([("abc.gr7.us-east-1.eks.amazonaws.com", 443)] if endpoint else [])
    return answer


ENDPOINT = "https://abc.gr7.us-east-1.eks.amazonaws.com"


def test_a_private_api_that_does_not_answer_says_from_where_it_would():
    """Decision 4: an unreachable API is a sentence before anything is made."""
    answer = _api(RUNNERS, ENDPOINT)
    assert answer.right is False
    assert (
        "coder-prod in us-east-1 does not answer from here at abc.gr7.us-east-1.eks.amazonaws.com, and api_access is private"
        in answer.sentence
    )
    assert "run from 10.20.0.0/24, or name this machine's range in regions.us-east-1.cluster.runner_cidrs" in answer.sentence


def test_an_api_that_answers():
    assert _api("", ENDPOINT, connects=True).right is True


def test_a_public_api_that_does_not_answer_says_whom_it_admits():
    answer = _api(PUBLIC, ENDPOINT)
    assert (answer.right, "it admits 203.0.113.0/24" in answer.sentence) == (False, True)


@pytest.mark.parametrize(
    ("change", "here", "right"),
    [
        (RUNNERS, "10.20.0.9", True),  # a named range
        ("", "10.0.48.9", True),  # where control nodes are
        ("", "10.0.144.9", True),  # a node is admitted by its group
        ("", "10.20.0.9", False),
        (RUNNERS, "10.20.1.9", False),
        ("", "10.0.0.9", False),  # public subnets hold no nodes
        ("", "10.0.208.9", False),  # nor do those of databases
        (PUBLIC, "192.168.7.7", None),  # which public address this machine has, it does not know
    ],
)
def test_before_there_is_a_cluster_this_machine_must_be_where_it_will_be_admitted(change: str, here: str, right: bool | None):
    """Decision 4, EKS-03."""
    answer = _api(change, None, here=here)
    assert answer.right is right
    if right is False:
        assert "list its public address in regions.us-east-1.cluster.api_access" in answer.sentence


def test_a_machine_without_a_way_is_told():
    def lost(_: str) -> str:
        raise NoAnswerError("this machine has no way to 10.0.0.1")

    (answer,) = answers(preflight_reach.kubernetes_api, around(client=with_services(eks=Eks(None)), own_address=lost))
    assert (answer.right, "no way to 10.0.0.1" in answer.sentence) == (None, True)


# -- the identity provider

DISCOVERY = {
    "issuer": "https://idp.example.com",
    "authorization_endpoint": "https://idp.example.com/authorize",
    "token_endpoint": "https://idp.example.com/token",
    "jwks_uri": "https://idp.example.com/keys",
    "scopes_supported": ["openid", "profile", "email", "groups"],
}


def _login(document: object, status: int = 200) -> list[Answer]:
    def fetched(url: str) -> tuple[int, bytes]:
        assert url == "https://idp.example.com/.well-known/openid-configuration"
        return status, document if isinstance(document, bytes) else json.dumps(document).encode()

    return answers(preflight_reach.identity_provider, around(fetch=fetched))


def test_a_complete_discovery_document():
    """PRE-13."""
    assert _login(DISCOVERY) == [Answer(True, "https://idp.example.com tells where to log in")]


@pytest.mark.parametrize(
    ("document", "status", "part"),
    [
        ({}, 404, "answers 404; is coder.oidc.issuer right?"),
        (b"<html>", 200, "is no JSON object"),
        ([], 200, "is no JSON object"),
        ({**DISCOVERY, "issuer": "https://idp.example.com/"}, 200, "it is of issuer https://idp.example.com/; write that one"),
        ({**DISCOVERY, "jwks_uri": "http://idp.example.com/keys"}, 200, "it has no https jwks_uri"),
        ({**DISCOVERY, "scopes_supported": ["openid", "email", "profile"]}, 200, "it does not offer groups"),
    ],
)
def test_an_incomplete_discovery_document(document: object, status: int, part: str):
    """PRE-13."""
    (answer,) = _login(document, status)
    assert answer.right is False
    assert part in answer.sentence


def test_nothing_is_fetched_but_by_https():
    """PRE-13."""
    with pytest.raises(NoAnswerError, match="is not https"):
        fetch("http://127.0.0.1/")

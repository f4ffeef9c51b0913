"""The life of reference: preview, both visits, nothing to do, its upgrades previewed, the end. The real engine, judged by the policies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.components.test_reference_upgrades import HOLD_DATA
from tests.engine import golden
from tests.engine.prod import logical
from tests.engine.terminal import UNDISTURBED, Said, Terminal, held

# with the other long runs, so that `make test` stays within ten minutes; prod's life is there
pytestmark = [pytest.mark.engine, pytest.mark.real]

REGION = "regions.us-east-1"
UPGRADES = {
    "v1.1": {
        f"{REGION}.network.zones": 3,
        f"{REGION}.network.nat": "gateway-per-az",
        f"{REGION}.network.tiers.public": ["10.0.0.0/20", "10.0.16.0/20", "10.0.160.0/20"],
        f"{REGION}.network.tiers.private": ["10.0.32.0/19", "10.0.64.0/19", "10.0.128.0/19"],
        f"{REGION}.network.tiers.database": ["10.0.96.0/21", "10.0.104.0/21", "10.0.112.0/21"],
        f"{REGION}.database.readers": 1,
    },
}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("reference") / "home", further=UNDISTURBED, stack="reference")
    yield terminal
    terminal.make("down")


@pytest.fixture(scope="module")
def up(terminal: Terminal) -> Said:
    """`make up`, from nothing."""
    return terminal.make("up")


def judged(said: Said) -> dict[str, str]:
    """The lines of the policies in the last summary, by property."""
    lines = said.out[said.out.rfind("\nPolicies") :].splitlines()
    return {line.split()[0]: line for line in lines if line.strip()[:1].isdigit()}


def test_make_up_makes_both_visits_and_every_policy_is_green(up: Said):
    assert up.code == 0, up.text
    assert "https://coder.reference.example.com" in up.out
    found = judged(up)
    assert found.keys() == {str(number) for number in range(1, 18)}
    assert not [line for line in found.values() if "passed" not in line]


def test_state_and_cloud_hold_the_same(terminal: Terminal, up: Said):
    assert up.code == 0
    assert terminal.inventory() == held(terminal.resources())


def test_the_graph_is_the_recorded_one(terminal: Terminal, up: Said):
    """VAL-21."""
    assert up.code == 0
    assert golden.difference("reference", terminal.resources()) == ""


def test_the_master_password_is_in_no_state_in_plain_text(terminal: Terminal, up: Said):
    """DB-08: generated here, so that it is a secret of the state and of Secrets Manager."""
    assert up.code == 0
    (password,) = [
        each for each in terminal.export("--show-secrets")["resources"] if each["type"] == "random:index/randomPassword:RandomPassword"
    ]
    plain = password["outputs"]["result"]
    value = plain["plaintext"].strip('"') if isinstance(plain, dict) else plain
    assert len(value) == 32
    assert value not in terminal.local("pulumi", "stack", "export", "--stack", "reference").out
    assert value not in up.text


def test_another_up_changes_nothing(terminal: Terminal, up: Said):
    assert up.code == 0
    said, run = terminal.up()
    assert said.code == 0, said.text
    assert logical(run.operations) == set()
    assert terminal.inventory() == held(terminal.resources())


def test_the_third_zone_and_a_replica_replace_nothing_that_holds_data(
    terminal: Terminal, up: Said, tmp_path_factory: pytest.TempPathFactory
):
    """NET-40, DB-17, decision 12: by the engine's own preview."""
    assert up.code == 0
    changed = terminal.with_file(tmp_path_factory.mktemp("v11"), UPGRADES["v1.1"])
    said, run = changed.engine("preview")
    assert said.code == 0, said.text
    operations = logical(run.operations)
    lost = {
        (type_, name)
        for operation, type_, name in operations
        if operation in ("replace", "delete", "delete-replaced", "create-replacement")
    }
    assert not {type_ for type_, _ in lost} & set(HOLD_DATA)
    assert ("create", "aws:rds/instance:Instance", "database-replica-0") in operations
    assert ("create", "aws:ec2/subnet:Subnet", "us-east-1-database-c") in operations


def test_another_name_for_the_database_is_stopped_at_preview(terminal: Terminal, up: Said, tmp_path_factory: pytest.TempPathFactory):
    """Decision 12: the instance is protected, and the sentence names what forces its replacement."""
    assert up.code == 0
    state, cloud = terminal.export(), terminal.inventory()
    said = terminal.with_file(tmp_path_factory.mktemp("key"), {f"{REGION}.database.key": "own"}).make("up")
    assert said.code != 0
    assert "database (aws:rds/instance:Instance) is protected and would be replaced, and its data lost: forced by kmsKeyId" in said.out, (
        said.text
    )
    assert terminal.export() == state
    assert terminal.inventory() == cloud


def test_destroy_leaves_nothing_but_what_is_kept_on_purpose(terminal: Terminal, up: Said):
    assert up.code == 0
    said = terminal.make("destroy", "UNPROTECT=reference")
    assert said.code == 0, said.text
    assert not terminal.resources()
    found = terminal.start().cloud.inventory()
    assert not found.resources
    kinds = {item.type for item in found.left}
    assert "aws:rds/snapshot:Snapshot" in kinds
    assert kinds <= {
        "aws:rds/snapshot:Snapshot",
        "local:backup:RecoveryPoint",
        "local:kms:KeyPendingDeletion",
        "local:secretsmanager:SecretPendingDeletion",
    }

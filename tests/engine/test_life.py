"""The life of prod, from the first preview to an empty cloud: the real engine, the local cloud, the policy pack. In order."""

from __future__ import annotations

import json

import pytest

from tests.engine import golden
from tests.engine.prod import Prod, logical, rows
from tests.engine.terminal import Terminal, git_status, held
from tools.events import Run

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def changed(prod: Prod) -> tuple[Terminal, Run]:
    """More provisioner nodes in the stack file, and up; the stack stays so until it ends."""
    terminal = prod.terminal.with_file(prod.folder / "changed", {"regions.us-east-1.cluster.node_groups.coder-prov.max": 24})
    said, run = terminal.up()
    assert said.code == 0, said.text
    return terminal, run


def test_a_preview_of_an_empty_stack_is_judged_and_makes_nothing(prod: Prod):
    assert prod.preview.code == 0, prod.preview.text
    assert not prod.previewed
    for number in (1, 4, 8, 12):  # by inputs and edges alone (decision 10); 6 waits for the second visit
        assert any(line.split()[:1] == [str(number)] and "violated" not in line for line in prod.preview.out.splitlines()), number


def test_make_up_makes_both_visits_and_shows_both(prod: Prod):
    """Architecture, decision 7."""
    assert prod.up.code == 0, prod.up.text
    visits = [prod.up.out.find(words) for words in ("\nFirst visit of", "\nBootstrap: ", "\nSecond visit: ", "\nFirst visit: ")]
    assert -1 not in visits
    assert visits == sorted(visits)
    assert "https://coder.example.com" in prod.up.out
    summary = prod.up.out[prod.up.out.rfind("\nPolicies") :]
    policies = {line.split()[0]: line for line in summary.splitlines() if line.strip()[:1].isdigit()}
    assert {number for number, line in policies.items() if "passed" in line} == {str(number) for number in range(1, 18)}


def test_the_work_tree_is_as_it_was(prod: Prod):
    before, after = prod.trees
    assert before == after


def test_every_component_of_prod_stands_after_it(prod: Prod):
    components = {each["type"] for each in prod.resources if each["type"].startswith("coder-eks:")}
    assert components >= {
        "coder-eks:alarms:Alarms",
        "coder-eks:alerting:Topics",
        "coder-eks:audit_trail:AuditTrail",
        "coder-eks:backups:Backups",
        "coder-eks:cluster:Cluster",
        "coder-eks:coder_server:CoderServer",
        "coder-eks:container_logs:ContainerLogs",
        "coder-eks:dashboards:Dashboards",
        "coder-eks:database:Database",
        "coder-eks:dns:Certificate",
        "coder-eks:dns:Records",
        "coder-eks:environment:Environment",
        "coder-eks:load_balancer:LoadBalancer",
        "coder-eks:network:Network",
        "coder-eks:observability_chart:ObservabilityChart",
        "coder-eks:provisioners:Provisioners",
        "coder-eks:templates:Templates",
    }


def test_state_and_cloud_hold_the_same(prod: Prod):
    assert prod.terminal.inventory() == held(prod.resources)


def test_the_graph_is_the_recorded_one(prod: Prod):
    """VAL-21, CDR-33: what is declared of AWS, Kubernetes and Coder, to the last property."""
    assert golden.difference("prod", prod.resources) == ""


def test_make_up_again_changes_nothing(prod: Prod):
    """CDR-32, CDR-34, CIC-08: releases and Coder's own objects too."""
    before = prod.terminal.inventory()
    again = prod.terminal.make("up")
    assert again.code == 0, again.text
    assert "Nothing changed: prod is as declared." in again.out
    assert prod.terminal.inventory() == before


def test_two_previews_are_the_same_but_for_their_duration(prod: Prod):
    first, second = (prod.terminal.local("pulumi", "preview", "--json", "--stack", "prod") for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.text + second.text
    one, other = first.json(), second.json()
    assert one.pop("duration") > 0
    assert other.pop("duration") > 0
    assert json.dumps(one) == json.dumps(other)


def test_a_changed_value_changes_what_follows_from_it_and_nothing_else(changed: tuple[Terminal, Run]):
    """Node groups and their schedules follow the clock, and so do the provisioners on them (PRV-07)."""
    _, run = changed
    assert logical(run.operations) == {
        # the declared facts, on which properties are judged
        ("update", "coder-eks:environment:Environment", "coder"),
        ("update", "coder-eks:cluster:Cluster", "us-east-1"),
        ("update", "coder-eks:node_groups:NodeGroup", "us-east-1-coder-prov"),
        ("update", "coder-eks:provisioners:Provisioners", "coder-prov"),
        # what AWS and Kubernetes are told
        ("update", "aws:eks/nodeGroup:NodeGroup", "us-east-1-coder-prov"),
        ("update", "aws:autoscaling/schedule:Schedule", "us-east-1-coder-prov-up"),
        ("update", "kubernetes:batch/v1:CronJob", "coder-prov-up"),
        # and what it costs
        ("update", "aws:budgets/budget:Budget", "budget"),
    }


def test_refresh_shows_a_change_behind_the_engines_back_and_up_mends_it(prod: Prod, changed: tuple[Terminal, Run]):
    terminal, _ = changed
    vpc = prod.of("aws:ec2/vpc:Vpc", "us-east-1")
    assert terminal.cloud("change", vpc["type"], vpc["id"], "enableDnsHostnames=false").code == 0
    said, run = terminal.engine("refresh", "--preview-only")
    assert said.code == 0, said.text
    assert logical(run.operations) == {("update", "aws:ec2/vpc:Vpc", "us-east-1")}
    said, run = terminal.up("--refresh")
    assert said.code == 0, said.text
    assert logical(run.operations) == {("update", "aws:ec2/vpc:Vpc", "us-east-1")}
    assert next(row for row in rows(terminal.home) if row["id"] == vpc["id"])["properties"]["enableDnsHostnames"] is True


def test_refresh_notices_a_deletion_behind_the_engines_back_and_up_makes_it_anew(prod: Prod, changed: tuple[Terminal, Run]):
    terminal, _ = changed
    record = prod.of("aws:route53/record:Record", "hosts-wildcard")
    assert terminal.cloud("delete", record["type"], record["id"]).code == 0
    said, run = terminal.engine("refresh", "--yes", "--skip-preview")
    assert said.code == 0, said.text
    assert logical(run.operations) == {("delete", "aws:route53/record:Record", "hosts-wildcard")}
    said, run = terminal.up()
    assert said.code == 0, said.text
    assert logical(run.operations) == {("create", "aws:route53/record:Record", "hosts-wildcard")}
    assert terminal.inventory() == held(terminal.resources())


def test_make_destroy_refuses_while_data_is_protected_and_names_the_switch(prod: Prod):
    state, cloud = prod.terminal.export(), prod.terminal.inventory()
    refused = prod.terminal.make("destroy")
    assert refused.code != 0
    assert "make destroy UNPROTECT=prod" in refused.err
    assert "coder-eks:system.data_protection in Pulumi.prod.yaml" in refused.err
    assert prod.terminal.export() == state
    assert prod.terminal.inventory() == cloud


def test_pulumi_destroy_itself_stops_at_protected_data(prod: Prod):
    state, cloud = prod.terminal.export(), prod.terminal.inventory()
    said, _ = prod.terminal.engine("destroy", "--yes")
    assert said.code != 0
    assert "protected" in said.text
    assert prod.terminal.export()["resources"] == state["resources"]
    assert prod.terminal.inventory() == cloud


def test_make_destroy_with_the_switch_leaves_an_empty_cloud_but_for_what_is_kept_on_purpose(prod: Prod):
    tree, original = git_status(), (prod.terminal.stack_files / "Pulumi.prod.yaml").read_bytes()
    said = prod.terminal.make("destroy", "UNPROTECT=prod")
    assert said.code == 0, said.text
    assert (prod.terminal.stack_files / "Pulumi.prod.yaml").read_bytes() == original
    assert git_status() == tree
    assert not prod.terminal.resources()
    found = prod.terminal.start().cloud.inventory()
    assert not found.resources
    snapshots = [item for item in found.left if item.type == "aws:rds/clusterSnapshot:ClusterSnapshot"]
    assert [item.id.startswith("coder-prod-final") for item in snapshots] == [True]
    assert {item.type for item in found.left} <= {
        "aws:rds/clusterSnapshot:ClusterSnapshot",
        "local:backup:RecoveryPoint",
        "local:kms:KeyPendingDeletion",  # AWS deletes no key at once
    }
    assert {item.type for item in found.prerequisites} == {"aws:route53/zone:Zone", "aws:secretsmanager/secret:Secret"}
    for item in (*snapshots, *found.prerequisites):
        assert item.id in said.out

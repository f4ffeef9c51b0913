"""Licence, groups and templates on the resource graph."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pulumi_coderd as coderd
import pytest
from pulumi_kubernetes.helm.v3 import Release

from components.coder_access import CoderAccess, CoderAccessArgs
from components.environment import Environment, EnvironmentArgs
from components.templates import Templates, TemplatesArgs, milliseconds
from composer.catalog import load_catalog
from composer.publishing import PublicationError, publish
from plan import make_plan
from settings.load import load_file
from settings.model import Settings
from tests.components.conftest import Deploy
from tests.components.graph import Graph
from tests.components.recorder import record
from tests.components.test_coder_values import by_github

ROOT = Path(__file__).parents[2]
CALLS = {
    "coderd:index/getOrganization:getOrganization": {"id": "c0de0000-0000-4000-8000-000000000001"},
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "licence-canary"},
}
TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Prod's, with one of its templates."""
    whole = load_file(ROOT / "Pulumi.prod.yaml")
    published = {"pod-swdev": whole.templates.published["pod-swdev"]}
    return whole.model_copy(update={"templates": whole.templates.model_copy(update={"published": published})})


def declare(whole: Settings, composed: Path, /, catalog: Path = ROOT / "catalog", **changes: object) -> None:
    reach = CoderAccess("coder", CoderAccessArgs(url="https://coder.example.com", token="t", license_secret=whole.coder.secrets.license))
    args = TemplatesArgs(
        settings=whole.templates,
        versions=publish(load_catalog(catalog), whole, make_plan(whole), TODAY),
        workload=whole.workload,
        coder=whole.coder,
        licensed=reach.licensed,
        provisioner_tags={"environment": "prod"},
        organization_id=reach.organization_id,
        coderd=reach.provider,
        provisioners=[Release("provisioners", chart="coder-provisioner")],
        composed=composed,
    )
    Templates("templates", replace(args, **changes))


@pytest.fixture
def graph(deploy: Deploy, settings: Settings, tmp_path: Path) -> Graph:
    return deploy(lambda: declare(settings, tmp_path), calls=CALLS)


def template_of(graph: Graph):
    return graph.one("coderd:index/template:Template")


def test_by_github_groups_are_declared_and_nothing_is_synchronised(deploy: Deploy, settings: Settings, tmp_path: Path):
    """CDR-11: GitHub tells no groups; Coder's own group of everybody is the organisation."""
    published = {"pod-swdev": settings.templates.published["pod-swdev"].model_copy(update={"groups": ("Everyone", "developers")})}
    templates = settings.templates.model_copy(update={"published": published})
    graph = deploy(lambda: declare(settings, tmp_path, coder=by_github(), settings=templates), calls=CALLS)
    assert [group.inputs["name"] for group in graph.of("coderd:index/group:Group")] == ["developers"]
    assert graph.of("coderd:index/organizationGroupSync:OrganizationGroupSync") == []
    made = graph.one("coderd:index/group:Group").id
    assert [group["id"] for group in template_of(graph).inputs["acl"]["groups"]] == [
        CALLS["coderd:index/getOrganization:getOrganization"]["id"],
        made,
    ]


def test_everything_waits_for_the_licence_and_templates_for_provisioners(graph: Graph):
    """CDR-19: an update fails on an unlicensed deployment, and an import without a provisioner never ends."""
    licence = graph.one("coderd:index/license:License")
    for node in (
        template_of(graph),
        *graph.of("coderd:index/group:Group"),
        graph.one("coderd:index/organizationGroupSync:OrganizationGroupSync"),
    ):
        assert graph.waits_for(node, licence), node.name
    assert graph.waits_for(template_of(graph), graph.one("kubernetes:helm.sh/v3:Release"))


def test_the_licence_stays_a_secret(graph: Graph):
    """CDR-41."""
    licence = graph.one("coderd:index/license:License")
    assert licence.inputs["license"] == "licence-canary"
    assert "license" in licence.secrets


def test_a_person_may_have_three_workspaces_whatever_groups_they_are_in(graph: Graph):
    """CDR-17: one credit a workspace, and Coder adds up what the groups of a person allow."""
    groups = {group.name: group.inputs["quotaAllowance"] for group in graph.of("coderd:index/group:Group")}
    assert groups == {"developers": 3, "platform-admins": 0, "security-audit": 0, "template-owners": 0}


def test_the_identity_providers_groups_are_coders(graph: Graph):
    """CDR-13, requirements section 5 (12c)."""
    sync = graph.one("coderd:index/organizationGroupSync:OrganizationGroupSync")
    ids = {group.name: [group.id] for group in graph.of("coderd:index/group:Group")}
    assert sync.inputs["mapping"] == {
        "coder-platform-admins": ids["platform-admins"],
        "coder-security-audit": ids["security-audit"],
        "coder-template-owners": ids["template-owners"],
        "developers": ids["developers"],
    }
    assert (sync.inputs["field"], sync.inputs["autoCreateMissing"]) == ("groups", False)


def test_workspaces_stop_by_themselves(graph: Graph):
    """Property 7, TPL-30: a limit for each start and the quiet hour on each day; users can neither lengthen nor switch it off."""
    inputs = template_of(graph).inputs
    assert inputs["defaultTtlMs"] == 10 * 3600 * 1000
    assert len(inputs["autoStopRequirement"]["daysOfWeeks"]) == 7
    assert inputs["allowUserAutoStop"] is False
    assert inputs["allowUserAutoStart"] is True
    assert inputs["autoStartPermittedDaysOfWeeks"] == ["friday", "monday", "thursday", "tuesday", "wednesday"]


def test_a_template_that_runs_around_the_clock_is_never_stopped(deploy: Deploy, settings: Settings, tmp_path: Path):
    """T-61: the explicit list, and nothing else."""
    always = settings.templates.model_copy(update={"always_on": ("pod-swdev",)})
    inputs = template_of(deploy(lambda: declare(settings, tmp_path, settings=always), calls=CALLS)).inputs
    assert inputs["defaultTtlMs"] == 0
    assert inputs["autoStopRequirement"] == {"daysOfWeeks": [], "weeks": 1}


def test_unused_workspaces_are_locked_and_never_deleted(graph: Graph):
    """TPL-52."""
    inputs = template_of(graph).inputs
    assert (inputs["timeTilDormantMs"], inputs["timeTilDormantAutodeleteMs"]) == (30 * 86400 * 1000, 0)
    assert inputs["failureTtlMs"] == 86400 * 1000


def test_every_field_of_a_template_is_managed(graph: Graph):
    """Property 11: what is left out keeps whatever somebody clicked."""
    accepted = set(coderd.Template._internal_init.__annotations__)
    assert len(template_of(graph).inputs) == len(accepted - {"resource_name", "opts", "return"})


def test_a_template_is_for_its_groups_only(graph: Graph):
    """TPL-36, T-47: setting the list removes everybody's implicit access."""
    developers = graph.one("coderd:index/group:Group", "developers").id
    assert template_of(graph).inputs["acl"] == {"users": [], "groups": [{"id": developers, "role": "use"}]}


def test_one_version_is_active_and_named_by_versions_and_content(graph: Graph):
    """TPL-35."""
    (version,) = template_of(graph).inputs["versions"]
    assert version["active"] is True
    assert version["name"].startswith("1.2.0-3.1.0-")
    assert version["name"].removeprefix("1.2.0-3.1.0-") in version["directory"]
    assert len(version["name"]) <= 64


def test_one_bootstrap_line_changes_exactly_one_template_version(deploy: Deploy, settings: Settings, tmp_path: Path):
    """TPL-35: everything else that is declared stays as it was."""
    published = {name: load_file(ROOT / "Pulumi.prod.yaml").templates.published[name] for name in ("pod-swdev", "pod-generic-universal")}
    both = settings.model_copy(update={"templates": settings.templates.model_copy(update={"published": published})})
    catalog = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", catalog)
    before = deploy(lambda: declare(both, tmp_path, catalog=catalog), calls=CALLS)
    script = catalog / "toolchains/generic/bootstrap/install.sh"
    script.write_text(script.read_text() + "# one line more\n")
    after = deploy(lambda: declare(both, tmp_path, catalog=catalog), calls=CALLS)
    changed = {
        (node.name, name)
        for node, now in zip(before.nodes, after.nodes, strict=True)
        for name in {*node.inputs, *now.inputs}
        if node.inputs.get(name) != now.inputs.get(name)
    }
    assert {each for each in changed if each[0] != "templates"} == {("pod-generic-universal", "versions")}


def test_builds_go_to_the_provisioners_of_the_system(graph: Graph):
    """PRV-09: without the tags a build would wait forever."""
    (version,) = template_of(graph).inputs["versions"]
    assert version["provisionerTags"] == [{"name": "environment", "value": "prod"}]


def test_the_directory_holds_the_composition(graph: Graph):
    """TPL-50."""
    (version,) = template_of(graph).inputs["versions"]
    root = json.loads((Path(version["directory"]) / "main.tf.json").read_text())
    assert root["provider"]["coder"] == {"url": "http://coder.coder.svc.cluster.local:8080"}
    assert {option["name"] for option in root["data"]["coder_parameter"]["size"]["option"]} == {
        "platform",
        "sw-dev-large",
        "sw-dev-medium",
        "sw-dev-small",
    }


def test_the_component_declares_what_policies_judge(graph: Graph):
    node, registered = graph.component("coder-eks:templates:Templates")
    assert node.inputs["templates"] == registered["templates"]
    facts = registered["templates"]["pod-swdev"]
    assert facts["groups"] == ["developers"]
    assert facts["provenance"]["metadata"]["toolchain"] == "swdev-toolchain@1.2.0"


def test_a_wrong_name_is_told_on_the_first_visit(settings: Settings):
    """Where templates wait for a token: what can't be made later is no reason to begin."""
    named = settings.templates.model_copy(update={"published": {"pod-swdevv": settings.templates.published["pod-swdev"]}})
    wrong = settings.model_copy(update={"templates": named})
    with pytest.raises(PublicationError, match=r"^coder-eks:templates\.published\.pod-swdevv: .* did you mean pod-swdev\?$"):
        record(lambda: Environment("coder", EnvironmentArgs(settings=wrong, plan=make_plan(wrong))))


def test_never_is_zero_milliseconds(settings: Settings):
    assert milliseconds(settings.templates.time_to_live) == 36_000_000

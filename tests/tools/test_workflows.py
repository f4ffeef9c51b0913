"""What the gate's workflows promise: pinned actions, least rights, no forks, and a judge that the judged can't change (CIC-01, CIC-02)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from policy.templates import PROJECT
from tools.install import ROOT

FOLDER = ROOT / ".github" / "workflows"
TEXTS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
# YAML 1.1 reads the key `on` as true
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]


def steps(workflow: str, job: str) -> list[dict[str, Any]]:
    return WORKFLOWS[workflow]["jobs"][job]["steps"]


def runs(workflow: str, job: str) -> Iterator[str]:
    return (step["run"] for step in steps(workflow, job) if "run" in step)


def test_the_workflows_are_the_documented_ones():
    assert set(WORKFLOWS) == {"test", "preview", "deploy", "drift"}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_action_is_pinned_by_commit_with_its_tag_and_date(name: str):
    for line in TEXTS[name].splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+, 20\d\d-\d\d-\d\d$", line), line


def test_one_action_has_one_commit_everywhere():
    pins = {match for text in TEXTS.values() for match in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", text)}
    assert len({action for action, _ in pins}) == len(pins)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_may_read_the_code_and_a_job_asks_for_more_by_itself(name: str):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}


def test_the_tests_have_the_tags_that_versions_are_compared_with():
    """Property 17: without them the gate of the catalogue has nothing to compare with, and says nothing."""
    (checkout,) = (step for step in steps("test", "test") if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0
    assert "coder-eks templates check" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_ends(name: str, job: str):
    assert 0 < WORKFLOWS[name]["jobs"][job]["timeout-minutes"] <= 120


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_nothing_that_somebody_else_wrote_is_pasted_into_a_script(name: str, job: str):
    for script in runs(name, job):
        assert "${{" not in script, script


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_checkout_leaves_no_token_behind(name: str, job: str):
    for step in steps(name, job):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_gate_is_the_base_branchs_and_runs_for_no_fork():
    assert set(WORKFLOWS["preview"][True]) == {"pull_request_target"}
    for job in ("preview", "judge"):
        assert WORKFLOWS["preview"]["jobs"][job]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert "needs" not in WORKFLOWS["preview"]["jobs"]["judge"]  # a machine of its own, whatever the other one says


def previewing(job: str) -> dict[str, Any]:
    (step,) = (step for step in steps("preview", job) if "pulumi preview" in step.get("run", ""))
    return step


def test_both_packs_judge_the_same_program():
    previews = [previewing("preview"), previewing("judge")]
    assert [step["working-directory"] for step in previews] == ["head", "head"]
    assert [re.search(r"--policy-pack (\S+)", step["run"])[1] for step in previews] == ["policy", "../base/policy"]  # pyright: ignore[reportOptionalSubscript]
    # a pack reads the pushed templates beside itself unless told where the program is, and the base branch composed none
    assert previews[1]["env"][PROJECT] == "${{ github.workspace }}/head"


def sides(job: str) -> list[str]:
    """What a job checks out, in order; each into a folder of its name."""
    taken = [step["with"] for step in steps("preview", job) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(each["ref"] == f"${{{{ github.event.pull_request.{each['path']}.sha }}}}" for each in taken)
    return [each["path"] for each in taken]


def test_the_judge_runs_nothing_of_the_pull_request_before_its_program_and_nothing_after():
    """CIC-02: who writes $GITHUB_PATH, the pack or the log before the verdict, writes the verdict."""
    assert sides("judge") == ["base", "head"]
    last = steps("preview", "judge").index(previewing("judge"))
    for step in steps("preview", "judge")[:last]:
        assert step.get("working-directory") in (None, "base"), step
        commands = [line.split()[0] for line in step.get("run", "").splitlines()]
        assert not any(command.startswith("head/") for command in commands), commands
    (after,) = steps("preview", "judge")[last + 1 :]
    assert after["uses"].startswith("actions/upload-artifact@")
    assert "continue-on-error" not in WORKFLOWS["preview"]["jobs"]["judge"]  # the engine's exit code is the verdict
    assert not any("continue-on-error" in step for step in steps("preview", "judge"))


@pytest.mark.parametrize("job", ["preview", "judge"])
def test_a_log_is_kept_without_what_the_program_handed_over_in_plain_text(job: str):
    script = previewing(job)["run"].splitlines()
    assert script[-1] == 'exit "$passed"'
    assert script[-2].startswith('sed -i \'/"severity":"debug"/d\' ')


def test_the_judged_program_brings_no_plugin_and_no_package_that_is_built():
    """A project file may put a plugin in the place of the one that runs the policies."""
    scripts = "\n".join(runs("preview", "judge"))
    assert "base/tools/setup --for head\ncp base/Pulumi.yaml head/Pulumi.yaml" in scripts
    assert "base/.venv/bin/coder-eks preflight" in scripts


def test_the_verdict_is_read_by_the_base_branchs_code():
    review = next(script for script in runs("preview", "review") if "tools.review" in script)
    assert sides("review") == ["base"]
    assert ".venv/bin/python -m tools.review" in review
    assert 'exit "$passed"' in review
    assert "id-token" not in WORKFLOWS["preview"]["jobs"]["review"]["permissions"]


def test_what_releases_render_to_is_judged_by_the_base_branchs_rules():
    """T-75: with the values of the preview that the base branch judged."""
    (step,) = (step for step in steps("preview", "review") if "tools.charts" in step.get("run", ""))
    assert step["working-directory"] == "base"
    assert step["run"].endswith('"$RUNNER_TEMP/base/events.jsonl" coder coder-provisioner')
    assert "||" not in step["run"]


def test_who_writes_to_a_pull_request_runs_nothing_of_it():
    for right, job in (("pull-requests", "comment"), ("security-events", "review")):
        writing = [(name, job) for name, job in JOBS if right in WORKFLOWS[name]["jobs"][job].get("permissions", {})]
        assert writing == [("preview", job)]
        assert "head" not in sides(job)


@pytest.mark.parametrize(("name", "role"), [("preview", "PREVIEW"), ("judge", "PREVIEW"), ("drift", "PREVIEW"), ("deploy", "DEPLOY")])
def test_roles_are_taken_by_oidc_and_only_a_deployment_takes_the_one_that_writes(name: str, role: str):
    """CIC-11."""
    workflow = next(workflow for workflow, job in JOBS if job == name)
    job = WORKFLOWS[workflow]["jobs"][name]
    assert job["permissions"]["id-token"] == "write"
    taken = [step["with"]["role-to-assume"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
    assert taken == [f"${{{{ vars.AWS_{role}_ROLE_ARN }}}}"]
    assert "secrets." not in TEXTS[workflow]


def test_updates_of_a_stack_wait_for_each_other_and_none_is_cut_off():
    for name in ("deploy", "drift"):
        concurrency = WORKFLOWS[name]["jobs"][name]["concurrency"]
        assert concurrency == {"group": "stack-${{ matrix.stack }}", "cancel-in-progress": False}


def test_a_deployment_is_previewed_under_the_policies_before_it_updates():
    """CIC-16."""
    scripts = list(runs("deploy", "deploy"))
    gate = next(index for index, script in enumerate(scripts) if "pulumi preview" in script and "--policy-pack policy" in script)
    update = next(index for index, script in enumerate(scripts) if "pulumi up" in script)
    assert "preflight" in scripts[gate - 1]
    assert gate < update


def test_a_failed_deployment_keeps_its_state_and_history():
    """CIC-13, DB-14: nothing is rolled back before somebody has looked."""
    exported = next(step for step in steps("deploy", "deploy") if "stack export" in step.get("run", ""))
    kept = next(step for step in steps("deploy", "deploy") if step.get("uses", "").startswith("actions/upload-artifact@"))
    assert exported["if"] == kept["if"] == "failure()"
    assert "--show-secrets" not in exported["run"]
    assert not any("destroy" in script for script in runs("deploy", "deploy"))


def test_the_drift_job_changes_nothing():
    """CIC-10."""
    scripts = "\n".join(runs("drift", "drift"))
    assert "--expect-no-changes" in scripts
    assert not re.search(r"pulumi (up|destroy|refresh)\b", scripts)


@pytest.mark.parametrize("path", ["/policy/", "/.github/", "/.ci/", "/tools/", "/Pulumi.*.deploy.yaml"])
def test_the_judge_and_the_gate_have_owners(path: str):
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    owned = {line.split()[0]: line.split()[1:] for line in lines if line and not line.startswith("#")}
    assert owned[path] == ["@coder-eks/reviewers"]

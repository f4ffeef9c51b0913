"""The job that makes coderd's database role, on the graph."""

from __future__ import annotations

import pytest

from components.database_role import IMAGE, SQL
from tests.components.coder_stack import CONFIG, JOB, RELEASE, pod, prod, program
from tests.components.conftest import Deploy
from tests.components.graph import Graph


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return prod(deploy)


def test_the_job_checks_the_server_and_logs_in_with_the_managed_password(graph: Graph):
    """DB-07, DB-08."""
    (container,) = pod(graph)["containers"]
    variables = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert (variables["PGSSLMODE"], variables["PGSSLROOTCERT"]) == ("verify-full", "/etc/coder/rds/rds.pem")
    assert (variables["PGHOST"], variables["PGPORT"]) == (graph.one("aws:rds/cluster:Cluster").outputs["endpoint"], "5432")
    assert variables["PGUSER"] is variables["PGPASSWORD"] is None  # from the Secret


def test_the_script_makes_a_role_without_a_password_that_logs_in_by_iam():
    """DB-16."""
    assert "GRANT rds_iam TO coderd;" in SQL
    assert "password" not in SQL.lower()
    assert "superuser" not in SQL.lower()


def test_nobody_is_made_a_member_of_coderd():
    """Members of coderd would be members of rds_iam, and the master could no longer log in with its password."""
    assert "GRANT coderd" not in SQL
    assert "OWNER" not in SQL


def test_the_jobs_name_changes_with_its_work_and_only_with_it(deploy: Deploy, graph: Graph, monkeypatch: pytest.MonkeyPatch):
    name = graph.one(JOB).inputs["metadata"]["name"]
    assert name == graph.one(CONFIG, "coder-database-role-script").inputs["metadata"]["name"]
    assert deploy(program(version="2.35.0", chart_version="2.35.0")).one(JOB).inputs["metadata"]["name"] == name
    monkeypatch.setattr("components.database_role.SQL", SQL + "SELECT 1;\n")
    assert deploy(program()).one(JOB).inputs["metadata"]["name"] != name


def test_the_job_runs_on_control_nodes_without_rights(graph: Graph):
    """EKS-12, CDR-40."""
    assert pod(graph)["nodeSelector"] == {"coder.com/node-group": "coder-control"}
    assert pod(graph)["tolerations"][0]["value"] == "coder-control"
    context = pod(graph)["containers"][0]["securityContext"]
    assert context["runAsNonRoot"] is context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_the_image_is_pinned_by_digest(graph: Graph):
    assert pod(graph)["containers"][0]["image"] == IMAGE
    assert "@sha256:" in IMAGE


def test_job_and_coderd_share_the_roots_of_the_region(graph: Graph):
    """DB-07."""
    roots = graph.one(CONFIG, "coder-database-role-certificates").inputs
    assert roots["data"]["rds.pem"].count("BEGIN CERTIFICATE") == 3
    name = roots["metadata"]["name"]
    assert {"name": "certificates", "configMap": {"name": name}} in pod(graph)["volumes"]
    assert {"name": "rds-certificates", "configMap": {"name": name}} in graph.one(RELEASE).inputs["values"]["coder"]["volumes"]

"""The script that makes coderd's database role, run on a real PostgreSQL by a master that is no superuser: as RDS has it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from components.database_role import SQL
from settings.load import load_file
from tests.real.coder_server import coder_server, identity_provider, postgres, prods_variables
from tests.real.postgresql import psql
from tools import real_parts
from tools.install import ROOT

# RDS's roles: its own superuser, a master with CREATEROLE and the right to give out rds_iam.
AS_RDS_HAS_IT = """
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE coder_admin LOGIN CREATEDB CREATEROLE;
GRANT rds_iam TO coder_admin WITH ADMIN OPTION;
ALTER DATABASE coder OWNER TO coder_admin;
CREATE ROLE stranger LOGIN;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """After the script has run twice: a failed job runs again."""
    with postgres(tmp_path_factory.mktemp("postgres")) as url:
        psql(url, AS_RDS_HAS_IT)
        psql(as_role(url, "coder_admin"), SQL)
        psql(as_role(url, "coder_admin"), SQL)
        yield url


def as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}").geturl()


def refusal(url: str, script: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        psql(url, script)
    return refused.value.stderr


def test_it_is_of_prods_major_version(database: str):
    """DB-20."""
    pinned = load_file(ROOT / "Pulumi.prod.yaml").versions.aurora_postgresql
    assert psql(database, "SHOW server_version").split(".")[0] == str(pinned).split(".", maxsplit=1)[0]


def test_coderd_is_in_rds_iam_and_in_nothing_else_and_has_no_password_and_no_power(database: str):
    """DB-16."""
    attributes = "rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolpassword IS NULL"
    assert psql(database, f"SELECT {attributes} FROM pg_authid WHERE rolname = 'coderd'") == "t|f|f|f|f|f|t"
    groups = "SELECT roleid::regrole, admin_option FROM pg_auth_members WHERE member = 'coderd'::regrole"
    assert psql(database, groups) == "rds_iam|f"


def test_the_master_is_no_member_of_coderd(database: str):
    """Else the master could log in by IAM only; from PostgreSQL 16 on, who makes a role may administer it, and no more."""
    members = "SELECT member::regrole, admin_option, inherit_option, set_option FROM pg_auth_members WHERE roleid = 'coderd'::regrole"
    assert psql(database, members) == "coder_admin|t|f|f"


def test_nobody_else_gets_into_the_database(database: str):
    """DB-05: rights on it are given, not assumed."""
    assert "permission denied for database" in refusal(as_role(database, "stranger"), "SELECT 1")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE ROLE other", "permission denied to create role"),
        ("CREATE DATABASE other", "permission denied to create database"),
        ("ALTER DATABASE coder OWNER TO coderd", "must be owner of database coder"),
        ("GRANT rds_iam TO stranger", 'permission denied to grant role "rds_iam"'),
        ("SELECT rolpassword FROM pg_authid", "permission denied for table pg_authid"),
        ("COPY (SELECT 1) TO PROGRAM 'true'", "permission denied to COPY to or from an external program"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
    ],
)
def test_coderd_may_do_nothing_beside_its_own_tables(database: str, statement: str, words: str):
    assert words in refusal(as_role(database, "coderd"), statement)


def test_a_real_coderd_makes_its_tables_as_this_role(database: str, tmp_path: Path):
    """coderd 2.24.0: it has what all of its migrations need, and owns what they make."""
    binary = real_parts.executable(real_parts.CODERD, os.environ)
    with identity_provider() as issuer:
        variables = prods_variables(load_file(ROOT / "Pulumi.prod.yaml"), issuer, password_login=True)
        with coder_server(binary, tmp_path, as_role(database, "coderd"), variables):
            pass
    assert psql(database, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'") == "coderd"
    assert int(psql(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) > 50

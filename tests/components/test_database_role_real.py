"""The role's script on a real PostgreSQL, by a master that is no superuser: as RDS has it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from components.database_role import SQL
from tests.real.coder_server import postgres, postgres_binaries

pytestmark = pytest.mark.real

# RDS's roles: its own superuser, a master with CREATEROLE and the right to give out rds_iam.
AS_RDS_HAS_IT = """
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE coder_admin LOGIN CREATEDB CREATEROLE;
GRANT rds_iam TO coder_admin WITH ADMIN OPTION;
ALTER DATABASE coder OWNER TO coder_admin;
CREATE ROLE stranger LOGIN;
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with postgres(tmp_path_factory.mktemp("postgres")) as url:
        port = urlsplit(url).port
        assert port is not None
        psql(port, "coder", AS_RDS_HAS_IT)
        psql(port, "coder_admin", SQL)
        yield port


def psql(port: int, user: str, script: str) -> str:
    """What psql prints; CalledProcessError where a statement fails."""
    command = [postgres_binaries() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align", "--quiet"]
    connection = f"host=127.0.0.1 port={port} user={user} dbname=coder"
    return subprocess.run([*command, connection], input=script, capture_output=True, text=True, check=True).stdout.strip()


def test_the_script_can_run_again(port: int):
    """DB-16: the job runs once a change, and a failed one again."""
    psql(port, "coder_admin", SQL)


def test_coderd_is_in_rds_iam_and_has_no_password_and_no_power(port: int):
    """DB-16."""
    attributes = "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolpassword IS NULL FROM pg_authid WHERE rolname = 'coderd'"
    assert psql(port, "coder", attributes) == "t|f|f|f|t"
    assert psql(port, "coder", "SELECT pg_has_role('coderd', 'rds_iam', 'MEMBER')") == "t"


def test_the_master_is_no_member_of_coderd(port: int):
    """Else the master could log in by IAM only; from PostgreSQL 16 on, who makes a role may administer it, and no more."""
    members = """
    SELECT count(*) FROM pg_auth_members WHERE roleid = 'coderd'::regrole AND member = 'coder_admin'::regrole AND NOT admin_option
    """
    assert psql(port, "coder", members) == "0"


def test_coderd_makes_and_owns_its_tables(port: int):
    psql(port, "coderd", "CREATE TABLE IF NOT EXISTS migration (number int); INSERT INTO migration VALUES (1);")
    assert psql(port, "coder", "SELECT tableowner FROM pg_tables WHERE tablename = 'migration'") == "coderd"


def test_nobody_else_gets_into_the_database(port: int):
    """DB-05: rights on it are given, not assumed."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        psql(port, "stranger", "SELECT 1")
    assert "permission denied for database" in refused.value.stderr

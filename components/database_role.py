"""The database role that coderd logs in as, made once from inside the cluster."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.core.v1 import EnvVarArgsDict, PodSpecArgsDict

from components import coder_network
from components.coder_environment import CERTIFICATES_FILE, CERTIFICATES_FOLDER
from components.coder_secrets import MASTER_PASSWORD, MASTER_USERNAME
from components.coder_values import Placement
from components.postgresql import DATABASE_NAME

ROLE = "coderd"
LABELS = {"app.kubernetes.io/name": "coder-database-role", "app.kubernetes.io/part-of": "coder"}
CERTIFICATES = "rds-certificates"
SCRIPT_FOLDER, SCRIPT_FILE = "/etc/coder/sql", "role.sql"

# psql of PostgreSQL 17 talks to every server since 9.2. Digest of the multi-architecture index of tag 17.6-alpine: the same in several
# unrelated public repositories that pin docker.io/library/postgres and its mirror at public.ecr.aws, read 2026-11-21.
IMAGE = "public.ecr.aws/docker/library/postgres:17.6-alpine@sha256:ef257d85f76e48da1c64832459b59fcaba1a4dac97bf5d7450c77753542eee94"
USER = 70  # postgres in the Alpine image

# Each statement may run again. coderd owns what its migrations make, needs no more than CREATE for it, and has no password. It does not own
# the database: for that the master would have to be its member, so a member of rds_iam, and could log in by IAM only (Aurora User Guide,
# "Database authentication", read 2026-11).
SQL = f"""\
SELECT 'CREATE ROLE {ROLE}' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{ROLE}') \\gexec
ALTER ROLE {ROLE} LOGIN;
GRANT rds_iam TO {ROLE};
REVOKE ALL ON DATABASE {DATABASE_NAME} FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {DATABASE_NAME} TO {ROLE};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO {ROLE};
"""  # noqa: S608  of constants


class NoRootsError(ValueError):
    """A region of the stack file whose database nobody could check; its text is a sentence with key and remedy."""


def server_roots(region: str) -> str:
    """The roots of RDS in a region, as PEM; NoRootsError where none are kept."""
    folder = Path(__file__).parent / "rds_certificates"
    file = folder / f"{region}.pem"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.pem")))
        raise NoRootsError(
            f"coder-eks:regions.{region}: no RDS roots are kept for {region}; write one of {known}, or add its roots as "
            "components/rds_certificates/README.md says"
        )
    return file.read_text()


@dataclass(frozen=True, kw_only=True)
class DatabaseRoleArgs:
    """What the role needs. endpoint: the writer's. master_secret: made before; it brings the Secret that the job logs in with."""

    namespace: Input[str]
    region: str
    endpoint: Input[str]
    port: Input[int]
    master_secret: Resource
    placement: Placement
    surroundings: coder_network.Surroundings


class DatabaseRole(ComponentResource):
    """A Job that makes the role `coderd` and lets it log in by IAM, and the roots that it and coderd check the server with.

    DB-07, DB-08, DB-16, decision 5. The job's name carries a hash of what it does: a changed script makes a new job, an unchanged one
    does not run again. The update waits for it, and fails with it.
    """

    certificates: Output[str]
    """Name of the ConfigMap with the roots."""

    def __init__(self, name: str, args: DatabaseRoleArgs, opts: ResourceOptions | None = None) -> None:
        work = hashlib.sha256(f"{IMAGE}\n{SQL}".encode()).hexdigest()[:10]
        super().__init__("coder-eks:database_role:DatabaseRole", name, {"role": ROLE, "work": work}, opts)
        child = ResourceOptions(parent=self)

        certificates = kubernetes.core.v1.ConfigMap(
            f"{name}-certificates",
            metadata={"name": CERTIFICATES, "namespace": args.namespace},
            data={CERTIFICATES_FILE: server_roots(args.region)},
            opts=child,
        )
        script = kubernetes.core.v1.ConfigMap(
            f"{name}-script",
            metadata={"name": f"coder-database-role-{work}", "namespace": args.namespace, "labels": LABELS},
            data={SCRIPT_FILE: SQL},
            opts=child,
        )
        policy = kubernetes.networking.v1.NetworkPolicy(
            name,
            metadata={"name": "coder-database-role", "namespace": args.namespace},
            spec=coder_network.database_role(args.surroundings, LABELS),
            opts=child,
        )
        kubernetes.batch.v1.Job(
            name,
            metadata={"name": f"coder-database-role-{work}", "namespace": args.namespace, "labels": LABELS},
            spec={
                "backoff_limit": 6,
                "active_deadline_seconds": 900,
                "template": {"metadata": {"labels": LABELS}, "spec": _pod(args, certificates.metadata.name, script.metadata.name)},
            },
            opts=ResourceOptions(parent=self, depends_on=[args.master_secret, policy]),
        )

        self.certificates = certificates.metadata.name
        self.register_outputs({"role": ROLE, "work": work})


def _pod(args: DatabaseRoleArgs, certificates: Input[str], script: Input[str]) -> PodSpecArgsDict:
    """A pod that runs the script once, with no rights in the cluster or on its node."""
    compute = {"cpu": "100m", "memory": "64Mi"}
    return {
        "restart_policy": "Never",  # failed pods stay, with their logs
        "automount_service_account_token": False,
        "enable_service_links": False,
        "node_selector": args.placement.node_selector(),
        "tolerations": [{"key": args.placement.key, "operator": "Equal", "value": args.placement.group, "effect": "NoSchedule"}],
        "containers": [
            {
                "name": "psql",
                "image": IMAGE,
                "command": ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={SCRIPT_FOLDER}/{SCRIPT_FILE}"],
                "env": _environment(args),
                "security_context": {
                    "run_as_non_root": True,
                    "run_as_user": USER,
                    "run_as_group": USER,
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccomp_profile": {"type": "RuntimeDefault"},
                },
                "resources": {"requests": compute, "limits": compute},
                "volume_mounts": [
                    {"name": "certificates", "mount_path": CERTIFICATES_FOLDER, "read_only": True},
                    {"name": "script", "mount_path": SCRIPT_FOLDER, "read_only": True},
                ],
            }
        ],
        "volumes": [
            {"name": "certificates", "config_map": {"name": certificates}},
            {"name": "script", "config_map": {"name": script}},
        ],
    }


def _environment(args: DatabaseRoleArgs) -> list[EnvVarArgsDict]:
    """psql's own variables; the password comes from the Secret."""
    plain: dict[str, Input[str]] = {
        "PGCONNECT_TIMEOUT": "10",  # seconds
        "PGDATABASE": DATABASE_NAME,
        "PGHOST": args.endpoint,
        "PGPORT": Output.from_input(args.port).apply(str),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": f"{CERTIFICATES_FOLDER}/{CERTIFICATES_FILE}",
    }
    secret = {"PGPASSWORD": MASTER_PASSWORD, "PGUSER": MASTER_USERNAME}
    from_values: list[EnvVarArgsDict] = [{"name": name, "value": value} for name, value in plain.items()]
    from_secrets: list[EnvVarArgsDict] = [
        {"name": name, "value_from": {"secret_key_ref": {"name": key.name, "key": key.key}}} for name, key in secret.items()
    ]
    return [*from_values, *from_secrets]

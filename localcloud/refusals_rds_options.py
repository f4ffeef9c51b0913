"""What RDS refuses of a database's log exports, certificate authority and parameters. Codes: errors of the Amazon RDS API reference."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from localcloud.kinds.model import Request
from localcloud.kinds.rds import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from localcloud.kinds.rds_groups import CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP
from localcloud.refusals import ALWAYS, row

# aws/aws-cdk#35507 has Aurora PostgreSQL's, hashicorp/terraform#22538 the sentence; those of RDS: its user guide. Read 2026-11-21
_LOGS: Final = {
    "aurora-postgresql": frozenset({"iam-db-auth-error", "instance", "postgresql"}),
    "postgres": frozenset({"iam-db-auth-error", "postgresql", "upgrade"}),
}
# aws-cdk-lib 2.247.0, aws-rds/lib/ca-certificate.d.ts: rds-ca-2019 expired in August 2024; read 2026-11-21
_AUTHORITIES: Final = frozenset({"rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"})
# Parameters of RDS and Aurora, and of the extensions that they offer, have a prefix
_PREFIXES: Final = (
    "apg_", "aurora_", "auto_explain.", "babelfishpg_", "cron.", "log_fdw.", "orafce.", "pg_bigm.", "pg_hint_plan.", "pg_prewarm.",
    "pg_similarity.", "pg_stat_", "pgaudit.", "pglogical.", "pgtle.", "pgvector.", "plpgsql.", "plrust.", "postgis.", "rds.", "session_pin",
)  # fmt: skip
_LISTED_MAJOR: Final = 15
_OF_POSTGRESQL: Final = frozenset(
    line for line in (Path(__file__).parent / "rds_parameters.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
)


def _logs(request: Request) -> str | None:
    engine = request.text("engine") or ""
    wrong = [name for name in request.texts("enabledCloudwatchLogsExports[*]") if name not in _LOGS.get(engine, {name})]
    named = ", ".join(f"'{name}'" for name in wrong)
    version = f"{engine} {request.text('engineVersion') or ''}".strip()
    return (
        f"You cannot use the log types {named} with engine version {version}. For supported log types, see the documentation."
        if wrong
        else None
    )


def _authority(request: Request) -> str | None:
    name = request.text("caCertificateIdentifier") or request.text("caCertIdentifier")
    return f"Certificate not found: {name}; there are {', '.join(sorted(_AUTHORITIES))}" if name and name not in _AUTHORITIES else None


def _unknown_parameter(request: Request) -> str | None:
    """Up to PostgreSQL 15 what is not listed does not exist; later majors have more, of which only misspellings of these are refused."""
    family = re.fullmatch(r"(?:aurora-)?postgres(?:ql)?(\d+)", request.text("family") or "")
    if family is None:
        return None
    names = [str(item.get("name")) for item in request.items("parameters[*]")]
    strange = (name for name in names if name not in _OF_POSTGRESQL and not name.startswith(_PREFIXES))
    wrong = next((name for name in strange if int(family[1]) <= _LISTED_MAJOR or _misspelt(name)), None)
    return f"Could not find parameter with name: {wrong}" if wrong else None


def _misspelt(name: str) -> bool:
    return any(known.startswith(f"{name}_") for known in _OF_POSTGRESQL) or bool(get_close_matches(name, _OF_POSTGRESQL, n=1, cutoff=0.9))


REFUSALS: Final = (
    row((CLUSTER, INSTANCE), "InvalidParameterCombination", "the engine has the logs that are exported", _logs),
    row((CLUSTER, CLUSTER_INSTANCE, INSTANCE), "CertificateNotFound", "the certificate authority is one of today's", _authority, ALWAYS),
    row((CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP), "InvalidParameterValue", "the parameter exists", _unknown_parameter),
)

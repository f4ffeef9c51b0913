"""RDS: engine versions that exist.

Source: cfn-lint 1.58.0 (2026), schemas/extensions/aws_rds_dbcluster and aws_rds_dbinstance/engine_version.json, which lists what
describe-db-engine-versions tells; major 13 and newer, without the extended support builds (`-rds.…`) and `-limitless`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# engine → major → minors
_VERSIONS: Final[Mapping[str, Mapping[int, str]]] = {
    "aurora-postgresql": {
        13: "3 4 5 6 7 8 9 10 11 12 13 14 15 16 18 20 21 22 23",
        14: "3 4 5 6 7 8 9 10 11 12 13 15 17 18 19 20 22 23 24",
        15: "2 3 4 5 6 7 8 10 12 13 14 15 17 18 19",
        16: "1 2 3 4 6 8 9 10 11 13 14 15",
        17: "4 5 6 7 9 10 11",
        18: "3 4 6",
    },
    "postgres": {
        13: "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
        14: "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24",
        15: "2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19",
        16: "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
        17: "1 2 3 4 5 6 7 8 9 10 11",
        18: "1 2 3 4 6",
    },
}

VERSIONS: Final[Mapping[str, frozenset[str]]] = {
    engine: frozenset(
        {*(f"{major}.{minor}" for major, minors in majors.items() for minor in minors.split()), *(str(major) for major in majors)}
    )
    for engine, majors in _VERSIONS.items()
}
LATEST: Final[Mapping[str, str]] = {engine: f"{max(majors)}.{majors[max(majors)].split()[-1]}" for engine, majors in _VERSIONS.items()}

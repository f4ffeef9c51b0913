"""Properties 1 and 5 (POL-01, POL-05) on PostgreSQL on RDS: a standby, replicas, the same law of backups (DB-02, DB-17, DB-09).

The world is prod's with an RDS instance in the place of Aurora, and pack config says so.
"""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import Config, assert_named, assert_open, lawful, run
from tests.policy.mutants import Mutant
from tests.policy.test_property_01_infrastructure import drop, put, remove, to_all
from tests.policy.world import DEPLOYED, PREVIEW, Ref

INSTANCE = "aws:rds/instance:Instance"
LAW: Config = lawful({"need": {"databaseEngine": "postgres", "instances": 1, "retentionDays": 7}})


def rds_like(replicas: int = 1) -> ProdLike:
    """A valid world whose database is an RDS instance with a standby and read replicas."""
    built = prod_like(Shape(readers=0))
    for part in ("database", "database-0"):
        built.world.resources.remove(built.parts.pop(part))
    source = built.make(
        "database",
        INSTANCE,
        {
            "identifier": "coder",
            "engine": "postgres",
            "multiAz": True,
            "publiclyAccessible": False,
            "dbSubnetGroupName": Ref(built.parts["database-subnets"], "name"),
            "vpcSecurityGroupIds": [Ref(built.parts["database-guard-group"])],
            "backupRetentionPeriod": 7,
            "skipFinalSnapshot": False,
            "deletionProtection": True,
        },
        identifier="coder",
    )
    for index in range(replicas):
        built.make(
            f"replica-{index}",
            INSTANCE,
            {
                "replicateSourceDb": Ref(source, "identifier"),
                "publiclyAccessible": False,
                "vpcSecurityGroupIds": [Ref(built.parts["database-guard-group"])],
                "skipFinalSnapshot": True,
            },
            engine="postgres",  # an output only: AWS tells the source's
        )
    region = built.parts["environment"].inputs["regions"][built.shape.region]
    region["database"] = {"engine": "postgres", "readers": replicas, "retentionDays": 7}
    return built


def second(built: ProdLike) -> None:
    """A database that follows nothing beside the one that there is."""
    built.make("second", INSTANCE, {**built.parts["database"].inputs, "identifier": "second"})


COMPLETE = [
    Mutant("no database", "has 0 databases of postgres, and needs 1", remove("database"), whole=True),
    Mutant("a second database", "has 2 databases of postgres, and needs 1", second, whole=True),
    Mutant("no standby", "has no standby in another zone", put("database", "multiAz", False)),
    Mutant("a standby left out", "has no standby in another zone", drop("database", "multiAz")),
    Mutant("a replica too few", "has 0 read replicas; 1 are declared", remove("replica-0")),
    Mutant("a replica of another database", "follows no database of this stack", put("replica-0", "replicateSourceDb", "elsewhere")),
    Mutant("a database for everybody", "is publicly accessible", put("database", "publiclyAccessible", True)),
    Mutant("a replica for everybody", "is publicly accessible", put("replica-0", "publiclyAccessible", True)),
    Mutant("another engine", "has 0 databases of postgres, and needs 1", put("database", "engine", "mysql"), whole=True),
    Mutant("a database elsewhere", "must hold the database subnets", put("database-subnets", "subnetIds", to_all("workspace-a"))),
    Mutant("a replica without a security group", "has no security group of this stack", drop("replica-0", "vpcSecurityGroupIds")),
]
BACKED_UP = [
    Mutant("no retention", "no point-in-time recovery", put("database", "backupRetentionPeriod", 0)),
    Mutant("retention left out", "no point-in-time recovery", drop("database", "backupRetentionPeriod")),
    Mutant("less than the system asks", "keeps 6 days; prod needs 7", put("database", "backupRetentionPeriod", 6)),
    Mutant(
        "a replica of nothing",
        "keeps 6 days; prod needs 7",
        lambda b: b.parts["database"].inputs.update(replicateSourceDb="", backupRetentionPeriod=6),
    ),
    Mutant("no final snapshot", "leaves no final snapshot", put("database", "skipFinalSnapshot", True)),
    Mutant("no deletion protection", "has no deletion protection", put("database", "deletionProtection", False)),
]
BY_PROPERTY = {1: COMPLETE, 5: BACKED_UP}
CASES = [pytest.param(number, each, id=each.name.replace(" ", "-")) for number, mutants in BY_PROPERTY.items() for each in mutants]


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
@pytest.mark.parametrize("replicas", [0, 1, 3])
def test_a_valid_world_raises_no_alarm(replicas: int, mode: str) -> None:
    outcome = run(rds_like(replicas).world, mode, LAW)
    assert outcome.violations(1) == outcome.violations(5) == []


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
def test_a_replica_may_keep_fewer_days_than_its_source(mode: str) -> None:
    built = rds_like()
    put("replica-0", "backupRetentionPeriod", 1)(built)
    assert run(built.world, mode, LAW, number=5).violations(5) == []


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
@pytest.mark.parametrize(("number", "mutant"), CASES)
def test_a_broken_fact_is_named(number: int, mutant: Mutant, mode: str) -> None:
    built = rds_like()
    mutant.apply(built)
    assert_named(run(built.world, mode, LAW), number, mutant.reason, whole=mutant.whole)


@pytest.mark.parametrize(
    ("part", "key", "number", "what"),
    [
        ("database", "multiAz", 1, "whether it has a standby is unknown"),
        ("replica-0", "replicateSourceDb", 1, "its source is unknown"),
    ],
)
def test_an_unknown_is_left_open(part: str, key: str, number: int, what: str) -> None:
    built = rds_like()
    put(part, key, UNKNOWN_STRING_VALUE)(built)
    assert_open(run(built.world, PREVIEW, LAW, number=number), number, built.world.urn(built.parts[part]), what)

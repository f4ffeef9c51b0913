"""`coder-eks policy --sarif` under the official schema of SARIF 2.1.0 (POL-20)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft4Validator, FormatChecker

from operations.policy_check import Checked, Finding, Verdict
from operations.policy_reports import SARIF_SCHEMA, sarif
from tools import real_parts

URN = "urn:pulumi:prod::coder-eks::aws:rds/cluster:Cluster::database"
FORMATS = FormatChecker(())


@FORMATS.checks("uri")
def _absolute(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def _checked() -> Checked:
    rule, finding = "kms-rotation", Finding("property-05", URN, "database: has no deletion protection", mandatory=True)
    properties = tuple(
        Verdict(number, f"Title {number}", 3, "", "do it", (finding,) if number == 5 else (), strict=True) for number in range(1, 18)
    )
    advisory = Finding(rule, "", "speaks of the whole stack", mandatory=False)
    return Checked("prod", 7, properties, (Finding(rule, URN, "never rotates", mandatory=True), advisory), {rule: 2})


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Between the backticks of the Go constant that carries it."""
    text = (real_parts.folder(real_parts.SARIF_SCHEMA, os.environ) / "schema.go").read_text()
    return json.loads(text.partition("`")[2].rpartition("`")[0])


def faults(document: Any, schema: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft4Validator(schema, format_checker=FORMATS).iter_errors(document)]


def test_it_is_the_schema_that_the_reports_name(schema: dict[str, Any]) -> None:
    assert schema["id"] == SARIF_SCHEMA
    Draft4Validator.check_schema(schema)


def test_findings_are_sarif(schema: dict[str, Any]) -> None:
    document = json.loads(sarif(_checked()))
    assert len(document["runs"][0]["results"]) == 3
    assert faults(document, schema) == []


def test_no_findings_are_sarif_too(schema: dict[str, Any]) -> None:
    assert faults(json.loads(sarif(Checked("prod", 0, (), (), {}))), schema) == []


def _first(document: Any) -> Any:
    return document["runs"][0]["results"][0]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda found: _first(found).pop("message"), "'message' is a required property"),
        (lambda found: _first(found).update(level="mandatory"), "'mandatory' is not one of"),
        (lambda found: _first(found).update(urn=URN), "'urn' was unexpected"),
        (lambda found: found["runs"][0]["tool"]["driver"]["rules"][0].update(helpUri="docs/properties/README.md"), "is not a 'uri'"),
        (lambda found: found["runs"][0].pop("tool"), "'tool' is a required property"),
    ],
)
def test_a_planted_fault_is_found(schema: dict[str, Any], change: Callable[[Any], object], complaint: str) -> None:
    document = json.loads(sarif(_checked()))
    change(document)
    assert any(complaint in fault for fault in faults(document, schema))

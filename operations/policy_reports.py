"""The verdicts for people and for programs: a table, JSON, JUnit XML, SARIF 2.1.0."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.policy_check import Checked, Finding, Verdict

COLOURS = {"passed": "green", "violated": "bold red", "advisory": "yellow", "not judged": "yellow"}
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
PAGE = "docs/properties/README.md"
_REGION = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}  # a finding speaks of the whole file


def show(found: Checked, console: Console) -> None:
    """The table of the properties with what each judged, then the baseline, then every finding."""
    table = Table(box=box.SIMPLE, title=f"{found.stack}: {found.resources} resources", title_justify="left", title_style="bold")
    for name in ("", "property", "verdict", "judged", "why not"):
        table.add_column(name, justify="right" if name in ("", "judged") else "left", overflow="fold")
    for each in found.properties:
        table.add_row(str(each.number), each.title, Text(each.word, style=COLOURS[each.word]), str(each.judged), _reason(each))
    judged = sum(1 for count in found.rules.values() if count)
    word = "violated" if any(each.mandatory for each in found.baseline) else "passed"
    table.add_section()
    table.add_row(
        "", f"Baseline: {judged} of {len(found.rules)} rules", Text(word, style=COLOURS[word]), str(sum(found.rules.values())), ""
    )
    console.print(table)
    for each in _findings(found):
        console.print(Text(f"{each.rule}: {each.message} [{_name(each.urn)}]"))


def _reason(each: Verdict) -> str:
    if each.word == "not judged" and each.strict:
        return f"{each.reason or 'nothing of it in the state'}; here every property is judged"
    return each.reason


def as_json(found: Checked) -> dict[str, object]:
    """Each property by number with verdict and counts, and the baseline by rule."""
    return {
        "stack": found.stack,
        "passed": found.passed,
        "resources": found.resources,
        "properties": {
            str(each.number): {
                "title": each.title,
                "verdict": each.word,
                "judged": each.judged,
                "reason": each.reason,
                "findings": [_plain(finding) for finding in each.findings],
            }
            for each in found.properties
        },
        "baseline": {
            "rules": {rule: {"judged": count} for rule, count in found.rules.items()},
            "findings": [{"rule": finding.rule, **_plain(finding)} for finding in found.baseline],
        },
    }


def _plain(finding: Finding) -> dict[str, object]:
    return {"urn": finding.urn, "message": finding.message, "mandatory": finding.mandatory}


def junit(found: Checked) -> str:
    """One test case a property, one for each rule of the baseline; skipped where nothing was judged."""
    suites = ET.Element("testsuites", name=f"coder-eks policy {found.stack}")
    cases = [*(_property_case(each) for each in found.properties), *_rule_cases(found)]
    for name, prefix in (("properties", "property"), ("baseline", "baseline")):
        own = [case for case in cases if case.get("classname") == prefix]
        numbers = {"name": name, "tests": str(len(own)), "errors": "0"}
        for key, tag in (("failures", "failure"), ("skipped", "skipped")):
            numbers[key] = str(sum(case.find(tag) is not None for case in own))
        suite = ET.SubElement(suites, "testsuite", numbers)
        suite.extend(own)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _property_case(each: Verdict) -> ET.Element:
    case = ET.Element("testcase", classname="property", name=f"Property {each.number}: {each.title}", assertions=str(each.judged))
    if not each.holds:
        text = "\n".join(f"{finding.message} [{finding.urn}]" for finding in each.findings) or _reason(each)
        failure = ET.SubElement(case, "failure", type=each.word, message=text.splitlines()[0])
        failure.text = f"{text}\n{each.remediation}"
    elif each.word != "passed":
        ET.SubElement(case, "skipped", message=each.reason or "nothing of it in the state")
    return case


def _rule_cases(found: Checked) -> Iterator[ET.Element]:
    for rule in sorted({*found.rules, *(each.rule for each in found.baseline)}):
        case = ET.Element("testcase", classname="baseline", name=rule, assertions=str(found.rules.get(rule, 0)))
        broken = [each for each in found.baseline if each.rule == rule and each.mandatory]
        if broken:
            failure = ET.SubElement(case, "failure", type="violated", message=broken[0].message)
            failure.text = "\n".join(f"{each.message} [{each.urn}]" for each in broken)
        elif not found.rules.get(rule):
            ET.SubElement(case, "skipped", message="nothing of it in the state")
        yield case


def sarif(found: Checked) -> str:
    """The findings as SARIF, so that a pull request shows them; a URN is a logical location, the stack file the physical one.

    It has all that GitHub's code scanning calls required (GitHub Docs, "SARIF support for code scanning", read 2026-11).
    """
    findings = list(_findings(found))
    properties = {f"property-{each.number:02}": each for each in found.properties}
    ids = sorted({*properties, *(each.rule for each in findings)})
    driver = {"name": "coder-eks policy", "rules": [_descriptor(rule, properties.get(rule)) for rule in ids]}
    results = [
        {
            "ruleId": each.rule,
            "ruleIndex": ids.index(each.rule),
            "level": "error" if each.mandatory else "warning",
            "message": {"text": each.message},
            "partialFingerprints": {"primaryLocationLineHash": _fingerprint(each)},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": f"Pulumi.{found.stack}.yaml"}, "region": _REGION},
                    "logicalLocations": [{"fullyQualifiedName": each.urn or found.stack, "name": _name(each.urn) or found.stack}],
                }
            ],
        }
        for each in findings
    ]
    run: Mapping[str, object] = {"tool": {"driver": driver}, "results": results, "columnKind": "utf16CodeUnits"}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _descriptor(rule: str, judged: Verdict | None) -> dict[str, object]:
    """A property or a rule of the baseline. Its page has no address of its own, so it stands in the help and not as helpUri."""
    title = judged.title if judged else rule
    remedy = judged.remediation if judged else "Do what the finding says, or add an exception with reason, owner and an end."
    anchor = f"property-{judged.number}" if judged else "baseline"
    return {
        "id": rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{'Property' if judged else 'Rule of the baseline'}: {title}"},
        "help": {"text": f"{remedy} {PAGE}#{anchor}", "markdown": f"{remedy} [{PAGE}](../blob/HEAD/{PAGE}#{anchor})"},
    }


def _fingerprint(each: Finding) -> str:
    """The same for the same finding on every run: all of a stack stand on one line of its file."""
    return f"{hashlib.sha256('|'.join((each.rule, each.urn, each.message)).encode()).hexdigest()[:16]}:1"


def _findings(found: Checked) -> Iterator[Finding]:
    for each in found.properties:
        yield from each.findings
    yield from found.baseline


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]

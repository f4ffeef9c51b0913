"""What the policy pack says of a deployed stack: `pulumi policy analyze` over its exported state (POL-18)."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from operations.failure import ExitCode, Failure
from operations.stack import Stack
from policy.variables import REPORT

PACK = "policy"
SECONDS = 600  # for judging
STRICT_SYSTEMS = ("prod",)  # where a property that judged nothing is a failure, from the second visit on
_STATEMENT = re.compile(r"^(property-\d\d|baseline)(?P<open> not judged| not yet judged)?:? ", re.MULTILINE)
_NUMBER = re.compile(r"^property-(\d\d)-")


@dataclass(frozen=True, order=True)
class Finding:
    """One violation. rule: `property-05`, or the baseline rule's id. mandatory: stops an update."""

    rule: str
    urn: str
    message: str
    mandatory: bool


@dataclass(frozen=True)
class Verdict:
    """One property. judged: resources; reason: why there is no verdict."""

    number: int
    title: str
    judged: int
    reason: str
    remediation: str
    findings: tuple[Finding, ...]
    strict: bool

    @property
    def word(self) -> str:
        """Passed, violated, or what keeps it from either."""
        if self.findings:
            return "violated" if any(found.mandatory for found in self.findings) else "advisory"
        if self.reason or not self.judged:
            return "not judged"
        return "passed"

    @property
    def holds(self) -> bool:
        """Whether it is in order: on a strict system only what passed is."""
        return self.word == "passed" or (self.word in ("not judged", "advisory") and not self.strict)


@dataclass(frozen=True)
class Checked:
    """A stack, judged. rules: how many resources each rule of the baseline judged."""

    stack: str
    resources: int
    properties: tuple[Verdict, ...]
    baseline: tuple[Finding, ...]
    rules: Mapping[str, int]

    @property
    def passed(self) -> bool:
        """Whether every property is in order and no mandatory rule is broken."""
        return all(found.holds for found in self.properties) and not any(found.mandatory for found in self.baseline)


def check(stack: Stack, *, state: Path | None = None, config: Path | None = None) -> Checked:
    """Judge the stack's state; Failure where there is no pulumi, no stack or no pack."""
    with tempfile.TemporaryDirectory(prefix="coder-eks-policy-") as folder:
        place = state or Path(folder, "state.json")
        if state is None:
            place.touch(mode=0o600)
            place.write_text(stack.exported(), encoding="utf-8")
        elif not state.is_file():
            raise Failure(ExitCode.MISSING, f"{state} is not there; write it with `pulumi stack export --stack {stack.name}`")
        report = Path(folder, "report.json")
        options = ["--policy-pack-config", str(config)] if config else []
        command = ["policy", "analyze", "--file", str(place.resolve()), "--policy-pack", PACK, "--json", *options]
        done = stack.pulumi(*command, seconds=SECONDS, environment={REPORT: str(report)})
        if not report.is_file():
            said = " ".join((done.stderr or done.stdout).split())[-600:]
            raise Failure(ExitCode.MISSING, f"the policy pack has judged nothing of {stack.name}: {said or 'the state is empty'}")
        return checked(stack.name, json.loads(report.read_text(encoding="utf-8")), list(_events(done.stdout)))


def previewed(stack: Stack, events: Path, report: Path) -> Checked:
    """What the pack said at a preview: its event log (`--event-log`), and the report that it wrote then."""
    for path, remedy in ((events, "run the preview with --event-log"), (report, f"run the preview with {REPORT} in its environment")):
        if not path.is_file():
            raise Failure(ExitCode.MISSING, f"{path} is not there; {remedy}")
    return checked(stack.name, json.loads(report.read_text(encoding="utf-8")), list(_events(events.read_text(encoding="utf-8"))))


def checked(stack: str, report: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Checked:
    """Report and events, joined."""
    findings = sorted(found for event in events if (found := _finding(event)) is not None)
    strict = report["system"] in STRICT_SYSTEMS and report["visit"] != 1
    properties = tuple(
        Verdict(
            number=item["number"],
            title=item["title"],
            judged=item["judged"],
            reason=item["reason"] or (f"{item['open']} unknown" if item["open"] else ""),
            remediation=item["remediation"],
            findings=tuple(
                sorted((each for each in findings if each.rule == f"property-{item['number']:02}"), key=lambda each: each.message)
            ),
            strict=strict,
        )
        for item in report["properties"]
    )
    own = tuple(each for each in findings if not each.rule.startswith("property-"))
    return Checked(stack, report["resources"], properties, own, report["baseline"]["rules"])


def _finding(event: Mapping[str, Any]) -> Finding | None:
    """A violation of an event; None for a line about what is not judged."""
    message = str(event.get("message", ""))
    statement = _STATEMENT.search(message)
    if statement is None or statement["open"]:
        return None
    words = message[statement.end() :].strip()
    number = _NUMBER.match(str(event.get("policyName")))
    rule = f"property-{number[1]}" if number else words.partition(":")[0]
    mandatory = event.get("enforcementLevel") == "mandatory"
    return Finding(rule, str(event.get("resourceUrn") or ""), words if number else words.partition(":")[2].strip(), mandatory)


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            event = cast("dict[str, Any]", json.loads(line))
            if "policyEvent" in event:
                yield event["policyEvent"]

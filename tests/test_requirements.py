"""Every requirement of the catalogue is held by a test that names it, or docs/coverage.md tells why not here.

Of docs/requirements.md: the components (2.1 to 2.8), the preflight, the policies, the delivery.
"""

from __future__ import annotations

import re
from functools import cache

from tools.install import ROOT

GROUPS = ("NET", "EKS", "DB", "CDR", "PRV", "TPL", "OBS", "DNS", "PRE", "POL", "CIC")
_ID = rf"(?:{'|'.join(GROUPS)})-\d\d"
REQUIRED = re.findall(rf"^\| ({_ID}) \|", (ROOT / "docs" / "requirements.md").read_text(), re.MULTILINE)
TOLD = dict(re.findall(rf"^\| ({_ID}) \| (.+) \|$", (ROOT / "docs" / "coverage.md").read_text(), re.MULTILINE))


@cache
def named() -> set[str]:
    """The ids that tests name, ranges such as OBS-06…OBS-09 filled in."""
    found: set[str] = set()
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text()
        found |= set(re.findall(_ID, text))
        for group, first, last in re.findall(rf"\b({'|'.join(GROUPS)})-(\d\d)(?:…| to )(?:\1-)?(\d\d)\b", text):
            found |= {f"{group}-{number:02}" for number in range(int(first), int(last) + 1)}
    return found


def test_the_catalogue_is_read():
    assert len(REQUIRED) > 250
    assert len(REQUIRED) == len(set(REQUIRED))


def test_every_requirement_is_named_by_a_test_or_told_of():
    missing = [each for each in REQUIRED if each not in named() and each not in TOLD]
    assert not missing, f"name them where they are tested, or tell in docs/coverage.md why not: {' '.join(missing)}"


def test_nothing_is_told_of_that_is_tested_or_not_required():
    assert not sorted(set(TOLD) - set(REQUIRED))
    assert not sorted(set(TOLD) & named()), "a test names them: take them out of docs/coverage.md"


def test_every_reason_is_a_sentence():
    for reason in TOLD.values():
        assert reason[0].isupper()
        assert reason.endswith(".")
        assert len(reason.split()) > 3

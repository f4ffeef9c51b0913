"""Which values a chart knows: Helm ignores an unknown one in silence, here it is an error before the release is declared (decision 4).

A chart's record is `components/chart_records/<chart>.txt`: a head of `# name: value` lines (chart, version, source, read), then a key a
line. `a.b` is a value that the chart reads as one thing (text, number, flag, list), `a.b.*` one whose inside it hands on as it is, and
`a.b -> chart` the values of another chart with a record of its own. `python -m tools.chart_keys values.yaml` prints the keys of a chart.

To add a chart: write its record, and call `check(chart, version, values)` where the release is declared. The graph test
tests/components/test_chart_keys.py holds every release of every stack to a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, cast

RECORDS = Path(__file__).parent / "chart_records"
_OPEN, _OTHER = ".*", " -> "


class UnknownChartValueError(ValueError):
    """Something that a chart would silently ignore; problems: one sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Record:
    """What was read of a chart. version: of the chart; source: repository, file and commit; keys, open_keys, others: see above."""

    chart: str
    version: str
    source: str
    read: date
    keys: frozenset[str]
    open_keys: frozenset[str]
    others: Mapping[str, str]

    @property
    def known(self) -> frozenset[str]:
        """Every key that may be written."""
        return self.keys | self.open_keys | frozenset(self.others)

    @property
    def _sections(self) -> frozenset[str]:
        return frozenset(".".join(parts[:end]) for key in self.known for parts in [key.split(".")] for end in range(1, len(parts)))

    def unknown(self, values: Mapping[str, Any], path: str = "") -> Iterator[str]:
        """A sentence for each key that the chart would ignore; only keys are looked at, so that values may be outputs."""
        for key, value in values.items():
            here = f"{path}{key}"
            if here in self.open_keys or any(here.startswith(f"{open_key}.") for open_key in self.open_keys):
                continue
            if here in self.others:
                if isinstance(value, Mapping):
                    yield from (f"{here}: {problem}" for problem in record(self.others[here]).unknown(cast("Mapping[str, Any]", value)))
            elif here in self.keys and not isinstance(value, Mapping):
                continue
            elif isinstance(value, Mapping) and any(name.startswith(f"{here}.") for name in self.known):
                yield from self.unknown(cast("Mapping[str, Any]", value), f"{here}.")
            else:
                yield f"{here} is no value of the chart {self.chart}{meant(here, self.known | self._sections)}"


@cache
def record(chart: str) -> Record:
    """The record of a chart; UnknownChartValueError where nobody has read it."""
    file = RECORDS / f"{chart}.txt"
    if not file.is_file():
        raise UnknownChartValueError((f"chart {chart} has no record; write its keys to components/chart_records/{chart}.txt",))
    lines = file.read_text(encoding="utf-8").splitlines()
    head = dict(re.findall(r"^# (chart|version|source|read): (.+)$", "\n".join(lines), re.MULTILINE))
    entries = [line for line in lines if line and not line.startswith("#")]
    return Record(
        chart=head["chart"],
        version=head["version"],
        source=head["source"],
        read=date.fromisoformat(head["read"]),
        keys=frozenset(entry for entry in entries if not entry.endswith(_OPEN) and _OTHER not in entry),
        open_keys=frozenset(entry.removesuffix(_OPEN) for entry in entries if entry.endswith(_OPEN)),
        others=dict(cast("tuple[str, str]", tuple(entry.split(_OTHER))) for entry in entries if _OTHER in entry),
    )


def check(chart: str, version: str, values: Mapping[str, Any]) -> None:
    """Raise UnknownChartValueError with every key that the chart would ignore, or for a version that its record does not speak for."""
    found = record(chart)
    problems = tuple(found.unknown(values))
    if not _speaks_for(found.version, version):
        covered = f"{chart} {version} is not covered by components/chart_records/{chart}.txt, which was read for {found.version}"
        problems = (f"{covered}; pin a version of the same major number that is not older, or read the chart anew", *problems)
    if problems:
        raise UnknownChartValueError(problems)


def meant(word: str, known: frozenset[str] | set[str]) -> str:
    """`; did you mean …?` where a known word is close, else nothing."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""


def _speaks_for(read: str, pinned: str) -> bool:
    """Charts follow semantic versions: a later one of the same major number still knows these keys."""
    had, wanted = (tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")) for version in (read, pinned))
    return had[0] == wanted[0] and wanted >= had

"""`python -m bench.templates`: what it times is composed and verified; how long it takes is no test's matter."""

from __future__ import annotations

import pytest

from bench import templates


def test_each_quarter_is_composed_out_of_a_larger_catalogue():
    rows = templates.measure(4)
    assert [row["compositions"] for row in rows] == [1, 1, 1, 1]
    sizes = [row["toolchains"] for row in rows]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] > 100 * sizes[0]


def test_a_composition_that_does_not_verify_ends_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(templates.judging, "file_faults", lambda _files, _today: {15: ["it was changed"]})
    with pytest.raises(SystemExit, match=r"does not verify: \{15: \['it was changed'\]\}"):
        templates.measure(4)

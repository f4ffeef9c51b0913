"""A refusal and its test: one thing that AWS refuses, a near one that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from localcloud import aws_rules
from localcloud.kinds.model import Refusal, Refused
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL

Act = Callable[[Account], object]


def rows(*modules: str) -> tuple[Refusal, ...]:
    """The rows of some modules of refusals; the tables are whole by then."""
    return tuple(row for module in modules for row in import_module(f"localcloud.{module}").REFUSALS)


class Pair(NamedTuple):
    """What is refused, and what is not."""

    refused: Act
    accepted: Act


def made(token: str, /, **inputs: Any) -> Act:
    """Make the minimal thing with other inputs; a callable value is asked for it; None takes an input away."""

    def act(account: Account) -> object:
        given = {name: value(account) if callable(value) else value for name, value in inputs.items()}
        merged = {**MINIMAL[token](account), **given}
        return account.make(token, **{name: value for name, value in merged.items() if value is not None})

    return act


def changed(token: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Act:
    """Make one, then change it."""

    def act(account: Account) -> object:
        return account.change(account.make(token, **{**MINIMAL[token](account), **before}), **after)

    return act


def deleted(token: str, prepare: Callable[[Account, Any], object] | None = None, **inputs: Any) -> Act:
    """Make one, prepare something beside it, delete it."""

    def act(account: Account) -> object:
        given = {name: value(account) if callable(value) else value for name, value in inputs.items()}
        thing = account.make(token, **{**MINIMAL[token](account), **given})
        if prepare:
            prepare(account, thing)
        return account.delete(thing)

    return act


def judge(table: tuple[Refusal, ...], name: str, pair: Pair, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row alone refuses the one, and all rows together take the other."""
    found = [row for row in table if row.name == name]
    assert found, f"no row is named {name!r}"
    everything = aws_rules.REFUSALS
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    monkeypatch.setattr(
        aws_rules, "REFUSALS", {token: tuple(row for row in found if token in row.tokens) for row in found for token in row.tokens}
    )
    with pytest.raises(Refused) as caught:
        pair.refused(Account(folder / "one"))
    assert caught.value.code in {row.code for row in found}
    assert " " in caught.value.message
    monkeypatch.setattr(aws_rules, "REFUSALS", everything)
    pair.accepted(Account(folder / "two"))


def untested(table: tuple[Refusal, ...], pairs: Mapping[str, Pair]) -> list[str]:
    """Rows without a pair, and pairs without a row."""
    return sorted({row.name for row in table} ^ set(pairs))

"""Every wrong stack file gets its exact messages: one a fault, all faults at once, with file, key, value and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plan.faults import all_faults
from settings.load import SettingsError, load, load_file
from settings.stack_file import read_config
from tests.settings.cases import HAPPY, HERE, STACK_FILE, happy, merged, messages

ERRORS = sorted(HERE.glob("prod.error.*.yaml"))
REMEDY = re.compile(
    r"write|use |did you mean|is no key of this section; its keys are|add |set |give |remove|put |make |the next one it takes"
)
JARGON = re.compile(r"pydantic|validation error|Input should|input_type|\[type=|Traceback|Value error|NoneType|<class", re.IGNORECASE)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem.removeprefix("prod.error."))
def test_a_wrong_stack_file_is_answered_with_exactly_its_messages(path: Path):
    with pytest.raises(SettingsError) as caught:
        load(merged(happy(), read_config(path)), STACK_FILE)

    assert list(all_faults(caught.value)) == messages(path)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem.removeprefix("prod.error."))
def test_a_message_names_file_and_key_and_says_what_to_write(path: Path):
    for message in messages(path):
        assert re.match(rf"{STACK_FILE}: coder-eks:[\w.\[\]-]+: \S", message)
        assert REMEDY.search(message), message
        assert not JARGON.search(message), message


def test_there_are_enough_golden_cases():
    assert len(ERRORS) >= 25


def test_the_happy_case_loads():
    settings = load_file(HAPPY)

    assert settings.primary_region == "us-east-1"
    assert str(settings.regions["us-east-1"].network.cidr) == "10.0.0.0/16"
    assert settings.workload.average.memory.gibibytes == 8
    assert settings.workload.average.cpu.millicpu == 4000
    assert settings.coder.session_hours == 8


def test_the_stack_file_of_prod_loads_and_stays_readable():
    """A newcomer reads prod in one go: at most 150 lines."""
    path = Path(__file__).parents[2] / STACK_FILE

    assert load_file(path) == load_file(HAPPY)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150

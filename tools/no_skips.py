"""A pytest plugin for `.ci/run` (`-p tools.no_skips`): a skipped test fails the run, because there everything has to run."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a green run with skipped tests into a failure; the terminal's own list says which and why."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter is not None else 0
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nno_skips: {skipped} tests were skipped (reasons below); here nothing may be skipped")

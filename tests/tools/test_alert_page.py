"""docs/observability.md is what the plan says."""

from __future__ import annotations

from tools import alert_page


def test_the_page_is_the_plan():
    """DOC-09; `python -m tools.alert_page` writes it."""
    assert alert_page.PAGE.read_text(encoding="utf-8") == alert_page.text()


def test_the_page_shows_the_designs_escalation():
    """OBS-06 to OBS-09: prod-design.md, Operational Alerts."""
    page = alert_page.text()

    assert "| critical | System down | 15 minutes | at once | 30 min | 1 h | OBS-06 |" in page
    assert "| high | Degraded service | 1 hour | at once | 2 h | - | OBS-07 |" in page
    assert "| medium | Minor impact | 4 hours | at once | - | - | OBS-08 |" in page
    assert "| low | Cosmetic or enhancement | 1 business day, best effort | at once | - | - | OBS-09 |" in page

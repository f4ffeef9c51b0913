"""The generated page of the properties."""

from __future__ import annotations

from policy import pages


def test_the_page_is_the_pack_s() -> None:
    """Generated: `python -m policy.pages`."""
    assert pages.PAGE.read_text(encoding="utf-8") == pages.text()

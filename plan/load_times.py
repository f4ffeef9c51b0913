"""How long a first page takes to come: what the demo document says, and what follows from the settings (requirements 1.3, T-34, T-87).

No figure here is measured on AWS: the document's are its own, and ours follow from what the settings switch on and off.
"""

from __future__ import annotations

from dataclasses import dataclass

from settings.model import Settings

PORT_80 = (2.0, 3.0)  # seconds: the document's, of a browser that tries port 80 first, where nothing listens (CDR-30)
WARM = 0.1  # seconds: the document's
COLD_START = (5.0, 10.0)  # seconds: the document's, after 30 minutes without a visit
PAUSE_AT = 0.0  # ACU: Aurora Serverless v2 pauses with this minimum only (Amazon Aurora User Guide, "Auto-pause", read 2026-11)


@dataclass(frozen=True)
class LoadTime:
    """One visit. document, here: seconds at least and at most, 0 where only a bound is known. why: what makes the difference."""

    scenario: str
    document: tuple[float, float]
    here: tuple[float, float]
    why: str


def load_times(settings: Settings) -> tuple[LoadTime, ...]:
    """The rows of the demo document's table, in its order."""
    acu = settings.primary_database.acu
    pauses = acu is not None and acu.min <= PAUSE_AT  # no settings say so: `database.acu.min` is 0.5 at least
    least = f"a minimum of {acu.min:g} ACU" if acu else "a database that is always there"
    database = COLD_START if pauses else (0.0, 0.0)
    no_pause = f"{least} never pauses, and coderd asks its database all the time: no cold start (T-34)"
    warm = (0.0, WARM)
    plain, cold = _sum(PORT_80, database), _sum(warm, database)
    return (
        LoadTime("first visit over HTTP", _sum(PORT_80, COLD_START), plain, f"port 80 has no listener; {no_pause}"),
        LoadTime("first visit over HTTPS", COLD_START, cold, f"{no_pause}; it is slower while capacity rises"),
        LoadTime(
            "return visit over HTTP", _sum(PORT_80, COLD_START), plain, "the document counts in a cold database, which there is not (T-87)"
        ),
        LoadTime("warm over HTTPS", warm, warm, "as the document says"),
        LoadTime("bookmark or link with https", (0.0, COLD_START[1]), cold, "as the first visit over HTTPS"),
    )


def _sum(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]

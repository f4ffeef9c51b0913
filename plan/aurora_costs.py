"""What Aurora's capacity costs a month, beside what the demo document says of it (T-33, DB-15)."""

from __future__ import annotations

from dataclasses import dataclass

from plan.cost import HOURS
from plan.prices import SERVICES
from settings.model import Settings


@dataclass(frozen=True)
class AuroraCost:
    """acu: of each instance, all month. document_usd: what the document says of it, if anything.

    instance_usd, cluster_usd: a month; None without a price.
    """

    what: str
    acu: float
    document_usd: float | None
    instance_usd: float | None
    cluster_usd: float | None


# documents/demo-environment.md: "0.5 ACU (~$9/month)", "~$35/month baseline vs $9/month" for min_capacity = 2, "~$9-$400/month"
_DOCUMENT = {0.5: 9.0, 2.0: 35.0, 16.0: 400.0}


def aurora_costs(settings: Settings) -> tuple[AuroraCost, ...]:
    """At the declared minimum and maximum and at the document's alternative; none where the database is not Aurora."""
    database, region = settings.primary_database, settings.primary_region
    if database.acu is None:
        return ()
    prices = SERVICES.get(region)
    price, instances = prices.aurora_acu if prices else None, 1 + database.readers
    steps = {
        2.0: "the document's other minimum",
        database.acu.max: "the declared maximum, all month",
        database.acu.min: "the declared minimum",
    }
    return tuple(
        AuroraCost(
            what,
            acu,
            _DOCUMENT.get(acu),
            None if price is None else round(acu * HOURS * price, 2),
            None if price is None else round(acu * HOURS * price * instances, 2),
        )
        for acu, what in sorted(steps.items())
    )

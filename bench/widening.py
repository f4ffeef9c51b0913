"""How prod is widened: whole further systems of the same size, in regions of their own. Imports nothing that prod does not import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

STACK = "prod"
# A region of its own and another for the copies of its backups: providers and networks are named for them.
REGIONS = (("us-east-1", "us-west-2"), ("us-east-2", "us-west-1"), ("eu-west-1", "eu-central-1"), ("eu-west-2", "ca-central-1"))


def widened_config(config: Mapping[str, object], copy: int) -> dict[str, object]:
    """prod's configuration as that of another system of the same size: other names, domain and regions. Copy 0 is prod itself.

    The others have no templates on EC2: the catalogue knows machine images of prod's region only.
    """
    text = json.dumps(config)
    here, there = REGIONS[copy]
    if copy:
        old, new = f"coder/{STACK}/", f"coder/{STACK}{copy}/"
        domain = "coder.example.com"
        for before, after in ((REGIONS[0][1], there), (REGIONS[0][0], here), (old, new), (domain, f"coder{copy}.example.com")):
            text = text.replace(before, after)
    widened = cast("dict[str, dict[str, object]]", json.loads(text))
    if copy:
        widened["coder-eks:system"]["name"] = f"{STACK}{copy}"
        widened["coder-eks:templates"]["ec2"] = False
    return dict(widened)

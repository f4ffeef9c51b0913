"""Regions and availability zones: letters and ids.

Source: moto 5.2.5, ec2/models/availability_zones_and_regions.py (2026), which records describe-availability-zones of one account:
the letters are real, which id a letter has differs from account to account. Local zones and the other partitions are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ZONES: Final[Mapping[str, str]] = {
    "af-south-1": "a:afs1-az1 b:afs1-az2 c:afs1-az3",
    "ap-east-1": "a:ape1-az1 b:ape1-az2 c:ape1-az3",
    "ap-east-2": "a:ape2-az1 b:ape2-az2 c:ape2-az3",
    "ap-northeast-1": "a:apne1-az4 c:apne1-az1 d:apne1-az2",
    "ap-northeast-2": "a:apne2-az1 b:apne2-az2 c:apne2-az3 d:apne2-az4",
    "ap-northeast-3": "a:apne3-az1 b:apne3-az2 c:apne3-az3",
    "ap-south-1": "a:aps1-az1 b:aps1-az3 c:aps1-az2",
    "ap-south-2": "a:aps2-az1 b:aps2-az2 c:aps2-az3",
    "ap-southeast-1": "a:apse1-az1 b:apse1-az2 c:apse1-az3",
    "ap-southeast-2": "a:apse2-az1 b:apse2-az3 c:apse2-az2",
    "ap-southeast-3": "a:apse3-az1 b:apse3-az2 c:apse3-az3",
    "ap-southeast-4": "a:apse4-az1 b:apse4-az2 c:apse4-az3",
    "ap-southeast-5": "a:apse5-az1 b:apse5-az2 c:apse5-az3",
    "ap-southeast-6": "a:apse6-az1 b:apse6-az2 c:apse6-az3",
    "ap-southeast-7": "a:apse7-az1 b:apse7-az2 c:apse7-az3",
    "ca-central-1": "a:cac1-az1 b:cac1-az2 d:cac1-az4",
    "ca-west-1": "a:caw1-az1 b:caw1-az2 c:caw1-az3",
    "eu-central-1": "a:euc1-az1 b:euc1-az2 c:euc1-az3",
    "eu-central-2": "a:euc2-az1 b:euc2-az2 c:euc2-az3",
    "eu-north-1": "a:eun1-az1 b:eun1-az2 c:eun1-az3",
    "eu-south-1": "a:eus1-az1 b:eus1-az2 c:eus1-az3",
    "eu-south-2": "a:eus2-az1 b:eus2-az2 c:eus2-az3",
    "eu-west-1": "a:euw1-az3 b:euw1-az1 c:euw1-az2",
    "eu-west-2": "a:euw2-az2 b:euw2-az3 c:euw2-az1",
    "eu-west-3": "a:euw3-az1 b:euw3-az2 c:euw3-az3",
    "il-central-1": "a:ilc1-az1 b:ilc1-az2 c:ilc1-az3",
    "me-central-1": "a:mec1-az1 b:mec1-az2 c:mec1-az3",
    "me-south-1": "a:mes1-az1 b:mes1-az2 c:mes1-az3",
    "mx-central-1": "a:mxc1-az1 b:mxc1-az2 c:mxc1-az3",
    "sa-east-1": "a:sae1-az1 b:sae1-az2 c:sae1-az3",
    "us-east-1": "a:use1-az6 b:use1-az1 c:use1-az2 d:use1-az4 e:use1-az3 f:use1-az5",
    "us-east-2": "a:use2-az1 b:use2-az2 c:use2-az3",
    "us-west-1": "a:usw1-az3 b:usw1-az1",
    "us-west-2": "a:usw2-az2 b:usw2-az1 c:usw2-az3 d:usw2-az4",
}

REGIONS: Final = tuple(sorted(_ZONES))
_IDS: Final[Mapping[str, Mapping[str, str]]] = {
    region: {f"{region}{pair.split(':')[0]}": pair.split(":")[1] for pair in pairs.split()} for region, pairs in _ZONES.items()
}


def zones(region: str) -> tuple[str, ...]:
    """The zones of a region by name, in order; none where there is no such region."""
    return tuple(sorted(_IDS.get(region, {})))


def zone_id(name: str) -> str:
    """The id of a zone, "" where there is no such zone."""
    return _IDS.get(name[:-1], {}).get(name, "")

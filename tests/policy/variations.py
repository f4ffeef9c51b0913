"""Random valid environments: stack files drawn from prod's, and names, ranges, regions and figures changed throughout a recording.

A draw of the stack file decides the structure (zones, NAT, identity, API access, flags) and costs a run of the program; what only changes
values is changed in the recording, which costs nothing. Both are valid: settings and plan accept the first, the second renames.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import strategies as st

from settings.load import SettingsError, load
from settings.model import Settings
from tests.policy.judge import Config
from tests.policy.recorded import ROOT, Entry, Recording

STRUCTURES = 10
TEMPLATE = "coderd:index/template:Template"
PROD = (ROOT / "Pulumi.prod.yaml").read_text()
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
Draw = Callable[[Any], Any]


def document(index: int) -> str:
    """The stack file of that number: prod's with a dozen of its choices taken otherwise; the first is prod's own."""
    if index == 0:
        return PROD
    config, chosen = yaml.safe_load(PROD)["config"], random.Random(index)
    region: dict[str, Any] = config["coder-eks:regions"]["us-east-1"]
    network, cluster, database, coder = region["network"], region["cluster"], region["database"], config["coder-eks:coder"]
    network["zones"] = zones = chosen.choice([2, 3])
    network["tiers"] = {tier: ranges[:zones] for tier, ranges in network["tiers"].items()}
    cluster["node_groups"]["coder-ws"]["max"] = 200 if zones == 3 else 120  # as many as two zones' subnets have addresses for
    network["nat"] = chosen.choice(["gateway-per-az", "single-gateway"])
    network["flow_log_retention_days"] = chosen.choice([90, 180, 365])
    cluster["identity"] = chosen.choice(["irsa", "pod-identity"])
    cluster["api_access"] = chosen.choice(["private", ["203.0.113.0/24"]])
    cluster["cni"] = chosen.choice(["warm-eni", "prefix"])
    cluster["node_groups"]["coder-control"]["max"] = chosen.choice([3, 4, 6])
    database["readers"] = chosen.randint(0, 3)
    database["retention_days"] = chosen.randint(1, 35)
    database["copy_to_region"] = chosen.choice([None, "us-west-2"])
    coder["static_ips"] = chosen.choice([True, False])
    coder["telemetry"] = chosen.choice([True, False])
    coder["tls_policy"] = chosen.choice(["ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"])
    config["coder-eks:templates"]["time_to_live"] = chosen.choice(["4h", "8h", "12h"])
    if zones == 2:
        config["coder-eks:workload"]["peak"]["workspaces"] = 1500
    config["coder-eks:workload"]["users"]["workspaces_each"] = chosen.randint(3, 6)
    return yaml.safe_dump({"config": config})


def parsed(text: str) -> Settings | None:
    """The settings; None where the draw is refused."""
    try:
        return load(yaml.safe_load(text)["config"], "Pulumi.prod.yaml")
    except SettingsError:
        return None


def lawful(text: str) -> Config:
    """Pack config under which a shape smaller than prod's is lawful."""
    region = yaml.safe_load(text)["config"]["coder-eks:regions"]["us-east-1"]
    need = {
        "zones": region["network"]["zones"],
        "nat": [region["network"]["nat"]],
        "instances": 1 + region["database"]["readers"],
        "retentionDays": region["database"]["retention_days"],
    }
    return {f"property-{name}": {"need": need} for name in ("01-infrastructure", "05-backup-rpo")}


def vary(found: Recording, draw: Draw) -> Recording:
    """The same environment elsewhere, under other names, with other figures."""
    domain = f"{draw(LABELS)}.{draw(st.sampled_from(['example.org', 'dev.example.io', 'a.b.example.com']))}"
    region = draw(st.sampled_from(["us-east-1", "eu-west-2", "us-east-2", "ap-southeast-1"]))
    block = 0 if found.all(TEMPLATE) else draw(st.integers(0, 15)) * 16  # pushed files name the VPC: another range is another program
    account = draw(st.sampled_from(["123456789012", "210987654321"]))
    text = json.dumps([entry.__dict__ for entry in found.entries])
    for old, new in (
        ("coder.example.com", domain),
        ("us-east-1", region),
        ('"10.0.', f'"10.{block}.'),
        ("123456789012", account),
    ):
        text = text.replace(old, new)
    varied = Recording(found.stack, found.mode, [Entry(**item) for item in json.loads(text)])
    for template in varied.all(TEMPLATE):
        template.put("defaultTtlMs", draw(st.integers(1, 48)) * 3600000)
        template.put("autoStartPermittedDaysOfWeeks", draw(st.sampled_from([["monday"], ["monday", "sunday"]])))
    for release in varied.all("kubernetes:helm.sh/v3:Release"):
        environment = copy.deepcopy((release.inputs.get("values") or {}).get("coder", {}).get("env", []))
        if environment:
            release.put("values.coder.env", environment[::-1] if draw(st.booleans()) else environment)
    return varied

"""Rules that need more than one section or region, and where settings come from in a Pulumi program."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import CONFIG, set_all_config

from settings.from_pulumi import load_from_pulumi
from settings.load import SettingsError, load
from settings.model import Settings
from settings.versions import BY_KUBERNETES, KUBERNETES_SUPPORT, AddOnVersions, ChartVersions, Versions
from tests.settings.cases import PREFIX, STACK_FILE, happy


def with_second_region(**network: Any) -> dict[str, Any]:
    config = happy()
    regions = config[PREFIX + "regions"]
    regions["us-east-2"] = deepcopy(regions["us-east-1"])
    del regions["us-east-2"]["database"]  # Coder's only one is in the first region
    regions["us-east-2"]["network"].update({"cidr": "10.1.0.0/16", "tiers": None, "reserved": [], **network})
    return config


def test_several_regions_have_the_shape_of_one():
    """NET-38: each with a range of its own; the one with the database is the primary, wherever it stands."""
    settings = load(with_second_region(), STACK_FILE)

    assert list(settings.regions) == ["us-east-1", "us-east-2"]
    assert settings.primary_region == "us-east-1"
    assert list(settings.deployed_regions) == ["us-east-1", "us-east-2"]
    assert settings.regions["us-east-2"].network.tiers is None


def test_ranges_of_two_regions_do_not_overlap():
    """T-12: regions that reach each other's database need ranges of their own."""
    with pytest.raises(SettingsError) as caught:
        load(with_second_region(cidr="10.0.128.0/17"), STACK_FILE)

    (problem,) = caught.value.problems
    assert problem.startswith(
        f"{STACK_FILE}: coder-eks:regions.us-east-2.network.cidr: 10.0.128.0/17 overlaps 10.0.0.0/16 of us-east-1; write"
    )


def test_a_fault_in_one_section_hides_none_between_others():
    """All faults at once: sizes and groups are compared although the system section is wrong."""
    config = happy()
    config[PREFIX + "system"]["sizing"] = "large"
    config[PREFIX + "templates"]["published"]["pod-swdev"]["sizes"] = ["huge"]
    with pytest.raises(SettingsError) as caught:
        load(config, STACK_FILE)

    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        "coder-eks:system.sizing",
        "coder-eks:templates.published.pod-swdev.sizes[0]",
    ]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch):
    """What the engine hands over: JSON text for every object."""
    before = CONFIG.get()

    def hand_over(config: dict[str, Any], secret_keys: list[str] | None = None) -> None:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        set_all_config(texts, secret_keys or [])

    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    yield hand_over
    set_all_config(before, [])


def test_the_engines_configuration_gives_the_same_settings(engine: Any):
    engine({**happy(), "aws:region": "us-east-1"})

    loaded: Settings = load_from_pulumi()

    assert loaded == load(happy(), STACK_FILE)


def test_the_engines_configuration_is_checked_for_unknown_sections(engine: Any):
    engine({**happy(), "coder-eks:worklod": {}})

    with pytest.raises(SettingsError) as caught:
        load_from_pulumi()

    assert caught.value.problems == (f"{STACK_FILE}: coder-eks:worklod: is no section; did you mean coder-eks:workload?",)


def test_an_encrypted_section_is_refused_by_name(engine: Any):
    """Decision 13: stack files hold no secrets, encrypted or not."""
    engine(happy(), ["coder-eks:coder"])

    with pytest.raises(SettingsError) as caught:
        load_from_pulumi()

    assert any(
        problem.startswith(f"{STACK_FILE}: coder-eks:coder: is encrypted here; put the value into AWS") for problem in caught.value.problems
    )


@pytest.mark.parametrize("kubernetes", KUBERNETES_SUPPORT)
def test_every_kubernetes_version_has_add_ons_of_its_own(kubernetes: str):
    """T-57: naming the version is enough; kube-proxy and the autoscaler are of the same minor version."""
    inside = Versions().in_cluster(kubernetes)
    assert inside.kube_proxy.startswith(f"v{kubernetes}.")
    assert inside.autoscaler.startswith(f"{kubernetes}.")
    # the CNI and CoreDNS never go back when Kubernetes goes on
    numbers = [(_numbers(own.vpc_cni), _numbers(own.coredns)) for _, own in sorted(BY_KUBERNETES.items())]
    assert numbers == sorted(numbers)


def test_a_pin_of_the_stack_file_wins():
    pinned = Versions(add_ons=AddOnVersions(coredns="v1.14.2-eksbuild.4"), charts=ChartVersions(cluster_autoscaler_image="1.35.1"))
    inside = pinned.in_cluster("1.35")
    assert (inside.coredns, inside.autoscaler, inside.kube_proxy) == ("v1.14.2-eksbuild.4", "1.35.1", BY_KUBERNETES["1.35"].kube_proxy)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def test_the_engine_hands_regions_over_by_name_and_the_primary_stays(engine: Any):
    """DNS-12: a region whose name comes before the primary's does not take its place."""
    config = with_second_region()
    regions = config[PREFIX + "regions"]
    regions["eu-west-2"] = regions.pop("us-east-2")
    engine({**config, PREFIX + "regions": dict(sorted(regions.items()))})

    loaded = load_from_pulumi()

    assert loaded.primary_region == "us-east-1"
    assert list(loaded.deployed_regions) == ["us-east-1", "eu-west-2"]

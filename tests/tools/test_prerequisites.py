"""What the local cloud is seeded with before a first `pulumi up`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from tools.install import ROOT, SetupError
from tools.prerequisites import Seed, prerequisites, with_overrides


@pytest.fixture
def seed() -> Seed:
    return prerequisites(yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"])


def test_the_zone_and_every_secret_that_the_stack_file_names_are_seeded(seed: Seed):
    assert seed.hosted_zones == ("coder.example.com",)
    assert set(seed.secrets) == {"coder/prod/license", "coder/prod/oidc", "coder/prod/external-auth", "coder/prod/database-encryption-keys"}


def test_secrets_have_the_form_that_the_program_reads(seed: Seed):
    assert set(json.loads(seed.secrets["coder/prod/oidc"])) == {"client_id", "client_secret"}
    assert set(json.loads(seed.secrets["coder/prod/external-auth"])) == {"primary-github_client_id", "primary-github_client_secret"}
    assert len(base64.b64decode(seed.secrets["coder/prod/database-encryption-keys"], validate=True)) == 32


def test_every_environment_has_values_of_its_own(seed: Seed):
    other = prerequisites(yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"])
    assert all(seed.secrets[name] != other.secrets[name] for name in seed.secrets)


def test_a_test_can_plant_its_own_values(seed: Seed, tmp_path: Path):
    file = tmp_path / "canaries.json"
    file.write_text(json.dumps({"coder/prod/license": "canary-license", "coder/prod/oidc": {"client_secret": "canary-oidc"}}))
    planted = with_overrides(seed, str(file))
    assert planted.secrets["coder/prod/license"] == "canary-license"
    assert json.loads(planted.secrets["coder/prod/oidc"]) == {"client_secret": "canary-oidc"}
    assert planted.secrets["coder/prod/external-auth"] == seed.secrets["coder/prod/external-auth"]


def test_an_override_file_that_cannot_be_read_is_a_sentence(seed: Seed, tmp_path: Path):
    with pytest.raises(SetupError, match="it must be a JSON file that maps secret names to values"):
        with_overrides(seed, str(tmp_path / "missing.json"))


def test_the_names_of_a_seed_hold_no_value(seed: Seed):
    assert not any(value in seed.names() for value in seed.secrets.values())


@pytest.mark.parametrize("config", [{}, {"coder-eks:system": [], "coder-eks:coder": "x"}, {"coder-eks:coder": {"secrets": {"oidc": 3}}}])
def test_a_wrong_stack_file_seeds_nothing_and_raises_nothing(config: dict[str, object]):
    assert prerequisites(config) == Seed((), {})

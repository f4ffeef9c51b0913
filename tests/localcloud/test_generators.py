"""random and tls: values made once, secret where they are, kept by the engine alone."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from tests.localcloud.engine_side import Cloud, Instance, refused, unknown

PASSWORD = "random:index/randomPassword:RandomPassword"
STRING = "random:index/randomString:RandomString"


@pytest.fixture
def random(cloud: Cloud) -> Instance:
    return cloud.provider("random")


def test_a_password_has_its_length_and_at_least_so_many_of_each_kind(random: Instance) -> None:
    made = random.create(PASSWORD, "p", {"length": 16, "minUpper": 4, "minNumeric": 4, "special": False})["result"]
    assert len(made) == 16
    assert sum(each in string.ascii_uppercase for each in made) >= 4
    assert sum(each in string.digits for each in made) >= 4
    assert made.isalnum()


def test_a_password_is_unknown_at_preview_secret_and_stable_after_and_in_no_database(random: Instance, tmp_path: Path) -> None:
    assert "result" in unknown(random.preview(PASSWORD, "p", {"length": 20}))
    made = random.create(PASSWORD, "p", {"length": 20})
    assert ("result",) in made.outputs.secrets
    fresh = random.read(made)
    assert fresh
    assert fresh["result"] == made["result"]
    assert random.diff(made, {"length": 20}) == {}
    assert made["result"].encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_string_is_no_secret(random: Instance) -> None:
    assert not random.create(STRING, "s", {"length": 8}).outputs.secrets


def test_every_change_makes_a_new_value(random: Instance) -> None:
    made = random.create(PASSWORD, "p", {"length": 20, "keepers": {"a": "1"}})
    assert random.diff(made, {"length": 20, "keepers": {"a": "2"}}) == {"keepers.a": "UPDATE_REPLACE"}


def test_a_length_that_cannot_hold_the_minimums_is_refused(random: Instance) -> None:
    with refused("InvalidArgument"):
        random.create(PASSWORD, "p", {"length": 4, "minUpper": 5})


def test_an_id_and_a_uuid_have_their_forms(random: Instance) -> None:
    assert re.fullmatch(r"x-[0-9a-f]{8}", random.create("random:index/randomId:RandomId", "i", {"byteLength": 4, "prefix": "x-"})["hex"])
    assert re.fullmatch(r"[0-9a-f-]{36}", random.create("random:index/randomUuid:RandomUuid", "u", {})["result"])


@pytest.mark.parametrize(
    "inputs", [{"algorithm": "ED25519"}, {"algorithm": "ECDSA", "ecdsaCurve": "P256"}, {"algorithm": "RSA", "rsaBits": 2048}]
)
def test_a_private_key_is_made_and_secret(cloud: Cloud, inputs: dict[str, object]) -> None:
    made = cloud.provider("tls").create("tls:index/privateKey:PrivateKey", "k", inputs)
    assert made["privateKeyPem"].startswith("-----BEGIN PRIVATE KEY-----")
    assert made["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert ("privateKeyPem",) in made.outputs.secrets


def test_a_type_that_is_not_made_is_told_so(cloud: Cloud) -> None:
    with refused("Unsupported"):
        cloud.provider("random").create("random:index/randomPet:RandomPet", "p", {})

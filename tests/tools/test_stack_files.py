"""Local commands run on copies; what people commit stays as they wrote it (architecture, decision 13)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools.stack_files import StackFileError, StackFiles

TEXT = """# a comment that stays
config:
  coder-eks:system: { name: prod, data_protection: true } # inline
  coder-eks:workload: { peak: { from: "07:00" } }
  coder-eks:regions: { us-east-1: { cluster: { kubernetes_version: "1.33" } } }
"""
SALT = "encryptionsalt: v1:abc=:v1:def:ghi==\n"


@pytest.fixture
def files(tmp_path: Path) -> StackFiles:
    (tmp_path / "Pulumi.prod.yaml").write_text(TEXT)
    return StackFiles(originals=tmp_path, copies=tmp_path / "copies")


def test_a_copy_has_the_originals_text(files: StackFiles):
    assert files.refresh("prod").read_text() == TEXT
    assert files.original("prod").read_text() == TEXT


def test_a_copy_keeps_the_salt_that_the_engine_wrote_when_the_original_changes(files: StackFiles):
    copy = files.refresh("prod")
    copy.write_text(yaml.safe_dump(yaml.safe_load(TEXT)) + SALT)  # the engine reformats and adds the salt
    files.original("prod").write_text(TEXT.replace("07:00", "08:00"))
    assert files.refresh("prod").read_text() == TEXT.replace("07:00", "08:00") + SALT
    assert files.refresh("prod").read_text().count("encryptionsalt") == 1


def test_the_real_backends_keys_do_not_reach_the_local_one(files: StackFiles):
    files.original("prod").write_text(f"secretsprovider: awskms://alias/coder\nencryptedkey: AQICAH\n{TEXT}encryptionsalt: v1:other\n")
    assert files.refresh("prod").read_text() == TEXT


def test_unprotecting_changes_one_value_of_the_copy_and_nothing_of_the_original(files: StackFiles):
    copy = files.unprotect("prod")
    wanted = yaml.safe_load(TEXT)
    wanted["config"]["coder-eks:system"]["data_protection"] = False
    assert yaml.safe_load(copy.read_text()) == wanted
    assert files.original("prod").read_text() == TEXT
    assert files.is_protected("prod")


def test_data_is_protected_unless_the_file_says_otherwise(files: StackFiles):
    files.original("prod").write_text("config:\n  coder-eks:system: { name: prod }\n")
    assert files.is_protected("prod")
    files.original("prod").write_text("config:\n  coder-eks:system: { data_protection: false }\n")
    assert not files.is_protected("prod")


def test_an_unknown_stack_is_refused_with_the_stacks_there_are(files: StackFiles):
    with pytest.raises(StackFileError, match=r"Pulumi\.porod\.yaml does not exist; the stacks here are: prod"):
        files.refresh("porod")


@pytest.mark.parametrize("text", ["", "config:\n"])
def test_a_file_without_config_is_left_for_the_program_to_judge(files: StackFiles, text: str):
    files.original("prod").write_text(text)
    files.refresh("prod")
    assert files.config("prod") == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"config: {\n", "is no YAML: expected the node content, but found '<stream end>' (line 2, column 1)"),
        (b"config: {}\nconfig: {}\n", "is no YAML: config stands here twice; write it once (line 2, column 1)"),
        (b"[]\n", "is a list as a whole; write config: and the sections below it, as in Pulumi.prod.yaml"),
        (b"config: &loop [*loop]\n", "is no YAML: found unconstructable recursive node (line 1, column 9)"),
        (b"config: " + b"[" * 3000, "is nested too deeply to be read; write it as in Pulumi.prod.yaml"),
        (b"owner: pl\xe4tze\n", "is not written in UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(files: StackFiles, text: bytes, sentence: str):
    files.original("prod").write_bytes(text)
    with pytest.raises(StackFileError) as caught:
        files.config("prod")
    assert str(caught.value) == f"Pulumi.prod.yaml: {sentence}"


def test_what_is_no_utf8_is_not_copied(files: StackFiles):
    files.original("prod").write_bytes(b"owner: pl\xe4tze\n")
    with pytest.raises(StackFileError, match=r"Pulumi\.prod\.yaml: is not written in UTF-8"):
        files.refresh("prod")


def test_a_day_that_is_none_is_text_as_it_is_to_pulumi(files: StackFiles):
    files.original("prod").write_text("config:\n  coder-eks:system: { owner: 2023-13-45 }\n")
    assert files.config("prod") == {"coder-eks:system": {"owner": "2023-13-45"}}


def test_what_the_engine_refuses_in_its_own_words_is_told_before_it_with_every_other_fault(files: StackFiles):
    files.original("prod").write_text(f"{TEXT}  coder-eks:coder: {{ secrets: {{ license: {{ secure: AAABAC }} }} }}\n  a:b:c:d: 1\n")
    with pytest.raises(StackFileError) as caught:
        files.refresh("prod")
    told = str(caught.value).splitlines()
    encrypted = "coder-eks:coder.secrets.license: is encrypted here; put the value into AWS Secrets Manager and write its name"
    assert f"Pulumi.prod.yaml: {encrypted}" in told
    assert "Pulumi.prod.yaml: a:b:c:d: is no key; write <namespace>:<name>, such as coder-eks:system" in told
    assert any("coder-eks:templates: is missing" in line for line in told)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{TEXT}confg: {{}}\n", "confg: is no key of a stack file; did you mean config?"),
        (f"{TEXT}  aws:regoin: us-east-1\n", "aws:regoin: is read by no provider here; did you mean aws:region?"),
        ("config: [coder-eks]\n", "config: is a list; write the sections below it, as in Pulumi.prod.yaml"),
    ],
)
def test_what_the_engine_passes_over_is_told_before_it(files: StackFiles, text: str, sentence: str):
    files.original("prod").write_text(text)
    with pytest.raises(StackFileError) as caught:
        files.refresh("prod")
    assert f"Pulumi.prod.yaml: {sentence}" in str(caught.value).splitlines()

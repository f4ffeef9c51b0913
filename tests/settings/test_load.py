"""Reading a stack file: YAML as Pulumi reads it, secrets refused, nothing but sentences for whatever stands there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings.load import SettingsError, load, load_file
from settings.model import Settings
from tests.settings.cases import PREFIX, STACK_FILE, happy
from tests.settings.test_golden_cases import JARGON

PYTHON_TAG = "tag:yaml.org,2002:python/name:os.system"


def problems_of(config: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(config, STACK_FILE)
    return caught.value.problems


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / STACK_FILE
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config: [", "Pulumi.prod.yaml: is no YAML: expected the node content, but found '<stream end>' (line 1, column 10)"),
        ("config:\n  a:b: 1\n  a:b: 2\n", "Pulumi.prod.yaml: is no YAML: a:b stands here twice; write it once (line 3, column 3)"),
        ("", "Pulumi.prod.yaml: config: is missing; write the sections below it, as in Pulumi.prod.yaml"),
        (
            "config: { a:b: 1" + 5000 * "0" + " }",
            "Pulumi.prod.yaml: holds a number that is too long to be read; write the one that was meant",
        ),
        ("config: &loop [*loop]\n", "Pulumi.prod.yaml: is no YAML: found unconstructable recursive node (line 1, column 9)"),
        ("config: " + "[" * 3000, "Pulumi.prod.yaml: is nested too deeply to be read; write it as in Pulumi.prod.yaml"),
        ("config:\n", "Pulumi.prod.yaml: config: is missing; write the sections below it, as in Pulumi.prod.yaml"),
        ("- config\n", "Pulumi.prod.yaml: is a list as a whole; write config: and the sections below it, as in Pulumi.prod.yaml"),
        ("config\n", "Pulumi.prod.yaml: is a single value as a whole; write config: and the sections below it, as in Pulumi.prod.yaml"),
        ("config: [a]\n", "Pulumi.prod.yaml: config: is a list; write the sections below it, as in Pulumi.prod.yaml"),
        (b"config: \xff\xfe", "Pulumi.prod.yaml: is not written in UTF-8; save it as UTF-8"),
        (
            "config: !!python/name:os.system",
            f"{STACK_FILE}: is no YAML: could not determine a constructor for the tag '{PYTHON_TAG}' (line 1, column 9)",
        ),
    ],
    ids=[
        "cut off",
        "key twice",
        "empty",
        "a long number",
        "inside itself",
        "deep",
        "nothing below config",
        "a list",
        "a text",
        "a list below config",
        "not UTF-8",
        "a Python object",
    ],
)
def test_a_file_that_is_no_stack_file_is_one_sentence(tmp_path: Path, text: str | bytes, message: str):
    with pytest.raises(SettingsError) as caught:
        load_file(written(tmp_path, text))

    assert caught.value.problems == (message,)


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        load_file(tmp_path / "Pulumi.dev.yaml")

    assert caught.value.problems == (f"Pulumi.dev.yaml: there is no such file in {tmp_path}; write one, or name another stack",)


def test_unquoted_times_and_words_are_read_as_pulumi_reads_them(tmp_path: Path):
    """YAML 1.1 would make 18:00 the number 1080 and `on` a truth value; Pulumi's reader does neither."""
    source = (Path(__file__).parent / "prod.happy.yaml").read_text(encoding="utf-8")

    settings = load_file(
        written(tmp_path, source.replace('"18:00"', "18:00").replace("cost_center: developer-experience", "cost_center: on"))
    )

    assert settings.workload.peak.until.hour == 18
    assert settings.system.cost_center == "on"


def test_a_section_without_anything_is_none_as_the_engine_has_it():
    assert load({**happy(), f"{PREFIX}observability": None}, STACK_FILE).observability == Settings.model_fields["observability"].default
    assert problems_of({**happy(), f"{PREFIX}system": None}) == (
        "Pulumi.prod.yaml: coder-eks:system: is missing; add the section (Which system this stack is)",
    )


@pytest.mark.parametrize("key", ["aws:region", "aws:config:region", "coderd:url", "pulumi:tags"])
def test_keys_that_pulumi_or_a_provider_reads_are_left_alone(key: str):
    assert load({**happy(), key: "us-east-1"}, STACK_FILE) == load(happy(), STACK_FILE)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("aws:regoin", "is read by no provider here; did you mean aws:region?"),
        ("awss:region", "is read by no provider here; remove it, or write a key of coder-eks:"),
        ("system", "has no namespace, so that nothing reads it; write coder-eks:system, or remove it"),
        (1, "has no namespace, so that nothing reads it; write coder-eks:1, or remove it"),
        ("a:b:c:d", "is no key; write <namespace>:<name>, such as coder-eks:system"),
    ],
)
def test_a_key_that_nothing_reads_is_told(key: Any, sentence: str):
    assert problems_of({**happy(), key: "x"}) == (f"{STACK_FILE}: {key}: {sentence}",)


def test_a_key_beside_config_that_pulumi_passes_over_is_told(tmp_path: Path):
    source = (Path(__file__).parent / "prod.happy.yaml").read_text(encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_file(written(tmp_path, f"{source}\nencryptionsalt: v1:abc\nenviroment: [shared]\nnotes: x\n"))
    assert caught.value.problems == (
        f"{STACK_FILE}: enviroment: is no key of a stack file; did you mean environment?",
        f"{STACK_FILE}: notes: is no key of a stack file; remove it, or write it below config:",
    )
    with pytest.raises(SettingsError) as caught:
        load_file(written(tmp_path, source.replace("config:\n", "confg:\n", 1)))
    assert caught.value.problems[0] == f"{STACK_FILE}: confg: is no key of a stack file; did you mean config?"


def test_a_stack_without_versions_has_the_pinned_ones():
    """Every version has a default (T-57), and one of them can be changed alone."""
    defaults = load(happy(), STACK_FILE).versions
    changed = load({**happy(), PREFIX + "versions": {"charts": {"metrics_server": "3.13.0"}}}, STACK_FILE).versions

    assert changed.charts.metrics_server == "3.13.0"
    assert changed.charts.coder == defaults.charts.coder == defaults.coder
    assert changed.add_ons == defaults.add_ons


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.signature",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "glpat-abcdefghijklmnopqrst",
        "xoxb-123456789012-abcdefghijkl",
        "sLJxXHvQ1q-8fFyRmyu5mdsfoqv0B1Kc3",
        "postgres://coder:hunter2@db.example.com/coder",
        "dGhpcyBpcyBub3QgYSByZWFsIGtleSwgYnV0IGxvbmc=",
        "hunter2",
    ],
)
@pytest.mark.parametrize(
    "path", [("coder", "secrets", "license"), ("coder", "oidc", "client_secret"), ("coder", "token")], ids=lambda path: path[-1]
)
def test_a_secret_in_a_stack_file_is_refused_and_not_repeated(secret: str, path: tuple[str, ...]):
    """CDR-41: names of secrets only."""
    config = happy()
    section = config[PREFIX + path[0]]
    for key in path[1:-1]:
        section = section[key]
    section[path[-1]] = secret

    problems = problems_of(config)

    assert any(f"{PREFIX}{'.'.join(path)}: " in problem for problem in problems)
    assert not any(secret in problem for problem in problems)


def test_settings_never_change():
    settings = load(happy(), STACK_FILE)

    with pytest.raises(ValueError, match="frozen"):
        settings.system.name = "demo"  # pyright: ignore[reportAttributeAccessIssue]


def test_settings_survive_a_round_trip_through_json():
    """What is written out in full is read back as the same settings."""
    settings = load(happy(), STACK_FILE)

    dumped = json.loads(settings.model_dump_json(by_alias=True))

    assert load({PREFIX + key: value for key, value in dumped.items()}, STACK_FILE) == settings


def test_every_key_of_the_settings_says_what_it_means():
    """Messages and editors show the description, so none is missing."""
    models, seen = [Settings], set[type]()
    undescribed: list[str] = []
    while models:
        model = models.pop()
        for name, field in model.model_fields.items():
            if not field.description and model.__name__ not in ("AddOnVersions", "ChartVersions"):
                undescribed.append(f"{model.__name__}.{name}")
            models += [part for part in _parts(field.annotation) if part not in seen]
            seen.update(_parts(field.annotation))

    assert undescribed == []
    assert len(seen) > 20


def _parts(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _parts(part)]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a configuration."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, entry in entries for found in paths(entry, (*path, key)))]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["10.0.0.0/16", "256.0.0.0/8", "1.1.1.1/33", "8Gi", "25%", "07:00", "*.a.b", "10h", "mon"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@hypothesis_settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_stack_file_is_settings_or_sentences(data: st.DataObject):
    """No input raises anything but SettingsError, and no message speaks the validator's language."""
    config = happy()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([path for path in paths(config) if path]))
        holder: Any = config
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = data.draw(ANYTHING)

    problems: tuple[str, ...] = ()
    try:
        load(config, STACK_FILE)
    except SettingsError as error:
        problems = error.problems or ("an error without a problem",)

    for problem in problems:
        assert problem.startswith(f"{STACK_FILE}: coder-eks:")
        assert not JARGON.search(problem), problem
        assert "\n" not in problem

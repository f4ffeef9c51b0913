"""Values keep their meaning on the way to the engine and back."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from localcloud.differences import differences
from localcloud.kinds.model import UNKNOWN
from localcloud.wire import OUTPUT, RESOURCE, SIGNATURE_KEY, ResourceReference, decode, encode

NAMES = st.text("abcXYZ._-", min_size=1, max_size=5)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just(UNKNOWN)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_values_come_back_as_they_went(values: dict[str, Any]) -> None:
    assert decode(encode(values)).values == values


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_secrets_come_back_at_their_paths(values: dict[str, Any], data: st.DataObject) -> None:
    paths = data.draw(st.sets(st.sampled_from([(name,) for name in sorted(values)])))
    back = decode(encode(values, paths))
    assert (back.values, back.secrets) == (values, paths)


def test_a_secret_inside_a_secret_is_one() -> None:
    back = decode(encode({"a": {"b": "x"}}, [("a",), ("a", "b")]))
    assert back.values == {"a": {"b": "x"}}
    assert back.secrets == {("a",), ("a", "b")}


def test_a_reference_to_a_resource_means_its_id() -> None:
    struct = Struct()
    struct.update(
        {"role": {SIGNATURE_KEY: RESOURCE, "urn": "urn:x", "id": "role-1"}, "component": {SIGNATURE_KEY: RESOURCE, "urn": "urn:y"}}
    )
    assert decode(struct).values == {"role": "role-1", "component": "urn:y"}
    assert decode(encode({"a": ResourceReference("urn:x", "")})).values == {"a": UNKNOWN}


def test_an_output_value_brings_its_secret_and_its_dependencies() -> None:
    struct = Struct()
    output = {SIGNATURE_KEY: OUTPUT, "value": "v", "secret": True, "dependencies": ["urn:x"]}
    struct.update({"a": {"b": output}, "c": {SIGNATURE_KEY: OUTPUT}})
    found = decode(struct)
    assert found.values == {"a": {"b": "v"}, "c": UNKNOWN}
    assert found.secrets == {("a", "b")}
    assert found.dependencies == {"a": {"urn:x"}}


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_nothing_differs_from_itself(values: dict[str, Any]) -> None:
    assert differences(values, values) == []


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, max_size=4), st.dictionaries(st.text("abc", min_size=1), VALUES, max_size=4))
def test_what_is_unequal_differs_at_its_top_property(old: dict[str, Any], new: dict[str, Any]) -> None:
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    assert {each.top for each in differences(old, new)} <= changed

"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation** (POL-03): how a template's Terraform is read"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from policy.terraform import OPEN, Module, Symbol, module_of, nested

LOCALS = {"c": "x", "table": {"https": [443], "none": []}, "self": "${local.self}", "list": ["a", "${var.who}"]}
GIVEN = {
    "more": ["2"],
    "mode": "https",
    "who": "${data.x.id}",
    "tags": {"owner": "${data.x.id}", "app": "w"},
    "dollar": "$${x}",
    "all": ["${y}"],
}
MODULE = Module(
    {"locals": [{"c": "x"}, LOCALS], "variable": [{"size": {"default": 3}, "name": {}, "home": {"default": "${local.c}"}}]},
    GIVEN,
    {"port": {"value": 80}},
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        (7, 7),
        ("${7}", 7),
        ("${1.5}", 1.5),
        ('${"a"}', "a"),
        ('${"a \\"b\\""}', 'a "b"'),
        ("${true}", True),
        ("${false}", False),
        ("${null}", None),
        ("${!false}", True),
        ("${(7)}", 7),
        ("${[1, 2,]}", [1, 2]),
        ("${[]}", []),
        ("${[1, [2]][1][0]}", 2),
        ('${{a = 1, "b" : 2}}', {"a": 1, "b": 2}),
        ('${{"${local.c}" = 1}}', {"x": 1}),
        ("${{}}", {}),
        ("${{a = {b = 2}}.a.b}", 2),
        ("${merge({a = 1}, {b = local.c})}", {"a": 1, "b": "x"}),
        ('${concat(["1"], var.more)}', ["1", "2"]),
        ("${length(var.more) > 0 ? [local.c] : []}", ["x"]),
        ("${length(var.more) > 1 ? 1 : length(var.more) > 0 ? 2 : 3}", 2),
        ("${local.table[var.mode]}", [443]),
        ("${local.table.none}", []),
        ("${tostring(8080)}", "8080"),
        ("${tostring(true)}", "true"),
        ('${tostring("True")}', "True"),
        ('${tonumber("8080")}', 8080),
        ("${toset([1])}", [1]),
        ("${tolist([1])}", [1]),
        ("${tomap({a = 1})}", {"a": 1}),
        ("${contains([1], 1)}", True),
        ("${contains([1], 2)}", False),
        ('${lookup({a = "b"}, "a", "c")}', "b"),
        ('${lookup({a = "b"}, "z", "c")}', "c"),
        ('${lookup({a = "b"}, "z")}', None),
        ("${keys({b = 1, a = 2})}", ["a", "b"]),
        ("${values({b = 1, a = 2})}", [2, 1]),
        ('${compact(["a", "", null])}', ["a"]),
        ("${distinct([1, 2, 1])}", [1, 2]),
        ("${port.value}", 80),
        ("${var.size}", 3),
        ("${var.home}", "x"),
        ({"${local.c}": "${local.c}"}, {"x": "x"}),
        (["${local.c}"], ["x"]),
        ("a-${local.c}-${var.size}", "a-x-3"),
        ("${local.c}${local.c}", "xx"),
        ("ab${local.c}c", "abxc"),
        ("{a${local.c}}", "{ax}"),
        ({"${upper(1)}": 1}, {"${upper(1)}": 1}),
        ("${false || false || true}", True),
        ("${var.dollar}", "$${x}"),
        *((f"${{{asked}}}", True) for asked in ("3 == 3", "2 != 3", "3 > 2", "2 < 3", "3 >= 3", "3 >= 2", "3 <= 3", "2 <= 3")),
        *((f"${{{asked}}}", False) for asked in ("2 == 3", "3 != 3", "3 > 3", "3 < 3", "2 > 3", "3 < 2", "2 >= 3", "3 <= 2")),
        *((f"${{true {sign} false}}", value) for sign, value in (("&&", False), ("||", True))),
        *((f"${{{left} && true || false}}", value) for left, value in (("true", True), ("false", False))),
    ],
)  # fmt: skip
def test_what_can_be_read_is_read(written: Any, value: Any) -> None:
    found = MODULE.value(written)
    assert found == value
    assert type(found) is type(value) or (found, value) == (8080.0, 8080)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("${var.name}", "var.name"),
        ("${var.who}", "${data.x.id}"),
        ("${data.a}-${data.b}", "data.a-data.b"),
        ("home-${var.who}", "home-${data.x.id}"),
        ("${data.y.z[0].id}", "data.y.z[0].id"),
        ("${data.y.z[var.mode].id}", "data.y.z[https].id"),
        ("${var.name.id}", "var.name.id"),
        ("${var.tags.owner}", "${data.x.id}"),
        ("${var.all[0]}", "${y}"),
        ("${local.list[1]}", "${data.x.id}"),
    ],
)
def test_what_only_a_workspace_knows_is_a_symbol(written: str, symbol: str) -> None:
    found = MODULE.value(written)
    assert isinstance(found, Symbol)
    assert found == symbol


def test_what_an_input_says_plainly_is_no_symbol() -> None:
    found = MODULE.value("${var.tags}")
    assert [isinstance(value, Symbol) for value in found.values()] == [True, False]


@pytest.mark.parametrize(
    "written",
    [
        "${[for x in var.more : x]}",
        "${{for x in var.more : x => x}}",
        "${upper(local.c)}",
        "${upper([for x in var.more : x])}",
        "${length(var.name)}",
        '${var.who == "a"}',
        '${"a" == var.who}',
        '${var.who == "a" ? 1 : 2}',
        "${var.who ? 1 : 2}",
        "${1 ? 1 : 2}",
        "${true ? 1}",
        "${true ? 1 , 2}",
        "${1 == 1 && true}",
        "${(1]}",
        "${var,size}",
        "${data.y[0)}",
        "${var.more[0)}",
        "${1 + 2}",
        "${1 2}",
        "${(1}",
        "${[1}",
        "${{a > 1}}",
        "${local.table.gone}",
        "${local.gone}",
        "${local.self}",
        "${var.more[7]}",
        "${merge(1)}",
        "${'a'}",
        "${}",
        "${var.}",
        "a-${var.more}",
        "a-${var.tags}",
        "a-${upper(local.c)}",
    ],
)
def test_what_is_beyond_this_reading_stays_open(written: str) -> None:
    assert MODULE.value(written) is OPEN


def blocks(body: Mapping[str, Any], kind: str = "rule", module: Module = MODULE) -> list[Any]:
    return [inside.value(each) for inside, each in nested(module, body, kind)]


BODIES: list[tuple[dict[str, Any], list[Any]]] = [
    ({}, []),
    ({"rule": {"a": 1}}, [{"a": 1}]),
    ({"rule": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
    ({"dynamic": [{"rule": {"for_each": "${[1, 2]}", "content": [{"a": "${rule.value}"}]}}]}, [{"a": 1}, {"a": 2}]),
    ({"dynamic": [{"rule": {"for_each": "${{x = 1}}", "content": [{"a": "${rule.value}"}]}}]}, [{"a": 1}]),
    ({"dynamic": [{"rule": {"for_each": "${[1]}", "iterator": "${it}", "content": [{"a": "${it.value}"}]}}]}, [{"a": 1}]),
    ({"dynamic": [{"rule": {"for_each": "${[1]}", "iterator": "it", "content": [{"a": "${it.value}"}]}}]}, [{"a": 1}]),
    ({"dynamic": [{"rule": {"for_each": "${upper(1)}", "content": [{"a": "${rule.value}", "b": 2}]}}]}, [{"a": OPEN, "b": 2}]),
    ({"dynamic": [{"rule": {"for_each": "${[]}", "content": [{"a": 1}]}}]}, []),
    ({"dynamic": [{"rule": {"for_each": "${[1]}"}}]}, []),
    ({"dynamic": [{"rule": {"for_each": "${[1]}", "content": [{"a": "${local.c}${var.size}${var.mode}"}]}}]}, [{"a": "x3https"}]),
    ({"dynamic": [{"rule": {"for_each": "${[1]}", "content": [{"a": "${rule.key}"}]}}]}, [{"a": OPEN}]),
    ({"dynamic": [{"other": {}}, {"rule": {"for_each": "${[1]}", "content": [{"a": 1}]}}]}, [{"a": 1}]),
    ({"rule": [{"a": 0}], "dynamic": [{"rule": {"for_each": "${[1]}", "content": [{"a": 1}]}}]}, [{"a": 0}, {"a": 1}]),
]


@pytest.mark.parametrize(("body", "found"), BODIES)
def test_blocks_are_there_however_they_are_written(body: Mapping[str, Any], found: list[Any]) -> None:
    assert blocks(body) == found


def test_a_dynamic_block_inside_another_knows_both() -> None:
    inner = {"dynamic": [{"rule": {"for_each": "${[2]}", "content": [{"a": "${outer.value}", "b": "${rule.value}"}]}}]}
    body = {"dynamic": [{"outer": {"for_each": "${[1]}", "content": [inner]}}]}
    ((module, found),) = nested(MODULE, body, "outer")
    assert blocks(found, module=module) == [{"a": 1, "b": 2}]


def test_a_module_is_the_terraform_of_its_folder() -> None:
    files = {
        "base/a.tf": b'locals {\n  a = 1\n}\nresource "thing_v1" "first" {\n}\n',
        "base/b.tf.json": json.dumps({"locals": {"b": 2}, "resource": {"thing": {"second": [{"n": 2}]}, "other": {"x": {}}}}).encode(),
        "base/note.md": b"locals { c = 3 }",
        "base/inner/c.tf": b"locals {\n  d = 4\n}\n",
        "main.tf": b"locals {\n  e = 5\n}\n",
    }
    module = module_of(files, "base/", {"given": 6})
    assert module.locals == {"a": 1, "b": 2}
    assert list(module.resources("thing")) == [("thing_v1", "first", {}), ("thing", "second", {"n": 2})]
    assert module.value("${var.given}") == 6

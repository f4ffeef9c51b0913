"""Terraform as it is read: literals as they are, expressions as written, the same as another reader says."""

from __future__ import annotations

import re
from typing import Any, cast

import hcl2
import pytest

from composer import hcl
from tools.install import ROOT

MODULES = sorted(ROOT.glob("catalog/**/*.tf"))
VALUES: dict[str, Any] = {
    '"x"': "x",
    '""': "",
    '"pre-${var.x}-${lower("q")}"': 'pre-${var.x}-${lower("q")}',
    r'"\" \\ $${no} %%{no} é"': r"\" \\ $${no} %%{no} é",
    '"%{ if x }y%{ endif }"': "%{ if x }y%{ endif }",
    "<<-END\n  one ${var.x}\n    two\n  END": "<<-END\n  one ${var.x}\n    two\n  END",
    "1": 1,
    "-1": -1,
    "1.5": 1.5,
    "true": True,
    "null": None,
    "var.x": "${var.x}",
    "string": "${string}",
    "(1 + 2)": "${(1 + 2)}",
    "- var.x": "${- var.x}",
    '[1, "two", # why\n  var.three,\n]': [1, "two", "${var.three}"],
    "[]": [],
    '{ k = "v", "q r" = var.z, (var.k) = 1, m : { n = [] } }': {"k": "v", "q r": "${var.z}", "${(var.k)}": 1, "m": {"n": []}},
    "{}": {},
    'var.on ? "a" : [for x in var.y : x if x != ""]': '${var.on ? "a" : [for x in var.y : x if x != ""]}',
    "{ for k, v in var.m : k => v }": "${{ for k, v in var.m : k => v }}",
    "concat(\n  var.a, # why\n  [var.b,],\n)": "${concat( var.a, [var.b])}",
    "list(object({\n  a = string // why\n  b = optional(number, 1)\n}))": "${list(object({a = string, b = optional(number, 1)}))}",
    'var.a[0].b["c"].*.d[*].e': '${var.a[0].b["c"].*.d[*].e}',
}


@pytest.mark.parametrize("written", VALUES)
def test_a_value_is_a_literal_or_an_expression_as_written(written: str):
    assert hcl.parse("main.tf", f"a = {written}\n".encode()) == {"a": VALUES[written]}


def test_blocks_of_a_kind_are_a_list_by_their_labels():
    content = b'resource "a" "b" {\n  count = 2\n  disk { size = 1 }\n  disk { size = 2 }\n}\nresource a c {}\nlocals {\n}\n'
    assert hcl.parse("main.tf", content) == {
        "resource": [{"a": {"b": {"count": 2, "disk": [{"size": 1}, {"size": 2}]}}}, {"a": {"c": {}}}],
        "locals": [{}],
    }


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"locals {", "line 1, column 9"),
        (b'a = 1\nb = "x" "y"\n', "line 2, column 5"),
        (b"a = 1\na = 2\n", "line 2 sets a again"),
        (b"disk = 1\ndisk {}\n", "line 2 has a block where disk is set"),
        (b"disk {}\ndisk = 1\n", "line 2 sets disk again"),
        (b"a = " + b"[" * 2000 + b"]" * 2000, "nested too deeply"),
        (b"a = \xff\xfe", "'utf-8' codec"),
    ],
)
def test_what_is_no_terraform_is_refused_with_its_place(content: bytes, fault: str):
    with pytest.raises(hcl.UnreadableError, match=re.escape(fault)):
        hcl.parse("main.tf", content)


def test_an_empty_file_says_nothing():
    assert hcl.parse("main.tf", b"") == hcl.parse("main.tf", b"# nothing\n") == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT / "catalog").as_posix())
def test_another_reader_reads_the_catalog_alike(path: Any):
    """python-hcl2 differs in blanks only, and in what is no value: it tells a name such as `string` or `all` from no text."""
    theirs = cast("dict[str, Any]", hcl2.loads(path.read_text()))  # pyright: ignore[reportUnknownMemberType] its types are partial
    assert _compact(hcl.parse(path.name, path.read_bytes())) == _compact(_unmarked(theirs))


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {_unquoted(key): _unmarked(each) for key, each in cast("dict[str, Any]", value).items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_unmarked(each) for each in cast("list[Any]", value)]
    return _unquoted(value) if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == '"' == text[-1] else text


def _compact(value: Any) -> Any:
    if isinstance(value, dict):
        return {_compact(key): _compact(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_compact(each) for each in cast("list[Any]", value)]
    return re.sub(r"^\$\{(\w+)\}$", r"\1", re.sub(r"\s", "", value)) if isinstance(value, str) else value

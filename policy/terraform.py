"""Reading a pushed template's Terraform as far as a judge needs: values, with what only a running workspace knows left as symbols.

A judge must not be talked out of a question: whatever this small reading can't decide stays OPEN, and an OPEN selector, range or rule is
a violation where it matters. Two symbols are equal when their text is.
"""

# A value of Terraform may be anything, and its parsed form has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# ruff: noqa: ANN401

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from composer import hcl

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>\"(?:[^\"\\$%]|\\.|\$(?!\{)|%(?!\{)|[$%]\{[^{}]*\})*\")"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>&&|\|\||[=!<>]=|=>|\.\.\.|[-+*/%!<>?:.,=(){}\[\]]))"
)
_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Symbol(str):
    """What only a running workspace knows, by the expression that tells it."""

    __slots__ = ()


class _Open:
    def __repr__(self) -> str:
        return "something that can't be told"


OPEN = _Open()


class _UnclearError(Exception):
    """The expression is beyond this reading."""


def _merge(*parts: Any) -> Any:
    return {key: value for part in parts for key, value in part.items()}


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "merge": _merge,
    "concat": lambda *parts: [item for part in parts for item in part],
    "length": len,
    "tostring": lambda value: value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value),
    "tonumber": float,
    "toset": lambda value: value,
    "tolist": lambda value: value,
    "tomap": lambda value: value,
    "contains": lambda items, item: item in items,
    "lookup": lambda items, key, otherwise=None: items.get(key, otherwise),
    "keys": lambda value: sorted(value),
    "values": lambda value: [value[key] for key in sorted(value)],
    "compact": lambda items: [item for item in items if item not in (None, "")],
    "distinct": lambda items: list(dict.fromkeys(items)),
}


@dataclass
class Module:
    """One folder's Terraform. given: its inputs. inner: values of `each`, `egress` and the like, inside a dynamic block."""

    blocks: Mapping[str, list[Any]]
    given: Mapping[str, Any]
    inner: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def locals(self) -> dict[str, Any]:
        """The local values as written."""
        return {name: value for block in self.blocks.get("locals", []) for name, value in block.items()}

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What variables are when nobody gives them."""
        return {
            name: body["default"]
            for block in self.blocks.get("variable", [])
            for name, body in block.items()
            if isinstance(body, Mapping) and "default" in body
        }

    def resources(self, *kinds: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Kind, name and body of each resource of those kinds, with and without the provider's version in the kind's name."""
        for block in self.blocks.get("resource", []):
            for kind, named in cast("Mapping[str, Mapping[str, Any]]", block).items():
                if re.sub(r"_v\d+$", "", kind) in kinds:
                    for name, body in named.items():
                        yield from ((kind, name, each) for each in (body if isinstance(body, list) else [body]))

    def value(self, written: Any) -> Any:
        """What a written value is; OPEN where that is beyond this reading."""
        if isinstance(written, Mapping):
            return {self._key(key): self.value(each) for key, each in cast("Mapping[str, Any]", written).items()}
        if isinstance(written, list):
            return [self.value(each) for each in cast("list[Any]", written)]
        if not isinstance(written, str) or "${" not in written:
            return written
        whole = written[2:-1] if written.startswith("${") and written.endswith("}") else None
        try:
            if whole is not None and _balanced(whole):
                return Reader(self, whole).read()
            return self._text(written)
        except (_UnclearError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
            return OPEN

    def _key(self, key: str) -> str:
        found = self.value(key)
        return found if isinstance(found, str) else key

    def _text(self, written: str) -> str:
        """A template: plain text where every part is known, else a symbol."""
        parts = [self.value("${" + found[1] + "}") for found in _REFERENCE.finditer(written)]
        if any(part is OPEN or isinstance(part, Mapping | list) for part in parts):
            raise _UnclearError
        known = iter(parts)
        filled = _REFERENCE.sub(lambda _: str(next(known)), written)
        return Symbol(filled) if any(isinstance(part, Symbol) for part in parts) else filled

    def reference(self, root: str, name: str) -> Any:
        """The value of `var.x` or `local.x`."""
        if root == "local":
            return self.value(self.locals[name])
        if name in self.given:
            return outside(self.given[name])
        return self.value(self.defaults[name]) if name in self.defaults else Symbol(f"var.{name}")

    def within(self, name: str, value: Any) -> Module:
        """The same module inside a dynamic block."""
        return Module(self.blocks, self.given, {**self.inner, name: value})


def outside(given: Any) -> Any:
    """An input as the root module hands it over: references there are symbols here."""
    if isinstance(given, Mapping):
        return {key: outside(each) for key, each in cast("Mapping[str, Any]", given).items()}
    if isinstance(given, list):
        return [outside(each) for each in cast("list[Any]", given)]
    if isinstance(given, str) and "${" in given.replace("$${", ""):
        return Symbol(given)
    return given


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


class Reader:
    """Reads one expression: literals, references, a few functions, `?:`, comparisons. Raises on anything else."""

    def __init__(self, module: Module, text: str) -> None:
        self.module, self.text, self.at = module, text, 0
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise _UnclearError
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()

    def read(self) -> Any:
        """Its value."""
        value = self._choice()
        if self.at != len(self.tokens):
            raise _UnclearError
        return value

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self, expected: str | None = None) -> tuple[str, str]:
        if expected is not None and self._peek() != expected:
            raise _UnclearError
        found = self.tokens[self.at]  # IndexError at the end: it is unclear too
        self.at += 1
        return found

    def _choice(self) -> Any:
        asked = self._compared()
        if self._peek() != "?":
            return asked
        self._take()
        yes = self._choice()
        self._take(":")
        no = self._choice()
        if not isinstance(asked, bool):
            raise _UnclearError
        return yes if asked else no

    def _compared(self) -> Any:
        left = self._one()
        sign = self._peek()
        if sign not in ("==", "!=", ">", "<", ">=", "<=", "&&", "||"):
            return left
        self._take()
        right = self._compared() if sign in ("&&", "||") else self._one()
        if isinstance(left, Symbol) or isinstance(right, Symbol):
            raise _UnclearError
        answers: dict[str, Callable[[], bool]] = {
            "==": lambda: left == right,
            "!=": lambda: left != right,
            ">": lambda: left > right,
            "<": lambda: left < right,
            ">=": lambda: left >= right,
            "<=": lambda: left <= right,
            "&&": lambda: bool(left and right),
            "||": lambda: bool(left or right),
        }
        return answers[sign]()

    def _one(self) -> Any:
        kind, word = self._take()
        if kind == "number":
            value: Any = float(word) if "." in word else int(word)
        elif kind == "text":
            value = self.module.value(word[1:-1].replace('\\"', '"'))
        elif kind == "name":
            value = self._named(word)
        elif word == "[":
            value = self._until("]")
        elif word == "{":
            value = self._object()
        elif word == "(":
            value = self._choice()
            self._take(")")
        elif word == "!":
            value = not self._one()
        else:
            raise _UnclearError
        if value is OPEN:
            raise _UnclearError
        return self._followed(value)

    def _named(self, word: str) -> Any:
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        if self._peek() == "(":
            self._take()
            arguments = self._until(")")
            if any(isinstance(each, Symbol) for each in arguments) or word not in _FUNCTIONS:
                raise _UnclearError
            return _FUNCTIONS[word](*arguments)
        if word in ("var", "local"):
            self._take(".")
            return self.module.reference(word, self._take()[1])
        if word in self.module.inner:
            return self.module.inner[word]
        path = [word]
        while self._peek() in (".", "["):
            mark = self._take()[1]
            path.append(mark + (self._take()[1] if mark == "." else f"{self._choice()}{self._take(']')[1]}"))
        return Symbol("".join(path))

    def _followed(self, value: Any) -> Any:
        while self._peek() in (".", "["):
            mark = self._take()[1]
            key = self._take()[1] if mark == "." else self._choice()
            if mark == "[":
                self._take("]")
            value = Symbol(f"{value}.{key}") if isinstance(value, Symbol) else value[key]
        return value

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._peek() != "}":
            kind, word = self._take()
            key = self.module.value(word[1:-1]) if kind == "text" else word
            if self._take()[1] not in ("=", ":"):
                raise _UnclearError
            found[str(key)] = self._choice()
            if self._peek() == ",":
                self._take()
        self._take()
        return found

    def _until(self, end: str) -> list[Any]:
        found: list[Any] = []
        while self._peek() != end:
            found.append(self._choice())
            if self._peek() == ",":
                self._take()
        self._take()
        return found


def module_of(files: Mapping[str, bytes], folder: str, given: Mapping[str, Any]) -> Module:
    """The module of a folder among the files. Raises composer.hcl.UnreadableError."""
    blocks: dict[str, list[Any]] = {}
    for path, content in sorted(files.items()):
        inside = path.removeprefix(folder)
        if path.startswith(folder) and "/" not in inside and hcl.is_terraform(path):
            for kind, bodies in hcl.parse(path, content).items():
                blocks.setdefault(kind, []).extend(bodies)
    return Module(blocks, given)


def nested(module: Module, body: Mapping[str, Any], kind: str) -> Iterator[tuple[Module, Any]]:
    """The blocks of a kind in a body, also those that a `dynamic` block makes; one of them where it may make some."""
    written = body.get(kind)
    for each in written if isinstance(written, list) else [] if written is None else [written]:
        yield module, each
    for dynamic in body.get("dynamic", []):
        if kind not in dynamic:
            continue
        made = module.value(dynamic[kind].get("for_each"))
        name = str(dynamic[kind].get("iterator", kind)).removeprefix("${").removesuffix("}")
        items: list[Any] = list(made.values()) if isinstance(made, Mapping) else made if isinstance(made, list) else [OPEN]
        for item in items:
            for content in dynamic[kind].get("content", []):
                yield module.within(name, {"value": item}), content

"""What a Pulumi Python SDK's source tells about its resources.

It is read as text: importing pulumi_aws takes seconds, one class takes a millisecond.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias


@dataclass(frozen=True)
class Scalar:
    """A plain type: string, integer, number, boolean, any, asset."""

    name: str


@dataclass(frozen=True)
class ListOf:
    """A list."""

    item: Type


@dataclass(frozen=True)
class MapOf:
    """A map with text keys."""

    item: Type


@dataclass(frozen=True)
class ObjectOf:
    """An object, by the folder and name of its args class."""

    folder: Path
    name: str


@dataclass(frozen=True)
class EnumOf:
    """One of these values, and no other."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of several types."""

    types: tuple[Type, ...]


Type: TypeAlias = "Scalar | ListOf | MapOf | ObjectOf | EnumOf | AnyOf"

STRING: Final = Scalar("string")
ANY: Final = Scalar("any")
_SCALARS: Final = {
    "str": STRING,
    "int": Scalar("integer"),
    "float": Scalar("number"),
    "bool": Scalar("boolean"),
    "Any": ANY,
    "Asset": Scalar("asset"),
    "Archive": Scalar("asset"),
    "AssetOrArchive": Scalar("asset"),
}
_WRAPPERS: Final = {"Input", "Output", "Awaitable"}
_GETTER: Final = re.compile(
    r'@pulumi\.getter(?:\(name="(?P<wire>[^"]+)"\))?\n(?:    @\S.*\n)*    def (?P<name>\w+)\(self\) -> (?P<type>.+):\n'
)
_ENUM_VALUE: Final = re.compile(r'^    [A-Z_][A-Z0-9_]* = ("(?:[^"\\]|\\.)*"|-?\d+)$', re.MULTILINE)


@dataclass(frozen=True)
class Property:
    """One property as it travels: its wire name, its type, and whether it may be left out."""

    name: str
    type: Type
    required: bool


Shape: TypeAlias = "Mapping[str, Property]"


@dataclass(frozen=True)
class ResourceSource:
    """Inputs and outputs of a resource class. An output that is not required is one that no cloud computes (None when it is not set)."""

    inputs: Shape
    outputs: Shape
    component: bool


class Sdk:
    """One installed SDK package, such as pulumi_aws.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """

    def __init__(self, package: str) -> None:
        spec = find_spec(package)
        generated = Path(__file__).parent.parent / "sdks" / package.removeprefix("pulumi_") / package  # in this repository
        if spec is not None and spec.submodule_search_locations:
            self.root = Path(spec.submodule_search_locations[0])
        elif generated.is_dir():
            self.root = generated
        else:
            raise ModuleNotFoundError(f"{package} is not installed; its resources can't be checked")
        self.package = package
        self._texts: dict[Path, str] = {}
        self._shapes: dict[tuple[Path, str], Shape | EnumOf | None] = {}

    @cached_property
    def tokens(self) -> Mapping[str, tuple[Path, str]]:
        """Every resource token with its folder and class name."""
        text = self._text(self.root / "__init__.py")
        start = text.index('resource_modules="""') + len('resource_modules="""')
        modules = json.loads(text[start : text.index('"""', start)])
        return {
            token: (self.root.joinpath(*module["fqn"].split(".")[1:]), name)
            for module in modules
            for token, name in module["classes"].items()
        }

    def resource(self, token: str) -> ResourceSource | None:
        """The inputs and outputs of a resource type; None where the SDK has no such type."""
        if token not in self.tokens:
            return None
        folder, name = self.tokens[token]
        text = self._text(self._file(folder, token, name))
        args = re.search(r"__props__ = (\w+)\.__new__\(", text)
        inputs = self._properties(folder, self._chunk(text, args.group(1) if args else f"{name}Args"))
        own = self._chunk(text, name)
        return ResourceSource(inputs, self._properties(folder, own), "(pulumi.ComponentResource)" in own[:200])

    def provider_inputs(self) -> Shape:
        """The configuration of the package's provider."""
        return self._properties(self.root, self._chunk(self._text(self.root / "provider.py"), "ProviderArgs"))

    def shape(self, of: ObjectOf) -> Shape | EnumOf | None:
        """The properties of an object type, or an enumeration; None where the class is no part of the SDK."""
        key = (of.folder, of.name)
        if key not in self._shapes:
            self._shapes[key] = self._read_shape(of)
        return self._shapes[key]

    def _read_shape(self, of: ObjectOf) -> Shape | EnumOf | None:
        chunk = self._chunk(self._text(of.folder / "_inputs.py"), of.name)
        if chunk:
            return self._properties(of.folder, chunk)
        for enum in (of.folder / "_enums.py", self.root / "_enums.py"):
            chunk = self._chunk(self._text(enum), of.name)
            if chunk:
                return EnumOf(tuple(json.loads(value) for value in _ENUM_VALUE.findall(chunk)))
        return None

    def _file(self, folder: Path, token: str, name: str) -> Path:
        middle = token.split(":")[1].rpartition("/")[2]
        for stem in (_snake(middle), _snake(name), name, middle):
            path = folder / f"{stem}.py"
            if f"\nclass {name}(" in self._text(path):
                return path
        return next(path for path in sorted(folder.glob("*.py")) if f"\nclass {name}(" in self._text(path))

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = path.read_text() if path.is_file() else ""
        return self._texts[path]

    @staticmethod
    def _chunk(text: str, name: str) -> str:
        """The source of one class, "" where it isn't there."""
        start = next((found for mark in "(:" if (found := text.find(f"\nclass {name}{mark}")) >= 0), -1)
        if start < 0:
            return ""
        end = text.find("\nclass ", start + 1)
        return text[start:] if end < 0 else text[start:end]

    def _properties(self, folder: Path, chunk: str) -> Shape:
        found: dict[str, Property] = {}
        for match in _GETTER.finditer(chunk):
            name = match["wire"] or match["name"]
            kind, optional = self._type(folder, ast.parse(match["type"], mode="eval").body)
            found[name] = Property(name, kind, not optional)
        return found

    def _type(self, folder: Path, node: ast.expr) -> tuple[Type, bool]:
        """The type of an annotation, and whether it is optional."""
        if isinstance(node, ast.Subscript):
            return self._generic(folder, _last(node.value), node.slice)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._named(folder, node.value), False
        return _SCALARS.get(_last(node), ANY), False

    def _generic(self, folder: Path, name: str, inner: ast.expr) -> tuple[Type, bool]:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Optional":
            return self._type(folder, inner)[0], True
        if name in _WRAPPERS:
            return self._type(folder, inner)
        if name in {"Sequence", "List", "list"}:
            return ListOf(self._type(folder, inner)[0]), False
        if name in {"Mapping", "Dict", "dict"}:
            return MapOf(self._type(folder, parts[1])[0]), False
        if name == "Literal":
            values = (part.value for part in parts if isinstance(part, ast.Constant))
            return EnumOf(tuple(value for value in values if isinstance(value, str | int))), False
        if name == "Union":
            return AnyOf(tuple(self._type(folder, part)[0] for part in parts)), False
        return ANY, False

    def _named(self, folder: Path, text: str) -> Type:
        """A class by its quoted name: `X`, `_meta.v1.X` (of the same SDK), `pulumi_aws.ec2.X` (of another), `outputs.X`."""
        if text.startswith(("pulumi_", "outputs.")) or text == "str":
            return STRING if text == "str" else ANY
        *modules, name = text.split(".")
        base = folder if not modules else self.root.joinpath(*(module.lstrip("_") for module in modules))
        return ObjectOf(base, name)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

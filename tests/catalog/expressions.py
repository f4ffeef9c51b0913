"""The part of Terraform's expression language that the catalogue is written in, for tests that have no Terraform.

Written from the language's public description; tests/real holds what it makes of the bases to what OpenTofu makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?) | (?P<text>"(?:[^"\\$%]|\\.|\$\{(?:[^{}"]|"[^"]*")*\}|[$%](?!\{))*") |
    (?P<name>[A-Za-z_][\w-]*) | (?P<sign>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,=()\[\]{}])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_LEVELS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"||": lambda a, b: a or b},
    {"&&": lambda a, b: a and b},
    {"==": lambda a, b: a == b, "!=": lambda a, b: a != b},
    {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "%": lambda a, b: a % b},
)


class Unknown(Exception):  # noqa: N818 - it is an answer, and no error of the reader
    """A name, function or sign that is not known; the text says which."""


def evaluate(text: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of an expression. names: `var`, `local` and the like, by their first part. Raises Unknown."""
    reader = _Reader(text, names, functions)
    value = reader.conditional()
    if reader.position < len(reader.tokens):
        raise Unknown(f"{reader.peek()} after an expression: {text}")
    return value


def template(text: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of a quoted text without its quotes: parts in `${ }` are expressions; one alone keeps its type."""
    parts = re.split(r"(?<!\$)\$\{((?:[^{}\"]|\"[^\"]*\")*)\}", text)
    if len(parts) == 3 and not parts[0] and not parts[2]:
        return evaluate(parts[1], names, functions)
    values = [part if index % 2 == 0 else written(evaluate(part, names, functions)) for index, part in enumerate(parts)]
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), "".join(values)).replace("$${", "${")


def written(value: Any) -> str:
    """A value inside of a text, as Terraform writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        self.text, self.names, self.functions, self.position = text, names, functions, 0
        self.tokens: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise Unknown(f"{text[place:]!r} is not understood")
            self.tokens.append(match[match.lastgroup or 0])
            place = match.end()

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if wanted is not None and token != wanted:
            raise Unknown(f"{token!r} where {wanted!r} should be: {self.text}")
        self.position += 1
        return token

    def took(self, sign: str) -> bool:
        if self.peek() == sign:
            self.position += 1
            return True
        return False

    def conditional(self) -> Any:
        condition = self.binary(0)
        if not self.took("?"):
            return condition
        # Only the branch that is taken is judged: the other may index what is not there
        yes = self._branch(taken=bool(condition))
        self.take(":")
        no = self._branch(taken=not condition)
        return yes if condition else no

    def _branch(self, *, taken: bool) -> Any:
        start = self.position
        try:
            return self.conditional()
        except (LookupError, TypeError, ValueError):
            if taken:
                raise
            self._skip(start, (":", ")", "]", "}", ","))
            return None

    def _skip(self, start: int, ends: tuple[str, ...]) -> None:
        """Go on after an expression that could not be evaluated."""
        self.position, depth = start, 0
        while self.position < len(self.tokens) and not (depth == 0 and self.peek() in ends):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(self.take(), 0)

    def binary(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self.unary()
        value = self.binary(level + 1)
        while (operation := _LEVELS[level].get(self.peek())) is not None:
            self.take()
            value = operation(value, self.binary(level + 1))
        return value

    def unary(self) -> Any:
        if self.took("!"):
            return not self.unary()
        if self.took("-"):
            return -self.unary()
        return self.postfix(self.primary())

    def postfix(self, value: Any) -> Any:
        while True:
            if self.took("."):
                key = self.take()
                value = value[int(key)] if key.isdigit() else value[key]
            elif self.took("["):
                if self.took("*"):
                    self.take("]")
                    value = self._splat(value)
                    continue
                key = self.conditional()
                self.take("]")
                value = value[int(key)] if isinstance(value, list) else value[key]
            else:
                return value

    def _splat(self, value: Any) -> Any:
        path: list[str] = []
        while self.took("."):
            path.append(self.take())
        found = []
        for item in value:
            for key in path:
                item = item[key]
            found.append(item)
        return found

    def primary(self) -> Any:
        token = self.take()
        if token == "(":
            value = self.conditional()
            self.take(")")
            return value
        if token == "[":
            return self.list()
        if token == "{":
            return self.object()
        if token.startswith('"'):
            return template(token[1:-1], self.names, self.functions)
        if token[:1].isdigit():
            return float(token) if "." in token else int(token)
        if token in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token]
        if self.took("("):
            return self.call(token)
        if token not in self.names:
            raise Unknown(f"{token} of {self.text}")
        return self.names[token]

    def call(self, name: str) -> Any:
        if name == "try":
            return self._try()
        arguments: list[Any] = []
        while not self.took(")"):
            value = self.conditional()
            arguments += value if self.took("...") else [value]
            self.took(",")
        if name not in self.functions:
            raise Unknown(f"function {name} of {self.text}")
        return self.functions[name](*arguments)

    def _try(self) -> Any:
        found, done = None, False
        while not self.took(")"):
            start = self.position
            try:
                value = self.conditional()
                found, done = (found, True) if done else (value, True)
            except (LookupError, TypeError, ValueError):
                self._skip(start, (",", ")"))
            self.took(",")
        return found

    def list(self) -> Any:
        if self.took("for"):
            return self._for("]", pairs=False)
        items: list[Any] = []
        while not self.took("]"):
            items.append(self.conditional())
            self.took(",")
        return items

    def object(self) -> Any:
        if self.took("for"):
            return self._for("}", pairs=True)
        fields: dict[str, Any] = {}
        while not self.took("}"):
            key = self.peek()
            name = self.primary() if key.startswith('"') or key == "(" else self.take()
            if not self.took("="):
                self.take(":")
            fields[name] = self.conditional()
            self.took(",")
        return fields

    def _for(self, end: str, *, pairs: bool) -> Any:
        variables = [self.take()]
        if self.took(","):
            variables.append(self.take())
        self.take("in")
        source = self.conditional()
        self.take(":")
        start = self.position
        entries = list(source.items()) if isinstance(source, Mapping) else list(enumerate(source))
        made: list[Any] = []
        for key, value in entries or [(None, None)]:
            self.position = start
            own = dict(zip(variables, (key, value) if len(variables) == 2 else (value,), strict=True))
            inner = _Reader.__new__(_Reader)
            inner.__dict__.update(self.__dict__, names={**self.names, **own})
            try:
                result = (inner.conditional(), inner.conditional() if pairs and inner.took("=>") else None)
                keep = inner.conditional() if inner.took("if") else True
            except (LookupError, TypeError, ValueError):
                if entries:
                    raise
                while inner.peek() != end:
                    inner.take()
                result, keep = (None, None), False
            self.position = inner.position
            if keep and entries:
                made.append(result)
        self.take(end)
        return dict(made) if pairs else [value for value, _ in made]

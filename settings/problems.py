"""What the validator found, in the operator's words: a table of its error types, one sentence each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.names import closest, secret_kind
from settings.quantities import shown
from settings.section import FaultsError
from settings.stack_file import Path

_SECRET_WORDS = ("secret", "token", "password", "key")


def key_text(path: Path) -> str:
    """`regions.us-east-1.network.tiers.public[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def sentences(model: type[BaseModel], error: ValidationError) -> Iterator[tuple[Path, str]]:
    """Each fault of the model's input as the path of a key and a sentence."""
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if part != "[key]")
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, FaultsError):
            for fault in cause.faults:
                yield (*path, *fault.path), fault.sentence
        elif isinstance(cause, ValueError):
            yield path, str(cause)
        else:
            yield path, _SENTENCES.get(detail["type"], _unfitting)(Case(model, path, detail))


class Case:
    """One error of the validator with the field that it is about."""

    def __init__(self, model: type[BaseModel], path: Path, detail: ErrorDetails) -> None:
        self.parent, self.field = find_field(model, path)
        self.path = path
        self.value = "that value" if _hidden(path, detail["input"]) else shown(detail["input"])
        self.quoted = f'"{self.value}"' if isinstance(detail["input"], str) else self.value
        self.context = detail.get("ctx", {})

    @property
    def example(self) -> str:
        """What the field's own example says to write."""
        examples = self.field.examples if self.field and self.field.examples else ()
        return next((example if isinstance(example, str) else json.dumps(example) for example in examples), "")

    @property
    def meaning(self) -> str:
        """What the field's description says, without its final dot and its requirement ids."""
        return re.sub(r" \([A-Z]+-\d+.*\)$", "", (self.field.description or "").rstrip(".")) if self.field else ""

    @property
    def such_as(self) -> str:
        """`write a number such as 3`, as far as there is an example."""
        return f" such as {self.example}" if self.example else ""


def _hidden(path: Path, value: object) -> bool:
    """Whether a value may be a secret that no message repeats."""
    named = any(word in str(part) for part in path[-1:] for word in _SECRET_WORDS)
    return named or (isinstance(value, str) and secret_kind(value) is not None)


def find_field(model: type[BaseModel], path: Path) -> tuple[type[BaseModel], FieldInfo | None]:
    """The section that holds a path's last key, and the field; None where the last key is no field."""
    parent, field, annotation = model, None, model
    for part in path:
        annotation = _plain(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            parent, field = annotation, _fields(annotation).get(str(part))
            annotation = field.annotation if field else None
        else:
            annotation = next(iter(get_args(annotation)[1 if get_origin(annotation) is dict else 0 :]), None)
    return parent, field


def _fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _plain(annotation: object) -> object:
    """Without Annotated and None."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _meant(case: Case) -> str:
    return f" ({case.meaning})" if case.meaning else ""


def _missing(case: Case) -> str:
    wanted = f"write {case.path[-1]}: {case.example}" if case.example else "add it"
    return f"is missing; {wanted}{_meant(case)}"


def _unknown_key(case: Case) -> str:
    known = sorted(_fields(case.parent))
    meant = closest(str(case.path[-1]), known)
    return f"is no key of this section; did you mean {meant}?" if meant else f"is no key of this section; its keys are {', '.join(known)}"


def _no_choice(case: Case) -> str:
    choices = _choices(case)
    meant = closest(case.value, choices)
    remedy = f"did you mean {meant}?" if meant else "write one of these"
    return f"{case.value} is none of {', '.join(choices)}; {remedy}"


def _choices(case: Case) -> list[str]:
    annotation = _plain(case.field.annotation) if case.field else None
    for candidate in (annotation, *(_plain(arg) for arg in get_args(annotation))):
        if isinstance(candidate, type) and issubclass(candidate, Enum):
            return [str(member.value) for member in candidate]
    return str(case.context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")


def _no_number(case: Case) -> str:
    return f"{case.quoted} is no whole number; write one{case.such_as}"


def _no_decimal(case: Case) -> str:
    return f"{case.quoted} is no number; write one{case.such_as}"


def _no_flag(case: Case) -> str:
    return f"{case.quoted} is neither true nor false; write one of them, without quotes"


def _no_text(case: Case) -> str:
    return f"{case.value} is no text; write it in quotes{case.such_as and ','}{case.such_as}"


def _no_mapping(case: Case) -> str:
    return f"{case.value} stands where keys and values belong; write a mapping{case.such_as}"


def _no_list(case: Case) -> str:
    return f"{case.value} stands where a list belongs; write one{case.such_as}"


def _plain_number(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def _too_small(case: Case) -> str:
    return f"{case.value} is too small; write at least {_plain_number(case.context['ge'])}{_meant(case)}"


def _too_large(case: Case) -> str:
    return f"{case.value} is too large; write at most {_plain_number(case.context['le'])}{_meant(case)}"


def _too_few(case: Case) -> str:
    return f"is empty; write at least {case.context.get('min_length', 1)}{case.such_as and ','}{case.such_as}"


def _unfitting(case: Case) -> str:
    return f"{case.value} can't stand here; write a value{case.such_as}{_meant(case)}"


_SENTENCES: dict[str, Callable[[Case], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "enum": _no_choice,
    "int_type": _no_number,
    "int_parsing": _no_number,
    "int_from_float": _no_number,
    "float_type": _no_decimal,
    "float_parsing": _no_decimal,
    "finite_number": _no_decimal,
    "bool_type": _no_flag,
    "bool_parsing": _no_flag,
    "string_type": _no_text,
    "dict_type": _no_mapping,
    "model_type": _no_mapping,
    "model_attributes_type": _no_mapping,
    "tuple_type": _no_list,
    "list_type": _no_list,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "too_short": _too_few,
}

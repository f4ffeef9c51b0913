"""Templates of the tables: `vpc-{hex17}`, `arn:{partition}:ec2:{region}:{account}:vpc/{id}`."""

from __future__ import annotations

import re
import secrets
import string
import uuid
from collections.abc import Mapping
from typing import Final

from localcloud.kinds.model import ACCOUNT, EMPTY, PARTITION, UNKNOWN, Computed, Request, Value, values_at

_FIELD: Final = re.compile(r"\{([A-Za-z_][\w.*\[\]]*)\}")
_RANDOM: Final = re.compile(r"(hex|upper|alnum|digits|lower)(\d+)\Z")
_ALPHABETS: Final = {
    "hex": "0123456789abcdef",
    "upper": string.ascii_uppercase + string.digits,
    "alnum": string.ascii_lowercase + string.digits,
    "digits": string.digits,
    "lower": string.ascii_lowercase,
}


def random_text(alphabet: str, length: int) -> str:
    """Random characters of an alphabet's name."""
    return "".join(secrets.choice(_ALPHABETS[alphabet]) for _ in range(length))


def compute(computed: Computed, request: Request) -> Value:
    """The value of a row's entry: a function's result, a filled template (in lists and maps, too), or the plain value."""
    if callable(computed):
        return computed(request)
    if isinstance(computed, str):
        return fill(computed, request)
    if isinstance(computed, Mapping):
        return {key: compute(each, request) for key, each in computed.items()}
    if isinstance(computed, list):
        return [compute(each, request) for each in computed]
    return computed


def fill(template: str, request: Request) -> Value:
    """Fill a template; UNKNOWN where one of its fields is.

    Raises:
        KeyError: a field is neither an input nor an output of the row: the row is wrong.
    """
    fields = {field: _field(field, request) for field in _FIELD.findall(template) if not _is_random(field)}
    if any(value is UNKNOWN for value in fields.values()):
        return UNKNOWN
    return _FIELD.sub(lambda match: str(fields[match[1]]) if match[1] in fields else _random(match[1]), template)


def _is_random(field: str) -> bool:
    return field == "uuid" or _RANDOM.match(field) is not None


def _random(field: str) -> str:
    if field == "uuid":
        return str(uuid.uuid4())
    match = _RANDOM.match(field)
    assert match
    return random_text(match[1], int(match[2]))


def _field(field: str, request: Request) -> Value:
    fixed = {"region": request.region, "account": ACCOUNT, "partition": PARTITION, "id": request.id, "logical_name": request.logical_name}
    if field in fixed:
        return fixed[field]
    for source in (request.inputs, request.outputs, request.old.properties if request.old else EMPTY):
        for value in values_at(source, field):
            return value
    raise KeyError(f"{request.kind.token}: the template field {{{field}}} is neither an input nor an output before it")

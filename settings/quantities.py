"""Amounts as an operator writes them: `500m`, `8Gi`, `12.5%`, `06:45`, `10h`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

KIB, MIB, GIB, TIB = (1024**power for power in (1, 2, 3, 4))

# Nine digits of CPU, eighteen of memory: more than there is of anything, and what every later division holds
_CPU = re.compile(r"^(?P<number>\d{1,9}(\.\d{1,3})?)(?P<unit>m?)$")
_MEMORY = re.compile(r"^(?P<number>\d{1,18}(\.\d{1,9})?)(?P<unit>Ki|Mi|Gi|Ti)$")
_PERCENT = re.compile(r"^(?P<number>\d+(\.\d+)?) ?%$")
_TIME = re.compile(r"^(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)$")
_DURATION = re.compile(r"^(?P<number>[1-9]\d*)(?P<unit>[mhd])$")
_MEMORY_UNITS = {"Ki": KIB, "Mi": MIB, "Gi": GIB, "Ti": TIB}
_DURATION_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, order=True)
class CpuQuantity:
    """A positive amount of CPU, in thousandths of a vCPU."""

    FORM: ClassVar[str] = "write vCPUs such as 4 or 0.5, or thousandths such as 500m"
    millicpu: int

    @classmethod
    def parse(cls, value: object) -> Self:
        """From a number of vCPUs or Kubernetes' text; ValueError says what to write."""
        if isinstance(value, cls):
            return value
        match = None if isinstance(value, bool) else _CPU.match(str(value))
        if match is None or (match["unit"] and "." in match["number"]) or not Decimal(match["number"]):
            raise ValueError(f"{shown(value)} is no amount of CPU; {cls.FORM}")
        return cls(int(Decimal(match["number"]) * (1 if match["unit"] else 1000)))

    @property
    def cores(self) -> Fraction:
        """In vCPUs."""
        return Fraction(self.millicpu, 1000)

    def __str__(self) -> str:
        return str(self.millicpu // 1000) if self.millicpu % 1000 == 0 else f"{self.millicpu}m"


@dataclass(frozen=True, order=True)
class MemoryQuantity:
    """A positive amount of memory or storage, in bytes."""

    FORM: ClassVar[str] = "write it in powers of 1024, such as 512Mi, 8Gi or 1Ti"
    bytes: int

    @classmethod
    def parse(cls, value: object) -> Self:
        """From Kubernetes' text with a binary unit; ValueError says what to write."""
        if isinstance(value, cls):
            return value
        match = _MEMORY.match(value) if isinstance(value, str) else None
        amount = Decimal(match["number"]) * _MEMORY_UNITS[match["unit"]] if match else Decimal(0)
        if not amount or amount != int(amount):
            raise ValueError(f"{shown(value)} is no amount of memory or storage; {cls.FORM}")
        return cls(int(amount))

    @property
    def mebibytes(self) -> Fraction:
        """In MiB."""
        return Fraction(self.bytes, MIB)

    @property
    def gibibytes(self) -> Fraction:
        """In GiB."""
        return Fraction(self.bytes, GIB)

    def __str__(self) -> str:
        unit, size = next((unit, size) for unit, size in reversed(_MEMORY_UNITS.items()) if self.bytes % size == 0 or unit == "Ki")
        return f"{self.bytes // size}{unit}"


def _volume(size: MemoryQuantity) -> MemoryQuantity:
    """What EBS makes as gp3: API reference of EC2, CreateVolume, Size, in botocore 1.44.5 (2026)."""
    if size.bytes % GIB or size.bytes > 64 * TIB:
        raise ValueError(f"{size} is no size of a volume; write whole GiB from 1Gi to 64Ti")
    return size


class Day(StrEnum):
    """Days as cron and operators write them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def shown(value: object) -> str:
    """A value as it may stand in a sentence."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return text if text and text == text.strip() and text.isprintable() and len(text) <= 100 else repr(text[:100])


def _fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    match = _PERCENT.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is no percentage; write it with its sign, such as 25%")
    if (fraction := Fraction(match["number"]) / 100) > 1:
        raise ValueError(f"{value} is more than the whole; write at most 100%")
    return fraction


def _above_zero(fraction: Fraction) -> Fraction:
    if not fraction:
        raise ValueError("0% leaves nothing; write more than 0%")
    return fraction


def percent(fraction: Fraction) -> str:
    """`12.5%` for 1/8."""
    return f"{float(fraction * 100):g}%"


def _time(value: object) -> time:
    if isinstance(value, time):
        return value
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{shown(value)} is no time of day; write hours and minutes in quotes, such as "06:45"')
    return time(int(match["hour"]), int(match["minute"]))


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is no duration; write minutes, hours or days such as 90m, 10h or 7d")
    return int(match["number"]) * _DURATION_UNITS[match["unit"]]


def _lapse(value: object) -> timedelta:
    if value == "never":
        return timedelta()
    try:
        return _duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or never") from None


def _lapse_text(value: timedelta) -> str:
    return _duration_text(value) if value else "never"


def _time_text(value: time) -> str:
    return f"{value:%H:%M}"


def _duration_text(value: timedelta) -> str:
    hours, rest = divmod(value, timedelta(hours=1))
    return f"{hours}h" if not rest else f"{value // timedelta(minutes=1)}m"


def _week(days: tuple[Day, ...]) -> tuple[Day, ...]:
    if not days:
        raise ValueError("no day is listed; write at least one of mon, tue, wed, thu, fri, sat, sun")
    if twice := sorted({day.value for day in days if days.count(day) > 1}):
        raise ValueError(f"{', '.join(twice)} stands here twice; write each day once")
    return tuple(day for day in Day if day in days)


def _as_text(render: Callable[..., str]) -> PlainSerializer:
    return PlainSerializer(render, return_type=str)


def _pattern(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\?P<\w+>", "", pattern.pattern)  # JSON Schema's dialect has other named groups


Cpu = Annotated[
    CpuQuantity,
    PlainValidator(CpuQuantity.parse),
    _as_text(str),
    WithJsonSchema({"type": ["number", "string"], "exclusiveMinimum": 0, "exclusiveMaximum": 10**9, "pattern": _pattern(_CPU)}),
]
Memory = Annotated[
    MemoryQuantity, PlainValidator(MemoryQuantity.parse), _as_text(str), WithJsonSchema({"type": "string", "pattern": _pattern(_MEMORY)})
]
Volume = Annotated[Memory, AfterValidator(_volume)]
_percentage_schema = WithJsonSchema({"type": "string", "pattern": _pattern(_PERCENT)})
Percentage = Annotated[Fraction, PlainValidator(_fraction), _as_text(percent), _percentage_schema]
Share = Annotated[Fraction, PlainValidator(_fraction), AfterValidator(_above_zero), _as_text(percent), _percentage_schema]
TimeOfDay = Annotated[
    time,
    PlainValidator(_time),
    _as_text(_time_text),
    WithJsonSchema({"type": "string", "pattern": _pattern(_TIME)}),
]
Duration = Annotated[
    timedelta, PlainValidator(_duration), _as_text(_duration_text), WithJsonSchema({"type": "string", "pattern": _pattern(_DURATION)})
]
# `30d`, or `never`, which is no time at all: Coder writes it as 0
Lapse = Annotated[
    timedelta,
    PlainValidator(_lapse),
    _as_text(_lapse_text),
    WithJsonSchema({"type": "string", "pattern": rf"^never$|{_pattern(_DURATION)}"}),
]
Days = Annotated[tuple[Day, ...], AfterValidator(_week)]

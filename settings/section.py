"""What every section of a stack file shares: frozen, no unknown keys, all faults at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    path: keys below the section that found it, () for the section itself.
    sentence: what is wrong with which value, and what to write instead.
    """

    path: tuple[str | int, ...]
    sentence: str

    def below(self, *keys: str | int) -> Fault:
        """The same fault, seen from further up."""
        return Fault((*keys, *self.path), self.sentence)


class FaultsError(ValueError):
    """Faults between the keys of one section, each of them right on its own."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.sentence for fault in faults))
        self.faults = faults


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values never change, and no error text carries an input."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def faults(self) -> Iterable[Fault]:
        """What is wrong between the keys of this section; overridden where keys depend on each other."""
        return ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = tuple(self.faults())
        if faults:
            raise FaultsError(faults)
        return self

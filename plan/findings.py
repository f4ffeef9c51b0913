"""What the plan has to say: conflicts that stop it, and warnings with their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from plan.model import Conflict, PlanError


@dataclass
class Findings:
    """Collects while the plan is made; both come out in an order that depends on the settings alone."""

    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    _warnings: dict[tuple[int, str], None] = field(default_factory=dict[tuple[int, str], None])
    _advice: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])

    def conflict(self, key: str, sentence: str, *, weighs: str = "") -> None:
        """Settings that can't stand together; key: below `coder-eks:`. weighs: what decides it, where that is not the whole file."""
        self.conflicts.append(Conflict(key, sentence, weighs))

    def warn(self, trap: int, sentence: str) -> None:
        """What works, but not as one might think; trap: its number in the register of requirements 4.3."""
        self._warnings[trap, sentence] = None

    def advise(self, requirement: str, sentence: str) -> None:
        """What the settings leave out, though a requirement asks for it."""
        self._advice[requirement, sentence] = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """By number of the register, then as found; then by requirement."""
        traps = tuple(f"T-{trap:02}: {sentence}" for trap, sentence in sorted(self._warnings, key=lambda warning: warning[0]))
        return traps + tuple(f"{requirement}: {sentence}" for requirement, sentence in sorted(self._advice, key=lambda advice: advice[0]))

    def stop_on_conflicts(self) -> None:
        """Raise PlanError with all conflicts, if there are any."""
        if self.conflicts:
            raise PlanError(tuple(dict.fromkeys(self.conflicts)))

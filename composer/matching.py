"""Whether a base gives what a toolchain asks (Property 14), and which way of each choice is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from composer.manifests import Base, Choice, Contract, Toolchain


@dataclass(frozen=True)
class Demand:
    """What one word of a toolchain asks: a capability, in one of these ways; no ways: a flag that must be on."""

    word: str
    capability: str
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """What the workspace gets: flags that are on or off, and the way of each choice that has one."""

    flags: Mapping[str, bool]
    choices: Mapping[str, str]


def demand(contract: Contract, word: str) -> Demand | None:
    """What a toolchain's word means under a contract; None: the contract doesn't know it."""
    if alias := contract.aliases.get(word):
        return Demand(word, alias.capability, alias.any_of)
    match contract.capabilities.get(word):
        case None:
            return None
        case Choice(values=values):
            return Demand(word, word, values)
        case _:
            return Demand(word, word, ())


def satisfied(base: Base, asked: Demand) -> bool:
    """Whether the base has the flag on, or offers one of the ways."""
    match base.capabilities.get(asked.capability):
        case bool() as offered:
            return offered and not asked.ways
        case tuple() as offered:
            return any(way in offered for way in asked.ways)
        case None:
            return False


def mismatches(contract: Contract, toolchain: Toolchain, base: Base, others: Iterable[Base] = ()) -> list[str]:
    """One sentence for each thing that keeps the two apart; others: bases to name as ones that would do."""
    others = list(others)
    found = [
        f"{module.name} {module.version} is written for contract {module.contract}, not {contract.version}; take modules of one contract"
        for module in (toolchain, base)
        if module.contract != contract.version
    ]
    if toolchain.os != base.os:
        able = [f"{other.name} {other.version}" for other in others if other.os == toolchain.os]
        remedy = f"compose it with {' or '.join(able)}" if able else "no base of the catalogue runs it"
        found.append(f"{toolchain.name} is written for {toolchain.os}; {base.name} {base.version} runs {base.os}: {remedy}")
    for word in (*toolchain.capabilities.required, *toolchain.capabilities.optional):
        asked = demand(contract, word)
        if asked is None:
            known = ", ".join(sorted({*contract.capabilities, *contract.aliases}))
            found.append(f"{toolchain.name} asks for {word}, which contract {contract.version} does not know; write one of {known}")
        elif word in toolchain.capabilities.required and not satisfied(base, asked):
            able = [f"{other.name} {other.version}" for other in others if satisfied(other, asked)]
            remedy = f"compose it with {' or '.join(able)}" if able else "no base of the catalogue has it"
            found.append(f"{toolchain.name} requires {word}; {base.name} {base.version} offers {_offer(base, asked)}: {remedy}")
    if not found:
        ways = _ways(contract, toolchain, base)
        found += [
            f"{toolchain.name} requires {name} in ways that exclude each other on {base.name}; drop one of them"
            for name in ways
            if not ways[name]
        ]
    return found


def unsupported(toolchain: Toolchain, profiles: Iterable[str]) -> list[str]:
    """One sentence for the profiles of a toolchain that are not among those that have a size, and one for the other way round."""
    given = list(profiles)
    found: list[str] = []
    if missing := [profile for profile in toolchain.compute.profiles if profile not in given]:
        found.append(
            f"{toolchain.name} has the profiles {', '.join(missing)}, which the composition gives no size; add them under profiles"
        )
    if unknown := [profile for profile in given if profile not in toolchain.compute.profiles]:
        found.append(f"{', '.join(unknown)} under profiles is no profile of {toolchain.name}; remove it")
    return found


def select(contract: Contract, toolchain: Toolchain, base: Base) -> Match:
    """What a workspace of the two gets; they must match. Of several ways the least privileged is taken, and nothing unasked is on."""
    words = {*toolchain.capabilities.required, *toolchain.capabilities.optional}
    asked = [one for word in sorted(words) if (one := demand(contract, word)) and satisfied(base, one)]
    on = {one.capability for one in asked}
    flags = {name: name in on for name, kind in contract.capabilities.items() if not isinstance(kind, Choice)}
    choices = {name: ways[0] for name, ways in _ways(contract, toolchain, base).items()}
    for name, kind in contract.capabilities.items():
        offered = base.capabilities.get(name)
        if isinstance(kind, Choice) and isinstance(offered, tuple):
            unasked = [way for way in (kind.default, *kind.values) if way is not None and way in offered]
            if unasked:
                choices.setdefault(name, unasked[0])
    return Match(flags, choices)


def _ways(contract: Contract, toolchain: Toolchain, base: Base) -> dict[str, list[str]]:
    """The ways of each asked choice that suit all who ask, in the contract's order; an optional wish narrows only where a way remains."""
    ways: dict[str, list[str]] = {}
    for word in (*toolchain.capabilities.required, *toolchain.capabilities.optional):
        asked = demand(contract, word)
        kind = contract.capabilities.get(asked.capability) if asked else None
        offered = base.capabilities.get(asked.capability) if asked else None
        if asked is None or not isinstance(kind, Choice) or not isinstance(offered, tuple):
            continue
        before = ways.get(asked.capability, [way for way in kind.values if way in offered])
        narrowed = [way for way in before if way in asked.ways]
        if narrowed or word in toolchain.capabilities.required:
            ways[asked.capability] = narrowed
    return ways


def _offer(base: Base, asked: Demand) -> str:
    match base.capabilities.get(asked.capability):
        case tuple() as ways:
            return f"{asked.capability} {', '.join(ways)}"
        case True:
            return f"{asked.capability} as a flag only"
        case _:
            return f"no {asked.capability}"

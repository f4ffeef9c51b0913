"""Semantic versions of toolchains, bases and the contract (Property 17, TPL-16, TPL-25): what changed, and which version follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from semver import Version

from composer import hcl
from composer.catalog import AnyModule
from composer.files import content_hash
from composer.manifests import Base, Choice, Contract, Toolchain
from composer.publications import Release


class Bump(IntEnum):
    """Which part of a version rises."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def of(self, version: str) -> str:
        """The version that follows."""
        parsed = Version.parse(version).replace(prerelease=None)
        match self:
            case Bump.NONE:
                return str(parsed)
            case Bump.PATCH:
                return str(parsed.bump_patch())
            case Bump.MINOR:
                return str(parsed.bump_minor())
            case Bump.MAJOR:
                return str(parsed.bump_major())


@dataclass(frozen=True)
class Change:
    """One difference between two versions, in words, and the least bump that it needs."""

    bump: Bump
    what: str


def changes(before: AnyModule, after: AnyModule) -> list[Change]:
    """What changed between two versions of a toolchain or a base. Raises hcl.UnreadableError."""
    old, new = before.manifest, after.manifest
    found: list[Change] = []
    if type(old) is not type(new) or old.name != new.name:
        found.append(Change(Bump.MAJOR, f"{old.name} became {new.name}"))
    if old.contract.partition(".")[0] != new.contract.partition(".")[0]:
        found.append(Change(Bump.MAJOR, f"contract {old.contract} became {new.contract}"))
    if isinstance(old, Toolchain) and isinstance(new, Toolchain):
        found += _toolchain(old, new)
    elif isinstance(old, Base) and isinstance(new, Base):
        found += _base(old, new)
    found += _interface(before.files, after.files)
    manifests = {"toolchain.yaml", "base.yaml"}
    for path in sorted({*before.files, *after.files} - manifests):
        if before.files.get(path) != after.files.get(path):
            found.append(Change(Bump.PATCH, f"{path} {_fate(path, before.files, after.files)}"))
    if not found and old.model_copy(update={"version": new.version}) != new:
        found.append(Change(Bump.PATCH, "the manifest says it in other words"))
    return found


def bump(before: AnyModule, after: AnyModule) -> Bump:
    """The bump that all changes together need."""
    return max((change.bump for change in changes(before, after)), default=Bump.NONE)


def faults(before: AnyModule, after: AnyModule) -> list[str]:
    """Whether the second module's version is the one that follows the first's; a sentence with the changes that ask for it."""
    needed, old, new = bump(before, after), before.manifest, after.manifest
    wanted = needed.of(old.version)
    if new.version.partition("-")[0] == wanted and (needed is not Bump.NONE or new.version == old.version):
        return []
    if needed is Bump.NONE:
        return [f"{new.name} {new.version} is {old.version} without a change; keep {old.version}"]
    because = "; ".join(change.what for change in changes(before, after) if change.bump is needed)
    article = f"a {needed.name.lower()} change"
    return [f"{new.name} {new.version} follows {old.version} with {article} ({because}); write version {wanted}"]


def moved(module: AnyModule, release: Release | None) -> list[str]:
    """Whether a released version has other files than its tag: a tag never moves."""
    if release is None or content_hash(module.files) == release.files:
        return []
    name, version = module.manifest.name, module.manifest.version
    return [f"{name} {version} is not what its tag {release.tag} has; a released version never changes: raise its version"]


def contract_changes(before: Contract, after: Contract) -> list[Change]:
    """What changed in the contract. A new capability or alias breaks nobody; everything else does."""
    found = [*_inputs("input", before.inputs, after.inputs), *_inputs("output", before.outputs, after.outputs)]
    for kind, old, new in (("capability", before.capabilities, after.capabilities), ("alias", before.aliases, after.aliases)):
        found += [Change(Bump.MAJOR, f"{kind} {name} is gone") for name in sorted(set(old) - set(new))]
        found += [Change(Bump.MINOR, f"{kind} {name} is new") for name in sorted(set(new) - set(old))]
    for name in sorted(set(before.capabilities) & set(after.capabilities)):
        old, new = before.capabilities[name], after.capabilities[name]
        if old != new:
            wider = isinstance(old, Choice) and isinstance(new, Choice) and set(old.values) < set(new.values) and old.default == new.default
            found.append(Change(Bump.MINOR if wider else Bump.MAJOR, f"capability {name} is another"))
    found += [
        Change(Bump.MAJOR, f"alias {name} means something else")
        for name in sorted(set(before.aliases) & set(after.aliases))
        if before.aliases[name] != after.aliases[name]
    ]
    return found


def contract_version(before: Contract, after: Contract) -> str:
    """The version that follows: the next major where a change breaks, else the same (TPL-16)."""
    breaks = any(change.bump is Bump.MAJOR for change in contract_changes(before, after))
    return f"{before.major + 1}.0" if breaks else before.version


def contract_faults(before: Contract, after: Contract) -> list[str]:
    """Whether the contract's version rises by a major exactly when a change breaks (TPL-16)."""
    wanted = contract_version(before, after)
    if after.version == wanted:
        return []
    breaking = [change.what for change in contract_changes(before, after) if change.bump is Bump.MAJOR]
    because = f"changes that break ({'; '.join(breaking)})" if breaking else "no change that breaks"
    return [f"contract {after.version} follows {before.version} with {because}; write version {wanted}"]


def _inputs(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            fate = "is gone" if name not in after else "is new" if name not in before else "has another type"
            yield Change(Bump.MAJOR, f"{kind} {name} {fate}")


def _toolchain(before: Toolchain, after: Toolchain) -> Iterator[Change]:
    if before.os != after.os:
        yield Change(Bump.MAJOR, f"it runs on {after.os} instead of {before.os}")
    yield from _tools(before, after)
    old, new = before.capabilities, after.capabilities
    for word in sorted({*old.required, *old.optional, *new.required, *new.optional}):
        ranks = [2 if word in asked.required else 1 if word in asked.optional else 0 for asked in (old, new)]
        if ranks[0] == ranks[1]:
            continue
        if ranks[1] == 2:
            yield Change(Bump.MAJOR, f"{word} is required")
        elif ranks == [1, 0]:
            yield Change(Bump.MAJOR, f"{word} is no longer asked for")
        else:
            yield Change(Bump.MINOR, f"{word} is {'optional' if ranks[1] else 'no longer required'}")
    yield from _members("profile", before.compute.profiles, after.compute.profiles)
    if before.compute.default != after.compute.default and before.compute.default in after.compute.profiles:
        yield Change(Bump.MINOR, f"the default profile is {after.compute.default}")
    yield from _members("application", [app.name for app in before.apps], [app.name for app in after.apps])
    if before.image != after.image:
        yield Change(Bump.MINOR, f"the image is {after.image}")


def _tools(before: Toolchain, after: Toolchain) -> Iterator[Change]:
    old = {tool.name: tool.version for tool in before.toolchain.everything}
    new = {tool.name: tool.version for tool in after.toolchain.everything}
    mended = {fix.tool for fix in after.fixes}
    for name in sorted({*old, *new}):
        if name not in new:
            yield Change(Bump.MAJOR, f"{name} is gone")
        elif name not in old:
            yield Change(Bump.MINOR, f"{name} is new")
        elif old[name] != new[name]:
            was, now = _numbers(old[name]), _numbers(new[name])
            what = f"{name} {old[name]} became {new[name]}"
            if name in mended and now > was:
                yield Change(Bump.PATCH, what)
            elif now < was:
                yield Change(Bump.MAJOR, what)
            else:
                yield Change(Bump.PATCH if was[:2] == now[:2] and len(was) > 2 else Bump.MINOR, what)


def _base(before: Base, after: Base) -> Iterator[Change]:
    for key in ("os", "arch", "coderd"):
        if getattr(before, key) != getattr(after, key):
            yield Change(Bump.MAJOR, f"{key} is {getattr(after, key)}")
    for name in sorted({*before.capabilities, *after.capabilities}):
        old, new = _offered(before, name), _offered(after, name)
        yield from (Change(Bump.MAJOR, f"{name}{way} is no longer offered") for way in sorted(old - new))
        yield from (Change(Bump.MINOR, f"{name}{way} is offered") for way in sorted(new - old))
    yield from (Change(Bump.MAJOR, f"the deployment must tell {key}") for key in sorted(set(after.platform) - set(before.platform)))
    yield from (Change(Bump.MINOR, f"{key} is no longer asked") for key in sorted(set(before.platform) - set(after.platform)))
    yield from _members("machine image", before.machine_images, after.machine_images)
    old, new = {machine.type: machine for machine in before.machines}, {machine.type: machine for machine in after.machines}
    yield from (Change(Bump.MINOR, f"{name} changed") for name in sorted({*old, *new}) if old.get(name) != new.get(name))
    for name in sorted({*before.providers, *after.providers}):
        was, now = before.providers.get(name), after.providers.get(name)
        if was != now:
            same = (
                was is not None and now is not None and was.source == now.source and _numbers(was.version)[:2] == _numbers(now.version)[:2]
            )
            yield Change(Bump.PATCH if same else Bump.MINOR, f"provider {name} is {f'{now.source} {now.version}' if now else 'gone'}")


def _offered(base: Base, name: str) -> set[str]:
    """A flag that is on as "", a choice as its ways, each with a blank before it."""
    match base.capabilities.get(name):
        case True:
            return {""}
        case tuple() as ways:
            return {f" {way}" for way in ways}
        case _:
            return set()


def _interface(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Change]:
    """Variables and outputs of the Terraform."""
    old, new = hcl.variables(before), hcl.variables(after)
    for name in sorted({*old, *new}):
        if name not in new:
            yield Change(Bump.MAJOR, f"input {name} is gone")
        elif name not in old:
            yield Change(Bump.MAJOR if new[name].required else Bump.MINOR, f"input {name} is new")
        elif old[name].type != new[name].type:
            yield Change(Bump.MAJOR, f"input {name} has another type")
        elif old[name].required != new[name].required:
            yield Change(
                Bump.MAJOR if new[name].required else Bump.MINOR, f"input {name} {'lost' if new[name].required else 'has'} its default"
            )
    yield from _members("output", hcl.outputs(before), hcl.outputs(after))


def _members(kind: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Change]:
    old, new = set(before), set(after)
    yield from (Change(Bump.MAJOR, f"{kind} {name} is gone") for name in sorted(old - new))
    yield from (Change(Bump.MINOR, f"{kind} {name} is new") for name in sorted(new - old))


def _fate(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    return "is gone" if path not in after else "is new" if path not in before else "changed"


def _numbers(version: str) -> tuple[int, ...]:
    """1.23.12+20260929 as (1, 23, 12, 20260929): a later build of the same version follows it."""
    return tuple(int(part) for part in version.replace("+", ".").replace("-", ".").split(".") if part.isdigit())


def is_above(version: str, other: str) -> bool:
    """Whether a version follows another."""
    return Version.parse(version) > Version.parse(other)


def highest(versions: Iterable[str]) -> str:
    """The last of versions; ValueError where there is none."""
    return max(versions, key=Version.parse)

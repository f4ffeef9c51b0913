"""**Feature: coder-deployment-guide, Property 17: Toolchain Semver**

Every pushed module has one version in full, released ones on the stable channel only, and a version never changes what it is: two
templates with the same version push the same files (requirements 11d.5 and 11b.8, POL-17, TPL-16, TPL-25). Which bump a change needs is
judged where both versions are: by `composer.versioning` in CI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from composer.files import content_hash
from composer.provenance import read
from policy import composed, wiring
from policy.crossguard import Property
from policy.stack import Stack
from policy.templates import Pushed
from policy.values import Props
from policy.verdict import Verdict

# Semantic Versioning 2.0.0, item 2 to 10, without the v that a tag may have
SEMVER = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$")
MODULES = ("toolchain", "base")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Each template's versions, then the same version in several of them."""
    day = composed.today(settings)
    pushed: dict[tuple[str, str, str], tuple[str, str]] = {}

    def faults(template: Pushed) -> Iterator[str]:
        yield from template.faults(day)[17]
        found = wiring.parts(template)
        if found is None:
            return
        _, toolchain, base = found
        for kind, manifest in zip(MODULES, (toolchain, base), strict=True):
            if not SEMVER.match(manifest.version):
                yield f"has {kind} {manifest.name} {manifest.version}, which is no version in full; write MAJOR.MINOR.PATCH"
            files = {path: content for path, content in template.files.items() if path.startswith(f"{kind}/")}
            key, whole = (kind, manifest.name, manifest.version), content_hash(files)
            known, where = pushed.setdefault(key, (whole, template.name))
            if known != whole:
                yield f"pushes {manifest.name} {manifest.version} with other files than {where} does; a version never changes: raise it"
        if not (template.version or "").startswith(f"{toolchain.version}-{base.version}-"):
            yield f"has the version {template.version}; its modules are {toolchain.version} and {base.version}: name both"
        told = read(template.files)
        if not isinstance(told, list) and told.contract != toolchain.contract:
            yield f"is told as contract {told.contract}; its toolchain is of {toolchain.contract}"

    composed.judge(stack, verdict, faults)


PROPERTY = Property(
    number=17,
    slug="semver",
    title="Toolchain Semver",
    description="Every pushed module has one version in full, and a version never changes what it is.",
    severity=Severity.MEDIUM,
    tags=("templates", "versions"),
    remediation="Give what changed a new version, by the rule of composer.versioning; never push other files under an old one.",
    url="https://semver.org/spec/v2.0.0.html",
    relations=relations,
    settings=composed.TODAY,
)

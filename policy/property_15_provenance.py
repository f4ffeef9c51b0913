"""**Feature: coder-deployment-guide, Property 15: Provenance**

Every pushed template says of what it is made, and that is true of its files: both modules with version and commit, the contract, every
image by digest or id, no floating tag, and the same beside each workspace (requirement 11d.7, POL-15, TPL-23). The manifest is recomputed
from the files; the version's name carries the hash of all of them, so that what runs in Coder can be found again.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from composer.files import content_hash
from policy import composed
from policy.crossguard import Property
from policy.stack import Stack
from policy.templates import Pushed
from policy.values import Props, at, mapping, sequence, text
from policy.verdict import Verdict

HASH_LENGTH = 12  # digits of the content's SHA-256 that a version's name and its folder carry


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """The files against their manifest, the version's name against the files, the declared facts against both."""
    day = composed.today(settings)
    declared = mapping(stack.templates.node.get("templates")) if stack.templates else {}

    def faults(template: Pushed) -> Iterator[str]:
        yield from template.faults(day)[15]
        whole = content_hash(template.files)
        if not (template.version or "").endswith(whole[:HASH_LENGTH]):
            yield f"has the version {template.version}; its files are {whole[:HASH_LENGTH]}: name a version by its content"
        said = text(at(declared.get(template.name), "contentHash"))
        if said is not None and said != whole:
            yield f"is declared with the content {said[:HASH_LENGTH]}; its files are {whole[:HASH_LENGTH]}"
        for version in sequence(template.node.get("versions")):
            if sequence(mapping(version).get("tfVars")):
                yield "is given tf_vars, which no manifest tells of; compose the value into the files"

    composed.judge(stack, verdict, faults)


PROPERTY = Property(
    number=15,
    slug="provenance",
    title="Provenance",
    description="Every pushed template says of what it is made, and that is true of its files.",
    severity=Severity.HIGH,
    tags=("templates", "supply-chain"),
    remediation="Push what the composer writes, unchanged; run `coder-eks templates resolve` for an image without a digest.",
    url="https://slsa.dev/spec/v1.0/provenance",
    relations=relations,
    settings=composed.TODAY,
)

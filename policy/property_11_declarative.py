"""**Feature: coder-deployment-guide, Property 11: Declarative Consistency**

What is declared is all there is: nothing inside Coder is left to hand edits, and elsewhere only what a clock or an autoscaler moves
(requirement 16.3, POL-11, CDR-34, EKS-20, T-77). Whether reality still equals the declaration is for the drift job; this policy keeps
the program from looking away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pulumi_policy import Severity

from policy import tokens
from policy.crossguard import Property
from policy.facts import FIRST_VISIT
from policy.graph import Node, Targets
from policy.stack import Stack
from policy.values import Props, Unknown, mapping, sequence, text
from policy.verdict import Verdict

GROUP, USER = "coderd:index/group:Group", "coderd:index/user:User"

# The attributes of coderd's resources that nobody else may decide. Left out, coderd's provider does not manage them (its documentation,
# version 0.0.23): a hand edit stays. A group's members are not here: the identity provider's sync owns them (CDR-13).
MANAGED: Mapping[str, tuple[str, ...]] = {
    tokens.TEMPLATE: (
        "acl", "versions", "displayName", "description", "icon", "defaultTtlMs", "activityBumpMs", "autoStopRequirement",
        "autoStartPermittedDaysOfWeeks", "allowUserAutoStart", "allowUserAutoStop", "allowUserCancelWorkspaceJobs", "failureTtlMs",
        "timeTilDormantMs", "timeTilDormantAutodeleteMs", "requireActiveVersion", "maxPortShareLevel", "deprecationMessage",
    ),
    GROUP: ("name", "quotaAllowance"),
    tokens.GROUP_SYNC: ("field", "mapping"),
    tokens.ORGANIZATION: ("name",),
}  # fmt: skip

# Outside Coder: what something else moves by design, with who does.
MOVED: Mapping[str, Mapping[str, str]] = {
    tokens.NODE_GROUP: {"scalingConfig.desiredSize": "the schedule and the autoscaler", "scalingConfig.minSize": "the schedule"},
    tokens.EKS_CLUSTER: {
        "accessConfig.bootstrapClusterCreatorAdminPermissions": "AWS, which takes it at the creation only",
        "bootstrapSelfManagedAddons": "AWS, which takes it at the creation only",
    },
}


def _coderd(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    if node.ignored:
        verdict.wrong(node, f"ignores changes of {', '.join(sorted(node.ignored))}, so that a hand edit stays; remove ignore_changes")
    missing = [key for key in MANAGED.get(node.type, ()) if node.get(key) is None]
    if missing:
        verdict.wrong(node, f"leaves {', '.join(missing)} out, so that a hand edit stays; set each")
    if node.type == tokens.GROUP_SYNC and node.get("autoCreateMissing") is True:
        verdict.wrong(node, "makes groups that nobody declares; set auto_create_missing to false")
    if node.type == tokens.TEMPLATE:
        _template(node, verdict)


def _template(node: Node, verdict: Verdict) -> None:
    acl, versions = node.get("acl"), node.get("versions")
    if isinstance(acl, Unknown) or isinstance(versions, Unknown):
        verdict.undecided(node, "its acl or versions are unknown")
        return
    if isinstance(acl, dict):
        lists = [key for key in ("users", "groups") if acl.get(key) is None]
        if lists:
            verdict.wrong(node, f"has an acl without {' and '.join(lists)}; give both, empty where nobody is meant")
    active = [version for version in sequence(versions) if mapping(version).get("active") is True]
    if isinstance(versions, list) and len(active) != 1:
        verdict.wrong(node, f"has {len(active)} active versions; exactly one is what people get")
    unnamed = [version for version in sequence(versions) if mapping(version).get("name") in (None, "")]
    if unnamed:
        verdict.wrong(node, "has a version without a name, which coderd then makes up; name each by its content")


def _elsewhere(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    allowed = MOVED.get(node.type, {})
    stray = sorted(path for path in node.ignored if path not in allowed)
    if stray:
        verdict.wrong(node, f"ignores changes of {', '.join(stray)}, so that a hand edit stays; declare them")


def _patch(node: Node, settings: Props, verdict: Verdict) -> None:
    """A change of somebody else's object is in no graph of that object's owner."""
    del settings
    if node.type.endswith("Patch"):
        verdict.wrong(node, "patches an object that something else declares; declare it where it is made")
        return
    _elsewhere(node, {}, verdict)


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Each thing is declared once, and every template that is declared is there with the groups that its acl names."""
    del settings
    _others(stack, verdict)
    inside = [node for node in stack.graph.nodes if node.type.startswith(tokens.CODERD_PACKAGE)]
    if not inside and stack.visit == 1:
        verdict.postponed = FIRST_VISIT
        return
    if not inside:
        verdict.wrong(None, "nothing inside Coder is declared: its templates and groups are left to hand edits")
    counts = Counter((node.type, text(node.get("name"))) for node in inside if text(node.get("name")))
    for node in inside:
        if counts[node.type, text(node.get("name"))] > 1:
            verdict.wrong(
                node, f"is declared {counts[node.type, text(node.get('name'))]} times as {node.get('name')}; the last one wins each time"
            )
    declared = stack.templates
    names = {text(node.get("name")) for node in stack.graph.all(tokens.TEMPLATE)}
    for name in declared.published if declared else ():
        if name not in names:
            verdict.wrong(declared.node if declared else None, f"publishes {name}, and no template is declared for it")
    for name in sorted(filter(None, names)):
        if declared and name not in declared.published:
            verdict.wrong(declared.node, f"does not publish {name}, and yet it is declared; publish it or remove it")
    for template in stack.graph.all(tokens.TEMPLATE):
        _acl(stack, template, verdict)


def _others(stack: Stack, verdict: Verdict) -> None:
    """Components, providers and what comes from other packages look away from nothing either."""
    for node in stack.graph.nodes:
        if PROPERTY.judge_of(node.type) is None:
            _elsewhere(node, {}, verdict)


def _named(stack: Stack, template: Node) -> Iterator[tuple[str, Targets]]:
    """Everyone whom an acl names, and what is declared of them."""
    for kind, types in (("user", (USER,)), ("group", (GROUP, tokens.ORGANIZATION))):
        for index in range(len(sequence(template.get("acl", f"{kind}s")))):
            yield kind, stack.graph.targets(template, ("acl", f"{kind}s", index, "id"), *types)


def _acl(stack: Stack, template: Node, verdict: Verdict) -> None:
    """An acl names groups and users of this stack, or their ids would be somebody's hand work."""
    for kind, found in _named(stack, template):
        if found.undecided:
            verdict.undecided(template, f"a {kind} of its acl is unknown")
        elif not found.nodes or found.foreign:
            verdict.wrong(template, f"has an acl for a {kind} that the stack does not declare ({', '.join(found.foreign)}); declare it")


PROPERTY = Property(
    number=11,
    slug="declarative",
    title="Declarative Consistency",
    description="What is declared is all there is: the program looks away from nothing that a person could edit by hand.",
    severity=Severity.MEDIUM,
    tags=("templates", "drift"),
    remediation="Declare the attribute, and remove ignore_changes; what a clock or an autoscaler moves stands in the table of the policy.",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/ignorechanges/",
    relations=relations,
    resources={tokens.CODERD_PACKAGE: _coderd, "aws:": _elsewhere, "kubernetes:": _patch},
)

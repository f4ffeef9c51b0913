"""**Feature: coder-deployment-guide, Property 16: Override Validation**

A composition changes nothing of its base but the compute profile and optional capabilities, or what a permit names, with reason, approver
and an end that is not over (requirements 11c.9, 11g.2 and 11g.3, POL-16, TPL-24). What was overridden is not taken from the manifest:
the root module's inputs are held against those that follow from contract, toolchain and base, and what is protected in any base, its agent
and its providers are read where they are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import cast

from pulumi_policy import Severity

from composer.hcl import UnreadableError, is_terraform, parse
from composer.provenance import ROOT
from policy import composed, helm, tokens, wiring
from policy.crossguard import Property
from policy.isolation import NAMESPACE, first, pods
from policy.stack import Stack
from policy.templates import Pushed
from policy.terraform import Module, module_of, nested
from policy.values import Props, Unknown, Value
from policy.verdict import Verdict

MISSING = object()


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """The told overrides by the rule, and the untold ones by what the root module hands over."""
    day = composed.today(settings)
    accounts = _accounts(stack)

    def faults(template: Pushed) -> Iterator[str]:
        yield from template.faults(day)[16]
        told = wiring.overridden(template)
        for path, value in wiring.strayed(template):
            if told.get(path, MISSING) != value:
                shown = wiring.written(value)
                yield f"hands {path} = {shown} to its base, which no override tells of; drop it, or write the override and its permit"
        account = template.inputs.get("service_account")
        if account is not None and account not in accounts:
            yield f"hands service_account = {account} to its base, which is no ServiceAccount of {NAMESPACE} in this stack"
        yield from _beside(template)
        yield from _protected(template)

    composed.judge(stack, verdict, faults)


def _accounts(stack: Stack) -> list[Value]:
    """The names that workspaces may run under."""
    places = (NAMESPACE, Unknown.UNKNOWN)
    found = [node for node in stack.graph.all(tokens.SERVICE_ACCOUNT) if helm.object_namespace(stack.graph, node) in places]
    return [node.get("metadata", "name") for node in found]


def _beside(template: Pushed) -> Iterator[str]:
    """What a composition holds besides toolchain, base and agent."""
    modules = sorted(name for name, _ in template.blocks("module"))
    for name in modules:
        if name not in MODULES:
            yield f"starts a module {name} beside toolchain and base; nothing else belongs into a composition"
    if len(set(modules)) < len(modules):
        yield f"starts a module twice ({', '.join(modules)}); toolchain and base are one each"
    for name in sorted({name for name, _ in template.blocks("data")}):
        if not name.startswith("coder_"):
            yield f"reads {name} beside its base; what a base needs the platform tells it"
    for path in sorted(template.files):
        if "/" not in path and path != ROOT and is_terraform(path):
            yield f"has {path} beside its root module; nothing else belongs into a composition"
    for name in sorted({name for name, _ in template.blocks("resource")}):
        if name not in AGENT:
            yield f"declares {name} beside its base; resources belong to bases"
    yield from _agents(template)
    yield from _providers(template)


def _agents(template: Pushed) -> Iterator[str]:
    """An agent that starts something else than the toolchain: whatever that is, it runs as the person whose workspace it is."""
    for kind, named in template.blocks("resource"):
        if kind in ("coder_script", "coder_env"):
            yield f"declares {kind} in its root module; what runs in a workspace belongs to its toolchain or base"
        for name, body in named.items() if kind == "coder_agent" else ():
            for agent in cast("list[object]", body) if isinstance(body, list) else [body]:
                for key, value in cast("dict[str, object]", agent).items() if isinstance(agent, dict) else ():
                    if key in SCRIPTS and value != SCRIPTS[key]:
                        yield f"sets {key} of coder_agent.{name} to {wiring.written(value)}; it is {SCRIPTS[key] or 'left out'}"


def _providers(template: Pushed) -> Iterator[str]:
    """Where a template makes things, and as whom: the provisioner's own cluster and role, in the region that is told to it."""
    for name, body in template.blocks("provider"):
        for key in sorted(body.keys() - PROVIDERS.get(name, frozenset())):
            yield f"sets {key} of the provider {name}; it acts as the provisioner, where that runs"
    for path, content in sorted(template.files.items()):
        if path.startswith(("base/", "toolchain/")) and is_terraform(path):
            with suppress(UnreadableError):  # Properties 3 and 13 say it
                if parse(path, content).get("provider"):
                    yield f"configures a provider in {path}; the root module does"


def _protected(template: Pushed) -> Iterator[str]:
    """Privileged execution in the base's own Terraform, whatever its manifest tells."""
    try:
        module = module_of(template.files, "base/", template.inputs)
    except UnreadableError:
        return
    for pod in pods(module):
        for key in ("host_pid", "host_ipc", "host_network"):
            if module.value(pod.spec.get(key, False)) is not False:
                yield f"{pod} of its base sets {key}; a workspace shares nothing of its node"
        if any(first(body).get("host_path") is not None for _, body in nested(module, pod.spec, "volume")):
            yield f"{pod} of its base mounts a host_path; a workspace shares nothing of its node"
        for kind in ("container", "init_container"):
            for inside, body in nested(module, pod.spec, kind):
                yield from (f"{pod} of its base {what}; no workspace runs privileged" for what in _privileges(inside, first(body)))


def _privileges(module: Module, container: Mapping[str, object]) -> Iterator[str]:
    context = first(container.get("security_context"))
    for key in ("privileged", "allow_privilege_escalation"):
        if module.value(context.get(key, False)) is not False:
            yield f"sets {key}"
    if module.value(first(context.get("capabilities")).get("add", [])) != []:
        yield "adds capabilities"


MODULES = ("base", "toolchain")
# What an agent runs, as the composer writes it; other scripts of an agent there are none.
SCRIPTS: Mapping[str, str | None] = {
    "startup_script": "${module.toolchain.bootstrap_script}",
    "env": "${merge(module.base.runtime_env, module.toolchain.runtime_env)}",
    "shutdown_script": None,
    "init_script": None,
    "dir": None,
}
PROVIDERS: Mapping[str, frozenset[str]] = {"coder": frozenset({"url"}), "aws": frozenset({"region"})}

# What a root module declares by itself: the agent and what hangs on it (TPL-18, TPL-34).
AGENT = frozenset({"coder_agent", "coder_app", "coder_script", "coder_metadata", "coder_env"})

PROPERTY = Property(
    number=16,
    slug="overrides",
    title="Override Validation",
    description="A composition changes nothing of its base but what it may, or what a living permit names.",
    severity=Severity.HIGH,
    tags=("templates", "governance"),
    remediation="Drop the override, or add a permit with path, reason, approver and expires to the composition or the stack file.",
    url="https://coder.com/docs/admin/templates",
    relations=relations,
    settings=composed.TODAY,
)

"""**Feature: coder-deployment-guide, Property 6: External Provisioners**

coderd runs no build itself, and from the second visit on something else does: at least one release of provisioners that has a replica
at every hour, a key, and coderd's address (requirement 11.1, POL-06, CDR-08, PRV-03 to PRV-06).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pulumi_policy import Severity

from policy import helm, tokens
from policy.crossguard import DOCUMENTATION, Property
from policy.graph import Graph, Node
from policy.property_04_static_control_plane import MANY, commanded_namespace, commands_to_scale, targets_deployment
from policy.stack import Stack
from policy.values import Props, Unknown, at, integer, leaves, sequence, text
from policy.verdict import Verdict

BUILT_IN = "CODER_PROVISIONER_DAEMONS"
ADDRESS = "CODER_URL"
SECOND_VISIT = 2
DEFAULT_DEPLOYMENT = helm.PROVISIONER  # the chart's own name (helm/libcoder/templates/_helpers.tpl, coder.name)
DEFAULT_PORTS = {"http": 80, "https": 443}

# How a scheduled job says the number: `--replicas=30`, `--replicas 30`, a patch of `{"spec":{"replicas":30}}`.
_REPLICAS = re.compile(r"""replicas["']?\s*[=:\s]\s*["']?(-?\d+|\$\{?\w+\}?)""")
# and how it takes the provisioners away
_REMOVES = re.compile(r"\b(?:delete\s+(?!pods?\b)|DELETE\b|helm\s+(?:uninstall|delete))")
SHARED_KEY = "CODER_PROVISIONER_DAEMON_PSK"


def _release(node: Node, settings: Props, verdict: Verdict) -> None:
    """coderd's own release: the variable stands in the values and is exactly "0"."""
    del settings
    if helm.chart_of(node) == helm.CODER and not helm.is_proxy(node):  # a proxy knows no builds
        _built_in_off(helm.effective(None, node, BUILT_IN), node, verdict)


def _built_in_off(variable: helm.Variable, node: Node, verdict: Verdict) -> None:
    if isinstance(variable.value, Unknown):
        verdict.undecided(node, f"{BUILT_IN} is unknown")
    elif variable.value != "0":
        shown = "not set" if variable.spelt is None else f"{variable.spelt!r}"
        verdict.wrong(node, f'has {BUILT_IN} {shown}; set it to the text "0", or coderd runs builds itself with its own rights')


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Judge what needs the graph: variables from ConfigMaps, and on the second visit the provisioners."""
    del settings
    graph = stack.graph
    coderd = helm.releases(graph, helm.CODER)
    verdict.saw(*coderd)
    if all(release.get("values", helm.CODER, "workspaceProxy") for release in coderd):
        verdict.wrong(None, f"the stack has no Helm release of the chart {helm.CODER}")
    for release in coderd:
        if isinstance(helm.effective(None, release, BUILT_IN).value, Unknown):
            variable = helm.effective(graph, release, BUILT_IN)
            verdict.settle(release)
            if isinstance(variable.value, Unknown):
                verdict.wrong(release, f'takes {BUILT_IN} from where no policy can read; set it to the text "0" in the values')
            else:
                _built_in_off(variable, release, verdict)
    provisioners = helm.releases(graph, helm.PROVISIONER)
    visit = stack.facts.visit if stack.facts else SECOND_VISIT
    if visit < SECOND_VISIT and not provisioners:
        verdict.postponed = "first visit: provisioners come with the second, after `coder-eks bootstrap`"
        return
    if not provisioners:
        verdict.wrong(None, f"the stack has no Helm release of the chart {helm.PROVISIONER}: no build can run, not even one that stops")
        return
    verdict.saw(*provisioners)
    for release in provisioners:
        _key(graph, release, verdict)
        _address(graph, release, coderd, verdict)
    if not any(_always_there(graph, release, verdict) for release in provisioners):
        verdict.wrong(provisioners[0], "has hours without any replica, and no other release fills them; keep one at least (T-30)")


def scheduled_replicas(job: Node) -> list[int | None]:
    """The numbers of replicas that a CronJob sets, 0 where it takes them away; None for one that can't be read."""
    found: list[int | None] = []
    for container in helm.containers(job):
        variables = {text(at(item, "name")): text(at(item, "value")) for item in sequence(at(container, "env"))}
        words = " ".join(str(leaf) for key in ("command", "args") for leaf in leaves(at(container, key)))
        for number in _REPLICAS.findall(words):
            value = variables.get(number.strip("${}")) if number.startswith("$") else number
            found.append(int(value) if value is not None and value.isdigit() else None)
        if _REMOVES.search(words):
            found.append(0)
    return found


def _always_there(graph: Graph, release: Node, verdict: Verdict) -> bool:
    """Whether a release keeps a replica whatever its schedule last did: the number at rest and every scheduled one."""
    counts: list[int | Unknown | None] = [helm.replicas(release)]
    name = text(release.get("values", "nameOverride")) or DEFAULT_DEPLOYMENT
    namespace = helm.namespace_of(graph, release, "namespace")
    for job in graph.all(tokens.CRON_JOB):
        lives_in = commanded_namespace(job.props) or helm.object_namespace(graph, job)
        named = any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", str(leaf)) for leaf in leaves(job.get("spec")))
        named = named or not MANY.isdisjoint(commands_to_scale(job.props))
        if named and (lives_in == namespace or isinstance(lives_in, Unknown) or isinstance(namespace, Unknown)):
            verdict.saw(job)
            counts.extend(scheduled_replicas(job))
    for scaler in graph.nodes:
        if tokens.kubernetes_kind(scaler.type) and targets_deployment(scaler.props, name) is True:
            lives_in = helm.object_namespace(graph, scaler)
            if lives_in == namespace or isinstance(lives_in, Unknown) or isinstance(namespace, Unknown):
                verdict.saw(scaler)
                counts.append(_least(scaler))
    if any(isinstance(count, Unknown) for count in counts):
        verdict.undecided(release, "how many replicas it keeps is unknown")
        return True  # open, and said so
    return all(isinstance(count, int) and count >= 1 for count in counts)


def _least(scaler: Node) -> int | Unknown | None:
    """The fewest replicas that a scaler leaves.

    Where it says nothing, KEDA's goes to 0 (ScaledObject specification), Kubernetes' own to 1 (HorizontalPodAutoscalerSpec; read 2026-11).
    """
    spec = scaler.get("spec")
    found = [at(spec, key) for key in ("idleReplicaCount", "minReplicaCount", "minReplicas") if at(spec, key) is not None]
    if not found:
        return 0 if "keda.sh" in scaler.type else 1
    return found[0] if isinstance(found[0], Unknown) else integer(found[0])


def _key(graph: Graph, release: Node, verdict: Verdict) -> None:
    """A key of one organisation in a Secret of the release's namespace, and not the shared key that every provisioner knows."""
    name = release.get("values", "provisionerDaemon", "keySecretName")
    if isinstance(name, Unknown):
        verdict.undecided(release, "the Secret with its key is unknown")
        return
    if text(name) is None:
        verdict.wrong(release, "has no key: set provisionerDaemon.keySecretName to the Secret that holds one")
        return
    variables = [text(at(item, "name")) for item in sequence(release.get("values", helm.CODER, "env"))]
    if release.get("values", "provisionerDaemon", "pskSecretName") or SHARED_KEY in variables:
        verdict.wrong(release, f"knows the key that all provisioners share beside its own; remove pskSecretName and {SHARED_KEY}")
    namespace = helm.namespace_of(graph, release, "namespace")
    for node in graph.nodes:
        kind = tokens.kubernetes_kind(node.type)
        if kind is None or kind[1] not in ("Secret", "ExternalSecret"):
            continue
        called = text(node.get("spec", "target", "name")) or text(node.get("metadata", "name"))  # of what an ExternalSecret makes
        if called == name and helm.object_namespace(graph, node) in (namespace, Unknown.UNKNOWN):
            verdict.saw(node)
            return
    verdict.wrong(release, f"takes its key from the Secret {name} in {namespace}, which nothing in the stack makes")


def _address(graph: Graph, release: Node, coderd: list[Node], verdict: Verdict) -> None:
    """The address is a Service of this stack, on a port that it has, in front of coderd's pods."""
    variable = helm.effective(graph, release, ADDRESS)
    if isinstance(variable.value, Unknown):
        verdict.undecided(release, f"{ADDRESS} is unknown")
        return
    parts = urlsplit(variable.value or "")
    if not parts.hostname:
        verdict.wrong(release, f"has no {ADDRESS}; set it to the in-cluster address of coderd's Service")
        return
    namespace = helm.namespace_of(graph, release, "namespace")
    service = next((node for node in graph.all(tokens.SERVICE) if _answers(graph, node, parts.hostname, namespace)), None)
    if service is None:
        verdict.wrong(
            release, f"has {ADDRESS} {variable.value}, which is no Service of this stack; use coderd's, such as http://coder.coder.svc:8080"
        )
        return
    verdict.saw(service)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    ports = [integer(at(item, "port")) for item in sequence(service.get("spec", "ports"))]
    if port not in ports:
        verdict.wrong(release, f"has {ADDRESS} {variable.value}; the Service {service.name} has the ports {', '.join(map(str, ports))}")
    if not any(helm.selects(service.get("spec", "selector"), node) for node in coderd):
        verdict.wrong(service, "is where provisioners look for coderd, and its selector does not match coderd's pods")


def _answers(graph: Graph, service: Node, host: str, client_namespace: str | Unknown) -> bool:
    """Whether a Service has that name in the cluster's DNS, seen from a pod of that namespace."""
    name, namespace = text(service.get("metadata", "name")), helm.object_namespace(graph, service)
    if name is None or isinstance(namespace, Unknown):
        return False
    full = f"{name}.{namespace}"
    return host in (full, f"{full}.svc", f"{full}.svc.cluster.local") or (host == name and namespace == client_namespace)


PROPERTY = Property(
    number=6,
    slug="external-provisioners",
    title="External Provisioners",
    description="coderd runs no build itself, and there are provisioners that can, at every hour.",
    severity=Severity.CRITICAL,
    tags=("coderd", "provisioners"),
    remediation='Set CODER_PROVISIONER_DAEMONS to "0" on coderd, and keep a replica of coder-provisioner with a key and coderd\'s address.',
    url=f"{DOCUMENTATION}/provisioners/index.md",
    relations=relations,
    resources={tokens.RELEASE: _release},
)

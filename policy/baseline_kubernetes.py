"""The baseline on Kubernetes and on coderd itself: CIS EKS Benchmark 4, Pod Security Standards, Coder's security best practices."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from policy import helm, tokens
from policy.baseline_rules import Check, Rule, begins, equals, present
from policy.graph import Node
from policy.values import Props, Unknown, Value, at, leaves, mapping, sequence, text

CIS, PSS = "CIS EKS Benchmark", "Kubernetes Pod Security Standards"
CODER, OWN = "Coder security best practices", "this project's requirements"
WORKLOADS = tuple(
    f"kubernetes:{version}:{kind}"
    for version, kinds in (("apps/v1", ("Deployment", "DaemonSet", "StatefulSet")), ("batch/v1", ("Job", "CronJob")), ("core/v1", ("Pod",)))
    for kind in kinds
)
STORAGE_CLASS, QUOTA = "kubernetes:storage.k8s.io/v1:StorageClass", "kubernetes:core/v1:ResourceQuota"
ACCOUNT, BUDGET = "kubernetes:core/v1:ServiceAccount", "kubernetes:policy/v1:PodDisruptionBudget"
LEVELS = ("baseline", "restricted")
_KEY = re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b")
_WITH_PASSWORD = re.compile(r"://[^/@:]+:[^@]+@")


def pod_spec(node: Node) -> Props:
    """The pod of a workload."""
    for path in (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "template", "spec"), ("spec",)):
        found = mapping(node.get(*path))
        if "containers" in found:
            return found
    return {}


def _containers(node: Node) -> Iterator[Props]:
    spec = pod_spec(node)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from (mapping(item) for item in sequence(spec.get(kind)))


def _no_privilege(node: Node) -> str | None:
    found = any(at(item, "securityContext", "privileged") is True for item in _containers(node))
    return "runs a privileged container, which is the node; remove it" if found else None


def _no_escalation(node: Node) -> str | None:
    found = any(at(item, "securityContext", "allowPrivilegeEscalation") is not False for item in _containers(node))
    return "may gain privileges; set allowPrivilegeEscalation to false" if found else None


def _not_root(node: Node) -> str | None:
    whole = at(pod_spec(node), "securityContext", "runAsNonRoot")
    found = any(
        (own if (own := at(item, "securityContext", "runAsNonRoot")) is not None else whole) is not True for item in _containers(node)
    )
    return "may run as root; set runAsNonRoot" if found else None


def _drops_all(node: Node) -> str | None:
    found = any("ALL" not in sequence(at(item, "securityContext", "capabilities", "drop")) for item in _containers(node))
    return "keeps capabilities; drop ALL" if found else None


def _seccomp(node: Node) -> str | None:
    whole = at(pod_spec(node), "securityContext", "seccompProfile", "type")
    kinds = [at(item, "securityContext", "seccompProfile", "type") or whole for item in _containers(node)]
    return "has no seccomp profile; use RuntimeDefault" if any(kind not in ("RuntimeDefault", "Localhost") for kind in kinds) else None


def _host(key: str, what: str) -> Check:
    return lambda node: f"shares its node's {what}; remove {key}" if pod_spec(node).get(key) is True else None


def _no_host_path(node: Node) -> str | None:
    found = any(at(item, "hostPath") is not None for item in sequence(pod_spec(node).get("volumes")))
    return "mounts its node's disk; remove hostPath" if found else None


def _pinned_image(node: Node) -> str | None:
    images = [text(item.get("image")) for item in _containers(node)]
    loose = [image for image in images if image and "@sha256:" not in image]
    return f"runs {loose[0]}, a tag that may move; add the digest" if loose else None


def _limits(node: Node) -> str | None:
    found = any(not mapping(at(item, "resources", "limits")).get("memory") for item in _containers(node))
    return "has a container without a limit of memory; set resources.limits" if found else None


def _level(node: Node) -> str | None:
    level = node.get("metadata", "labels", "pod-security.kubernetes.io/enforce")
    if isinstance(level, Unknown) or level in LEVELS:
        return None
    return "enforces no Pod Security Standard; label it baseline or restricted"


def _rules(node: Node) -> list[Value]:
    return sequence(node.get("rules"))


def _no_star(key: str) -> Check:
    return lambda node: f"grants all {key}; name them" if any("*" in sequence(at(rule, key)) for rule in _rules(node)) else None


def _no_secrets(node: Node) -> str | None:
    found = any("secrets" in sequence(at(rule, "resources")) and not at(rule, "resourceNames") for rule in _rules(node))
    return "reads every Secret of its namespace; name them by resourceNames" if found else None


def _no_anonymous(node: Node) -> str | None:
    bad = ("system:anonymous", "system:unauthenticated", "system:authenticated")
    found = [name for item in sequence(node.get("subjects")) if (name := at(item, "name")) in bad]
    return f"grants something to {found[0]}; name who may" if found else None


def _no_default_account(node: Node) -> str | None:
    found = any(at(item, "kind") == "ServiceAccount" and at(item, "name") == "default" for item in sequence(node.get("subjects")))
    return "binds the default service account; give the workload one of its own" if found else None


def _no_static_keys(node: Node) -> str | None:
    """EKS-27: no access key of AWS in a Secret, a ConfigMap or a release."""
    texts = [leaf for key in ("stringData", "data", "values") for leaf in leaves(node.get(key)) if isinstance(leaf, str)]
    if node.type == tokens.SECRET:
        texts += [_decoded(leaf) for leaf in leaves(node.get("data")) if isinstance(leaf, str)]
    found = any(_KEY.search(each) for each in texts)
    return "holds an access key of AWS; use a role of the service account" if found else None


def _decoded(data: str) -> str:
    """What a Secret keeps in base64; nothing where it is none."""
    try:
        return base64.b64decode(data).decode(errors="replace")
    except ValueError:
        return ""


def _service(node: Node) -> str | None:
    kind = node.get("spec", "type")
    return (
        f"is of type {kind}, an entrance that no listener of the stack guards; use ClusterIP"
        if kind in ("LoadBalancer", "NodePort")
        else None
    )


def _no_privileged_values(node: Node) -> str | None:
    """What a release's values ask for, at any depth; a CSI driver's node part is named by its chart."""
    found = sorted(_true_keys(node.get("values"), {"privileged", "hostNetwork", "hostPID", "hostIPC"}))
    return f"asks for {', '.join(found)} in its values; remove it" if found else None


def _true_keys(value: Value, keys: set[str]) -> set[str]:
    if isinstance(value, dict):
        own = {key for key, each in value.items() if key in keys and each is True}
        return own.union(*(_true_keys(each, keys) for each in value.values()))
    return set[str]().union(*(_true_keys(each, keys) for each in sequence(value)))


def _is_coderd(node: Node) -> bool:
    return helm.chart_of(node) == helm.CODER


def _flag(name: str, wanted: tuple[str, ...], fault: str) -> Check:
    def check(node: Node) -> str | None:
        variable = helm.effective(None, node, name)
        return None if isinstance(variable.value, Unknown) or variable.value in wanted else f"{fault} ({name})"

    return check


def _hsts(node: Node) -> str | None:
    value = helm.effective(None, node, "CODER_STRICT_TRANSPORT_SECURITY").value
    if isinstance(value, Unknown):
        return None
    enough = isinstance(value, str) and value.isdigit() and int(value) >= 31536000
    return None if enough else "does not tell browsers to stay with HTTPS for a year (CODER_STRICT_TRANSPORT_SECURITY)"


def _no_password_url(node: Node) -> str | None:
    value = helm.effective(None, node, "CODER_PG_CONNECTION_URL").value
    return "has the database's password in its values; log in by IAM" if isinstance(value, str) and _WITH_PASSWORD.search(value) else None


def _no_workspace_rights(node: Node) -> str | None:
    value = node.get("values", "coder", "serviceAccount", "workspacePerms")
    return "may make workspaces itself; set workspacePerms to false, provisioners do" if value is not False else None


def _no_dangerous(node: Node) -> str | None:
    """A variable, or a flag on the command line: `--dangerous-disable-rate-limits`."""
    names = {str(at(item, "name")) for item in sequence(node.get("values", "coder", "env"))}
    said = [str(leaf) for key in ("command", "commandArgs") for leaf in leaves(node.get("values", "coder", key))]
    names |= {f"CODER_{flag.upper().replace('-', '_')}" for each in said for flag in re.findall(r"--(dangerous-[\w-]+)", each)}
    dangerous = sorted(name for name in names if name.startswith("CODER_DANGEROUS_"))
    found = [name for name in dangerous if helm.effective(None, node, name).value not in ("false", "0")]
    return f"sets {found[0]}; remove it" if found else None


def _small_budget(node: Node) -> str | None:
    given = any(node.get("spec", key) is not None for key in ("minAvailable", "maxUnavailable"))
    return None if given else "protects nothing; set maxUnavailable"


def _no_balancers(node: Node) -> str | None:
    hard = mapping(node.get("spec", "hard"))
    return None if hard.get("services.loadbalancers") == "0" else "lets workspaces make load balancers; set services.loadbalancers to 0"


TRUE = ("true", "1", "t", "T", "TRUE", "True")
ROLES, BINDINGS = tokens.KUBERNETES_ROLES, tokens.ROLE_BINDINGS
HOLDERS = (tokens.SECRET, tokens.CONFIG_MAP, tokens.RELEASE)
RULES: tuple[Rule, ...] = (
    Rule("k8s-pod-not-privileged", f"{CIS} 4.2.1, {PSS}", WORKLOADS, _no_privilege),
    Rule("k8s-pod-no-host-pid", f"{CIS} 4.2.2", WORKLOADS, _host("hostPID", "processes")),
    Rule("k8s-pod-no-host-ipc", f"{CIS} 4.2.3", WORKLOADS, _host("hostIPC", "memory")),
    Rule("k8s-pod-no-host-network", f"{CIS} 4.2.4", WORKLOADS, _host("hostNetwork", "network")),
    Rule("k8s-pod-no-escalation", f"{CIS} 4.2.5", WORKLOADS, _no_escalation),
    Rule("k8s-pod-not-root", f"{PSS} restricted", WORKLOADS, _not_root),
    Rule("k8s-pod-drops-capabilities", f"{PSS} restricted", WORKLOADS, _drops_all),
    Rule("k8s-pod-seccomp", f"{CIS} 4.6.2", WORKLOADS, _seccomp),
    Rule("k8s-pod-no-host-path", f"{PSS} baseline", WORKLOADS, _no_host_path),
    Rule("k8s-pod-image-digest", OWN, WORKLOADS, _pinned_image),
    Rule("k8s-pod-memory-limit", OWN, WORKLOADS, _limits),
    Rule("k8s-namespace-pod-security", f"{CIS} 4.2", (tokens.NAMESPACE,), _level),
    Rule("k8s-role-no-star-resources", f"{CIS} 4.1.3", ROLES, _no_star("resources")),
    Rule("k8s-role-no-star-verbs", f"{CIS} 4.1.3", ROLES, _no_star("verbs")),
    Rule("k8s-role-secrets-named", f"{CIS} 4.1.2", ROLES, _no_secrets),
    Rule("k8s-binding-no-anonymous", f"{CIS} 4.1.1", BINDINGS, _no_anonymous),
    Rule("k8s-binding-no-default-account", f"{CIS} 4.1.5", BINDINGS, _no_default_account),
    Rule("k8s-no-static-aws-keys", "EKS-27", HOLDERS, _no_static_keys),
    Rule("k8s-service-internal", OWN, (tokens.SERVICE,), _service),
    Rule(
        "k8s-storage-encrypted",
        "EKS-31",
        (STORAGE_CLASS,),
        equals("parameters.encrypted", True, "makes volumes that are not encrypted; set encrypted"),
    ),
    Rule("k8s-quota-no-load-balancers", OWN, (QUOTA,), _no_balancers),
    Rule("k8s-budget-protects", "EKS-34", (BUDGET,), _small_budget),
    Rule("helm-version-pinned", OWN, (tokens.RELEASE,), present("version", "takes whatever chart is newest; pin its version")),
    Rule(
        "helm-source-trusted",
        OWN,
        (tokens.RELEASE,),
        begins("repositoryOpts.repo", ("https://",), "comes from a place without TLS; use https or oci"),
        lambda node: not (text(node.get("chart")) or "").startswith("oci://"),
    ),
    Rule("helm-no-privileged-values", f"{CIS} 4.2", (tokens.RELEASE,), _no_privileged_values),
    Rule(
        "coder-path-apps-off",
        CODER,
        (tokens.RELEASE,),
        _flag("CODER_DISABLE_PATH_APPS", TRUE, "serves workspace apps under its own origin"),
        _is_coderd,
    ),
    Rule(
        "coder-secure-cookie",
        CODER,
        (tokens.RELEASE,),
        _flag("CODER_SECURE_AUTH_COOKIE", TRUE, "sends its cookie without TLS as well"),
        _is_coderd,
    ),
    Rule("coder-hsts", CODER, (tokens.RELEASE,), _hsts, _is_coderd),
    Rule("coder-no-dangerous-flags", CODER, (tokens.RELEASE,), _no_dangerous, _is_coderd),
    Rule("coder-no-database-password", CODER, (tokens.RELEASE,), _no_password_url, _is_coderd),
    Rule("coder-no-workspace-rights", CODER, (tokens.RELEASE,), _no_workspace_rights, _is_coderd),
)

"""The values of Coder's chart: pure functions; an unknown key or variable is an error (decision 4)."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input

from components import coder_reference as reference
from components import proxy_environment
from components.coder_environment import CERTIFICATES_FOLDER, SecretKey, Value, Variables

RELEASE_NAME = "coder"
SERVICE_ACCOUNT = "coder"
HTTP_PORT, METRICS_PORT = 8080, 2112  # fixed in the chart
SELECTOR = {"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": RELEASE_NAME}

SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS_PORT)}  # what collectors look for on a pod (OBS-05)
CERTIFICATES_VOLUME = "rds-certificates"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The nodes that run coderd: those with label and taint `key`=`group`."""

    key: str
    group: str

    def node_selector(self) -> dict[str, str]:
        """What a pod asks of a node's labels."""
        return {self.key: self.group}

    def tolerations(self) -> list[dict[str, str]]:
        """What a pod puts up with (EKS-12)."""
        return [{"key": self.key, "operator": "Equal", "value": self.group, "effect": "NoSchedule"}]


@dataclass(frozen=True, kw_only=True)
class ReleaseFacts:
    """What the chart's values depend on beside the environment. version: of coderd, without a v."""

    version: str
    replicas: int
    cpu: str
    memory: str
    placement: Placement
    certificates_config_map: Input[str]


def values(facts: ReleaseFacts, variables: Variables) -> dict[str, object]:
    """Values of the chart `coder`; raises UnknownCoderValueError where chart or server do not know a key or variable."""
    compute = {"cpu": facts.cpu, "memory": facts.memory}
    made: dict[str, object] = {
        "coder": {
            "env": [_entry(name, value) for name, value in variables.items()],
            "image": {"tag": f"v{facts.version}"},
            "replicaCount": facts.replicas,  # a constant: coderd is not scaled by load (CDR-02, CDR-03, Property 4)
            "resources": {"requests": compute, "limits": compute},  # CDR-39
            "service": {"enable": False},  # ours: ClusterIP, 8080 to 8080 (T-25); the chart's is a second balancer outside the graph
            # builds run in the provisioners: coderd has no rights in the cluster
            "serviceAccount": {"name": SERVICE_ACCOUNT, "disableCreate": True, "workspacePerms": False, "enableDeployments": False},
            "securityContext": _security_context(),
            "podAnnotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",  # EKS-34
                "karpenter.sh/do-not-disrupt": "true",
                **SCRAPED,
            },
            "nodeSelector": facts.placement.node_selector(),
            "tolerations": facts.placement.tolerations(),
            "affinity": _anti_affinity(),
            "topologySpreadConstraints": [_spread("topology.kubernetes.io/zone", "DoNotSchedule")],
            "volumes": [{"name": CERTIFICATES_VOLUME, "configMap": {"name": facts.certificates_config_map}}],
            "volumeMounts": [{"name": CERTIFICATES_VOLUME, "mountPath": CERTIFICATES_FOLDER, "readOnly": True}],
        }
    }
    reference.check(made, variables)
    return made


@dataclass(frozen=True, kw_only=True)
class ProxyFacts:
    """What a workspace proxy's values depend on. version: coderd's. primary_url: coderd's; access_url: its own. token: where it lies."""

    version: str
    replicas: int
    cpu: str
    memory: str
    placement: Placement
    primary_url: str
    access_url: str
    wildcard_host: str
    token: SecretKey


def proxy_values(facts: ProxyFacts) -> dict[str, object]:
    """Values of the chart `coder` as a workspace proxy; UnknownCoderValueError for a variable that a proxy would ignore."""
    compute = {"cpu": facts.cpu, "memory": facts.memory}
    variables = proxy_environment.environment(
        primary_url=facts.primary_url, access_url=facts.access_url, wildcard_host=facts.wildcard_host, token=facts.token
    )
    return {
        "coder": {
            "workspaceProxy": True,
            "env": [_entry(name, value) for name, value in variables.items()],
            "image": {"tag": f"v{facts.version}"},
            "replicaCount": facts.replicas,
            "resources": {"requests": compute, "limits": compute},
            "service": {"enable": False},
            "serviceAccount": {"name": SERVICE_ACCOUNT, "disableCreate": True, "workspacePerms": False, "enableDeployments": False},
            "securityContext": _security_context(),
            "podAnnotations": {"karpenter.sh/do-not-disrupt": "true"},
            "nodeSelector": facts.placement.node_selector(),
            "tolerations": facts.placement.tolerations(),
            "affinity": _anti_affinity(),
            "topologySpreadConstraints": [_spread("topology.kubernetes.io/zone", "DoNotSchedule")],
        }
    }


def _entry(name: str, value: Value) -> dict[str, object]:
    if isinstance(value, SecretKey):
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": value.name, "key": value.key}}}
    return {"name": name, "value": value}


def _security_context() -> dict[str, object]:
    """A container without rights: what Pod Security's `restricted` asks (CDR-40). 1000: user `coder` of the image."""
    return {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _anti_affinity() -> dict[str, object]:
    """One replica a node where there is room (CDR-04).

    Not required: a rolling update starts a pod before it stops one, and charts before 2.38 can't be told otherwise
    (coder/coder#29652), so that three replicas on three nodes would wait for a fourth for ever.
    """
    term = {"labelSelector": {"matchLabels": SELECTOR}, "topologyKey": "kubernetes.io/hostname"}
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}}


def _spread(topology_key: str, otherwise: str) -> dict[str, object]:
    """Replicas of one version evenly over a topology."""
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": otherwise,
        "labelSelector": {"matchLabels": SELECTOR},
        "matchLabelKeys": ["pod-template-hash"],  # the version that goes does not count
    }

"""The values of the chart coder-provisioner, and its schedule: pure functions; an unknown key or variable is an error (decision 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from components.coder_reference import UnknownCoderValueError
from components.coder_values import Placement
from plan.model import ProvisionerPlan

RELEASE_NAME = "coder-provisioner"  # the chart names its Deployment so, whatever the release is called
SERVICE_ACCOUNT = "coder-provisioner"
KEY_SECRET, KEY_ITEM = "coder-provisioner-key", "key"
METRICS_PORT = 2112  # fixed in the chart
GRACE_SECONDS = 900  # three times the longest build, five minutes of an EC2 workspace with GPU (PRV-15)
CACHE_FOLDER, CACHE_SIZE = "/var/cache/coder", "2Gi"

# Keys of helm/provisioner/values.yaml and variables of `coder provisioner start` (enterprise/cli/provisionerdaemonstart.go, cli/root.go);
# both read 2026-11-21 in github.com/coder/coder/v2 v2.24.0.
_KEYS = {
    *("env", "image", "initContainers", "annotations", "labels", "podAnnotations", "podLabels", "serviceAccount", "securityContext"),
    *("volumes", "volumeMounts", "replicaCount", "lifecycle", "resources", "certs", "affinity", "tolerations", "nodeSelector"),
    *("command", "commandArgs", "topologySpreadConstraints"),
}
_SERVICE_ACCOUNT_KEYS = {"workspacePerms", "enableDeployments", "extraRules", "annotations", "name", "disableCreate"}
_DAEMON_KEYS = {"pskSecretName", "keySecretName", "keySecretKey", "tags", "terminationGracePeriodSeconds"}
_KNOWN: Mapping[str, set[str]] = {
    "": {"coder", "provisionerDaemon", "extraTemplates", "nameOverride"},
    "coder.": _KEYS,
    "coder.image.": {"repo", "tag", "pullPolicy", "pullSecrets"},
    "coder.serviceAccount.": _SERVICE_ACCOUNT_KEYS,
    "coder.certs.": {"secrets"},
    "provisionerDaemon.": _DAEMON_KEYS,
}
_VARIABLES = {
    "CODER_CACHE_DIRECTORY",
    "CODER_PROMETHEUS_ENABLE",
    "CODER_PROVISIONERD_POLL_INTERVAL",
    "CODER_PROVISIONERD_POLL_JITTER",
    "CODER_PROVISIONER_DAEMON_LOGGING_HUMAN",
    "CODER_PROVISIONER_DAEMON_LOGGING_JSON",
    "CODER_PROVISIONER_DAEMON_LOG_FILTER",
    "CODER_PROVISIONER_DAEMON_VERBOSE",
    "CODER_URL",
}

_RESTRICTED: Mapping[str, object] = {  # what Pod Security's `restricted` asks; user and group are the image's
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True, kw_only=True)
class ProvisionerFacts:
    """What the values depend on. version: of Coder, without a v. key_name: of the provisioner key; another one restarts the pods."""

    version: str
    coder_url: str
    plan: ProvisionerPlan
    placement: Placement
    key_name: str


def values(facts: ProvisionerFacts) -> dict[str, Any]:
    """Values of the chart; raises UnknownCoderValueError for what it would ignore, ValueError for a plan without a provisioner (T-30)."""
    if min(facts.plan.replicas_floor, facts.plan.replicas_peak) < 1:
        raise ValueError("no provisioner would be left: autostop and template imports are builds too (T-30); plan at least 1")
    compute = {"cpu": facts.plan.cpu, "memory": facts.plan.memory}
    made: dict[str, Any] = {
        "coder": {
            "env": [{"name": name, "value": value} for name, value in sorted(_environment(facts).items())],
            "image": {"tag": f"v{facts.version}"},
            # The floor, so that a release is ready on the nodes that always stand; the clock's job raises it within the hour (see below).
            "replicaCount": facts.plan.replicas_floor,
            "resources": {"requests": compute, "limits": compute},
            # Rights are given by a Role of ours in the workspaces' namespace; the chart's would be in the provisioners' own (PRV-12).
            "serviceAccount": {"name": SERVICE_ACCOUNT, "disableCreate": True, "workspacePerms": False, "enableDeployments": False},
            "securityContext": _RESTRICTED,
            "podAnnotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",  # a build is not cut short to save a node
                "coder.com/provisioner-key": facts.key_name,  # a key is read once: pods restart with a new one (PRV-07)
            },
            "nodeSelector": facts.placement.node_selector(),
            "tolerations": facts.placement.tolerations(),
            "volumes": [{"name": "cache", "emptyDir": {"sizeLimit": CACHE_SIZE}}],
            "volumeMounts": [{"name": "cache", "mountPath": CACHE_FOLDER}],
        },
        "provisionerDaemon": {
            "keySecretName": KEY_SECRET,  # an organisation's key, no pre-shared one (PRV-06); its tags are in the key
            "keySecretKey": KEY_ITEM,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
        },
    }
    check(made)
    return made


def _environment(facts: ProvisionerFacts) -> dict[str, str]:
    return {
        "CODER_CACHE_DIRECTORY": CACHE_FOLDER,  # Terraform's providers are downloaded once a pod (PRV-11)
        "CODER_PROMETHEUS_ENABLE": "true",  # PRV-16
        "CODER_PROVISIONER_DAEMON_LOGGING_HUMAN": "/dev/null",
        "CODER_PROVISIONER_DAEMON_LOGGING_JSON": "/dev/stderr",
        "CODER_URL": facts.coder_url,  # DRPC over HTTP inside the cluster (PRV-05, T-22)
    }


def check(tree: Mapping[str, Any]) -> None:
    """Raise UnknownCoderValueError with every key and variable that chart or provisioner would ignore."""
    variables: list[str] = [entry["name"] for entry in tree.get("coder", {}).get("env", ())]
    problems = [*_unknown(tree, "")]
    problems += [f"{name} is no variable of a provisioner{_meant(name, _VARIABLES)}" for name in variables if name not in _VARIABLES]
    if problems:
        raise UnknownCoderValueError(tuple(problems))


def _unknown(tree: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in tree.items():
        if key not in _KNOWN[path]:
            yield f"{path}{key} is no value of the chart coder-provisioner{_meant(key, _KNOWN[path])}"
        elif isinstance(value, Mapping) and f"{path}{key}." in _KNOWN:
            yield from _unknown(cast("Mapping[str, Any]", value), f"{path}{key}.")


def _meant(word: str, known: set[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""


@dataclass(frozen=True)
class ScaleJob:
    """A moment, in cron, at which the clock sets the number of provisioners."""

    name: str
    schedule: str
    replicas: int


def scale_jobs(plan: ProvisionerPlan) -> tuple[ScaleJob, ...]:
    """What the clock does; nothing without a schedule (PRV-04).

    Helm puts a Deployment's replicas back to the chart's value whenever it upgrades the release. So `up` is said again each hour of the
    window: after an upgrade at noon the peak stands within the hour. `down` needs no repeating, since the chart's value is the floor.
    """
    if plan.up_cron is None or plan.down_cron is None:
        return ()
    return (
        ScaleJob("down", plan.down_cron, plan.replicas_floor),
        ScaleJob("up", hourly_until(plan.up_cron, plan.down_cron), plan.replicas_peak),
    )


def hourly_until(up: str, down: str) -> str:
    """The cron that fires as `up` does and again each hour before `down` of the same day: 45 6 and 15 18 give 45 6-17."""
    minute, hour, *days = up.split()
    end_minute, end_hour = (int(field) for field in down.split()[:2])
    last = end_hour if int(minute) < end_minute else end_hour - 1
    return " ".join([minute, hour if last <= int(hour) else f"{hour}-{last}", *days])

"""The values of the chart coder-provisioner, and its schedule: pure functions; an unknown key or variable is an error (decision 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.chart_keys import meant, record
from components.coder_reference import UnknownCoderValueError
from components.coder_values import SCRAPED, Placement
from plan.model import ProvisionerPlan

RELEASE_NAME = "coder-provisioner"  # the chart names its Deployment so, whatever the release is called
SERVICE_ACCOUNT = "coder-provisioner"
SCALER = "coder-provisioner-schedule"  # what the jobs that follow the clock are called
KEY_SECRET, KEY_ITEM = "coder-provisioner-key", "key"
METRICS_PORT = 2112  # fixed in the chart
GRACE_SECONDS = 900  # three times the longest build, five minutes of an EC2 workspace with GPU (PRV-15)
CACHE_FOLDER, CACHE_SIZE = "/var/cache/coder", "2Gi"

# Variables of `coder provisioner start` (enterprise/cli/provisionerdaemonstart.go, cli/root.go of github.com/coder/coder/v2 v2.24.0), read
# 2026-11-21; the chart's keys are in chart_records/coder-provisioner.txt.
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
                "karpenter.sh/do-not-disrupt": "true",
                **SCRAPED,
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
    problems = [*record("coder-provisioner").unknown(tree)]
    problems += [f"{name} is no variable of a provisioner{meant(name, _VARIABLES)}" for name in variables if name not in _VARIABLES]
    if problems:
        raise UnknownCoderValueError(tuple(problems))


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

"""What has to be there before pods run and secrets are synced: the provider waits for both, and fails where they can't be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from localcloud.cluster import Cluster
from localcloud.helm import RELEASE
from localcloud.kinds.model import Refused, Value, text_at, values_at
from localcloud.kubernetes_facts import AWAITED, POD_PATHS
from localcloud.secrets_manager import current_value, find_secret
from localcloud.store import Store

_NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_SECRET: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, no password
_CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"
_SERVICE_ACCOUNT: Final = "kubernetes:core/v1:ServiceAccount"
_WELL_KNOWN: Final = ("kubernetes.io/", "node.kubernetes.io/", "topology.kubernetes.io/", "eks.amazonaws.com/")  # labels of every node
_EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
_REFERENCES: Final = (  # path in a pod's spec, what it names, and by which key
    ("containers[*].env[*].valueFrom.secretKeyRef", _SECRET, "secret", "name"),
    ("containers[*].env[*].valueFrom.configMapKeyRef", _CONFIG_MAP, "config map", "name"),
    ("containers[*].envFrom[*].secretRef", _SECRET, "secret", "name"),
    ("containers[*].envFrom[*].configMapRef", _CONFIG_MAP, "config map", "name"),
    ("initContainers[*].env[*].valueFrom.secretKeyRef", _SECRET, "secret", "name"),
    ("initContainers[*].env[*].valueFrom.configMapKeyRef", _CONFIG_MAP, "config map", "name"),
    ("initContainers[*].envFrom[*].secretRef", _SECRET, "secret", "name"),
    ("volumes[*].secret", _SECRET, "secret", "secretName"),
    ("volumes[*].configMap", _CONFIG_MAP, "config map", "name"),
    ("volumes[*].projected.sources[*].secret", _SECRET, "secret", "name"),
    ("volumes[*].projected.sources[*].configMap", _CONFIG_MAP, "config map", "name"),
)


def require_ready(cluster: Cluster, kind: str, values: Mapping[str, Value], namespace: str) -> None:
    """Pods that the provider waits for can start: account, secrets and config maps exist, some node takes them.

    Raises:
        Refused: something is missing. What a release in the namespace may have made is not asked for.
    """
    if kind == "ExternalSecret":
        _require_synced(cluster, values, namespace)
    if kind not in AWAITED or values_at(values, "spec.replicas") == [0]:
        return
    spec = next((each for each in values_at(values, f"{POD_PATHS[kind]}.spec") if isinstance(each, Mapping)), None)
    if spec is None:
        return
    name = f"{kind} {namespace}/{text_at(values, 'metadata.name')}"
    if not any(release.text("namespace") == namespace for release in cluster.objects(RELEASE)):
        for token, what, needed in _needs(spec):
            if cluster.store.get((token, cluster.scope, f"{namespace}/{needed}")) is None:
                raise Refused("NotReady", f"{name}: its pods can't start: {what} {needed!r} does not exist in {namespace}")
    if kind != "DaemonSet":
        _require_node(cluster, name, spec)


def _require_node(cluster: Cluster, name: str, spec: Mapping[str, Value]) -> None:
    own = cluster.resource.text("name") if cluster.resource else ""
    groups = [record.resource for record in cluster.store.of(_NODE_GROUP) if record.resource.text("clusterName") == own]
    if not any(takes(group.properties, spec) for group in groups):
        seen = ", ".join(group.text("nodeGroupName") for group in groups) or "there is none"
        reason = "no node group has its nodeSelector's labels and only taints that it tolerates"
        raise Refused("NotReady", f"{name}: its pods can't be scheduled: {reason} (node groups: {seen})")


def takes(group: Mapping[str, Value], spec: Mapping[str, Value]) -> bool:
    """Whether the nodes of a group take a pod: labels asked for, taints tolerated."""
    labels, wanted = group.get("labels"), spec.get("nodeSelector")
    if isinstance(wanted, Mapping):
        has: Mapping[str, Value] = labels if isinstance(labels, Mapping) else {}
        if any(has.get(key) != value for key, value in wanted.items() if not key.startswith(_WELL_KNOWN)):
            return False
    tolerations = [each for each in values_at(spec, "tolerations[*]") if isinstance(each, Mapping)]
    taints = [each for each in values_at(group, "taints[*]") if isinstance(each, Mapping) and each.get("effect") in _EFFECTS]
    return all(any(_tolerates(toleration, taint) for toleration in tolerations) for taint in taints)


def _tolerates(toleration: Mapping[str, Value], taint: Mapping[str, Value]) -> bool:
    if toleration.get("effect") not in (None, "", _EFFECTS[str(taint.get("effect"))]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return toleration.get("key") == taint.get("key") and (toleration.get("value") or "") == (taint.get("value") or "")


def _needs(spec: Mapping[str, Value]) -> Iterator[tuple[str, str, str]]:
    """What a pod can't start without: type, word, name."""
    account = spec.get("serviceAccountName")
    if isinstance(account, str) and account != "default":
        yield _SERVICE_ACCOUNT, "service account", account
    for path, token, what, attribute in _REFERENCES:
        for reference in values_at(spec, path):
            name = reference.get(attribute) if isinstance(reference, Mapping) and reference.get("optional") is not True else None
            if isinstance(name, str) and name != "kube-root-ca.crt":  # every namespace has that one
                yield token, what, name


def _require_synced(cluster: Cluster, values: Mapping[str, Value], namespace: str) -> None:
    """An ExternalSecret gets its values.

    Raises:
        Refused: its store or one of its values does not exist.
    """
    name = text_at(values, "spec.secretStoreRef.name") or ""
    kind = text_at(values, "spec.secretStoreRef.kind") or "SecretStore"
    wanted = name if kind == "ClusterSecretStore" else f"{namespace}/{name}"
    stores = [each for each in cluster.of_kind(kind) if each.id == wanted]
    if not stores:
        raise Refused("NotReady", f"ExternalSecret {text_at(values, 'metadata.name')}: could not get {kind} {wanted!r}: not found")
    region = stores[0].text("spec.provider.aws.region")
    for reference in values_at(values, "spec.data[*].remoteRef"):
        if isinstance(reference, Mapping):
            _require_value(cluster.store, region, text_at(reference, "key") or "", text_at(reference, "property"))


def _require_value(store: Store, region: str, name: str, part: str | None) -> None:
    """A value is in Secrets Manager, and where it is known, it has the wanted part.

    Raises:
        Refused: it is not.
    """
    secret = find_secret(store, region, name)
    if secret is None:
        raise Refused("SecretSyncedError", f"Secrets Manager in {region} has no secret {name!r}; make it before the update")
    value = current_value(store, secret)
    if part is None or value is None:
        return
    try:
        document: Value = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, Mapping) or part not in document:
        raise Refused("SecretSyncedError", f"the secret {name!r} is no JSON object with the key {part!r}; put a value that has it")

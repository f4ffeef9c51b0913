"""One Kubernetes cluster as its API server and controllers see it: what exists in it, what can run on its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from secrets import randbelow
from typing import Final

from localcloud import schema
from localcloud.helm import RELEASE, chart_of
from localcloud.kinds.model import Refused, Resource, Value, text_at, values_at
from localcloud.kubernetes_facts import (
    ADD_ON_KINDS,
    CHARTS,
    CLUSTER_SCOPED,
    SYSTEM_NAMESPACES,
    CustomKind,
)
from localcloud.store import Key, Origin, Record, Store

EKS_CLUSTER: Final = "aws:eks/cluster:Cluster"
_NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_ADD_ON: Final = "aws:eks/addon:Addon"
_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_SECRET: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, no password
_CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"
_SERVICE_ACCOUNT: Final = "kubernetes:core/v1:ServiceAccount"
_DEFINITION: Final = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_WELL_KNOWN: Final = (
    "kubernetes.io/",
    "node.kubernetes.io/",
    "topology.kubernetes.io/",
    "eks.amazonaws.com/",
)  # labels that nodes have by themselves
_EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}


def read_cluster(store: Store, server: str) -> str:
    """The ARN of the EKS cluster with this endpoint, "" where there is none."""
    found = (record.resource for record in store.of(EKS_CLUSTER) if server and record.resource.text("endpoint") == server)
    return next((each.text("arn") for each in found), "")


@dataclass(frozen=True)
class Cluster:
    """A cluster by its ARN, which is also the scope of its objects in the store."""

    store: Store
    scope: str

    @property
    def resource(self) -> Resource | None:
        """The EKS cluster."""
        found = (record.resource for record in self.store.of(EKS_CLUSTER) if record.resource.text("arn") == self.scope)
        return next(found, None)

    @property
    def key(self) -> Key | None:
        """The EKS cluster's key: everything in it goes with it."""
        found = self.resource
        return (found.token, found.region, found.id) if found else None

    def exists(self) -> bool:
        """Whether the server answers."""
        return self.resource is not None

    # kinds

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in namespaces."""
        for custom in (*(each for chart in CHARTS for each in chart.kinds), *(each for kinds in ADD_ON_KINDS.values() for each in kinds)):
            if custom.kind == kind and api_version in custom.api_versions:
                return custom.namespaced
        for definition in self._defined():
            if definition.kind == kind and api_version in definition.api_versions:
                return definition.namespaced
        return kind.removesuffix("Patch") not in CLUSTER_SCOPED

    def require_kind(self, token: str, api_version: str, kind: str) -> None:
        """The server knows the kind.

        Raises:
            Refused: no chart, add-on or definition installed it.
        """
        if token in schema.sdk("kubernetes").tokens:
            return
        if not any(each.kind == kind and api_version in each.api_versions for each in self._custom_kinds()):
            raise Refused(
                "NotFound", f'no matches for kind "{kind}" in version "{api_version}"; install its CustomResourceDefinition first'
            )

    def _custom_kinds(self) -> Iterator[CustomKind]:
        for release in self.objects(RELEASE):
            chart = chart_of(release.inputs)
            if chart and release.inputs.get("skipCrds") is not True:
                yield from chart.kinds
        name = self.resource.text("name") if self.resource else ""
        for record in self.store.of(_ADD_ON):
            if record.resource.text("clusterName") == name:
                yield from ADD_ON_KINDS.get(record.resource.text("addonName"), ())
        yield from self._defined()

    def _defined(self) -> Iterator[CustomKind]:
        for definition in self.objects(_DEFINITION):
            group = definition.text("spec.group")
            versions = tuple(f"{group}/{name}" for name in definition.texts("spec.versions[*].name"))
            yield CustomKind(versions, definition.text("spec.names.kind"), definition.text("spec.scope") != "Cluster")

    # objects

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists."""
        return not name or name in SYSTEM_NAMESPACES or self.store.get((_NAMESPACE, self.scope, name)) is not None

    def require_new(self, token: str, kind: str, namespace: str, name: str) -> None:
        """The name is free.

        Raises:
            Refused: an object of the kind has it already.
        """
        object_id = f"{namespace}/{name}" if namespace else name
        system = token == _NAMESPACE and name in SYSTEM_NAMESPACES
        if system or self.store.get((token, self.scope, object_id)):
            if token == RELEASE:
                raise Refused("AlreadyExists", f"cannot re-use a name that is still in use: release {object_id}")
            raise Refused("AlreadyExists", f'{kind.lower()}s "{name}" already exists{f" in {namespace}" if namespace else ""}')

    def require_patched(self, kind: str, namespace: str, name: str) -> None:
        """What a patch patches is there (checked for namespaces; other objects may be a chart's).

        Raises:
            Refused: it is not.
        """
        if kind == "Namespace" and not self.has_namespace(name):
            raise Refused("NotFound", f'{kind.lower()}s "{namespace or name}" not found')

    def empty(self, namespace: str) -> None:
        """A deleted namespace takes every object in it along."""
        for record in self.store.records():
            if record.resource.region == self.scope and record.resource.id.startswith(f"{namespace}/"):
                self.store.remove(record.key)

    def make_beside(self, token: str, kind: str, outputs: Mapping[str, Value], owner: Key) -> None:
        """What controllers make of an object: an ExternalSecret its Secret, a release the namespace that it asked for."""
        namespace = text_at(outputs, "metadata.namespace") or text_at(outputs, "namespace") or ""
        if token == RELEASE and not self.has_namespace(namespace):
            self._make(_NAMESPACE, namespace, {"metadata": {"name": namespace}}, self.key)
        if kind == "ExternalSecret":
            name = text_at(outputs, "spec.target.name") or text_at(outputs, "metadata.name") or ""
            self._make(_SECRET, f"{namespace}/{name}", {"metadata": {"name": name, "namespace": namespace}}, owner)

    def _make(self, token: str, object_id: str, properties: Mapping[str, Value], owner: Key | None) -> None:
        if self.store.get((token, self.scope, object_id)) is None:
            self.store.put(Record(Resource(token, object_id, self.scope, {}, properties), Origin.CLOUD, owner))

    def of_kind(self, kind: str) -> list[Resource]:
        """All objects of a kind, whatever its version."""
        tokens = self.store.tokens(f":{kind}")
        return [each for token in tokens for each in self.objects(token)]

    def objects(self, token: str) -> list[Resource]:
        """All objects of a kind."""
        return [record.resource for record in self.store.of(token, self.scope)]

    # what the server fills in

    def service_spec(self, spec: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
        """A Service with its address: kept for life."""
        address = before.get("clusterIP") or f"172.20.{randbelow(256)}.{1 + randbelow(254)}"  # EKS's default service range
        if spec.get("type") == "ExternalName":
            return dict(spec)
        return {
            "clusterIP": address,
            "clusterIPs": [spec.get("clusterIP") or address],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            **spec,
        }

    def status(self, kind: str, values: Mapping[str, Value]) -> Value:
        """The status that controllers write, for the kinds whose status programs read."""
        replicas = next(iter(values_at(values, "spec.replicas")), 1)
        if kind in {"Deployment", "StatefulSet"}:
            return {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas, "observedGeneration": 1}
        if kind == "Namespace":
            return {"phase": "Active"}
        if kind == "Job":
            return {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
        if kind == "Service" and text_at(values, "spec.type") == "LoadBalancer":
            region = self.scope.split(":")[3]
            return {"loadBalancer": {"ingress": [{"hostname": f"k8s-{text_at(values, 'metadata.name')}.elb.{region}.amazonaws.com"}]}}
        return None

"""Kubernetes: objects of every built-in kind by the SDK's schema, custom kinds by what charts and add-ons installed, Helm releases."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from localcloud import schema
from localcloud.backend import Backend, Call, Instance, Outcome, Update, preview_outputs, secret_paths
from localcloud.cluster import Cluster, read_cluster
from localcloud.helm import RELEASE, check_release, release_outputs
from localcloud.kinds.model import UNKNOWN, Refused, Resource, Value
from localcloud.kubeconfig import server_of
from localcloud.kubernetes_facts import FORCE_NEW, MUTABLE_BY_SETTING
from localcloud.kubernetes_rules import faults
from localcloud.schema import Failure
from localcloud.store import Origin, Record
from localcloud.templates import random_text
from localcloud.wire import Path, Properties
from localcloud.workloads import require_ready

PACKAGE: Final = "kubernetes"
_AUTO_NAMED: Final = "pulumi.com/autonamed"
_SUFFIX_CHARACTERS: Final = 8  # pulumi-kubernetes, provider/pkg/metadata/naming.go
_SERVER_FIELDS: Final = ("creationTimestamp", "generation", "resourceVersion", "uid")


class Kubernetes(Backend):
    """pulumi-kubernetes against the clusters that the aws side has."""

    package = PACKAGE

    def configure(self, settings: Mapping[str, Value]) -> Instance:
        """One cluster, by the server in its kubeconfig; without one that exists, every call on an object is refused."""
        return Instance(settings, read_cluster(self.store, server_of(settings)))

    def replaces_provider(self, old: Mapping[str, Value], new: Mapping[str, Value]) -> list[str]:
        """Another cluster replaces every object."""
        before, after = server_of(old), server_of(new)
        return ["kubeconfig"] if before and after and before != after else []

    def force_new(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, ...]:
        """Name and namespace, and what the kind does not let change."""
        del old
        if call.token == RELEASE:
            return ("name", "namespace")
        kind = _kind(call, new)
        setting = MUTABLE_BY_SETTING.get(kind)
        mutable = setting is not None and call.instance.settings.get(setting) is True and new.get("immutable") is not True
        return ("metadata.name", "metadata.namespace", "apiVersion", "kind", *(() if mutable else FORCE_NEW.get(kind, ())))

    def delete_before_replace(self, token: str, new: Mapping[str, Value]) -> bool:
        """An object with a name of its own can't stand beside its successor."""
        return token != RELEASE and _AUTO_NAMED not in _annotations(new)

    def check(self, call: Call, old: Mapping[str, Value], news: Properties) -> tuple[Mapping[str, Value], list[Failure]]:
        """The schema, the name, the namespace, and what a server refuses in the object alone."""
        if call.token == RELEASE:
            return self._check_release(call, old, news)
        custom = call.token not in schema.sdk(PACKAGE).tokens
        failures = _check_custom(news.values) if custom else schema.check(PACKAGE, call.token, news.values)
        inputs = dict(news.values)
        if not custom:
            _package, version, kind = call.token.split(":")
            inputs = {"apiVersion": version.removeprefix("core/"), "kind": kind.removesuffix("Patch"), **inputs}
        if failures or news.values.get("metadata") is UNKNOWN:
            return inputs, failures
        kind = _kind(call, inputs)
        metadata = _mapping(inputs.get("metadata"))
        if metadata.get("name") is None and metadata.get("generateName") is None:
            metadata = _named(call, metadata, _mapping(old.get("metadata")))
        cluster = Cluster(self.store, call.instance.scope)
        if cluster.namespaced(str(inputs.get("apiVersion", "")), kind) and not metadata.get("namespace"):
            metadata = {**metadata, "namespace": call.instance.text("namespace") or "default"}
        inputs["metadata"] = metadata
        return inputs, list(faults(kind, inputs))

    def create(self, call: Call, inputs: Properties, *, preview: bool) -> Outcome:
        """Make an object or release.

        Raises:
            Refused: the namespace or kind does not exist, the name is taken, or pods could not run.
        """
        values = _given(inputs.values)
        if preview:
            outputs = _preview(call, values)
            return Outcome("", outputs, secret_paths(outputs, inputs.secrets))
        with self.store.lock:
            cluster = self._reachable(call)
            namespace, name = _place(call, values)
            if call.token.endswith("Patch"):
                cluster.require_patched(_kind(call, values), namespace, name)
            else:
                cluster.require_new(call.token, _kind(call, values), namespace, name)
            self._admit(cluster, call, values, namespace)
            outputs = self._outputs(cluster, call, values, {})
            return self._keep(cluster, call, outputs, inputs)

    def update(self, call: Call, change: Update) -> Outcome:
        """Change an object or release in place.

        Raises:
            Refused: it is gone, or pods could not run any more.
        """
        values = _given(change.news.values)
        if change.preview:
            outputs = {**{name: value for name, value in change.state.values.items() if name not in change.old}, **values}
            outputs["metadata"] = {**_server_fields(change.state.values), **_mapping(values.get("metadata"))}
            if call.token == RELEASE:
                outputs = {**change.state.values, **values, "status": UNKNOWN, "checksum": UNKNOWN, "resourceNames": UNKNOWN}
            return Outcome(change.id, outputs, secret_paths(outputs, change.news.secrets, change.state.secrets))
        with self.store.lock:
            cluster = self._reachable(call)
            if self.store.get((call.token, cluster.scope, change.id)) is None:
                raise Refused("NotFound", f'{_kind(call, values).lower()}s "{change.id}" not found; run `pulumi refresh`')
            self._admit(cluster, call, values, _place(call, values)[0])
            outputs = self._outputs(cluster, call, values, change.state.values)
            return self._keep(cluster, call, outputs, change.news)

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """What the server has; secret data stays as the state has it."""
        cluster = self._reachable(call)
        record = self.store.get((call.token, cluster.scope, resource_id))
        if record is None:
            return None
        hidden = {str(path[0]) for path in record.secrets}
        properties = {**record.resource.properties, **{name: value for name, value in state.values.items() if name in hidden}}
        read = {**record.resource.inputs, **{name: value for name, value in inputs.values.items() if name in hidden}}
        return Outcome(resource_id, properties, secret_paths(properties, state.secrets, inputs.secrets), read)

    def delete(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> None:
        """Delete an object; a namespace takes everything in it along."""
        del state
        with self.store.lock:
            cluster = self._reachable(call)
            if call.token == "kubernetes:core/v1:Namespace":  # noqa: S105 - a type, no password
                cluster.empty(resource_id)
            self.store.remove((call.token, cluster.scope, resource_id))

    def _reachable(self, call: Call) -> Cluster:
        if not call.instance.scope or not Cluster(self.store, call.instance.scope).exists():
            raise Refused(
                "Unreachable",
                "configured Kubernetes cluster is unreachable: no EKS cluster has the server of this kubeconfig",
            )
        return Cluster(self.store, call.instance.scope)

    def _check_release(self, call: Call, old: Mapping[str, Value], news: Properties) -> tuple[Mapping[str, Value], list[Failure]]:
        failures = schema.check(PACKAGE, RELEASE, news.values)
        inputs = dict(news.values)
        if inputs.get("name") is None:
            before = old.get("name")
            inputs["name"] = before if isinstance(before, str) else f"{call.name}-{random_text('hex', _SUFFIX_CHARACTERS)}"
        if inputs.get("namespace") is None:
            inputs["namespace"] = call.instance.text("namespace") or "default"
        return inputs, failures or check_release(inputs)

    def _admit(self, cluster: Cluster, call: Call, values: Mapping[str, Value], namespace: str) -> None:
        """What the server and the provider's waiting refuse."""
        kind = _kind(call, values)
        if call.token == RELEASE:
            if not cluster.has_namespace(namespace) and values.get("createNamespace") is not True:
                raise Refused("NotFound", f'create: failed to create: namespaces "{namespace}" not found')
            return
        cluster.require_kind(call.token, str(values.get("apiVersion", "")), kind)
        if namespace and not cluster.has_namespace(namespace):
            raise Refused("NotFound", f'namespaces "{namespace}" not found')
        require_ready(cluster, kind, values, namespace)

    def _outputs(self, cluster: Cluster, call: Call, values: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
        if call.token == RELEASE:
            return release_outputs(values, before)
        metadata = {**_server_fields(before), **_mapping(values.get("metadata"))}
        if not before:
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": stamp, "generation": 1}
            metadata.setdefault("name", f"{metadata.get('generateName', '')}{random_text('alnum', 5)}")
        metadata["resourceVersion"] = str(self.store.count("resource version"))
        outputs: dict[str, Value] = {**values, "metadata": metadata}
        kind = _kind(call, values)
        if kind == "Service":
            outputs["spec"] = cluster.service_spec(_mapping(values.get("spec")), _mapping(before.get("spec")))
        status = cluster.status(kind, values)
        if status is not None:
            outputs["status"] = status
        return outputs

    def _keep(self, cluster: Cluster, call: Call, outputs: Mapping[str, Value], inputs: Properties) -> Outcome:
        namespace, name = _place(call, outputs)
        object_id = f"{namespace}/{name}" if namespace else name
        marked = secret_paths(outputs, inputs.secrets)
        secret: list[Path] = [(part,) for part in ("data", "stringData") if part in outputs and call.token.endswith(":Secret")]
        resource = Resource(call.token, object_id, cluster.scope, _given(inputs.values), outputs)
        record = self.store.put(Record(resource, Origin.PROGRAM, cluster.key, marked | frozenset(secret)))
        cluster.make_beside(call.token, _kind(call, outputs), outputs, record.key)
        return Outcome(object_id, outputs, marked)


def _kind(call: Call, values: Mapping[str, Value]) -> str:
    kind = values.get("kind")
    return kind if isinstance(kind, str) else call.token.rpartition(":")[2].removesuffix("Patch")


def _place(call: Call, values: Mapping[str, Value]) -> tuple[str, str]:
    """Namespace ("" for what has none) and name."""
    where = values if call.token == RELEASE else _mapping(values.get("metadata"))
    return str(where.get("namespace") or ""), str(where.get("name") or "")


def _mapping(value: Value) -> dict[str, Value]:
    return dict(value) if isinstance(value, Mapping) else {}


def _annotations(values: Mapping[str, Value]) -> Mapping[str, Value]:
    return _mapping(_mapping(values.get("metadata")).get("annotations"))


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None and not name.startswith("__")}


def _named(call: Call, metadata: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """The name kept, or a new one, with the annotation that tells the provider so."""
    kept = before.get("name") if _mapping(before.get("annotations")).get(_AUTO_NAMED) == "true" else None
    name = kept or f"{call.name}-{random_text('alnum', _SUFFIX_CHARACTERS)}"
    return {**metadata, "name": name, "annotations": {**_mapping(metadata.get("annotations")), _AUTO_NAMED: "true"}}


def _server_fields(state: Mapping[str, Value]) -> dict[str, Value]:
    metadata = _mapping(state.get("metadata"))
    return {name: metadata[name] for name in _SERVER_FIELDS if name in metadata}


def _preview(call: Call, values: Mapping[str, Value]) -> dict[str, Value]:
    outputs = preview_outputs(PACKAGE, call.token, values)
    if call.token == RELEASE:
        return {
            **outputs,
            **dict.fromkeys(("status", "checksum", "resourceNames", "manifest"), UNKNOWN),
            "values": values.get("values", {}),
        }
    if isinstance(values.get("metadata"), Mapping):
        outputs["metadata"] = {**_mapping(values.get("metadata")), **dict.fromkeys(_SERVER_FIELDS, UNKNOWN)}
    if schema.has_output(PACKAGE, call.token, "status"):
        outputs["status"] = UNKNOWN
    if call.token == "kubernetes:core/v1:Service" and isinstance(values.get("spec"), Mapping):  # noqa: S105 - a type
        spec = _mapping(values.get("spec"))
        outputs["spec"] = {"clusterIP": UNKNOWN, "clusterIPs": UNKNOWN, **spec}
    return outputs


def _check_custom(values: Mapping[str, Value]) -> list[Failure]:
    """A custom resource says what it is; its parts belong to its own schema."""
    failures = [Failure(name, f"missing required property {name}") for name in ("apiVersion", "kind") if not values.get(name)]
    metadata = values.get("metadata")
    if metadata is not UNKNOWN and metadata is not None:
        shaped: dict[str, Value] = {"metadata": metadata}
        failures += schema.check(PACKAGE, "kubernetes:core/v1:ConfigMap", shaped)
    return failures

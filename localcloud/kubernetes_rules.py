"""What an API server refuses in an object by itself: names, labels, quantities, selectors that don't select."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from localcloud.kinds.model import UNKNOWN, Value, values_at
from localcloud.kubernetes_facts import POD_PATHS
from localcloud.schema import Failure

# Kubernetes documentation: "Object Names and IDs", "Labels and Selectors", resource.Quantity.
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_LABEL_1035: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_PATH_SEGMENT: Final = re.compile(r"(?!\.{1,2}\Z)[^/%]{1,253}\Z")
_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
_QUANTITY: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?\Z")
_FREE_NAMES: Final = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})
_QUANTITIES: Final = (
    "spec.containers[*].resources.{kind}",
    "spec.initContainers[*].resources.{kind}",
    "spec.overhead",
)
_OWN_QUANTITIES: Final = {
    "PersistentVolumeClaim": ("spec.resources.requests", "spec.resources.limits"),
    "PersistentVolume": ("spec.capacity",),
    "ResourceQuota": ("spec.hard",),
    "LimitRange": tuple(f"spec.limits[*].{name}" for name in ("default", "defaultRequest", "max", "min")),
}


def faults(kind: str, inputs: Mapping[str, Value]) -> Iterator[Failure]:
    """Every fault of an object that the server would tell."""
    yield from _name_faults(kind, inputs)
    for path in ("metadata.labels", *([f"{POD_PATHS[kind]}.metadata.labels", "spec.selector.matchLabels"] if kind in POD_PATHS else [])):
        for labels in values_at(inputs, path):
            yield from _label_faults(path, labels)
    for path, quantities in _quantities(kind, inputs):
        for name, quantity in quantities.items():
            if isinstance(quantity, str) and not _QUANTITY.match(quantity):
                yield Failure(
                    f"{path}.{name}", f"{path}.{name}: {quantity!r} is no quantity; write a number with a unit such as 500m, 2 or 4Gi"
                )
    if kind in POD_PATHS and kind not in {"Job", "CronJob"}:
        yield from _selector_faults(inputs, POD_PATHS[kind])


def quantity(value: Value) -> bool:
    """Whether a value is a quantity."""
    return isinstance(value, int | float) or (isinstance(value, str) and _QUANTITY.match(value) is not None)


def _name_faults(kind: str, inputs: Mapping[str, Value]) -> Iterator[Failure]:
    pattern = _SUBDOMAIN
    if kind in _FREE_NAMES:
        pattern = _PATH_SEGMENT
    elif kind == "Namespace":
        pattern = _LABEL
    elif kind == "Service":
        pattern = _LABEL_1035
    for name in values_at(inputs, "metadata.name"):
        if isinstance(name, str) and not pattern.match(name):
            yield Failure(
                "metadata.name", f"metadata.name: {name!r} is no name of a {kind}; use lower case letters, digits and hyphens (RFC 1123)"
            )
    for namespace in values_at(inputs, "metadata.namespace"):
        if isinstance(namespace, str) and not _LABEL.match(namespace):
            yield Failure("metadata.namespace", f"metadata.namespace: {namespace!r} is no name of a namespace")


def _label_faults(path: str, labels: Value) -> Iterator[Failure]:
    if not isinstance(labels, Mapping):
        return
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        if (slash and not _SUBDOMAIN.match(prefix)) or not _LABEL_NAME.match(name):
            yield Failure(
                f"{path}.{key}", f"{path}: {key!r} is no label key; use [prefix/]name of letters, digits, '-', '_' and '.', at most 63"
            )
        if isinstance(value, str) and not _LABEL_VALUE.match(value):
            yield Failure(f"{path}.{key}", f"{path}.{key}: {value!r} is no label value; use letters, digits, '-', '_' and '.', at most 63")


def _quantities(kind: str, inputs: Mapping[str, Value]) -> Iterator[tuple[str, Mapping[str, Value]]]:
    pod = POD_PATHS.get(kind, "" if kind == "Pod" else None)
    paths = list(_OWN_QUANTITIES.get(kind, ()))
    if pod is not None:
        prefix = f"{pod}." if pod else ""
        paths += [prefix + path.format(kind=each) for path in _QUANTITIES for each in ("requests", "limits")]
    for path in dict.fromkeys(paths):
        for found in values_at(inputs, path):
            if isinstance(found, Mapping):
                yield path, found


def _selector_faults(inputs: Mapping[str, Value], template: str) -> Iterator[Failure]:
    wanted = next(iter(values_at(inputs, "spec.selector.matchLabels")), None)
    labels = next(iter(values_at(inputs, f"{template}.metadata.labels")), None)
    if not isinstance(wanted, Mapping) or labels is UNKNOWN:
        return
    given = labels if isinstance(labels, Mapping) else dict[str, Value]()
    for key, value in wanted.items():
        if value is not UNKNOWN and given.get(key) is not UNKNOWN and given.get(key) != value:
            where = f"{template}.metadata.labels"
            yield Failure(where, f"{where}: the selector asks for {key}={value}, the template's labels don't have it")

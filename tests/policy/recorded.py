"""The program itself as the policies see it: recorded in this process, with the children that the local cloud's eks.Cluster makes.

A recording is a copy to break: a mutant changes resources of it, and it renders as the engine would hand them over.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from components.environment import Environment, EnvironmentArgs
from components.tags import environment_tags, tag_everything
from localcloud.eks_arguments import COMPONENT, Inputs
from localcloud.eks_cluster import Children
from localcloud.kinds.model import UNKNOWN
from localcloud.monitor import Known, Options, Registered, flatten
from localcloud.wire import Properties, ResourceReference
from plan import make_plan
from settings.load import load_file
from settings.model import Settings
from tests.components.graph import Graph
from tests.components.recorder import record
from tests.components.test_order import CALLS
from tests.once import once
from tests.policy.world import PREVIEW, Rendered

ROOT = Path(__file__).resolve().parents[2]
SIGNATURE = "4dabf18193072939515e22adb298388d"  # the SDK's mark of a value that is none of JSON's
FIRST_VISIT = {**CALLS, "aws:secretsmanager/getSecrets:getSecrets": {"arns": [], "names": []}}


@dataclass(eq=False)
class Entry:
    """One resource of a recording. edges: property to the URNs that it was made from."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    parent: str
    edges: dict[str, list[str]]
    region: str | None = None
    id: str = ""
    custom: bool = True
    ignored: list[str] = field(default_factory=list[str])

    def __repr__(self) -> str:
        return f"<{self.type}::{self.name}>"

    def put(self, path: str, value: Any) -> None:
        """Set what stands at `a.b.0.c`; the edges of `a` go where the whole property is replaced."""
        first, *rest = path.split(".")
        if not rest:
            self.edges.pop(first, None)
        for props in (self.inputs, self.outputs):
            _put(props, [first, *rest], copy.deepcopy(value))

    def drop(self, path: str) -> None:
        """Take away what stands there."""
        first, *rest = path.split(".")
        if not rest:
            self.edges.pop(first, None)
        for props in (self.inputs, self.outputs):
            holder: Any = props
            for step in [first, *rest][:-1]:
                holder = holder[int(step)] if isinstance(holder, list) else holder.get(step, {})
            last = path.rsplit(".", maxsplit=1)[-1]
            if isinstance(holder, list):
                del holder[int(last)]
            else:
                holder.pop(last, None)

    def get(self, path: str) -> Any:
        """What stands there; None where there is nothing."""
        value: Any = self.inputs
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else (value or {}).get(step)
        return value


def _put(props: dict[str, Any], steps: list[str], value: Any) -> None:
    holder: Any = props
    for step in steps[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    if isinstance(holder, list):
        holder[int(steps[-1])] = value
    elif isinstance(holder, dict):
        holder[steps[-1]] = value


@dataclass
class Recording:
    """A stack's resources, and the mode in which they were recorded."""

    stack: str
    mode: str
    entries: list[Entry] = field(default_factory=list[Entry])

    def all(self, type_token: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.type == type_token]

    def one(self, type_token: str, name: str | None = None) -> Entry:
        """The first of a type, in URN order, whose name is that or ends so."""
        found = [entry for entry in self.all(type_token) if name is None or entry.name == name or entry.name.endswith(name)]
        found = [entry for entry in found if entry.name == name] or found
        assert found, f"no {type_token} {name} among {[entry.name for entry in self.all(type_token)]}"
        return found[0]

    def remove(self, *gone: Entry) -> None:
        self.entries = [entry for entry in self.entries if entry not in gone]

    def add(self, type_token: str, name: str, inputs: dict[str, Any], like: Entry | None = None) -> Entry:
        """One more resource, in the region and below the parent of another."""
        urn = f"urn:pulumi:{self.stack}::coder-eks::{type_token}::{name}"
        edges = dict(like.edges) if like else {}
        region = like.region if like else None
        entry = Entry(urn, type_token, name, dict(inputs), {**inputs, "id": name}, like.parent if like else "", edges, region, name)
        self.entries.append(entry)
        return entry

    def copy_of(self, entry: Entry, name: str) -> Entry:
        """The same resource again, under another name."""
        twin = copy.deepcopy(entry)
        twin.name, twin.urn = name, f"{entry.urn.rpartition('::')[0]}::{name}"
        self.entries.append(twin)
        return twin

    def render(self, mode: str) -> list[Rendered]:
        """As the engine hands them over: an object whose cluster does not exist yet has no outputs."""
        assert mode == self.mode
        return [
            Rendered(
                urn=entry.urn,
                type=entry.type,
                name=entry.name,
                inputs=entry.inputs,
                outputs={} if mode == PREVIEW and entry.type.startswith("kubernetes:") else {**entry.outputs, **entry.inputs},
                parent=entry.parent,
                edges=entry.edges,
                region=entry.region,
                ignored=tuple(entry.ignored),
            )
            for entry in self.entries
        ]

    def exported(self) -> dict[str, Any]:
        """As `pulumi stack export` writes it."""
        resources: list[dict[str, Any]] = []
        for item in self.entries:
            state: dict[str, Any] = {"urn": item.urn, "type": item.type, "custom": item.custom}
            state |= {"inputs": item.inputs, "outputs": {**item.outputs, **item.inputs}}
            state |= {"id": item.id or item.name} if item.custom else {}
            state |= {"parent": item.parent} if item.parent else {}
            state |= {"ignoreChanges": item.ignored} if item.ignored else {}
            if item.edges:
                state["propertyDependencies"] = item.edges
                state["dependencies"] = sorted({urn for urns in item.edges.values() for urn in urns})
            resources.append(state)
        return {
            "version": 3,
            "deployment": {"manifest": {"time": "2026-11-21T00:00:00Z", "magic": "", "version": ""}, "resources": resources},
        }


class _Children:
    """The part of the engine's monitor that the children of eks.Cluster are registered with."""

    def __init__(self, parent: Entry, made: dict[str, Any], preview: bool) -> None:
        self.parent, self.made, self.preview = parent, made, preview
        self.providers: dict[str, str] = {}
        self.entries: list[Entry] = []

    def custom(self, token: str, name: str, inputs: Mapping[str, Any], options: Options) -> Registered:
        values, edges = self._flat(inputs)
        identity = str(values.get("name") or f"{token.rsplit(':', 1)[-1].lower()}-{name}")
        known = {**values, "id": identity, "name": identity, "arn": f"arn:aws:x:us-east-1:123456789012:{name}"}
        if token == "aws:eks/cluster:Cluster":
            known |= self.made
        elif token == "aws:ec2/securityGroup:SecurityGroup":
            known["id"] = self.made["sg"].get(name.rsplit("-", 1)[-1], identity)
        outputs = {**dict.fromkeys(known, UNKNOWN_STRING_VALUE), **values} if self.preview else known
        parent = options.parent or self.parent.urn
        entry = Entry(self._urn(parent, token, name), token, name, values, outputs, parent, edges, self.parent.region, str(known["id"]))
        self.entries.append(entry)
        return Registered(entry.urn, "" if self.preview else str(known["id"]), Properties({} if self.preview else known))

    def component(self, token: str, name: str, inputs: Mapping[str, Any], options: Options) -> Registered:
        values, edges = self._flat(inputs)
        parent = options.parent or self.parent.urn
        self.entries.append(Entry(self._urn(parent, token, name), token, name, values, {}, parent, edges, custom=False))
        return Registered(self._urn(parent, token, name), "", Properties({}))

    def outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """The component's own outputs are in the recording already."""

    def invoke(self, token: str, inputs: Mapping[str, Any]) -> Known:
        del inputs
        return Known({"partition": "aws", "version": "v1.0.0-eksbuild.1", "token": token})

    def resource(self, reference: ResourceReference) -> Registered:
        return Registered(reference.urn, reference.id or "", Properties({}))

    def _urn(self, parent: str, token: str, name: str) -> str:
        head, _, types = parent.rpartition("::")[0].rpartition("::")
        return f"{head}::{types}${token}::{name}"

    def _flat(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
        plain, _secrets, dependencies = flatten(inputs)
        return _plain(plain), {name: sorted(urns) for name, urns in dependencies.items() if urns}


def _plain(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, ResourceReference):
        return value.id or UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def recording_of(graph: Graph, stack: str, mode: str) -> Recording:
    """The recorder's graph, under the stack's name, with the children of its clusters."""
    regions = {node.urn: node.inputs.get("region") for node in graph.nodes if node.type == "pulumi:providers:aws"}
    found = Recording(stack, mode)
    for node in graph.nodes:
        outputs = {**node.outputs, **graph.registered.get(node.urn, {})}
        outputs |= {"id": node.id} if node.id else {}
        region = regions.get(node.provider.rpartition("::")[0])
        if region and "region" in outputs:
            outputs["region"] = region  # the recorder knows one only
        edges = {key: sorted(urns) for key, urns in node.property_dependencies.items() if urns}
        found.entries.append(
            Entry(
                node.urn,
                node.type,
                node.name,
                _known(node.inputs),
                _known(outputs),
                node.parent,
                edges,
                region,
                node.id,
                node.custom,
                list(node.ignore_changes),
            )
        )
    for cluster in found.all(COMPONENT):
        found.entries += _children(cluster, mode == PREVIEW)
    text = json.dumps([dataclasses.asdict(entry) for entry in found.entries])
    text = text.replace("urn:pulumi:stack::project::", f"urn:pulumi:{stack}::coder-eks::")
    found.entries = [Entry(**item) for item in json.loads(text)]
    root = Entry(
        f"urn:pulumi:{stack}::coder-eks::pulumi:pulumi:Stack::coder-eks-{stack}",
        "pulumi:pulumi:Stack",
        f"coder-eks-{stack}",
        {},
        {},
        "",
        {},
    )
    found.entries.insert(0, dataclasses.replace(root, custom=False))
    return found


def _known(value: Any) -> Any:
    """Plain JSON: what the SDK keeps as an unknown or an asset is told as the engine does."""
    if isinstance(value, Mapping):
        if SIGNATURE in value:  # a resource: its id
            return _known(value.get("id"))
        return {str(key): _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return UNKNOWN_STRING_VALUE


def _children(cluster: Entry, preview: bool) -> Iterator[Entry]:
    inputs = {key: UNKNOWN if value == UNKNOWN_STRING_VALUE else value for key, value in cluster.inputs.items()}
    urns = {key: frozenset(value) for key, value in cluster.edges.items()}
    references = {
        key: ResourceReference(next(iter(urns[key])), None if preview else str(inputs[key]))
        for key in ("clusterSecurityGroup", "serviceRole")
        if key in inputs and key in urns
    }
    out = cluster.outputs
    core = {"endpoint": "https://local", "certificateAuthority": {"data": "bG9jYWw="}, "version": inputs.get("version")}
    core["vpcConfig"] = {**(out.get("core") or {}).get("vpcConfig", {}), "clusterSecurityGroupId": out.get("clusterSecurityGroupId")}
    core["sg"] = {"eksClusterSecurityGroup": out.get("clusterSecurityGroupId"), "nodeSecurityGroup": out.get("nodeSecurityGroupId")}
    monitor = _Children(cluster, core, preview)
    arguments: Any = Inputs(inputs, urns, frozenset(), references)
    Children(monitor, cluster.name, cluster.urn, arguments).register()  # type: ignore[arg-type]  # the part of a monitor that it needs
    for entry in monitor.entries:
        if entry.type == "aws:eks/cluster:Cluster":
            entry.outputs = {**entry.outputs, "vpcConfig": {**entry.inputs["vpcConfig"], **({} if preview else core["vpcConfig"])}}
            entry.outputs.pop("sg", None)
        yield entry


def program(settings: Settings) -> Callable[[], None]:
    """The stack as `__main__` declares it."""

    def run() -> None:
        system = settings.system
        tag_everything(environment_tags(system=system.name, owner=system.owner, cost_center=system.cost_center))
        Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings)))

    return run


def record_settings(settings: Settings, mode: str, stack: str | None = None, visit: int = 2) -> Recording:
    """A stack with those settings on a visit."""
    name = f"coder/{settings.system.name}/coderd-token"
    token = {"arns": [f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf"], "names": [name]}
    calls = {**CALLS, "aws:secretsmanager/getSecrets:getSecrets": token} if visit == 2 else FIRST_VISIT
    graph = record(program(settings), calls=calls, preview=mode == PREVIEW)
    return recording_of(graph, stack or settings.system.name, mode)


@functools.cache
def _stack(name: str, mode: str, visit: int) -> bytes:
    """The same for every process of the run: a recording takes seconds."""

    def make() -> bytes:
        return pickle.dumps(record_settings(load_file(ROOT / f"Pulumi.{name}.yaml"), mode, visit=visit))

    return once(f"{name}-{mode}-{visit}", make)


def stack(name: str, mode: str, visit: int = 2) -> Recording:
    """A copy of a shipped stack's recording; pickled it is copied many times as fast as otherwise."""
    return pickle.loads(_stack(name, mode, visit))

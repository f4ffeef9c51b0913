"""What a row of the tables says: a kind of resource, a refusal, an invoke.

A path names an input or output: `vpcId`, `vpcConfig.subnetIds[*]`, `ingress[*].securityGroups[*]`; `[*]` is every item of a list.
A template is text with fields: `{hex17}` (random, fresh at each use: hexN, upperN, alnumN, digitsN, lowerN, uuid), `{region}`, `{account}`,
`{partition}`, `{id}`, `{logical_name}`, and any path of the inputs or of the outputs that the row gives before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

ACCOUNT: Final = "123456789012"  # AWS's own example account
PARTITION: Final = "aws"


class Unknown:
    """The value that the engine does not know yet, at preview."""

    _one: Unknown | None = None

    def __new__(cls) -> Unknown:
        """There is one."""
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()

Value: TypeAlias = "bool | int | float | str | Unknown | Sequence[Value] | Mapping[str, Value] | None"

EMPTY: Final[Mapping[str, Value]] = MappingProxyType({})


class Operation(StrEnum):
    """When a refusal is asked: CHECK is the provider's own validation, at preview and with unknowns; the others are AWS's, at the call."""

    CHECK = "check"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Resource:
    """One that exists. `region` is "" for what is global. `properties` are inputs and outputs together, as AWS would tell them."""

    token: str
    id: str
    region: str
    inputs: Mapping[str, Value]
    properties: Mapping[str, Value]

    def text(self, path: str) -> str:
        """The text at a path of the properties, "" where there is none."""
        return text_at(self.properties, path) or ""

    def texts(self, path: str) -> list[str]:
        """All texts at a path of the properties."""
        return [value for value in values_at(self.properties, path) if isinstance(value, str)]


class World(Protocol):
    """What exists, read only. Where `region` is None the request's own region is meant; global kinds are found from each."""

    def get(self, token: str, resource_id: str, region: str | None = None) -> Resource | None:
        """One by its id."""
        ...

    def find(self, token: str, attribute: str, value: str, region: str | None = None) -> Resource | None:
        """The first whose property (a plain name, such as arn or name) has the value."""
        ...

    def all(self, token: str, region: str | None = None) -> list[Resource]:
        """All of a kind, oldest first."""
        ...

    def everywhere(self, token: str) -> list[Resource]:
        """All of a kind in every region."""
        ...

    def referring(self, resource: Resource, token: str | None = None) -> list[Resource]:
        """Those (of one kind) that refer to the resource by a reference of their row."""
        ...


@dataclass(frozen=True)
class Request:
    """One call on one resource. `inputs` hold UNKNOWN at preview only; `old` is the resource before an update or delete."""

    kind: Kind
    operation: Operation
    region: str
    logical_name: str
    inputs: Mapping[str, Value]
    old: Resource | None
    world: World
    id: str = ""
    outputs: Mapping[str, Value] = field(default_factory=lambda: EMPTY)  # those computed so far, in the row's order

    @property
    def old_inputs(self) -> Mapping[str, Value]:
        """The inputs before, {} on create."""
        return self.old.inputs if self.old else EMPTY

    def value(self, path: str) -> Value:
        """The first value at a path of inputs, then outputs; None where there is none."""
        for source in (self.inputs, self.outputs):
            for found in values_at(source, path):
                return found
        return None

    def text(self, path: str) -> str | None:
        """The text there; None where it is missing or unknown."""
        found = self.value(path)
        return found if isinstance(found, str) else None

    def number(self, path: str) -> float | None:
        """The number there; None where it is missing or unknown."""
        found = self.value(path)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    def flag(self, path: str) -> bool:
        """Whether true stands there."""
        return self.value(path) is True

    def texts(self, path: str) -> list[str]:
        """All known texts at a path of the inputs."""
        return [value for value in values_at(self.inputs, path) if isinstance(value, str)]

    def items(self, path: str) -> list[Mapping[str, Value]]:
        """All known objects at a path of the inputs, such as `ingress[*]`."""
        return [value for value in values_at(self.inputs, path) if isinstance(value, Mapping)]

    def knows(self, *paths: str) -> bool:
        """Whether nothing at these paths is unknown."""
        return not any(value is UNKNOWN for path in paths for value in values_at(self.inputs, path))

    def changed(self, path: str) -> bool:
        """Whether inputs at the path differ from before."""
        return values_at(self.inputs, path) != values_at(self.old_inputs, path)

    def referred(self, path: str) -> list[Resource]:
        """The existing resources that the references at this path of the row mean."""
        reference = self.kind.references[path]
        found = [reference.target(self.world, value, self.region) for value in self.texts(path)]
        return [resource for resource in found if resource is not None]


Computed: TypeAlias = "Value | Callable[[Request], Value]"
"""A template (text), a plain value, or a small function of the request."""


@dataclass(frozen=True, kw_only=True)
class AutoName:
    """The name that Check fills in: `<logical name>-<7 hex digits>`, cut to max_length, kept on later updates.

    `unless`: inputs that make it unnecessary, such as namePrefix. `lower`: AWS takes lower case only.
    """

    property: str = "name"
    max_length: int = 255
    lower: bool = False
    unless: tuple[str, ...] = ()
    suffix: str = ""  # ".fifo"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An input that names other resources: one of `tokens`, by `attribute` (id, or a plain property such as arn or name).

    missing: AWS's code when it does not exist. blocks: AWS's code with which the other one refuses to be deleted while this one refers to
    it; None where AWS lets it go. `literal`: a regular expression of values that name nothing here (arn:aws:iam::aws:policy/…).
    `also`: further attributes that serve as well (a role's name or ARN).
    """

    tokens: tuple[str, ...]
    missing: str
    attribute: str = "id"
    also: tuple[str, ...] = ()
    blocks: str | None = "DependencyViolation"
    literal: str | None = None
    any_region: bool = False

    def target(self, world: World, value: str, region: str) -> Resource | None:
        """The resource that the value means, or None."""
        for token in self.tokens:
            for attribute in (self.attribute, *self.also):
                if self.any_region:
                    found = next((each for each in world.everywhere(token) if _attribute(each, attribute) == value), None)
                else:
                    found = world.get(token, value, region) if attribute == "id" else world.find(token, attribute, value, region)
                if found is not None:
                    return found
        return None


@dataclass(frozen=True, kw_only=True)
class Unique:
    """No two of the kind share the values at these paths, in one region (everywhere with `all_regions`; global kinds always).

    Where a value is missing the key does not count. `also`: other kinds whose same paths share the key space.
    """

    paths: tuple[str, ...]
    code: str
    message: str = "{token} with {key} already exists"
    all_regions: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """What AWS makes beside a resource and takes away with it (a VPC's default security group), or leaves behind (a final snapshot)."""

    token: str
    id: str
    properties: Mapping[str, Value]
    inputs: Mapping[str, Value] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A type of resource that can be created. Without `id`, `arn` or `no_arn`, `references` and `force_new` there is no row.

    token: "aws:ec2/vpc:Vpc".
    id: template or function. within: the input in which the id is unique, where that is less than the region (an action in its group).
    arn: template, goes to the output `arn`; no_arn=True says that AWS gives none.
    global_: no region (IAM, Route 53); the scope "" in the store.
    references: input path → what it must name; {} says that there are none. force_new: input paths whose change replaces ((), none).
    defaults: inputs that the provider fills in where they are left out, known at preview (values or functions of the request).
    outputs: computed output → template, value or function, in order; known after create only. Inputs are outputs as they are.
    again: output → input paths whose change on update makes it unknown again and computed anew (("*",): any change).
        A dotted output adds a part to an object that the program gives: "vpcConfig.clusterSecurityGroupId".
    force_new_when: input path → whether its change replaces, where the provider decides by the values (`request.old`: the resource before).
    never_read: inputs that AWS does not tell back (passwords, skipFinalSnapshot); a refresh keeps the state's.
    secrets: outputs that are secret. holds: secret paths whose value the service itself keeps (Secrets Manager); others are hashed.
    makes: what appears with it and goes with it. leaves: what a delete leaves behind. undeletable: Delete forgets it only.
    delete_before_replace: two can't stand side by side (the provider says so in Diff).
    """

    token: str
    id: str | Callable[[Request], str]
    references: Mapping[str, Reference]
    force_new: tuple[str, ...]
    arn: str | Callable[[Request], str] | None = None
    no_arn: bool = False
    global_: bool = False
    within: str = ""
    auto_name: AutoName | None = None
    defaults: Mapping[str, Computed] = field(default_factory=lambda: EMPTY)
    outputs: Mapping[str, Computed] = field(default_factory=lambda: EMPTY)
    again: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    never_read: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    unique: tuple[Unique, ...] = ()
    makes: Callable[[Request], Sequence[Made]] | None = None
    leaves: Callable[[Request], Sequence[Made]] | None = None
    force_new_when: Mapping[str, Callable[[Request], bool]] = field(default_factory=dict[str, "Callable[[Request], bool]"])
    delete_before_replace: bool = False
    taggable: bool = True

    def __post_init__(self) -> None:
        """A row decides on its ARN.

        Raises:
            ValueError: neither or both of `arn` and `no_arn` are given.
        """
        if (self.arn is not None) == self.no_arn:
            raise ValueError(f"{self.token}: give an ARN form, or no_arn=True")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What AWS (or, with CHECK, its provider) refuses. `when` returns the words for `{}` in the message, None where all is well.

    For CHECK, `property` names the input that the engine shows. A CHECK is asked with unknowns: use `knows`, `text`, `number`.
    """

    name: str
    tokens: tuple[str, ...]
    operations: tuple[Operation, ...]
    code: str
    when: Callable[[Request], str | None]
    message: str = "{}"
    property: str = ""

    def reason(self, request: Request) -> str | None:
        """The sentence of the refusal, or None."""
        words = self.when(request)
        return None if words is None else self.message.replace("{}", words)


@dataclass(frozen=True)
class InvokeRequest:
    """A data source's call. `token` is the invoke's own."""

    token: str
    inputs: Mapping[str, Value]
    region: str
    world: World

    def text(self, path: str) -> str | None:
        """The text at a path of the inputs."""
        return text_at(self.inputs, path)


class Refused(Exception):  # noqa: N818 - AWS says "refused"; the code is AWS's own name
    """A call that AWS refuses: its code and a sentence. Invokes raise it, too."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


Invoke: TypeAlias = "Callable[[InvokeRequest], Mapping[str, Value]]"
"""INVOKES of a table module: token such as "aws:index/getPartition:getPartition" → function."""


def values_at(source: Value, path: str) -> list[Value]:
    """All values at a path; UNKNOWN where a value on the way is unknown; nothing where it is missing or None."""
    found: list[Value] = [source]
    for part in path.replace("[*]", ".*").split("."):
        step: list[Value] = []
        for value in found:
            if value is UNKNOWN:
                step.append(value)
            elif part == "*" and isinstance(value, list):
                step.extend(value)
            elif part == "*" and isinstance(value, Mapping):
                step.extend(value.values())
            elif isinstance(value, Mapping):
                step.append(value.get(part))
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                step.append(value[int(part)])
        found = [value for value in step if value is not None]
    return found


def text_at(source: Mapping[str, Value], path: str) -> str | None:
    """The first text at a path."""
    return next((value for value in values_at(source, path) if isinstance(value, str)), None)


def _attribute(resource: Resource, attribute: str) -> str:
    return resource.id if attribute == "id" else resource.text(attribute)

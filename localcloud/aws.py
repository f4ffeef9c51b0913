"""AWS: every resource type by its row in `kinds/`, every refusal by its row in `refusals*.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from localcloud import schema
from localcloud.aws_rules import check_references, check_refusals, check_unique, links, refuse_while_needed
from localcloud.backend import Backend, Call, Instance, Outcome, Update, auto_name, preview_outputs, secret_paths
from localcloud.kinds import INVOKES, KINDS
from localcloud.kinds.model import (
    EMPTY,
    UNKNOWN,
    InvokeRequest,
    Kind,
    Made,
    Operation,
    Refused,
    Request,
    Resource,
    Value,
    values_at,
)
from localcloud.parts import dotted, plain, with_parts
from localcloud.schema import Failure
from localcloud.store import Key, Origin, Record, Store
from localcloud.templates import compute
from localcloud.wire import Path, Properties
from localcloud.world import View

PACKAGE: Final = "aws"
_SECRET_RESULTS: Final = {
    "aws:secretsmanager/getSecretVersion:getSecretVersion": ("secretString", "secretBinary"),
    "aws:secretsmanager/getRandomPassword:getRandomPassword": ("randomPassword",),
    "aws:eks/getClusterAuth:getClusterAuth": ("token",),
}


class Aws(Backend):
    """pulumi-aws against the tables."""

    package = PACKAGE
    id_among_outputs = True

    def configure(self, settings: Mapping[str, Value]) -> Instance:
        """One region; without one every call is refused, as the real provider refuses to start."""
        region = settings.get("region")
        return Instance(settings, region if isinstance(region, str) else "")

    def force_new(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, ...]:
        """The row's list, what its functions decide by the values, and the region."""
        kind = _kind(call.token)
        before = Resource(call.token, "", call.instance.scope, old, old)
        request = replace(self._request(kind, call, Operation.UPDATE, new), old=before)
        decided = [path for path, decides in kind.force_new_when.items() if request.changed(path) and decides(request)]
        return (*kind.force_new, *decided, "region")

    def delete_before_replace(self, token: str, new: Mapping[str, Value]) -> bool:
        """As the row says."""
        del new
        return _kind(token).delete_before_replace

    def check(self, call: Call, old: Mapping[str, Value], news: Properties) -> tuple[Mapping[str, Value], list[Failure]]:
        """The schema, the name, the provider's defaults, and the refusals that the provider knows without asking AWS."""
        faults = schema.check(PACKAGE, call.token, news.values)
        if call.token not in KINDS:
            return news.values, faults or [Failure("", _no_row(call.token))]
        kind = _kind(call.token)
        inputs = dict(news.values)
        if schema.has_input(PACKAGE, call.token, "region"):
            inputs.setdefault("region", call.instance.scope)
            if not inputs["region"]:
                faults.append(Failure("region", "no region: set one on the resource or on its aws provider"))
        _name(kind, call, old, inputs)
        if faults:
            return inputs, faults
        request = self._request(kind, call, Operation.CHECK, inputs)
        for name, default in kind.defaults.items():
            if inputs.get(name) is None:
                value = compute(default, request)
                if value is not None:
                    inputs[name] = value
        request = replace(request, inputs=inputs)
        return inputs, check_refusals(request)

    def create(self, call: Call, inputs: Properties, *, preview: bool) -> Outcome:
        """Make one.

        Raises:
            Refused: a reference names nothing, a key is taken, or a refusal's row applies.
        """
        kind = _kind(call.token)
        values = {name: value for name, value in inputs.values.items() if value is not None}
        request = self._request(kind, call, Operation.CREATE, values)
        if preview:
            outputs = preview_outputs(PACKAGE, call.token, values, [*plain(kind.outputs), *(["arn"] if kind.arn else [])])
            outputs = with_parts(outputs, dict.fromkeys(dotted(kind.outputs), UNKNOWN))
            self._tag(outputs, call, values)
            return Outcome("", outputs, _secrets(kind, outputs, inputs.secrets))
        with self.store.lock:
            check_references(request)
            check_unique(self.store, request)
            check_refusals(request)
            resource_id = str(compute(kind.id, request))
            request = self._compute(replace(request, id=resource_id), {})
            outputs = with_parts({**request.outputs, **values}, self._parts(request, {}))
            self._tag(outputs, call, values)
            request = replace(request, outputs=outputs)
            record = self._put(request, outputs, _secrets(kind, outputs, inputs.secrets))
            if kind.makes:
                self._make(kind.makes(request), record.key, Origin.CLOUD, request.region)
        return Outcome(resource_id, outputs, _secrets(kind, outputs, inputs.secrets))

    def update(self, call: Call, change: Update) -> Outcome:
        """Change one: computed outputs stay, but for those that the row recomputes.

        Raises:
            Refused: as on create, or the resource is gone.
        """
        kind = _kind(call.token)
        values = {name: value for name, value in change.news.values.items() if value is not None}
        with self.store.lock:
            record = self.store.get(_key(kind, call, values, change.id))
            before = Resource(call.token, change.id, record.resource.region if record else "", change.old, change.state.values)
            request = replace(self._request(kind, call, Operation.UPDATE, values), id=change.id, old=before)
            again = _again(request)
            kept = {
                name: value
                for name, value in change.state.values.items()
                if name not in again and (name not in change.old or name in values)
            }
            parts = {path: value for path in dotted(kind.outputs) if path not in again for value in values_at(before.properties, path)}
            if change.preview:
                unknown = dict.fromkeys(again, UNKNOWN)
                outputs = with_parts({**kept, **plain(unknown), **values}, {**parts, **dotted(unknown)})
            elif record is None:
                raise Refused("ResourceNotFoundException", f"{call.token} {change.id} does not exist any more; run `pulumi refresh`")
            else:
                check_references(request)
                check_unique(self.store, request)
                check_refusals(request)
                request = self._compute(request, kept)
                outputs = with_parts({**kept, **request.outputs, **values}, self._parts(request, parts))
            self._tag(outputs, call, values)
            marked = _secrets(kind, outputs, change.news.secrets, change.state.secrets)
            if not change.preview:
                self._put(request, outputs, marked)
        return Outcome(change.id, outputs, marked)

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """What AWS tells; what it does not tell back (secrets, `never_read`) stays as the state has it."""
        kind = _kind(call.token)
        record = self.store.get(_key(kind, call, inputs.values or state.values, resource_id))
        if record is None:
            return None
        stored = record.resource
        hidden = {str(path[0]) for path in record.secrets} | set(kind.never_read)
        properties = {name: value for name, value in stored.properties.items() if name not in hidden}
        properties.update((name, value) for name, value in state.values.items() if name in hidden)
        read = {name: value for name, value in stored.inputs.items() if name not in hidden}
        read.update((name, value) for name, value in inputs.values.items() if name in hidden)
        marked = secret_paths(properties, state.secrets, inputs.secrets, [(name,) for name in kind.secrets])
        return Outcome(resource_id, properties, marked, read)

    def delete(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> None:
        """Delete one.

        Raises:
            Refused: others depend on it, or it is protected.
        """
        kind = _kind(call.token)
        with self.store.lock:
            record = self.store.get(_key(kind, call, state, resource_id))
            if record is None:
                return
            request = self._request(kind, call, Operation.DELETE, record.resource.inputs)
            request = replace(request, id=resource_id, old=record.resource, outputs=record.resource.properties)
            check_refusals(request)
            refuse_while_needed(self.store, record)
            left = kind.leaves(request) if kind.leaves else ()
            self.store.remove(record.key)
            self._make(left, None, Origin.LEFT, record.resource.region)

    def invoke(self, token: str, inputs: Mapping[str, Value], instance: Instance) -> Properties:
        """A data source by its table."""
        if token not in INVOKES:
            raise Refused(
                "Unsupported", f"the local cloud does not know the data source {token}: add it to INVOKES of a module in localcloud/kinds"
            )
        given = inputs.get("region")
        region = given if isinstance(given, str) else instance.scope
        if not region:
            raise Refused("MissingRegion", f"{token}: its aws provider has no region; pass a provider that has one")
        with self.store.lock:
            found = INVOKES[token](InvokeRequest(token, inputs, region, View(self.store, region)))
        secrets: set[Path] = {(name,) for name in _SECRET_RESULTS.get(token, ()) if name in found}
        return Properties(dict(found), secrets)

    def _request(self, kind: Kind, call: Call, operation: Operation, inputs: Mapping[str, Value]) -> Request:
        region = inputs.get("region")
        where = region if isinstance(region, str) else call.instance.scope
        return Request(kind, operation, where, call.name, inputs, None, View(self.store, where))

    def _compute(self, request: Request, kept: Mapping[str, Value]) -> Request:
        """The request with every output of the row that is not kept; then what is computed but has no row: empty, by its type."""
        outputs: dict[str, Value] = dict(kept)
        forms = {**({"arn": request.kind.arn} if request.kind.arn else {}), **plain(request.kind.outputs)}
        for name, form in forms.items():
            if name not in outputs and (request.inputs.get(name) is None or name == "arn"):
                outputs[name] = compute(form, replace(request, outputs=outputs))
        for name, empty in schema.empty_outputs(PACKAGE, request.kind.token).items():
            if name not in outputs and request.inputs.get(name) is None:
                outputs[name] = empty
        return replace(request, outputs=outputs)

    def _parts(self, request: Request, kept: Mapping[str, Value]) -> dict[str, Value]:
        """The parts that AWS adds to objects that the program gives."""
        forms = dotted(request.kind.outputs)
        return {path: kept[path] if path in kept else compute(form, request) for path, form in forms.items()}

    def _tag(self, outputs: dict[str, Value], call: Call, inputs: Mapping[str, Value]) -> None:
        """`tagsAll`: the provider's default tags under the resource's own."""
        if not schema.has_output(PACKAGE, call.token, "tagsAll"):
            return
        own = inputs.get("tags", {})
        defaults = next(iter(values_at(call.instance.settings, "defaultTags.tags")), EMPTY)
        if own is UNKNOWN or not isinstance(own, Mapping) or not isinstance(defaults, Mapping):
            outputs["tagsAll"] = UNKNOWN
        else:
            outputs["tagsAll"] = {**defaults, **own}

    def _put(self, request: Request, outputs: Mapping[str, Value], secrets: frozenset[Path]) -> Record:
        scope = "" if request.kind.global_ else request.region
        resource = Resource(request.kind.token, _kept_id(request.kind, request.inputs, request.id), scope, request.inputs, outputs)
        hidden = frozenset(path for path in secrets if ".".join(map(str, path)) not in request.kind.holds)
        return self.store.put(Record(resource, secrets=hidden), links(request))

    def _make(self, made: Iterable[Made], owner: Key | None, origin: Origin, region: str) -> None:
        for each in made:
            kind = KINDS.get(each.token)
            scope = "" if kind and kind.global_ else region
            resource = Resource(each.token, each.id, scope, each.inputs, {"region": scope, **each.properties})
            self.store.put(Record(resource, origin, owner))


def relink(store: Store) -> None:
    """Find again, after a start, what refers to what."""
    for record in store.records():
        kind = KINDS.get(record.resource.token)
        if kind and record.origin is Origin.PROGRAM:
            resource = record.resource
            world = View(store, str(resource.properties.get("region") or resource.region))
            request = Request(kind, Operation.CREATE, world.region, "", resource.inputs, None, world, resource.id)
            store.link(record.key, links(request))


def _kind(token: str) -> Kind:
    if token not in KINDS:
        raise Refused("Unsupported", _no_row(token))
    return KINDS[token]


def _no_row(token: str) -> str:
    near = get_close_matches(token, KINDS, n=1)
    perhaps = f"; the nearest that has one is {near[0]}" if near else ""
    return (
        f"the local cloud can't make {token}: it has no row with id form, ARN, references and force-new list in localcloud/kinds{perhaps}"
    )


def _key(kind: Kind, call: Call, known: Mapping[str, Value], resource_id: str) -> Key:
    region = known.get("region")
    scope = "" if kind.global_ else region if isinstance(region, str) else call.instance.scope
    return (kind.token, scope, _kept_id(kind, known, resource_id))


def _kept_id(kind: Kind, known: Mapping[str, Value], resource_id: str) -> str:
    """The id in the store: with what it is unique in, where that is less than the region."""
    owner = known.get(kind.within) if kind.within else None
    return f"{owner},{resource_id}" if isinstance(owner, str) else resource_id


def _name(kind: Kind, call: Call, old: Mapping[str, Value], inputs: dict[str, Value]) -> None:
    """Fill in the name that the program left out: the old one, or a new one."""
    rule = kind.auto_name
    if rule is None or inputs.get(rule.property) is not None or any(inputs.get(other) is not None for other in rule.unless):
        return
    before = old.get(rule.property)
    inputs[rule.property] = before if isinstance(before, str) else auto_name(call, rule.max_length, lower=rule.lower, suffix=rule.suffix)


def _again(request: Request) -> set[str]:
    """The outputs that an update computes anew: those the row names, and inputs that are no longer given."""
    named = {name for name, paths in request.kind.again.items() if any(path == "*" or request.changed(path) for path in paths)}
    return named | {name for name in request.old_inputs if name not in request.inputs and name in request.kind.outputs}


def _secrets(kind: Kind, outputs: Mapping[str, Value], *sources: Iterable[Path]) -> frozenset[Path]:
    """The secret outputs: secret inputs, what the row says, and all tags where one is secret."""
    given = {path for source in sources for path in source}
    derived: list[Path] = [("tagsAll",)] if any(path[0] == "tags" for path in given) else []
    return secret_paths(outputs, given, derived, [(name,) for name in kind.secrets])

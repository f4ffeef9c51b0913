"""The coder/coderd provider: objects of a Coder that runs in this local cloud, held to the provider's rules.

Stricter than the provider: URL and token come from the program, never from the environment; a second group sync of an organization is
refused, which the provider would write over the first; a folder without Terraform, or too large, is refused at the preview already.
Looser: a message stays as long as it is, a model's settings are any JSON object, and of Coder's version only whole resources are asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from localcloud import coderd_versions, schema
from localcloud.backend import Backend, Call, Instance, Outcome, Update, auto_name, preview_outputs, secret_paths
from localcloud.coder_api import SCOPE, database, deployment, issued, organization
from localcloud.coderd_ai import AI_KINDS, AI_PROVIDER
from localcloud.coderd_facts import CODER_KINDS, KEY, LICENSE, TEMPLATE, CoderKind, made_up
from localcloud.coderd_lookups import look_up, named
from localcloud.coderd_rules import is_uuid, rule_faults
from localcloud.coderd_versions import versions_of
from localcloud.differences import Difference
from localcloud.kinds.model import UNKNOWN, Refused, Resource, Value
from localcloud.schema import Failure
from localcloud.store import Record
from localcloud.wire import Path, Properties

PACKAGE: Final = "coderd"
_KINDS: Final = {**CODER_KINDS, **AI_KINDS}
_NAME_LENGTH: Final = 255  # the bridge's own limit: a name too long for Coder is refused by Coder's rule


class Coderd(Backend):
    """pulumi's bridged coder/coderd 0.0.23."""

    package = PACKAGE

    def check_settings(self, settings: Mapping[str, Value]) -> list[Failure]:
        """Keys, and the organization's form."""
        failures = super().check_settings(settings)
        identity = settings.get("defaultOrganizationId")
        if isinstance(identity, str) and not is_uuid(identity):
            failures.append(Failure("defaultOrganizationId", f"defaultOrganizationId: {identity!r} is no UUID"))
        return failures

    def configure(self, settings: Mapping[str, Value]) -> Instance:
        """A deployment, by URL and token.

        Raises:
            Refused: one is missing, Coder does not run, or it did not issue the token.
        """
        for name in ("url", "token"):
            if not settings.get(name):
                raise Refused("Unconfigured", f"the coderd provider has no {name}")
        if deployment(self.store) is None:
            raise Refused("Unreachable", f"Coder at {settings['url']} does not answer: no Helm release of chart coder is deployed")
        if issued(self.store, str(settings["token"])) is None:
            raise Refused("401", "Coder did not issue this token, or it has expired; run `coder-eks bootstrap` again")
        return Instance(settings)

    def force_new(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, ...]:
        """What replaces always, and what replaces while the program sets it."""
        del old
        kind = _kind(call)
        return (*kind.force_new, *(name for name in kind.force_new_if_set if new.get(name) is not None))

    def check(self, call: Call, old: Mapping[str, Value], news: Properties) -> tuple[Mapping[str, Value], list[Failure]]:
        """The schema, the name, and the provider's validators."""
        kind = _kind(call)
        failures = schema.check(PACKAGE, call.token, news.values)
        inputs = dict(news.values)
        if kind.auto_named and inputs.get("name") is None:
            before = old.get("name")
            inputs["name"] = before if isinstance(before, str) else auto_name(call, _NAME_LENGTH)
        if failures:
            return inputs, failures
        failures = [Failure(path, reason) for path, reason in rule_faults(kind, inputs)]
        return inputs, failures + (coderd_versions.faults(inputs, new=not old) if call.token == TEMPLATE else [])

    def diff(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value], state: Mapping[str, Value]) -> list[Difference]:
        """The inputs; of a template the content of its folders too, and a message that its create left out."""
        found = super().diff(call, old, new, state)
        if call.token != TEMPLATE or new.get("versions") is UNKNOWN:
            return found
        planned = coderd_versions.planned(new, state)
        for index, (version, known) in enumerate(zip(planned, versions_of(state), strict=False)):
            changed = isinstance(version, Mapping) and version["directoryHash"] not in (UNKNOWN, known.get("directoryHash"))
            if changed and not any(each.path.startswith(f"versions[{index}]") for each in found):
                found.append(Difference(f"versions[{index}].directoryHash", "update"))
        if not found and (new.get("deprecationMessage") or "") != (state.get("deprecationMessage") or ""):
            found.append(Difference("deprecationMessage", "update"))
        return found

    def create(self, call: Call, inputs: Properties, *, preview: bool) -> Outcome:
        """Make one.

        Raises:
            Refused: the name is taken, a licence is missing, or no provisioner takes the template's import.
        """
        kind, values = _kind(call), _given(inputs.values)
        outputs = {**preview_outputs(PACKAGE, call.token, values), **self._filled(call, kind, values, {})}
        if preview:
            outputs |= dict.fromkeys(kind.outputs, UNKNOWN)
            return Outcome("", _told(kind, UNKNOWN, outputs), self._secrets(kind, outputs, inputs.secrets))
        with self.store.lock:
            if fault := kind.of_create(values):
                raise Refused("Data Error", fault)
            identity = str(uuid.uuid4())
            key = identity if kind.id == "uuid" else f"{kind.id} {identity}"
            self._require(kind, call, values, outputs, "")
            settled = self._settle(call, kind, key, outputs)
            outputs = {name: value for name, value in settled.items() if value is not UNKNOWN} | made_up(kind, self._provider_type(values))
            outputs |= {name: empty for name, empty in schema.empty_outputs(PACKAGE, call.token).items() if name not in outputs}
            if call.token == TEMPLATE:
                outputs["deprecationMessage"] = ""  # a create leaves it out; the next update has it
            self._put(call, kind, key, values, outputs, inputs.secrets)
        told = _told(kind, identity, outputs)
        return Outcome(identity if kind.id == "uuid" else kind.id, told, self._secrets(kind, outputs, inputs.secrets))

    def update(self, call: Call, change: Update) -> Outcome:
        """Change one in place.

        Raises:
            Refused: as on create, or it is gone.
        """
        kind, values = _kind(call), _given(change.news.values)
        outputs = {**{name: value for name, value in change.state.values.items() if name not in change.old}, **values}
        outputs |= self._filled(call, kind, values, change.state.values)
        if not change.preview:
            with self.store.lock:
                record = self._find(call, change.id, change.state.values)
                if record is None:
                    raise Refused("404", f"{call.token} {change.id} does not exist any more; run `pulumi refresh`")
                self._require(kind, call, values, outputs, record.resource.id)
                outputs = self._settle(call, kind, record.resource.id, outputs)
                self._put(call, kind, record.resource.id, values, outputs, change.news.secrets)
        told = _told(kind, change.id, outputs)
        return Outcome(change.id, told, self._secrets(kind, outputs, change.news.secrets, change.state.secrets))

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """What Coder has; secrets stay as the state has them.

        Raises:
            Refused: the provider can't import one.
        """
        kind = _kind(call)
        if call.token == KEY and state.values:  # never read back: that it is gone goes unnoticed
            return Outcome(resource_id, state.values, self._secrets(kind, state.values, state.secrets), inputs.values)
        if not state.values:
            return self._imported(call, kind, resource_id)
        record = self._find(call, resource_id, state.values)
        if record is None:
            return None
        hidden = {str(path[0]) for path in record.secrets}
        properties = {**record.resource.properties, **{name: value for name, value in state.values.items() if name in hidden}}
        read = {**record.resource.inputs, **{name: value for name, value in inputs.values.items() if name in hidden}}
        return Outcome(resource_id, _told(kind, resource_id, properties), self._secrets(kind, properties, state.secrets), read)

    def delete(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> None:
        """Delete one."""
        with self.store.lock:
            record = self._find(call, resource_id, state)
            if record:
                self.store.remove(record.key)

    def invoke(self, token: str, inputs: Mapping[str, Value], instance: Instance) -> Properties:
        """A data source."""
        del instance
        with self.store.lock:
            return Properties(look_up(self.store, token, inputs))

    def _imported(self, call: Call, kind: CoderKind, asked: str) -> Outcome | None:
        """By id, or by what else the provider takes; the acl and the versions of a template are written by hand afterwards."""
        if kind.imports is None:
            raise Refused("Unsupported", f"Resource Import Not Implemented: the coderd provider can't import {call.token}")
        by_id = self.store.get((call.token, SCOPE, asked))
        record = by_id or (named(self.store, call.token, kind.imports, asked) if kind.imports else None)
        if record is None:
            return None
        resource, identity = record.resource, record.resource.id if kind.id == "uuid" else kind.id
        left = {"acl", "versions"} if call.token == TEMPLATE else set[str]()
        inputs, outputs = ({name: each for name, each in of.items() if name not in left} for of in (resource.inputs, resource.properties))
        return Outcome(identity, _told(kind, identity, outputs), self._secrets(kind, outputs), inputs)

    def _filled(self, call: Call, kind: CoderKind, values: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
        """What the provider knows at preview: its defaults, and the hashes of template folders; the server's own are not known."""
        filled: dict[str, Value] = {name: value for name, value in kind.defaults.items() if values.get(name) is None}
        filled |= {name: before.get(name, UNKNOWN) for name in kind.kept if values.get(name) is None}
        filled |= {name: UNKNOWN for name in kind.copies if values.get(name) is None}
        if filled.get("organizationId") == "":
            filled["organizationId"] = UNKNOWN
        filled |= kind.computed(values)
        if values.get("versions") is not None and call.token == TEMPLATE:
            filled["versions"] = coderd_versions.planned(values, before)
        return filled

    def _settle(self, call: Call, kind: CoderKind, key: str, outputs: Mapping[str, Value]) -> dict[str, Value]:
        """What Coder fills in; new versions get their ids."""
        settled = dict(outputs)
        filled: dict[str, Value] = {name: outputs.get(source) for name, source in kind.copies.items()} | dict(kind.kept)
        if filled.get("maxPortShareLevel") == "":
            filled["maxPortShareLevel"] = "owner" if self.store.of(LICENSE) else "public"
        if "organizationId" in kind.defaults:
            filled["organizationId"] = call.instance.text("defaultOrganizationId") or organization(self.store)
        settled |= {name: value for name, value in filled.items() if settled.get(name) is UNKNOWN}
        if call.token == TEMPLATE and "versions" in settled:
            settled["versions"] = coderd_versions.settle(self.store, (call.token, SCOPE, key), versions_of(settled))
        return settled

    def _require(self, kind: CoderKind, call: Call, values: Mapping[str, Value], planned: Mapping[str, Value], own: str) -> None:
        """What Coder itself refuses, at the update only."""
        running = deployment(self.store)
        version = str(running.resource.inputs.get("version") or "") if running else ""
        if kind.since and version and _numbers(version) < _numbers(kind.since):
            raise Refused("Unsupported", f"{call.token} {call.name}: this needs Coder {kind.since} or newer, and {version} runs")
        if kind.premium(values) and not self.store.of(LICENSE):
            raise Refused("403", f"{call.token} {call.name}: this needs a licence; make a coderd.License first and depend on it")
        wanted = [values.get(name) or None for name in kind.unique]
        for record in self.store.of(call.token, SCOPE):
            if record.resource.id == own:
                continue
            if kind.single:
                raise Refused("409", f"{call.token} {call.name}: there is one already, and a deployment has one")
            if kind.unique and [record.resource.inputs.get(name) or None for name in kind.unique] == wanted:
                raise Refused("409", f"{call.token} with {', '.join(kind.unique)} {wanted} already exists")
        if call.token == TEMPLATE:
            coderd_versions.require_provisioner(self.store, values.get("name"), versions_of(planned))

    def _provider_type(self, values: Mapping[str, Value]) -> Value:
        """Of the AI provider that a model is of."""
        wanted = values.get("aiProviderId")
        record = self.store.get((AI_PROVIDER, SCOPE, str(wanted)))
        if wanted is not None and record is None:
            raise Refused("404", f"there is no AI provider {wanted}")
        return record.resource.properties["type"] if record else None

    def _find(self, call: Call, resource_id: str, state: Mapping[str, Value]) -> Record | None:
        """By id; a resource whose id says nothing by its name, licence or organization."""
        record = self.store.get((call.token, SCOPE, resource_id))
        if record or _kind(call).id == "uuid":
            return record
        names = ("name", "licenseId", "organizationId", "field")
        wanted = [state.get(name) for name in names]
        return next(
            (each for each in self.store.of(call.token, SCOPE) if [each.resource.properties.get(name) for name in names] == wanted), None
        )

    def _put(
        self, call: Call, kind: CoderKind, key: str, values: Mapping[str, Value], outputs: Mapping[str, Value], secrets: set[Path]
    ) -> None:
        resource = Resource(call.token, key, SCOPE, values, outputs)
        self.store.put(Record(resource, owner=database(self.store), secrets=self._secrets(kind, outputs, secrets)))
        if call.token == TEMPLATE:
            coderd_versions.remember(self.store, (call.token, SCOPE, key), versions_of(outputs))

    @staticmethod
    def _secrets(kind: CoderKind, outputs: Mapping[str, Value], *sources: set[Path]) -> frozenset[Path]:
        return secret_paths(outputs, *sources, [tuple(path.split(".")) for path in kind.secrets])


def _told(kind: CoderKind, identity: Value, outputs: Mapping[str, Value]) -> dict[str, Value]:
    """Outputs as a bridged provider tells them: with the id of a resource that has one, and without what is only written."""
    told: Mapping[str, Value] = {**outputs, "id": identity} if kind.id == "uuid" else outputs
    for path in kind.write_only:
        told = _without(told, path.split("."))
    return dict(told)


def _without(tree: Mapping[str, Value], path: Sequence[str]) -> Mapping[str, Value]:
    below = tree.get(path[0])
    if len(path) > 1 and isinstance(below, Mapping):
        return {**tree, path[0]: _without(below, path[1:])}
    return {name: value for name, value in tree.items() if len(path) > 1 or name != path[0]}


def _kind(call: Call) -> CoderKind:
    if call.token not in _KINDS:
        raise Refused("Unsupported", f"the local cloud can't make {call.token}: it has no row in localcloud/coderd_facts.py")
    return _KINDS[call.token]


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None and not name.startswith("__")}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("-")[0].split(".") if part.isdigit())

"""The coder/coderd provider: objects of a Coder that runs in this local cloud, held to the provider's rules."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Final

from localcloud import schema
from localcloud.backend import Backend, Call, Instance, Outcome, Update, auto_name, preview_outputs, secret_paths
from localcloud.coder_api import RELEASE, SCOPE, database, deployment, issued, organization
from localcloud.coderd_facts import CODER_KINDS, LICENSE, TEMPLATE, CoderKind, rule_faults
from localcloud.coderd_lookups import look_up
from localcloud.differences import Difference
from localcloud.helm import chart_of
from localcloud.kinds.model import UNKNOWN, Refused, Resource, Value, text_at, values_at
from localcloud.schema import Failure
from localcloud.store import Record
from localcloud.template_directory import NoTemplateError, directory_hash
from localcloud.templates import random_text
from localcloud.wire import Path, Properties

PACKAGE: Final = "coderd"
_NAME_LENGTH: Final = 255  # the bridge's own limit: a name too long for Coder is refused by Coder's rule
_YEAR_SECONDS: Final = 31536000


class Coderd(Backend):
    """pulumi's bridged coder/coderd 0.0.23."""

    package = PACKAGE

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
        return inputs, failures + (_version_faults(inputs, new=not old) if call.token == TEMPLATE else [])

    def diff(self, call: Call, old: Mapping[str, Value], new: Mapping[str, Value], state: Mapping[str, Value]) -> list[Difference]:
        """The inputs, and the content of template folders."""
        found = super().diff(call, old, new, state)
        for index, (version, known) in enumerate(zip(_versions(new), _versions(state), strict=False)):
            directory = version.get("directory")
            changed = isinstance(directory, str) and directory_hash(directory) != known.get("directoryHash")
            if changed and not any(each.path.startswith(f"versions[{index}]") for each in found):
                found.append(Difference(f"versions[{index}].directoryHash", "update"))
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
            self._require(kind, call, values, "")
            identity = str(uuid.uuid4())
            outputs = {name: value for name, value in self._settle(outputs).items() if value is not UNKNOWN} | _made(call, kind)
            outputs |= {name: empty for name, empty in schema.empty_outputs(PACKAGE, call.token).items() if name not in outputs}
            key = identity if kind.id == "uuid" else f"{kind.id} {identity}"
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
                self._require(kind, call, values, record.resource.id)
                outputs = self._settle(outputs)
                self._put(call, kind, record.resource.id, values, outputs, change.news.secrets)
        told = _told(kind, change.id, outputs)
        return Outcome(change.id, told, self._secrets(kind, outputs, change.news.secrets, change.state.secrets))

    def read(self, call: Call, resource_id: str, state: Properties, inputs: Properties) -> Outcome | None:
        """What Coder has; secrets stay as the state has them."""
        kind = _kind(call)
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

    def _filled(self, call: Call, kind: CoderKind, values: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
        """What the provider knows at preview: its defaults, and the hashes of template folders."""
        filled: dict[str, Value] = {name: value for name, value in kind.defaults.items() if values.get(name) is None}
        filled |= {name: values.get(source) for name, source in kind.copies.items() if values.get(name) is None}
        if filled.get("organizationId") == "":
            filled["organizationId"] = call.instance.text("defaultOrganizationId") or organization(self.store)
        if values.get("versions") is not None and call.token == TEMPLATE:
            filled["versions"] = _filled_versions(values, before)
        return filled

    def _settle(self, outputs: Mapping[str, Value]) -> dict[str, Value]:
        """New versions get their ids."""
        settled = dict(outputs)
        if "versions" in settled:
            settled["versions"] = [_settled(each) for each in _versions(settled)]
        return settled

    def _require(self, kind: CoderKind, call: Call, values: Mapping[str, Value], own: str) -> None:
        """What Coder itself refuses, at the update only."""
        if kind.premium(values) and not self.store.of(LICENSE):
            raise Refused("403", f"{call.token} {call.name}: this needs a licence; make a coderd.License first and depend on it")
        wanted = [values.get(name) or None for name in kind.unique]
        for record in self.store.of(call.token, SCOPE):
            if kind.unique and record.resource.id != own and [record.resource.inputs.get(name) or None for name in kind.unique] == wanted:
                raise Refused("409", f"{call.token} with {', '.join(kind.unique)} {wanted} already exists")
        if call.token == TEMPLATE and not self._provisioners():
            raise Refused(
                "Timeout",
                f"template {values.get('name')}: no provisioner takes its import job: Coder has no built-in ones and none is deployed",
            )

    def _provisioners(self) -> bool:
        """Whether a provisioner runs: a release of the chart coder-provisioner, or coderd's own."""
        releases = [record.resource for record in self.store.of(RELEASE)]
        if any(chart and chart.name == "coder-provisioner" for chart in (chart_of(release.inputs) for release in releases)):
            return True
        for release in releases:
            variables = values_at(release.inputs, "values.coder.env[*]")
            daemons = [
                text_at({"at": each}, "at.value") for each in variables if text_at({"at": each}, "at.name") == "CODER_PROVISIONER_DAEMONS"
            ]
            proxy = values_at(release.inputs, "values.coder.workspaceProxy") == [True]  # builds nothing
            if (chart := chart_of(release.inputs)) and chart.name == "coder" and not proxy and daemons != ["0"]:
                return True
        return False

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

    @staticmethod
    def _secrets(kind: CoderKind, outputs: Mapping[str, Value], *sources: set[Path]) -> frozenset[Path]:
        return secret_paths(outputs, *sources, [(name,) for name in kind.secrets])


def _told(kind: CoderKind, identity: Value, outputs: Mapping[str, Value]) -> dict[str, Value]:
    """Outputs as a bridged provider tells them: with the id of a resource that has one."""
    return {**outputs, "id": identity} if kind.id == "uuid" else dict(outputs)


def _kind(call: Call) -> CoderKind:
    if call.token not in CODER_KINDS:
        raise Refused("Unsupported", f"the local cloud can't make {call.token}: it has no row in localcloud/coderd_facts.py")
    return CODER_KINDS[call.token]


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None and not name.startswith("__")}


def _versions(values: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    return [each for each in values_at(values, "versions[*]") if isinstance(each, Mapping)]


def _version_faults(inputs: Mapping[str, Value], *, new: bool) -> list[Failure]:
    """The rules of a template's versions, at preview."""
    versions = _versions(inputs)
    given = inputs.get("versions")
    if given is UNKNOWN or (given is None and not new):
        return []
    failures: list[Failure] = []
    active = [each.get("active") for each in versions]
    if not versions:
        failures.append(Failure("versions", "versions: a template needs at least one version"))
    elif active.count(True) > 1 or (new and UNKNOWN not in active and True not in active):
        failures.append(Failure("versions", f"versions: exactly one version is active, not {active.count(True)}"))
    names = [each.get("name") for each in versions if isinstance(each.get("name"), str)]
    if len(set(names)) != len(names):
        failures.append(Failure("versions", "versions: two versions have the same name"))
    for index, version in enumerate(versions):
        directory = version.get("directory")
        try:
            _ = directory_hash(directory) if isinstance(directory, str) else ""
        except NoTemplateError as fault:
            failures.append(Failure(f"versions[{index}].directory", f"versions[{index}].directory: {fault}"))
    return failures


def _filled_versions(values: Mapping[str, Value], before: Mapping[str, Value]) -> list[Value]:
    """Versions with what the provider computes; one whose content is as before keeps its id."""
    known = {_content(each): each for each in _versions(before)}
    filled: list[Value] = []
    for version in _versions(values):
        directory = version.get("directory")
        digest = directory_hash(directory) if isinstance(directory, str) else UNKNOWN
        whole = {"active": False, "message": "", **version, "directoryHash": digest}
        same = known.get(_content(whole))
        filled.append({**whole, "id": same["id"] if same else UNKNOWN, "name": whole.get("name") or (same["name"] if same else UNKNOWN)})
    return filled


def _settled(version: Mapping[str, Value]) -> Mapping[str, Value]:
    """A version after its import: with an id and a name, which Coder makes up where the program gives none."""
    made = {"id": str(uuid.uuid4()), "name": f"{random_text('lower', 8)}-{random_text('digits', 2)}"}
    return {name: made.get(name) if value is UNKNOWN else value for name, value in version.items()}


def _content(version: Mapping[str, Value]) -> str:
    parts = {name: version.get(name) or None for name in ("directoryHash", "tfVars", "provisionerTags")}
    return json.dumps(parts, sort_keys=True, default=str)


def _made(call: Call, kind: CoderKind) -> dict[str, Value]:
    """What Coder makes up: keys, tokens, numbers."""
    made: dict[str, Value] = {}
    if "key" in kind.outputs:
        made["key"] = random_text("alnum", 43)  # coder/coder: provisionerkey.New, 43 characters
    if "sessionToken" in kind.outputs:
        made["sessionToken"] = f"{uuid.uuid4()}:{random_text('alnum', 64)}"
    if call.token == LICENSE:
        made |= {"licenseId": 1, "expiresAt": 1767225600 + _YEAR_SECONDS}  # a year after the last second of 2025
    return made

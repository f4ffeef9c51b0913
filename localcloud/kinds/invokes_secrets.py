"""Data sources of Secrets Manager. A secret's value is here in plain text: the core marks it as secret on its way to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from localcloud.kinds.forms import entry, listed, now
from localcloud.kinds.model import Invoke, InvokeRequest, Refused, Resource, Value
from localcloud.kinds.secretsmanager import SECRET, SECRET_VERSION

_CURRENT: Final = "AWSCURRENT"


def _secret(request: InvokeRequest, *paths: str) -> Resource:
    """The secret that an input names, by ARN (with or without its suffix) or name.

    Raises:
        Refused: there is none.
    """
    asked = next((text for path in paths if (text := request.text(path))), "")
    for each in request.world.all(SECRET):
        if asked in (each.id, each.text("arn"), each.text("name"), each.text("arn")[:-7]):
            return each
    raise Refused("ResourceNotFoundException", f"Secrets Manager can't find the specified secret: {asked}")


def _versions(request: InvokeRequest, secret: Resource) -> list[Resource]:
    """Oldest first."""
    names = (secret.id, secret.text("arn"), secret.text("name"))
    return [each for each in request.world.all(SECRET_VERSION) if each.text("secretId") in names]


def _current(versions: list[Resource]) -> Resource | None:
    """AWS moves the label to the newest version; here the newest that has it."""
    return next((each for each in reversed(versions) if _CURRENT in each.texts("versionStages[*]")), None)


def secret(request: InvokeRequest) -> Mapping[str, Value]:
    """A secret's own facts, without its value."""
    found = _secret(request, "arn", "name")
    facts: dict[str, Value] = {name: found.text(name) for name in ("arn", "name", "description", "kmsKeyId", "policy", "type")}
    return {
        **facts,
        "id": found.text("arn"),
        "createdDate": now(),
        "lastChangedDate": now(),
        "region": request.region,
        "tags": found.properties.get("tags", {}),
    }


def secrets(request: InvokeRequest) -> Mapping[str, Value]:
    """All secrets that match the filters: `name` by its beginning, `tag-key` and `tag-value` exactly. None is no fault."""
    found = [each for each in request.world.all(SECRET) if _matches(request, each)]
    arns: list[Value] = [each.text("arn") for each in found]
    names: list[Value] = [each.text("name") for each in found]
    return {"arns": arns, "names": names, "filters": request.inputs.get("filters", []), "id": request.region, "region": request.region}


def _matches(request: InvokeRequest, candidate: Resource) -> bool:
    tags = entry(candidate.properties.get("tags"))
    for each in listed(request.inputs.get("filters")):
        name, wanted = entry(each).get("name"), tuple(str(value) for value in listed(entry(each).get("values")))
        fields = {
            "name": candidate.text("name").startswith(wanted),
            "description": candidate.text("description").startswith(wanted),
            "tag-key": any(key in wanted for key in tags),
            "tag-value": any(value in wanted for value in tags.values()),
        }
        if not fields.get(str(name), True):
            return False
    return True


def secret_version(request: InvokeRequest) -> Mapping[str, Value]:
    """The value of a secret, the current one where no version is named.

    Raises:
        Refused: there is no such secret, or no such version.
    """
    found, asked = _secret(request, "secretId"), request.text("versionId")
    stage = request.text("versionStage") or _CURRENT
    versions = _versions(request, found)
    if asked:
        version = next((each for each in versions if each.text("versionId") == asked), None)
    elif stage == _CURRENT:
        version = _current(versions)
    else:
        version = next((each for each in reversed(versions) if stage in each.texts("versionStages[*]")), None)
    if version is None:
        what = f"VersionId: {asked}" if asked else f"staging label: {stage}"
        raise Refused(
            "ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {what} of {found.text('name')}"
        )
    stages: list[Value] = [*version.texts("versionStages[*]")]
    arn = found.text("arn")
    return {
        "arn": arn, "secretArn": arn, "secretId": request.text("secretId"), "createdDate": now(),
        "id": f"{request.text('secretId')}|{asked or stage}",
        "region": request.region, "secretString": version.text("secretString"), "secretBinary": version.text("secretBinary"),
        "versionId": version.text("versionId"), "versionStage": stage, "versionStages": stages,
    }  # fmt: skip


def secret_versions(request: InvokeRequest) -> Mapping[str, Value]:
    """Which versions a secret has, without their values; a secret that was never given a value has none."""
    found = _secret(request, "secretId")
    versions: list[Value] = []
    for each in _versions(request, found):
        stages: list[Value] = [*each.texts("versionStages[*]")]
        if stages or request.inputs.get("includeDeprecated") is True:
            made = each.text("createdDate") or now()
            versions.append({"createdTime": made, "lastAccessedDate": "", "versionId": each.text("versionId"), "versionStages": stages})
    arn, name = found.text("arn"), found.text("name")
    return {"arn": arn, "secretArn": arn, "name": name, "secretName": name, "secretId": request.text("secretId"), "region": request.region,
            "includeDeprecated": request.inputs.get("includeDeprecated"), "versions": versions}  # fmt: skip


INVOKES: Final[Mapping[str, Invoke]] = {
    "aws:secretsmanager/getSecret:getSecret": secret,
    "aws:secretsmanager/getSecrets:getSecrets": secrets,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": secret_version,
    "aws:secretsmanager/getSecretVersions:getSecretVersions": secret_versions,
}

"""Data sources that only calculate: images, public parameters, engine versions, policy documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

from localcloud.kinds.forms import entry, listed
from localcloud.kinds.lookups import filters, given, texts
from localcloud.kinds.model import ACCOUNT, PARTITION, Invoke, InvokeRequest, Refused, Value
from localcloud.kinds.rds_facts import LATEST, VERSIONS

_AMAZON: Final = "137112412989"  # the account that publishes Amazon Linux (describe-images of al2023-ami-*)


def ami(request: InvokeRequest) -> Mapping[str, Value]:
    """An image that fits the filters: its id follows from them and the region, so that it stays. Its name is the pattern's.

    Raises:
        Refused: the owners are missing, as the provider wants them.
    """
    owners, wanted = texts(request, "owners"), filters(request)
    if not owners and not wanted.get("image-id"):
        raise Refused("InvalidParameterValue", "most_recent needs owners, or an image-id: an image of anybody is a risk")
    seed = hashlib.sha256(json.dumps([request.region, owners, sorted(wanted.items()), request.text("nameRegex")]).encode()).hexdigest()
    pattern = (wanted.get("name") or ["image-*"])[0]
    arm = wanted.get("architecture", []) == ["arm64"] or "arm64" in pattern or "aarch64" in pattern
    image = wanted.get("image-id", [f"ami-{seed[:17]}"])[0]
    accounts = {"amazon": _AMAZON, "self": ACCOUNT}
    owner = accounts.get(owners[0], owners[0]) if owners else _AMAZON
    name = pattern.replace("*", "20260101").replace("?", "0")
    return given(
        request, id=image, imageId=image, arn=f"arn:{PARTITION}:ec2:{request.region}::image/{image}", name=name,
        architecture="arm64" if arm else "x86_64",
        ownerId=owner, imageOwnerAlias="amazon" if owners == ["amazon"] else "", imageLocation=f"{owner}/{name}",
        creationDate="2026-01-01T00:00:00.000Z",
        deprecationTime="", description=name, enaSupport=True, hypervisor="xen", imageType="machine", imdsSupport="v2.0", kernelId="",
        platform="",
        platformDetails="Linux/UNIX", public=True, ramdiskId="", rootDeviceName="/dev/xvda", rootDeviceType="ebs",
        rootSnapshotId=f"snap-{seed[17:34]}",
        sriovNetSupport="simple", state="available", stateReason={}, tags={}, tpmSupport="", usageOperation="RunInstances",
        virtualizationType="hvm",
        bootMode="uefi-preferred", blockDeviceMappings=[], productCodes=[], lastLaunchedTime="",
    )  # fmt: skip


def parameter(request: InvokeRequest) -> Mapping[str, Value]:
    """A public parameter of AWS (/aws/service/…): images by id, their releases by number. There are no others.

    Raises:
        Refused: there is no such parameter.
    """
    name = request.text("name") or ""
    if not name.startswith("/aws/service/"):
        raise Refused("ParameterNotFound", f"couldn't find resource: there is no parameter {name}")
    digest = hashlib.sha256(f"{request.region} {name}".encode()).hexdigest()
    image = name.endswith(("image_id", "image-id")) or "/ami-amazon-linux-latest/" in name or "/ami-id" in name
    value = f"ami-{digest[:17]}" if image else "20260101"
    path = f"arn:{PARTITION}:ssm:{request.region}::parameter{name}"
    return given(request, id=name, arn=path, insecureValue=value, value=value, type="String", version=1)


def engine_version(request: InvokeRequest) -> Mapping[str, Value]:
    """A version of a database engine: the one that is asked for, the first preferred one that exists, or the newest.

    Raises:
        Refused: none matches.
    """
    engine = request.text("engine") or ""
    known, asked = VERSIONS.get(engine, frozenset[str]()), request.text("version")
    preferred = [version for version in texts(request, "preferredVersions") if version in known]
    complete = [version for version in known if "." in version and (not asked or version == asked or version.startswith(f"{asked}."))]
    newest = max(complete, key=lambda version: [int(part) for part in version.split(".")], default=None)
    version = (preferred or [newest])[0] if not asked or asked in known or complete else None
    if version is None or engine not in LATEST:
        raise Refused("NoMatching", f"no RDS engine versions match the criteria: {engine} {asked or ''}".rstrip())
    names = (
        "exportableLogTypes",
        "supportedCharacterSets",
        "supportedFeatureNames",
        "supportedModes",
        "supportedTimezones",
        "validMajorTargets",
        "validMinorTargets",
        "validUpgradeTargets",
    )
    lists: dict[str, Value] = {name: [] for name in names}  # fmt: skip
    flags: dict[str, Value] = dict.fromkeys(
        ("supportsCertificateRotationWithoutRestart", "supportsLogExportsToCloudwatch", "supportsReadReplica", "supportsIntegrations"), True
    )
    return given(
        request, id=version, version=version, versionActual=version, versionDescription=f"{engine} {version}", engineDescription=engine,
        status="available",
        parameterGroupFamily=f"{engine}{version.split('.')[0]}", defaultCharacterSet="",
        supportsGlobalDatabases=engine.startswith("aurora"),
        supportsParallelQuery=False, supportsLimitlessDatabase=False, supportsLocalWriteForwarding=False, **lists, **flags,
    )  # fmt: skip


def _one_or_many(values: Sequence[Value]) -> Value:
    return values[0] if len(values) == 1 else [*values]


def _statement(source: Mapping[str, Value]) -> dict[str, Value]:
    """A statement as the provider writes it."""
    result: dict[str, Value] = {"Effect": source.get("effect") or "Allow"}
    if source.get("sid"):
        result = {"Sid": source.get("sid"), **result}
    for field, name in (("actions", "Action"), ("notActions", "NotAction"), ("resources", "Resource"), ("notResources", "NotResource")):
        if values := listed(source.get(field)):
            result[name] = _one_or_many(sorted(values, key=str, reverse=True))
    for field, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        named: dict[str, Value] = {}
        for each in listed(source.get(field)):
            named[str(entry(each).get("type"))] = _one_or_many(listed(entry(each).get("identifiers")))
        if named:
            result[name] = "*" if named == {"*": "*"} else named
    conditions: dict[str, dict[str, Value]] = {}
    for each in listed(source.get("conditions")):
        condition = entry(each)
        conditions.setdefault(str(condition.get("test")), {})[str(condition.get("variable"))] = _one_or_many(
            listed(condition.get("values"))
        )
    if conditions:
        result["Condition"] = dict[str, Value](conditions)
    return result


def policy_document(request: InvokeRequest) -> Mapping[str, Value]:
    """A policy document from statements; documents given as sources come first, overriding ones replace by Sid."""
    found: list[Mapping[str, Value]] = []
    for text in [*texts(request, "sourcePolicyDocuments"), *([request.text("sourceJson")] if request.text("sourceJson") else [])]:
        found += [entry(each) for each in listed(json.loads(text or "{}").get("Statement"))]
    found += [_statement(entry(each)) for each in listed(request.inputs.get("statements"))]
    for text in texts(request, "overridePolicyDocuments"):
        over = [entry(each) for each in listed(json.loads(text).get("Statement"))]
        sids = {sid for each in over if isinstance(sid := each.get("Sid"), str) and sid}
        found = [each for each in found if each.get("Sid") not in sids] + over
    policy = {
        "Version": request.text("version") or "2012-10-17",
        **({"Id": request.text("policyId")} if request.text("policyId") else {}),
        "Statement": found,
    }
    text = json.dumps(policy, indent=2)
    return {
        **request.inputs,
        "id": str(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)),
        "json": text,
        "minifiedJson": json.dumps(policy, separators=(",", ":")),
    }


INVOKES: Final[Mapping[str, Invoke]] = {
    "aws:ec2/getAmi:getAmi": ami,
    "aws:ssm/getParameter:getParameter": parameter,
    "aws:rds/getEngineVersion:getEngineVersion": engine_version,
    "aws:iam/getPolicyDocument:getPolicyDocument": policy_document,
}

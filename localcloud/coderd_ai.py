"""The experimental resources of the coder/coderd provider 0.0.23: AI providers, models, OAuth2. Read at 896e3ba."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from localcloud.coderd_facts import INT64, CoderKind
from localcloud.kinds.model import EMPTY, UNKNOWN, Value, values_at

AI_PROVIDER: Final = "coderd:index/aiProvider:AiProvider"
_TYPES: Final = ("openai", "anthropic", "azure", "bedrock", "google", "openai-compat", "openrouter", "vercel", "copilot")
_BEDROCK_HOST: Final = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_WRITE_ONLY: Final = ("apiKeyWo", "settings.bedrock.accessKeyWo", "settings.bedrock.accessKeySecretWo")
_CREDENTIALS: Final = ("accessKeyWo", "accessKeySecretWo", "credentialsWoVersion")


def _provider_faults(inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    kind, url, settings = (inputs.get(name) for name in ("type", "baseUrl", "settings"))
    if isinstance(url, str) and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        yield "baseUrl", f"baseUrl: {url!r} is no absolute URL; write one that begins with https://"
    yield from _key_faults(inputs)
    if UNKNOWN in (kind, settings):
        return
    bedrock = settings.get("bedrock") if isinstance(settings, Mapping) else None
    if bedrock is None:
        if kind == "bedrock":
            yield "settings", "settings: type bedrock needs settings.bedrock with a region, a role or keys"
        elif settings is not None:
            yield "settings", "settings: it is empty; leave it out"
    elif kind not in ("bedrock", "anthropic"):
        yield "settings.bedrock", f"settings.bedrock: it is of the types bedrock and anthropic, not of {kind}"
    elif isinstance(bedrock, Mapping):
        yield from _bedrock_faults(bedrock, str(kind), _region(inputs))


def _key_faults(inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    if inputs.get("apiKeyWo") is None:
        return
    if inputs.get("apiKeyWoVersion") is None:
        yield "apiKeyWo", "apiKeyWo: apiKeyWoVersion is missing; a key that is written once needs the number of its version"
    if inputs.get("type") in ("bedrock", "copilot"):
        yield "apiKeyWo", f"apiKeyWo: type {inputs['type']} has none; leave it out"
    elif values_at(inputs, "settings.bedrock"):
        yield "apiKeyWo", "apiKeyWo: settings.bedrock logs in by itself; leave one of them out"


def _bedrock_faults(bedrock: Mapping[str, Value], kind: str, region: Value) -> Iterator[tuple[str, str]]:
    given = [name for name in _CREDENTIALS if bedrock.get(name) is not None]
    if given and len(given) < len(_CREDENTIALS):
        yield "settings.bedrock", f"settings.bedrock: {', '.join(_CREDENTIALS)} come together or not at all"
    if kind == "bedrock" and not (region or given or bedrock.get("roleArn")):
        yield "settings.bedrock", "settings.bedrock: type bedrock needs a region, a role or keys"
    if bedrock.get("protocol") == "mantle" and not region:
        yield "settings.bedrock.region", "settings.bedrock.region: protocol mantle needs it"


def _region(inputs: Mapping[str, Value]) -> Value:
    """As it is given, or as a canonical URL of Bedrock has it."""
    said = next(iter(values_at(inputs, "settings.bedrock.region")), None)
    host = _BEDROCK_HOST.fullmatch(urlsplit(str(inputs.get("baseUrl"))).hostname or "")
    return said or (host[1] if host else None)


def _provider_computed(inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    settings = inputs.get("settings")
    bedrock = settings.get("bedrock") if isinstance(settings, Mapping) else None
    if not isinstance(bedrock, Mapping):
        return EMPTY
    return {"settings": {"bedrock": {"protocol": "invoke-model", **bedrock, "region": _region(inputs)}}}


def _model_faults(inputs: Mapping[str, Value]) -> Iterable[tuple[str, str]]:
    text = inputs.get("modelConfig")
    if isinstance(text, str):
        try:
            settings: object = json.loads(text)
        except ValueError:
            settings = None
        if not isinstance(settings, dict) or not settings:
            yield "modelConfig", "modelConfig: this is no JSON object with a setting; leave it out, or write one"


AI_KINDS: Final[Mapping[str, CoderKind]] = {
    AI_PROVIDER: CoderKind(
        force_new=("name", "type"),
        defaults={"enabled": True},
        copies={"displayName": "name"},
        names={"name": "ai", "apiKeyWo": "filled", "settings.bedrock.region": "filled"},
        choices={"type": _TYPES, "settings.bedrock.protocol": ("invoke-model", "mantle")},
        whole={"apiKeyWoVersion": INT64, "settings.bedrock.credentialsWoVersion": INT64},
        combined=_provider_faults,
        computed=_provider_computed,
        outputs=("apiKeyMasked", "createdAt", "updatedAt"),
        secrets=_WRITE_ONLY,
        write_only=_WRITE_ONLY,
        unique=("name",),
        imports="name",
    ),
    "coderd:index/agentsModel:AgentsModel": CoderKind(
        auto_named=False,
        defaults={"compressionThreshold": 70, "enabled": True},
        kept={"displayName": ""},
        uuids=("aiProviderId",),
        names={"model": "filled", "displayName": "filled"},
        whole={"contextLimit": (1, INT64[1]), "compressionThreshold": (0, 100)},
        combined=_model_faults,
        outputs=("providerType", "createdAt", "updatedAt"),
    ),
    "coderd:index/defaultAgentsModel:DefaultAgentsModel": CoderKind(
        id="default", auto_named=False, uuids=("modelId",), single=True, imports="the only one"
    ),
    "coderd:index/oauth2ProviderSettings:Oauth2ProviderSettings": CoderKind(
        id="missing ID", auto_named=False, single=True, since="2.37.0", imports="the only one"
    ),
}

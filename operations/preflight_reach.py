"""Preflight: what has to be reached over the network: the Kubernetes API, and the identity provider (decision 4, EKS-03, PRE-13)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any, cast
from urllib.parse import urlsplit

from operations.preflight_surroundings import Answer, NoAnswerError, Surroundings

HTTPS = 443
# What coderd reads of the document (coder/coder v2.24.0, cli/server.go, and OpenID Connect Discovery 1.0, section 3)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def kubernetes_api(around: Surroundings) -> Iterator[Answer]:
    """Whether `up` can speak to the cluster: by trying, where there is one; else by where this machine stands."""
    for region, plan in around.plan.regions.items():
        declared = around.settings.regions[region].cluster
        name, runners = f"coder-{around.settings.system.name}", plan.network.runner_cidrs
        from_there = f"name this machine's range in regions.{region}.cluster.runner_cidrs"
        if runners:
            from_there = f"run from {' or '.join(runners)}, or {from_there}"
        endpoint = _endpoint(around.client("eks", region), name)
        if endpoint:
            host = urlsplit(endpoint).hostname or endpoint
            if around.connects(host, HTTPS):
                yield Answer(True, f"{name} in {region} answers at {host}")
            elif declared.api_access.private:
                yield Answer(False, f"{name} in {region} does not answer from here at {host}, and api_access is private; {from_there}")
            else:
                yield Answer(False, f"{name} in {region} does not answer from here at {host}; it admits {declared.api_access}")
        elif not declared.api_access.private:
            yield Answer(None, f"{name} is not there yet in {region}; it will admit {declared.api_access}: is this machine in there?")
        else:
            yield _foreseen(around, region, name, from_there)


def _foreseen(around: Surroundings, region: str, name: str, from_there: str) -> Answer:
    """There is no cluster yet, and its API will be private: this machine must be where nodes are, or in a range of runners."""
    network = around.plan.regions[region].network
    nodes = [subnet.cidr for tier in network.tiers if not tier.public and not tier.isolated for subnet in tier.subnets]
    try:
        here = IPv4Address(around.own_address(str(IPv4Network(network.cidr)[1])))
    except NoAnswerError as error:
        return Answer(None, f"{name} is not there yet in {region}; {error}")
    if any(here in IPv4Network(cidr) for cidr in (*nodes, *network.runner_cidrs)):
        return Answer(True, f"{name} is not there yet in {region}; this machine, {here}, is in a range that will reach its API")
    first = f"for the first update list its public address in regions.{region}.cluster.api_access"
    return Answer(False, f"{name} is not there yet in {region}, its API will be private, and this machine is {here}; {from_there}; {first}")


def _endpoint(eks: Any, name: str) -> str | None:  # noqa: ANN401 - see aws_client
    try:
        return eks.describe_cluster(name=name)["cluster"].get("endpoint")
    except eks.exceptions.ResourceNotFoundException:
        return None


def identity_provider(around: Surroundings) -> Iterator[Answer]:
    """PRE-13: the discovery document is there, is the issuer's own, and has what coderd reads of it."""
    oidc = around.settings.coder.oidc
    if oidc is None:
        yield Answer(True, "people log in by GitHub, which needs no discovery document")
        return
    url = f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
    status, body = around.fetch(url)
    if status != 200:
        yield Answer(False, f"{url} answers {status}; is coder.oidc.issuer right?")
        return
    try:
        document = cast("object", json.loads(body))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        yield Answer(False, f"{url} is no JSON object; is coder.oidc.issuer right?")
        return
    problems = list(_incomplete(cast("Mapping[str, object]", document), oidc.issuer, oidc.scopes))
    yield from (Answer(False, f"{url}: {problem}") for problem in problems)
    if not problems:
        yield Answer(True, f"{oidc.issuer} tells where to log in")


def _incomplete(document: Mapping[str, object], issuer: str, scopes: tuple[str, ...]) -> Iterator[str]:
    if document.get("issuer") != issuer:  # coderd refuses tokens of another issuer
        yield f"it is of issuer {document.get('issuer')}; write that one as coder.oidc.issuer, to the letter"
    for key in ENDPOINTS:
        if not str(document.get(key, "")).startswith("https://"):
            yield f"it has no https {key}; the identity provider must be mended"
    supported = document.get("scopes_supported")
    if isinstance(supported, list):
        missing = [scope for scope in scopes if scope not in cast("list[object]", supported)]
        if missing:
            yield f"it does not offer {', '.join(missing)}, which coder.oidc.scopes asks for; add it there, or remove it here"

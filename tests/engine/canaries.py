"""Secrets with a mark, and the search for the marks in whatever a run leaves behind."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import yaml

from tools.install import ROOT

SECRET = "4dabf18193072939515e22adb298388d"  # the engine's mark of a special value; one with a text in it is a secret
"""See sdk/go/common/resource/sig of pulumi/pulumi."""


@dataclass(frozen=True)
class Canaries:
    """seeds: name in Secrets Manager to the value that the operator puts there. marks: what each is called here, and its text."""

    seeds: Mapping[str, str]
    marks: Mapping[str, str]


def planted() -> Canaries:
    """Everything that prod's stack file names in Secrets Manager, of the form that Coder takes."""
    coder = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]["coder-eks:coder"]
    names = coder["secrets"]
    marks = {purpose: f"canary-{purpose}-{secrets.token_hex(12)}" for purpose in names}
    marks["encryption_keys"] = base64.b64encode(secrets.token_bytes(32)).decode()
    seeds = {
        names["license"]: marks["license"],
        names["oidc"]: json.dumps({"client_id": "coder", "client_secret": marks["oidc"]}),
        names["external_auth"]: json.dumps(
            {
                f"{entry['id']}_{part}": value
                for entry in coder["external_auth"]
                for part, value in (("client_id", "Iv1.local"), ("client_secret", marks["external_auth"]))
            }
        ),
        names["encryption_keys"]: marks["encryption_keys"],
    }
    assert set(seeds) == set(names.values()), "a secret of the stack file has no canary"
    return Canaries(seeds, marks)


def forms(mark: str) -> list[str]:
    """How a text may stand somewhere: plain, in a URL, in a JSON string, in base64 wherever it begins."""
    encoded = [base64.b64encode(b"x" * shift + mark.encode() + b"x" * 3).decode() for shift in range(3)]
    return [mark, quote(mark, safe=""), json.dumps(mark)[1:-1], *(text[4:-8] for text in encoded)]


def found_in(text: str, marks: Mapping[str, str]) -> list[str]:
    """Which marks stand in a text, in whatever form."""
    return sorted(name for name, mark in marks.items() if any(form in text for form in forms(mark)))


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value and where it stands; keys count as text, positions in lists do not tell."""
    if isinstance(tree, dict) and SECRET in tree and "plaintext" in tree:
        yield from leaves(json.loads(tree["plaintext"]), path)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield f"{path}.<key>", str(key)
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value, f"{path}[]")
    elif isinstance(tree, str):
        yield path, tree
        if tree[:1] in {"{", "["}:  # a document in a string
            try:
                yield from leaves(json.loads(tree), path)
            except ValueError:
                return


def places(resources: list[dict[str, Any]], marks: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """Mark, resource type and property of everything found in a state."""
    return {(name, resource["type"], path) for resource in resources for path, text in leaves(resource) for name in found_in(text, marks)}

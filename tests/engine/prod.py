"""prod brought up once, and what was there right after it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.terminal import STACK, Said, Terminal, git_status
from tools.cloud import Item
from tools.folders import cloud_folder

# What is made of secrets, or must not be.
SECRETIVE = (
    "coderd:index/license:License",
    "coderd:index/provisionerKey:ProvisionerKey",
    "kubernetes:core/v1:Secret",
    "kubernetes:external-secrets.io/v1:ExternalSecret",
    "kubernetes:helm.sh/v3:Release",
    "pulumi:providers:coderd",
)


@dataclass(frozen=True, repr=False)
class Prod:
    """preview, up: the first two commands of a newcomer. previewed: what the preview left in the cloud.

    resources, shown: the state right after, without and with its secrets in plain text. rows: the local cloud's database then.
    diff: a preview with every property of what is made of secrets, as if it were to be made anew. trees: git's status before and after.
    """

    terminal: Terminal
    folder: Path
    preview: Said
    previewed: Counter[Item]
    up: Said
    resources: list[dict[str, Any]]
    shown: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    diff: Said
    trees: tuple[str, str]

    def of(self, kind: str, name: str) -> dict[str, Any]:
        """The one resource of that type and logical name."""
        (found,) = [each for each in self.resources if each["type"] == kind and each["urn"].endswith(f"::{name}")]
        return found

    def secret(self, beginning: str) -> str:
        """The current value of the one secret whose name begins so, as Secrets Manager has it."""
        versions = [row for row in self.rows if row["token"].endswith(":SecretVersion")]
        (value,) = [
            row["properties"]["secretString"]
            for row in versions
            if f":secret:{beginning}" in row["properties"]["secretId"] and "AWSCURRENT" in row["properties"]["versionStages"]
        ]
        return value


def bring_up(terminal: Terminal, folder: Path) -> Iterator[Prod]:
    """`make preview`, then `make up`; the local cloud's process is stopped in the end."""
    try:
        tree = git_status()
        preview = terminal.make("preview")
        previewed = terminal.inventory()
        up = terminal.make("up")
        resources = terminal.resources()
        secretive = [word for each in resources if each["type"] in SECRETIVE for word in ("--replace", each["urn"])]
        yield Prod(
            terminal=terminal,
            folder=folder,
            preview=preview,
            previewed=previewed,
            up=up,
            resources=resources,
            shown=terminal.export("--show-secrets").get("resources") or [],
            rows=rows(terminal.home),
            diff=terminal.local("pulumi", "preview", "--stack", STACK, "--diff", *secretive),
            trees=(tree, git_status()),
        )
    finally:
        terminal.make("down")


def rows(home: Path) -> list[dict[str, Any]]:
    """Every row of the local cloud's database, its JSON read."""
    database = sqlite3.connect(f"file:{cloud_folder(home, STACK) / 'localcloud.sqlite'}?mode=ro", uri=True)
    try:
        columns = ("token", "scope", "id", "inputs", "properties", "origin")
        found = database.execute(f"SELECT {', '.join(columns)} FROM resources ORDER BY sequence").fetchall()
        facts = database.execute("SELECT name, value FROM facts").fetchall()
    finally:
        database.close()
    made = [dict(zip(columns, row, strict=True)) for row in found]
    resources = [{**row, "inputs": json.loads(row["inputs"]), "properties": json.loads(row["properties"])} for row in made]
    return resources + [{"token": f"fact {name}", "properties": json.loads(value)} for name, value in facts]


def logical(urns: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """What a run did: operation, type and logical name of everything that it did not leave as it was, the stack itself left out."""
    return {
        (operation, parts[2].rpartition("$")[2], parts[3])
        for urn, operation in urns.items()
        if operation != "same" and (parts := urn.split("::"))[2] != "pulumi:pulumi:Stack"
    }

"""A base without its cloud: the same inputs and the contract's outputs; a composition is planned on it where its providers are missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from composer import hcl
from composer.manifests import Base, Contract
from tests.catalog.compositions import catalog, composed

# A value of each type that the contract has for outputs
_VALUES: dict[str, object] = {
    "string": "stub",
    "number": 1,
    "bool": True,
    "map(string)": {"STUB": "true"},
    "list(object({ path = string, type = string }))": [{"path": "/home/coder", "type": "pvc"}],
}
# The agent must hang on something that runs, and what the workspace is made of must be shown on it: as in a base
_MAIN = """
terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}

resource "terraform_data" "workspace" {
  count = var.start_count
  input = { token = var.agent_token, script = var.agent_init_script, given = jsonencode(local.given) }
}

resource "coder_metadata" "workspace" {
  count       = var.start_count
  resource_id = terraform_data.workspace[0].id
  daily_cost  = 1

  dynamic "item" {
    for_each = var.provenance

    content {
      key   = item.key
      value = item.value
    }
  }
}
"""


def stub(contract: Contract, base: Base, files: Mapping[str, bytes], variables: Mapping[str, object]) -> dict[str, bytes]:
    """The files of a base in a pushed template, with the cloud left out; variables: names of the base's inputs."""
    outputs = {name: {"value": _VALUES[kind]} for name, kind in contract.outputs.items()}
    outputs |= {"os": {"value": base.os}, "arch": {"value": base.arch}}
    shown = sorted(set(variables) - {"agent_id", "agent_token", "agent_init_script", "provenance"})
    given = {"locals": {"given": {name: f"${{var.{name}}}" for name in shown}}}
    return {
        "base/variables.tf": files["base/variables.tf"],  # the very inputs, with their validations
        "base/main.tf": _MAIN.encode(),
        "base/stub.tf.json": json.dumps({"output": outputs, **given}).encode(),
    }


def on_a_stub(name: str) -> dict[str, bytes]:
    """The files of a composition's template, its base a stub, its other providers gone."""
    made = composed(name)
    base = catalog().base(catalog().compositions[name].base)
    contract = catalog().contracts[base.manifest.contract]
    kept = {path: content for path, content in made.files.items() if not path.startswith("base/")}
    root: dict[str, Any] = json.loads(kept["main.tf.json"])
    for provider in base.manifest.providers:
        if provider != "coder":
            root["provider"].pop(provider, None)
            del root["terraform"]["required_providers"][provider]
    return {**kept, **stub(contract, base.manifest, made.files, hcl.variables(base.files)), "main.tf.json": json.dumps(root).encode()}

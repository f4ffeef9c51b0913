"""Settings of the stack that the engine runs: the one module here that imports pulumi."""

from __future__ import annotations

import json
from typing import cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from settings.load import load
from settings.model import Settings
from settings.stack_file import PREFIX


def load_from_pulumi() -> Settings:
    """Settings from what the engine hands over. Raises SettingsError, with sentences that name the stack's file.

    Reads all keys of our namespace rather than the known ones, so that a misspelt section is an error. Others may come from an
    `environment:` that several projects share. An empty text is what Pulumi.yaml puts where a section is missing.
    """
    given = cast("dict[str, object]", {**get_config_env(), **CONFIG.get()})
    config: dict[str, object] = {}
    for key, value in given.items():
        if key.startswith(PREFIX) and value != "":
            config[key] = {"secure": ""} if is_config_secret(key) else _decoded(value)
    return load(config, f"Pulumi.{pulumi.get_stack()}.yaml")


def _decoded(value: object) -> object:
    """Objects arrive as JSON text."""
    try:
        return cast("object", json.loads(value)) if isinstance(value, str) else value
    except ValueError:
        return value

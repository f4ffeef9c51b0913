"""JSON Schema of a stack file, by which editors complete and check it: `python -m settings.json_schema` writes `settings/schema.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from settings.load import PREFIX
from settings.model import Settings

FILE = Path(__file__).with_name("schema.json")


def stack_file_schema() -> dict[str, object]:
    """The schema; Pulumi's own keys and other namespaces stay free, unknown sections of ours do not."""
    model = cast("dict[str, object]", _closed(Settings.model_json_schema(by_alias=True)))
    sections = cast("dict[str, object]", model["properties"])
    names = "|".join(sections)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of coder-eks",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [PREFIX + name for name in cast("list[str]", model["required"])],
                "properties": {PREFIX + name: section for name, section in sections.items()},
                "patternProperties": {f"^{PREFIX}(?!({names})$)": False},
            }
        },
        "$defs": model["$defs"],
    }


def _closed(schema: object) -> object:
    """With no names beside those that fit where a mapping's names have a form."""
    if isinstance(schema, list):
        return [_closed(entry) for entry in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    entries = {key: _closed(value) for key, value in cast("dict[str, object]", schema).items()}
    return {**entries, "additionalProperties": False} if "patternProperties" in entries else entries


def text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(stack_file_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

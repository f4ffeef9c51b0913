"""Copies of the stack files, on which every local command runs.

Each pulumi command, `preview` included, writes `encryptionsalt` into the stack file and reformats it. The originals are what people read
and commit, so local commands get `--config-file .local/stacks/Pulumi.<stack>.yaml`: the original's text, with the local salt.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import yaml

from operations.stack_names import stack_files
from settings.stack_file import SettingsError, file_faults, read_yaml
from tools.install import SetupError

# Top-level keys that belong to a backend: the original's (an S3 backend with a KMS key) mean nothing to the local file backend.
BACKEND_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")
_BACKEND_LINE = re.compile(rf"^(?:{'|'.join(BACKEND_KEYS)}):.*\n?", re.MULTILINE)
_SALT_LINE = re.compile(r"^encryptionsalt:.*$", re.MULTILINE)


class StackFileError(SetupError):
    """A stack file that is missing or cannot be read; the text says what to write."""


@dataclass(frozen=True)
class StackFiles:
    """originals: the folder of the committed Pulumi.<stack>.yaml. copies: where local commands find theirs."""

    originals: Path
    copies: Path

    def original(self, stack: str) -> Path:
        """The committed file."""
        return self.originals / f"Pulumi.{stack}.yaml"

    def copy(self, stack: str) -> Path:
        """The local file, made by `refresh`."""
        return self.copies / f"Pulumi.{stack}.yaml"

    def stacks(self) -> list[str]:
        """Every stack that has a file here."""
        return list(stack_files(self.originals))

    def refresh(self, stack: str) -> Path:
        """Bring the copy in step with the original, keeping the copy's salt. Raises StackFileError."""
        original, copy = self.original(stack), self.copy(stack)
        if not original.exists():
            known = ", ".join(self.stacks()) or "none"
            raise StackFileError(f"{original.name} does not exist; the stacks here are: {known}")
        _check(original)
        text = _BACKEND_LINE.sub("", original.read_text(encoding="utf-8"))
        self._replace(copy, _with_salt(text, copy.read_text() if copy.exists() else ""))
        return copy

    def unprotect(self, stack: str) -> Path:
        """Refresh the copy and set `data_protection: false` in it, as an operator does in the original before a destroy."""
        copy = self.refresh(stack)
        content = _read(copy)
        config = mapping(content.get("config"))
        system = {**mapping(config.get("coder-eks:system")), "data_protection": False}
        self._replace(copy, yaml.safe_dump({**content, "config": {**config, "coder-eks:system": system}}, sort_keys=False))
        return copy

    def config(self, stack: str) -> Mapping[str, object]:
        """The `config:` mapping of the original, unjudged: whether it is right is for the program to say."""
        return mapping(_read(self.original(stack)).get("config"))

    def is_protected(self, stack: str) -> bool:
        """Whether the stack protects its data; the settings' default is yes."""
        return mapping(self.config(stack).get("coder-eks:system")).get("data_protection") is not False

    def _replace(self, copy: Path, text: str) -> None:
        """Write at once, and only what differs: commands may run side by side."""
        if copy.exists() and copy.read_text() == text:
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        new = copy.with_name(f".{copy.name}.{os.getpid()}")
        new.write_text(text)
        new.replace(copy)


def mapping(value: object) -> Mapping[str, object]:
    """A mapping as it is, and an empty one for anything else: what is wrong with a file is for the program to say."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _with_salt(text: str, former: str) -> str:
    salt = _SALT_LINE.search(former)
    if salt is None:
        return text
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{salt[0]}\n"


def _check(original: Path) -> None:
    """Say what the engine would say in its own words, or pass over; everything else is for the program to say."""
    if not file_faults(_read(original)):
        return
    from composer import faults  # the models take half a second, which `pulumi` does without
    from settings.load import load_file

    try:
        load_file(original)
    except SettingsError as error:
        today = datetime.now(UTC).date()
        raise StackFileError("\n".join(faults.of_settings(error, today))) from None


def _read(path: Path) -> Mapping[str, object]:
    try:
        return read_yaml(path)
    except SettingsError as error:
        raise StackFileError("\n".join(error.problems)) from None

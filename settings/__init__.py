"""What an operator declares, typed and checked: `load_file`, `load`, `Settings`."""

from __future__ import annotations

from settings.load import SettingsError, load, load_file
from settings.model import Settings

__all__ = ["Settings", "SettingsError", "load", "load_file"]

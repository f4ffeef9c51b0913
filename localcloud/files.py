"""The files in the folder of a local cloud."""

from __future__ import annotations

from typing import Final

ADDRESS_FILE: Final = "localcloud.json"
LOG_FILE: Final = "localcloud.log"
DATABASE_FILE: Final = "localcloud.sqlite"

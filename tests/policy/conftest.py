"""The policies' tests judge against the local account's quotas, as a local run does."""

from __future__ import annotations

import os

from tools.environment import LOCAL_QUOTAS, PREFLIGHT

os.environ.setdefault(PREFLIGHT, str(LOCAL_QUOTAS))

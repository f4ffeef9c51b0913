"""The policies' tests judge against the local account's quotas, as a local run does."""

from __future__ import annotations

import os

from policy.variables import PREFLIGHT
from tools.environment import LOCAL_QUOTAS

os.environ.setdefault(PREFLIGHT, str(LOCAL_QUOTAS))

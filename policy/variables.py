"""Environment variables by which the pack and those who start it agree: the engine hands a policy its config and nothing else.

It imports nothing, so that `operations` and `tools` name them by it without loading the SDK.
"""

from __future__ import annotations

PREFLIGHT = "CODER_EKS_PREFLIGHT"  # path of what `coder-eks preflight --report` wrote: limits and usage, for Property 2
REPORT = "CODER_EKS_POLICY_REPORT"  # path of the file in which the pack says what it judged (policy/report.py)

"""Which cluster a kubeconfig means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from localcloud.kinds.model import Value, text_at, values_at


def server_of(settings: Mapping[str, Value]) -> str:
    """The server of the current context of a kubeconfig (JSON, YAML, or the path of a file)."""
    given = settings.get("kubeconfig")
    if isinstance(given, str) and "\n" not in given and not given.lstrip().startswith("{"):
        file = Path(given).expanduser()
        given = file.read_text() if file.is_file() else ""
    try:
        config: Value = yaml.safe_load(given) if isinstance(given, str) else given
    except yaml.YAMLError:
        return ""
    if not isinstance(config, Mapping):
        return ""
    wanted = settings.get("context") or config.get("current-context")
    contexts = {
        text_at(each, "name"): text_at(each, "context.cluster") for each in values_at(config, "contexts[*]") if isinstance(each, Mapping)
    }
    cluster = contexts.get(str(wanted))
    servers = {
        text_at(each, "name"): text_at(each, "cluster.server") for each in values_at(config, "clusters[*]") if isinstance(each, Mapping)
    }
    return servers.get(cluster) or next((server for server in servers.values() if server), "") or ""

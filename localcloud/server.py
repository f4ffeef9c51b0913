"""The one process: a provider server for each package, an HTTP port, one store."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Final

from localcloud.aws import Aws, relink
from localcloud.coderd import Coderd
from localcloud.eks import Eks
from localcloud.faults import Faults
from localcloud.files import ADDRESS_FILE, DATABASE_FILE
from localcloud.generators import Random, Tls
from localcloud.http import serve_http
from localcloud.kubernetes import Kubernetes
from localcloud.provider import Provider, serve
from localcloud.schema import sdk
from localcloud.store import Store

LOG: Final = logging.getLogger(__name__)
_GRACE_SECONDS: Final = 2.0  # for calls under way when the process is asked to end


def run(state: Path) -> None:
    """Serve until SIGTERM or SIGINT. `state`: the folder for address, log and database."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)

    store = Store(state / DATABASE_FILE)
    relink(store)
    faults = Faults(store)
    backends = {
        "aws": Aws(store),
        "kubernetes": Kubernetes(store),
        "eks": Eks(store),
        "random": Random(store),
        "tls": Tls(store),
        "terraform-provider": Coderd(store),
    }
    servers = {name: serve(Provider(backend, faults, _version(backend.package))) for name, backend in backends.items()}
    http = serve_http(store, faults)
    address = {
        "pid": os.getpid(),
        "providers": {name: port for name, (_server, port) in servers.items()},
        "http": http.server_port,
    }
    _write_whole(state / ADDRESS_FILE, json.dumps(address))
    LOG.info("ready: %s", address)

    ended.wait()
    LOG.info("ending")
    (state / ADDRESS_FILE).unlink(missing_ok=True)
    for stopped in [server.stop(_GRACE_SECONDS) for server, _port in servers.values()]:
        stopped.wait()
    http.shutdown()
    store.close()


def _version(package: str) -> str:
    """The version of the plugin that an SDK asks for: its own, or that of the base plugin of a bridged Terraform provider."""
    told = json.loads((sdk(package).root / "pulumi-plugin.json").read_text()).get("version")
    return told or version(f"pulumi-{package}")


def _write_whole(file: Path, text: str) -> None:
    """A reader sees the whole file or none."""
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)

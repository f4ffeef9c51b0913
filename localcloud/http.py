"""The HTTP port: Secrets Manager for boto3, Coder's API while Coder runs, and the control of the local cloud itself."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from localcloud.coder_api import answer_coder
from localcloud.control import answer_control
from localcloud.faults import Faults
from localcloud.kinds.model import Refused, Value
from localcloud.secrets_manager import answer_secrets_manager
from localcloud.store import Store

LOG: Final = logging.getLogger(__name__)
_REGION: Final = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_POLL_SECONDS: Final = 0.05  # how long an end waits at most
_MAX_BODY: Final = 1 << 20  # bytes


@dataclass(frozen=True)
class Answer:
    """What goes back: a status and a JSON document, or plain text."""

    status: int
    body: Value


class Server(ThreadingHTTPServer):
    """The server with what its handlers need."""

    daemon_threads = True

    def __init__(self, store: Store, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = store
        self.faults = faults


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  # only this server makes handlers of this class
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a GET."""
        self._respond(self._answer({}))

    def do_POST(self) -> None:
        """Answer a POST with a JSON body."""
        length = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY)
        text = self.rfile.read(length)
        try:
            body: Value = json.loads(text or b"{}")
        except ValueError:
            body = None
        self._respond(self._answer(body) if isinstance(body, Mapping) else Answer(400, {"message": "the body is no JSON object"}))

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._respond(self._answer({}))

    def _answer(self, body: Mapping[str, Value]) -> Answer:
        store = self.server.store
        try:
            if self.path.startswith("/_local/"):
                return Answer(200, answer_control(store, self.server.faults, self.path.removeprefix("/_local/"), body))
            target = self.headers.get("X-Amz-Target")
            if target:
                region = _REGION.search(self.headers.get("Authorization") or "")
                return Answer(200, answer_secrets_manager(store, target, body, region[1] if region else ""))
            token = self.headers.get("Coder-Session-Token") or ""
            status, answer = answer_coder(store, self.command, self.path, body, token)
            return Answer(status, answer)
        except Refused as refused:
            return Answer(400, {"__type": refused.code, "message": refused.message})
        except Exception as fault:
            LOG.exception("%s %s failed", self.command, self.path)
            return Answer(500, {"message": f"the local cloud itself failed ({type(fault).__name__}); see localcloud.log"})

    def _respond(self, answer: Answer) -> None:
        plain = isinstance(answer.body, str)
        payload = b"" if answer.body is None else str(answer.body).encode() if plain else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain" if plain else "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Requests go to the log of the process; their bodies never do."""
        LOG.debug(format, *args)


def serve_http(store: Store, faults: Faults) -> Server:
    """Start the server on a free port of loopback."""
    server = Server(store, faults)
    Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="http", daemon=True).start()
    return server

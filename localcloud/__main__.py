"""`python -m localcloud`: start, stop, look at, change and break the local cloud."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, TypedDict

from localcloud.files import ADDRESS_FILE, LOG_FILE

_START_SECONDS: Final = 60.0  # generous: two cores may be busy
_STOP_SECONDS: Final = 15.0
_LOG_LINES: Final = 20  # shown when a start fails


class Address(TypedDict):
    """What the address file says."""

    pid: int
    providers: dict[str, int]
    http: int


class NotRunning(Exception):  # noqa: N818 - it is a state, told as a sentence
    """There is no live process for the state folder."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it says."""
    options = _parser().parse_args(arguments)
    state: Path = options.state.resolve()
    try:
        return options.command(state, options)
    except NotRunning as reason:
        print(f"localcloud: {reason}", file=sys.stderr)
        return 1


def live(state: Path) -> Address | None:
    """The address of the live process of a state folder; None where there is none (a stale file is removed)."""
    file = state / ADDRESS_FILE
    try:
        address: Address = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    if _is_local_cloud(address["pid"], state):
        return address
    file.unlink(missing_ok=True)
    return None


def _is_local_cloud(pid: int, state: Path) -> bool:
    """Whether a process runs under the number and serves this folder: numbers are used again."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    command = Path(f"/proc/{pid}/cmdline")
    if not command.exists():  # no Linux: the number has to do
        return True
    return command.read_bytes().rstrip(b"\0").split(b"\0")[-3:] == [b"serve", b"--state", str(state).encode()]


def start(state: Path, options: argparse.Namespace) -> int:
    """Start the process, detached, and wait until it is ready; reuse a live one."""
    del options
    if live(state):
        print(f"localcloud: running already, {state / ADDRESS_FILE}")
        return 0
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOG_FILE).open("ab") as log:
        command = [sys.executable, "-m", "localcloud", "serve", "--state", str(state)]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        if live(state):
            print(f"localcloud: started, {state / ADDRESS_FILE}")
            return 0
        time.sleep(0.05)
    tail = (state / LOG_FILE).read_text(errors="replace").splitlines()[-_LOG_LINES:]
    print(f"localcloud: did not start; the end of {state / LOG_FILE}:", *tail, sep="\n", file=sys.stderr)
    if child.poll() is None:
        child.kill()
    return 1


def stop(state: Path, options: argparse.Namespace) -> int:
    """End the process and wait until it has; without one there is nothing to do."""
    del options
    address = live(state)
    if address is None:
        print("localcloud: not running")
        return 0
    pid = address["pid"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if not _alive(pid, state):
            print("localcloud: stopped")
            return 0
        time.sleep(0.05)
    print(f"localcloud: process {pid} did not end within {_STOP_SECONDS:.0f} seconds; see {state / LOG_FILE}", file=sys.stderr)
    return 1


def _alive(pid: int, state: Path) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # where the starter is this very process
    return _is_local_cloud(pid, state)


def serve(state: Path, options: argparse.Namespace) -> int:
    """Be the process."""
    from localcloud.server import run  # the SDKs take half a second, and every other command does without them

    del options
    run(state)
    return 0


def env(state: Path, options: argparse.Namespace) -> int:
    """The environment in which the engine, boto3 and `coder-eks` find the local cloud, as KEY=VALUE lines."""
    del options
    for name, value in environment(_address(state)).items():
        print(f"{name}={value}")
    return 0


def environment(address: Address) -> dict[str, str]:
    """The variables of a running local cloud."""
    providers, http = address["providers"], address["http"]
    return {
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in sorted(providers.items())),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{http}",
        "AWS_ACCESS_KEY_ID": "localcloud",
        "AWS_SECRET_ACCESS_KEY": "localcloud",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CODER_URL": f"http://127.0.0.1:{http}",
    }


def inventory(state: Path, options: argparse.Namespace) -> int:
    """What exists: what the program made; apart, what was there before and what deletes left behind."""
    found = _ask(state, "inventory", {})
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    titles = {"resources": "made by the program", "prerequisites": "prerequisites (seeded)", "left": "left behind by deletes"}
    for key, title in titles.items():
        rows: Sequence[Mapping[str, str]] = found[key]
        print(f"{title}: {len(rows)}")
        for row in rows:
            print(f"  {row['type']}  {row['id']}  {row['scope']}".rstrip())
    return 0


def change(state: Path, options: argparse.Namespace) -> int:
    """Change a resource behind the engine's back."""
    name, _, text = options.assignment.partition("=")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    print(_ask(state, "change", {"type": options.type, "id": options.id, "property": name, "value": value})["did"])
    return 0


def delete(state: Path, options: argparse.Namespace) -> int:
    """Delete a resource behind the engine's back."""
    print(_ask(state, "delete", {"type": options.type, "id": options.id})["did"])
    return 0


def fault(state: Path, options: argparse.Namespace) -> int:
    """Set or clear a fault."""
    print(_ask(state, "fault", {"fail": options.fail_create, "kill": options.kill_at})["did"])
    return 0


def seed(state: Path, options: argparse.Namespace) -> int:
    """Make the prerequisites of a JSON file; what exists stays as it is."""
    print(_ask(state, "seed", json.loads(options.file.read_text()))["did"])
    return 0


def _address(state: Path) -> Address:
    address = live(state)
    if address is None:
        raise NotRunning(f"not running; start it with `python -m localcloud start --state {state}`")
    return address


def _ask(state: Path, what: str, body: object) -> dict[str, Any]:
    """Ask the process; its own refusals are told as they are."""
    connection = HTTPConnection("127.0.0.1", _address(state)["http"], timeout=30)
    connection.request("POST", f"/_local/{what}", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())  # its shape depends on what was asked
    if response.status != 200:
        raise NotRunning(str(answer.get("message")))
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Callable[[Path, argparse.Namespace], int]) -> argparse.ArgumentParser:
        text = function.__doc__ or ""
        command = commands.add_parser(name, help=text.splitlines()[0], description=text)
        command.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder of the local cloud's state")
        command.set_defaults(command=function)
        return command

    for name, function in (("start", start), ("stop", stop), ("serve", serve), ("env", env)):
        add(name, function)
    add("inventory", inventory).add_argument("--json", action="store_true")
    for name, function in (("change", change), ("delete", delete)):
        command = add(name, function)
        command.add_argument("type", metavar="TYPE", help="resource type, such as aws:ec2/vpc:Vpc")
        command.add_argument("id", metavar="ID")
        if name == "change":
            command.add_argument("assignment", metavar="PROPERTY=JSON")
    faults = add("fault", fault).add_mutually_exclusive_group(required=True)
    faults.add_argument("--fail-create", type=int, metavar="N", help="the N-th create from now on fails")
    faults.add_argument("--kill-at", type=int, metavar="N", help="the process dies after the N-th create, before it answers")
    faults.add_argument("--clear", action="store_true")
    add("seed", seed).add_argument("file", type=Path, metavar="FILE.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The fallback language host, spoken to as the engine does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tools.install import ROOT

HOST = ROOT / "tools" / "language-host" / "pulumi-language-python"
LIMIT_SECONDS = 30  # far above what anything here takes


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Started as the engine starts it: from another folder, through a link in the plugin cache, options before the engine's address."""
    link = tmp_path / "pulumi-language-python"
    link.symlink_to(HOST)
    process = subprocess.Popen([link, "-virtualenv=.venv", "127.0.0.1:1"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, process_group=0)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.fixture
def host(process: subprocess.Popen[str]) -> Iterator[language_pb2_grpc.LanguageRuntimeStub]:
    assert process.stdout is not None
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)


def info(folder: Path, virtualenv: str | None = None) -> language_pb2.ProgramInfo:
    options = Struct()
    if virtualenv:
        options.update({"virtualenv": virtualenv})
    return language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".", options=options)


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for its parent to look."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def await_end(pid: int) -> bool:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline and not ended(pid):
        time.sleep(0.02)
    return ended(pid)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A plugin that ignores SIGTERM, starts a child of its own, and tells both process ids."""
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__main__.py").write_text(
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(os.getpid(), child.pid, os.environ['CANARY'], flush=True)\n"
        "print('a word on stderr', file=sys.stderr, flush=True)\n"
        "time.sleep(600)\n"
    )
    return folder


def test_it_answers_the_engines_first_questions(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path):
    host.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:1"))
    assert host.GetPluginInfo(Empty()).version.startswith("3.")
    assert not host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info(tmp_path))).packages
    dependencies = host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(info=info(tmp_path))).dependencies
    assert "pulumi" in {dependency.name for dependency in dependencies}


def test_the_virtual_environment_of_the_project_file_runs_the_program(host: language_pb2_grpc.LanguageRuntimeStub):
    about = host.About(language_pb2.AboutRequest(info=info(ROOT, ".venv")))
    assert about.executable == str(ROOT / ".venv" / "bin" / "python")


def test_a_missing_virtual_environment_is_a_sentence(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path):
    response = host.Run(language_pb2.RunRequest(info=info(tmp_path, ".venv"), pwd=str(tmp_path), project="p", stack="s"))
    assert response.error == f"{tmp_path}/.venv/bin/python is missing (runtime.options.virtualenv: .venv); run `make setup`"
    assert not response.bail


def test_a_policy_pack_streams_its_output_and_ends_with_its_call_with_all_that_it_started(
    host: language_pb2_grpc.LanguageRuntimeStub, pack: Path
):
    request = language_pb2.RunPluginRequest(
        kind="analyzer",
        pwd=str(pack),
        info=info(pack),
        args=["127.0.0.1:1"],
        env=[*(f"{k}={v}" for k, v in os.environ.items()), "CANARY=sings"],
    )
    call = host.RunPlugin(request)
    seen: dict[str, bytes] = {}
    while len(seen) < 2:
        response = next(call)
        seen[response.WhichOneof("output") or ""] = response.stdout or response.stderr
    assert seen["stderr"] == b"a word on stderr\n"
    pid, child, canary = seen["stdout"].decode().split()
    assert canary == "sings"
    call.cancel()
    assert await_end(int(pid))
    assert await_end(int(child))


def test_it_ends_at_the_engines_word_even_with_a_policy_pack_that_does_not(
    process: subprocess.Popen[str], host: language_pb2_grpc.LanguageRuntimeStub, pack: Path
):
    """A host that waits for its calls holds every command up for the engine's 5 seconds."""
    call = host.RunPlugin(
        language_pb2.RunPluginRequest(kind="analyzer", pwd=str(pack), info=info(pack), args=["127.0.0.1:1"], env=["CANARY=x"])
    )
    response = next(call)
    while not response.stdout:
        response = next(call)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(LIMIT_SECONDS) == 0
    assert await_end(int(response.stdout.split()[0]))


def test_the_exit_code_of_a_plugin_comes_last(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path):
    (tmp_path / "__main__.py").write_text("raise SystemExit(7)\n")
    responses = list(
        host.RunPlugin(language_pb2.RunPluginRequest(kind="analyzer", pwd=str(tmp_path), info=info(tmp_path), args=["127.0.0.1:1"]))
    )
    assert responses[-1].WhichOneof("output") == "exitcode"
    assert responses[-1].exitcode == 7

"""The gRPC service that the engine speaks to."""

# ruff: noqa: ARG002, N802 - the names and arguments are the protocol's

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from typing import IO

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tools.language_host.children import Children
from tools.language_host.program import TOLD, Run

PROGRAM = Path(__file__).with_name("program.py")
# What Python runs for each kind of plugin; the modules are the SDK's own.
PLUGIN_MODULES = {"analyzer": "pulumi.policy"}
OTHER_PLUGIN_MODULE = "pulumi.run.plugin"
MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # as pulumi/runtime/_grpc_settings.py of the SDK 3.250


class ProgramError(Exception):
    """A program that cannot be started; the text says what to do."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs the program (`Run`) and policy packs (`RunPlugin`); both end with their call, and all with `Cancel`."""

    def __init__(self, engine: str, children: Children) -> None:
        self._engine = engine
        self._children = children

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Answer with the version of the SDK: the two are released together."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """None beforehand: the engine asks for a provider when the program first registers a resource of it."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """As GetRequiredPlugins."""
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Which Python runs the program (`pulumi about`)."""
        return language_pb2.AboutResponse(executable=_python(request.info), version=platform.python_version())

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """No questions."""
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: the hashed requirements are `make setup`'s."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"Dependencies are installed by `make setup`.\n")

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """Every installed distribution, by name."""
        found = {distribution.name: distribution.version for distribution in importlib.metadata.distributions()}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=found[name]) for name in sorted(found)]
        )

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end. `bail` says that the operator has been told why it failed."""
        run = Run(
            program=_program(request.info),
            project=request.project,
            stack=request.stack,
            organization=request.organization,
            root_directory=request.info.root_directory,
            monitor=request.monitor_address,
            engine=self._engine,
            parallel=request.parallel,
            dry_run=request.dryRun,
        )
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        try:
            command = [_python(request.info), "-P", "-u", str(PROGRAM), run.to_json()]
        except ProgramError as error:
            return language_pb2.RunResponse(error=str(error))
        child = self._children.start(command, request.pwd or request.info.program_directory, environment, piped=False)
        context.add_callback(lambda: self._children.end(child))
        code = self._children.wait(child)
        if code == TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}" if code else "")

    def RunPlugin(self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack, passing on its output as it comes; it runs until the engine cancels this call."""
        environment = {**os.environ, **{name: value for name, _, value in (entry.partition("=") for entry in request.env)}}
        module = PLUGIN_MODULES.get(request.kind, OTHER_PLUGIN_MODULE)
        try:
            command = [_python(request.info), "-u", "-m", module, *request.args, _program(request.info)]
        except ProgramError as error:
            yield language_pb2.RunPluginResponse(stderr=f"{error}\n".encode())
            yield language_pb2.RunPluginResponse(exitcode=1)
            return
        child = self._children.start(command, request.pwd, environment, piped=True)
        # The engine ends an analyzer by cancelling this call: end the child there and then, or the engine waits 5 s for this host.
        context.add_callback(lambda: self._children.end(child))
        yield from _output(child)
        yield language_pb2.RunPluginResponse(exitcode=self._children.wait(child))

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """End everything that still runs."""
        self._children.end_all()
        return Empty()


def _output(child: Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    """What a child writes on both streams, line by line, until both are closed."""
    assert child.stdout is not None
    assert child.stderr is not None
    lines: queue.Queue[language_pb2.RunPluginResponse | None] = queue.Queue()

    def read(stream: IO[bytes], *, is_error: bool) -> None:
        for line in stream:
            lines.put(language_pb2.RunPluginResponse(stderr=line) if is_error else language_pb2.RunPluginResponse(stdout=line))
        lines.put(None)

    threading.Thread(target=read, args=(child.stdout,), kwargs={"is_error": False}, daemon=True).start()
    threading.Thread(target=read, args=(child.stderr,), kwargs={"is_error": True}, daemon=True).start()
    for _ in (child.stdout, child.stderr):
        while (line := lines.get()) is not None:
            yield line


def _python(info: language_pb2.ProgramInfo) -> str:
    """The Python of `runtime.options.virtualenv`, relative to the file that names it; without the option, this process's own."""
    options: Mapping[str, object] = MessageToDict(info.options)
    virtualenv = options.get("virtualenv")
    if not virtualenv:
        return sys.executable
    python = Path(info.root_directory, str(virtualenv), "bin", "python")
    if not python.exists():
        raise ProgramError(f"{python} is missing (runtime.options.virtualenv: {virtualenv}); run `make setup`")
    return str(python)


def _program(info: language_pb2.ProgramInfo) -> str:
    """The folder or file to run."""
    return os.path.normpath(Path(info.program_directory, info.entry_point or "."))


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGINT or SIGTERM: the engine's word at the end of every command."""
    engine = next((argument for argument in arguments if not argument.startswith("-")), "")
    children = Children()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: done.set())
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]
    # One thread for the program, one for each policy pack, some for the short calls between.
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=options)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine, children), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    done.wait()
    children.end_all()
    sys.stdout.flush()
    os._exit(0)  # a call that is still being answered must not hold the engine up

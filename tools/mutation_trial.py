"""The mutants of some modules, tried in one pytest session: `pytest -p tools.mutation_trial`, as tools/mutation.py starts it.

The tests run once as they are, and which lines of the modules each runs is noted. Then every mutant is a fork of that session in which one
function has other code: nothing is imported, collected or recorded again. It runs only the tests that reach the changed statement, those
first that noticed the most so far, and ends with the first that fails.
"""

# The only reader of messages is the pack's own:
# pyright: reportPrivateUsage=false

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import inspect
import json
import math
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

import hypothesis
import libcst
import pytest
import yaml
from _pytest.runner import runtestprotocol
from google.protobuf.struct_pb2 import Struct
from mutmut.mutation.file_mutation import create_mutations

from policy import one_reading

if TYPE_CHECKING:
    from _typeshed import TraceFunction

ORDERS = "CODER_EKS_MUTANTS"  # environment variable: JSON, a list of orders as keywords; a module's trials go to a file of its name
EXAMPLES = 12  # of a property test for each mutant; always the same ones
PATIENCE = 10  # a mutant may take so many times as long as its tests do without it, and half a minute more
_LITERAL = re.compile(r"""[fr]*"(?:[^"\\]|\\.)*"|[fr]*'(?:[^'\\]|\\.)*'""")
_SENTENCE = re.compile(r"\w,? \w")
KEPT = {"tests.policy.recorded", "tests.policy.conftest", "tests.policy.judge"}  # what they remember is no policy's doing
MEMORY = 2 * 1024**3  # bytes that a mutant may take more than the session has


@dataclass(frozen=True)
class Change:
    """One mutant. before, after: the changed lines. lines: of the statement in the file. text: the whole changed function."""

    function: str
    before: str
    after: str
    lines: tuple[int, int]
    text: str


def words_only(before: str, after: str) -> bool:
    """Whether a change is of a sentence: literals of several words, anything else the same."""
    return before != after and _without_sentences(before) == _without_sentences(after)


def _without_sentences(line: str) -> str:
    return _LITERAL.sub(lambda found: '""' if _SENTENCE.search(found[0]) else found[0], line)


@dataclass(frozen=True)
class Trial:
    """What became of a mutant. words, made: of a sentence only, or not. noticed: by which test, None: by none. tests: that reach it."""

    function: str
    before: str
    after: str
    words: bool
    made: bool
    tried: bool = False
    noticed: str | None = None
    tests: int = 0


def changes(path: Path) -> Iterator[Change]:
    """Every mutant that mutmut makes of a file, in the order of the file, each once."""
    source = path.read_text(encoding="utf-8")
    module, mutations, _classes, _functions = create_mutations(str(path), source)
    names = dict(_named(module.body))
    tree = _located(ast.parse(source).body)
    seen: set[tuple[str, str]] = set()
    for mutation in mutations:
        function = mutation.contained_by_top_level_function
        if function is None or function not in names:  # outside of functions: what a module or a class is made of, once
            continue
        name, changed = names[function], cast("libcst.FunctionDef", function.deep_replace(mutation.original_node, mutation.mutated_node))
        old, new = module.code_for_node(function), module.code_for_node(changed)
        if old == new or (name, new) in seen:
            continue
        seen.add((name, new))
        first, before, after = _difference(old.splitlines(), new.splitlines())
        definition = next(index for index, line in enumerate(old.splitlines()) if line.startswith(("def ", "async def ")))
        lines = _statement(tree[name], tree[name].lineno + first - definition)
        yield Change(name, "\n".join(before), "\n".join(after), lines, new)


def _named(body: Sequence[libcst.CSTNode], within: str = "") -> Iterator[tuple[libcst.FunctionDef, str]]:
    for node in body:
        if isinstance(node, libcst.FunctionDef):
            yield node, within + node.name.value
        elif isinstance(node, libcst.ClassDef):
            yield from _named(node.body.body, f"{within}{node.name.value}.")


def _located(body: Sequence[ast.stmt], within: str = "") -> dict[str, ast.FunctionDef]:
    found: dict[str, ast.FunctionDef] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found[within + node.name] = node
        elif isinstance(node, ast.ClassDef):
            found |= _located(node.body, f"{within}{node.name}.")
    return found


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[int, Sequence[str], Sequence[str]]:
    """Where two texts part, and what stands there in each until they meet again."""
    first = next((index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    same = 0
    while same < min(len(old), len(new)) - first and old[-1 - same] == new[-1 - same]:
        same += 1
    return first, old[first : len(old) - same], new[first : len(new) - same]


def _statement(function: ast.FunctionDef, line: int) -> tuple[int, int]:
    """The lines of the innermost statement that has this line, without the statements inside it."""
    within = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)]
    found = max(within, key=lambda node: node.lineno, default=function)
    last = found.end_lineno or line
    if found is function:
        return found.lineno, last
    if isinstance(found, ast.If | ast.For | ast.While | ast.With):
        last = max(found.lineno, found.body[0].lineno - 1)
    return found.lineno, last


@dataclass(frozen=True)
class Order:
    """One module to try. tests: files whose tests should notice. wanted: only these changes, each function, before and after.

    most: where there are more changes than these, every so many, beginning after `skip`.
    """

    module: str
    tests: Sequence[str]
    results: str
    wanted: Sequence[Sequence[str]] | None = None
    most: int = 10_000
    skip: int = 0


class Trials:
    """The plugin: after the tests as they are, every mutant."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self.orders = {str(importlib.import_module(order.module).__file__): order for order in orders}
        self.changes = {filename: list(changes(Path(filename))) for filename in self.orders}
        self.reached: dict[str, set[tuple[str, int]]] = {}
        self.reaching: Counter[tuple[str, int]] = Counter()  # how many tests reach a line
        self.drawing: set[str] = set()  # tests of drawn examples, which may reach anything
        self.seconds: dict[str, float] = {}
        self.noticed: Counter[str] = Counter()
        self.noticed_in: Counter[tuple[str, str]] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Few examples of each property test, always the same."""
        for item in items:
            test = getattr(item, "obj", None)
            if getattr(test, "is_hypothesis_test", False):
                self.drawing.add(item.nodeid)
                few: Any = test
                given = few._hypothesis_internal_use_settings  # Hypothesis has no other way from outside
                phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
                few._hypothesis_internal_use_settings = hypothesis.settings(
                    given, max_examples=min(EXAMPLES, given.max_examples), derandomize=True, database=None, phases=phases
                )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests as they are; then, if they hold, each mutant in a fork."""
        items = {item.nodeid: item for item in session.items}
        for mode in ("preview", "deployed"):
            importlib.import_module("tests.policy.recorded").stack("prod", mode)  # most tests ask for it: before lines are watched
        one_reading._read = _remembered(one_reading._read)
        yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]  # reads the same, ten times as fast
        if not all(self._as_it_is(item, session.items[index + 1 : index + 2]) for index, item in enumerate(session.items)):
            raise session.Failed("the tests fail as they are")
        gc.collect()
        self.reaching = Counter(line for lines in self.reached.values() for line in lines)
        live = {filename: _live(filename) for filename in self.orders}
        gc.freeze()  # forks share what is there
        if self._fork(lambda: None, session.items[::7]) is not None:
            raise session.Failed("the tests fail in a fork")
        for filename, order in self.orders.items():
            begun = time.monotonic()
            own = {name: item for name, item in items.items() if name.partition("::")[0] in order.tests}
            real = [each for each in self.changes[filename] if not words_only(each.before, each.after)]
            if order.wanted is not None:
                real = [each for each in real if [each.function, each.before, each.after] in order.wanted]
            tried = {id(each) for each in real[order.skip :: max(1, math.ceil(len(real) / order.most))]}
            with Path(order.results).open("w", encoding="utf-8") as record:
                for each in self.changes[filename]:
                    words = words_only(each.before, each.after)
                    found = Trial(each.function, each.before, each.after, words, not words)
                    if id(each) in tried:
                        found = self._try(filename, each, live[filename], own)
                    record.write(json.dumps(asdict(found)) + "\n")
            print(f"{order.module} {time.monotonic() - begun:.0f}", flush=True)
        return True

    def _as_it_is(self, item: pytest.Item, following: Sequence[pytest.Item]) -> bool:
        lines: set[tuple[str, int]] = set()
        begun = time.process_time()

        def within(frame: FrameType, event: str, argument: object) -> TraceFunction:
            del argument
            if event == "line":
                lines.add((frame.f_code.co_filename, frame.f_lineno))
            return within

        def called(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
            del event, argument
            return within if frame.f_code.co_filename in self.orders else None

        sys.settrace(None if item.nodeid in self.drawing else called)
        try:
            reports = runtestprotocol(item, log=False, nextitem=next(iter(following), None))
        finally:
            sys.settrace(None)
        self.reached[item.nodeid], self.seconds[item.nodeid] = lines, time.process_time() - begun
        for report in reports:
            if report.failed:
                print(report.longreprtext)
        return not any(report.failed for report in reports)

    def _try(self, filename: str, change: Change, live: dict[CodeType, list[FunctionType]], items: dict[str, pytest.Item]) -> Trial:
        function, module = f"{filename}:{change.function}", sys.modules[self.orders[filename].module]
        first, last = change.lines
        reaching = [name for name in items if self._reaches(name, filename, first, last)]

        def likely(name: str) -> tuple[float, ...]:
            """First who is one of few to come near, such as into the block of a changed condition; then who noticed most so far."""
            near = [self.reaching[filename, line] for line in range(first, last + 4) if (filename, line) in self.reached[name]]
            return min(near, default=len(items)), -self.noticed_in[function, name], -self.noticed[name], self.seconds[name]

        reaching.sort(key=likely)
        noticed = self._fork(lambda: _become(change, module, live), [items[name] for name in reaching]) if reaching else None
        if noticed is not None:
            self.noticed[noticed] += 1
            self.noticed_in[function, noticed] += 1
        return Trial(change.function, change.before, change.after, False, True, True, noticed, len(reaching))

    def _reaches(self, name: str, filename: str, first: int, last: int) -> bool:
        return name in self.drawing or any((filename, line) in self.reached[name] for line in range(first, last + 1))

    def _fork(self, become: Callable[[], None], items: Sequence[pytest.Item]) -> str | None:
        """The first of the tests that fails in a fork, or `time` where it comes to no end."""
        patience = 30 + PATIENCE * sum(self.seconds[item.nodeid] for item in items)
        before = _temporary()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _run(become, items, writer)
        os.close(writer)
        ready, _, _ = select.select([reader], [], [], patience)
        answer = os.read(reader, 4096).decode() if ready else "time"
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for made in _temporary() - before:
            shutil.rmtree(made, ignore_errors=True)
        return {"passed": None, "": "time"}.get(answer, answer)


def _remembered(read: Callable[[Struct], Mapping[str, Any]]) -> Callable[[Struct], Mapping[str, Any]]:
    """Reads each message once: policies change nothing of what they are handed."""
    known: dict[tuple[object, bytes], Mapping[str, Any]] = {}

    @functools.wraps(read)
    def again(message: Struct) -> Mapping[str, Any]:
        key = read.__code__, message.SerializeToString(deterministic=True)
        if key not in known:
            known[key] = read(message)
        return known[key]

    return again


def _live(filename: str) -> dict[CodeType, list[FunctionType]]:
    """Every function there is of a file's code, closures that were made while it was imported among them."""
    found: defaultdict[CodeType, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename == filename:
            found[thing.__code__].append(thing)
    return dict(found)


def _become(change: Change, module: ModuleType, live: dict[CodeType, list[FunctionType]]) -> None:
    """Give the function the changed code, wherever it is held, and forget what was worked out by the code before."""
    holder: Any = functools.reduce(getattr, change.function.split(".")[:-1], module)
    name = change.function.rpartition(".")[2]
    held = cast("dict[str, Any]", vars(holder))[name]
    original: FunctionType = inspect.unwrap(getattr(held, "__func__", held))
    space = dict(vars(module))
    exec(compile(f"from __future__ import annotations\n{change.text}", str(module.__file__), "exec"), space)  # noqa: S102 - a mutant
    changed: FunctionType = getattr(space[name], "__func__", space[name])
    for old, new in _pairs(original.__code__, changed.__code__):
        for function in live.get(old, ()):
            function.__code__ = new
    original.__defaults__, original.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__
    for found in [module for name, module in sys.modules.items() if name.startswith(("policy", "tests.policy."))]:
        if found.__name__ not in KEPT:
            for value in vars(found).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The code of a function and of those inside it, with what stands in the place of each."""
    yield old, new
    inner, changed = ([code for code in outer.co_consts if isinstance(code, CodeType)] for outer in (old, new))
    if [code.co_name for code in inner] == [code.co_name for code in changed]:
        for pair in zip(inner, changed, strict=True):
            yield from _pairs(*pair)


def _run(become: Callable[[], None], items: Sequence[pytest.Item], writer: int) -> None:
    """In the fork: tell the first test that fails."""
    answer = "passed"
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        memory = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        become()
        for item, following in zip(items, [*items[1:], None], strict=True):
            answer = item.nodeid
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                break
        else:
            answer = "passed"
    except BaseException:  # whatever it is, the test at hand did not pass
        answer = answer if answer != "passed" else "start"
    os.write(writer, answer.encode()[:4096])
    os._exit(0)


def _temporary() -> set[str]:
    """What the tests have made in the session's own folder for temporary files, two levels deep."""
    return {str(path) for path in Path(tempfile.gettempdir()).glob("*/*")}


def pytest_configure(config: pytest.Config) -> None:
    """Where the environment has orders."""
    orders = [Order(**order) for order in json.loads(os.environ[ORDERS])]
    config.pluginmanager.register(Trials(orders), "coder-eks-mutants")

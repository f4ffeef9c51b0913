"""Run one Pulumi program: started by the language host, with one JSON argument that says where the engine listens.

Exit codes: 0 done, 1 failed without a word, 32 failed and the operator has already been told (the engine's own convention).
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import pulumi
import pulumi.runtime

TOLD = 32
# The engine answers one registration per slot; three more per slot keep invokes and outputs from waiting behind registrations.
THREADS_PER_SLOT = 4


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the engine tells about one run of a program. monitor, engine: addresses `host:port`; parallel: resources at once."""

    program: str
    project: str
    stack: str
    organization: str
    root_directory: str
    monitor: str
    engine: str
    parallel: int
    dry_run: bool

    def to_json(self) -> str:
        """As the one argument of this module."""
        return json.dumps(asdict(self))


def main(argument: str) -> int:
    """Run the program and return the exit code."""
    gc.disable()  # it ends within seconds: looking for garbage took a sixth of its time
    run = Run(**json.loads(argument))
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=run.project,
            stack=run.stack,
            monitor=run.monitor,
            engine=run.engine,
            parallel=run.parallel,
            dry_run=run.dry_run,
            organization=run.organization,
            root_directory=run.root_directory,
        )
    )
    sys.argv = [run.program]
    # After a failure asyncio complains about every future that nobody awaited; the failure itself has been reported.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(run.parallel, 1) * THREADS_PER_SLOT)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(run.program)))
    except pulumi.RunError as error:  # a sentence for the operator: no traceback
        pulumi.log.error(str(error))
        return TOLD
    except Exception:  # whatever a program raises is reported to the engine
        pulumi.log.error("Program failed with an unhandled exception:\n" + _program_traceback())
        return TOLD
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _execute(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _program_traceback() -> str:
    """The traceback from the program's first frame on; what lies above, down to runpy, is this module and asyncio."""
    frames = [frame.filename for frame in traceback.extract_tb(sys.exc_info()[2])]
    above = max((index for index, name in enumerate(frames, 1) if name in {runpy.__file__, "<frozen runpy>"}), default=0)
    return traceback.format_exc(limit=above - len(frames)) if above < len(frames) else traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

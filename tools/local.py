"""`./local CMD…`: run any command inside the local environment; `./local env` prints it as `export` lines."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence

from tools import environment
from tools.folders import DEFAULT_STACK
from tools.install import SetupError
from tools.shim import become, stack_of

USAGE = """Usage: ./local COMMAND…   for example:
  ./local pulumi stack export --stack prod
  ./local pulumi preview --stack prod --diff
  ./local coder-eks capacity --stack prod
  ./local env                              the environment as `export` lines"""


def main(arguments: Sequence[str]) -> int:
    """Become the command; return only if there is none."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(USAGE)
        return 0 if arguments else 2
    stack = stack_of(arguments, {}) or os.environ.get("STACK") or DEFAULT_STACK
    try:
        local = environment.start(stack)
    except SetupError as error:
        print(f"local: {error}", file=sys.stderr)
        return 1
    if list(arguments) == ["env"]:
        outer = os.environ
        for name in sorted(local.variables):
            if outer.get(name) != local.variables[name]:
                print(f"export {name}={shlex.quote(local.variables[name])}")
        for name in sorted(set(outer) - set(local.variables)):
            print(f"unset {name}")
        return 0
    executable = shutil.which(arguments[0], path=local.variables["PATH"])
    if executable is None:
        print(f"local: no command {arguments[0]}; `./local --help` shows examples", file=sys.stderr)
        return 127
    return become(executable, arguments, local.variables)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

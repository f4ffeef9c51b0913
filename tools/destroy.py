"""`make destroy` and `make down`: end the stack, or only the local cloud's process.

`make destroy` refuses while the stack protects its data. UNPROTECT=prod does what an operator does in the stack file of a real
deployment: `data_protection: false`, `pulumi up`, `pulumi destroy`; the committed file stays as it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from os import environ

from rich.console import Console

from tools import engine, environment, report
from tools.cloud import Cloud, Inventory, Item
from tools.engine import Outcome
from tools.environment import Environment
from tools.folders import CLOUDS, DEFAULT_STACK, home_folder, stack_files
from tools.install import SetupError

REFUSED = 2  # the exit code of a command that was not begun

PENDING = "PendingDeletion"  # types of what AWS deletes after a waiting time only
RECOVERY_POINT = "local:backup:RecoveryPoint"  # localcloud/kinds/backup.py


def destroy(stack: str, console: Console, *, unprotect: str) -> int:
    """Destroy everything of the stack and list what is left. Return the exit code."""
    refusal = refusal_of(stack, protected=stack_files(environ).is_protected(stack), unprotect=unprotect)
    if refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    local = environment.start(stack)
    if engine.resource_count(local) == 0:
        console.print(f"{stack} has no resources: there is nothing to destroy.")
        return inventory_report(console, local.cloud.inventory())
    outcomes = _outcomes(local, console)
    for outcome in outcomes:
        if outcome.code != 0:
            for line in report.failure(outcome.run) or [f"The engine ended with exit code {outcome.code} (its words are above)."]:
                console.print(line, style="red", markup=False)
            console.print("What is left stands; `make destroy` with the same words goes on from here.")
            return 1
    return inventory_report(console, local.cloud.inventory())


def refusal_of(stack: str, *, protected: bool, unprotect: str) -> str | None:
    """Why this destroy is not begun, and what to type instead."""
    if unprotect and unprotect != stack:
        return f"destroy: UNPROTECT={unprotect} names another stack than STACK={stack}; nothing was done."
    if protected and not unprotect:
        return (
            f"destroy: {stack} protects its data (coder-eks:system.data_protection in Pulumi.{stack}.yaml): its database, its backups and "
            f"their keys would be lost. If that is meant, run `make destroy UNPROTECT={stack}`, which sets data_protection: false in the "
            "local copy of that file, then runs `pulumi up` and `pulumi destroy`. Nothing was done."
        )
    return None


def _outcomes(local: Environment, console: Console) -> Sequence[Outcome]:
    """Run the one or two commands, up to the first that fails."""
    outcomes: list[Outcome] = []
    config = local.files.copy(local.stack)
    if local.files.is_protected(local.stack):
        console.print(f"\nUnprotecting {local.stack}: data_protection: false in {local.files.unprotect(local.stack)}, and `pulumi up`.")
        # Unjudged: the pack asks for the very protection that the operator takes away.
        outcomes.append(engine.run(local, "up", "--yes", "--skip-preview", label="unprotect", config=config, judged=False))
        if outcomes[-1].code != 0:
            return outcomes
    console.print(f"\nDestroying {local.stack}.")
    outcomes.append(engine.run(local, "destroy", "--yes", "--skip-preview", label="destroy", config=config, judged=False))
    return outcomes


def inventory_report(console: Console, inventory: Inventory) -> int:
    """List what the local cloud still holds; anything of the program's own there is a failure."""
    _list(console, "Left behind by the program, and it should not be", inventory.resources)
    waiting = [item for item in inventory.left if item.type.endswith(PENDING)]
    kept = [item for item in inventory.left if item not in waiting]
    _list(console, "Kept on purpose: final snapshots and recovery points", kept)
    if not any(item.type == RECOVERY_POINT for item in kept):
        console.print(
            "\nRecovery points: none. The clock of a backup plan does not run here; on AWS the ones that it has made outlive the stack, "
            "and hold their vault until they are deleted or their retention ends.",
            soft_wrap=True,
        )
    if waiting:
        console.print(f"\nWaiting for their deletion, as AWS has it: {len(waiting)} keys and secrets, which nothing uses any more.")
    _list(console, "The operator's own prerequisites", inventory.prerequisites)
    if inventory.resources:
        return 1
    console.print(
        "The local cloud is empty but for what is listed here."
        if inventory.left or inventory.prerequisites
        else "The local cloud is empty."
    )
    return 0


def _list(console: Console, title: str, items: Sequence[Item]) -> None:
    if items:
        console.print(f"\n{title}:")
    for item in sorted(items):
        console.print(f"  {item.type}  {item.id}  {item.scope}".rstrip(), markup=False)


def down() -> int:
    """Stop the local cloud of every stack; its state stays, and the next command starts it again."""
    states = sorted((home_folder(environ) / CLOUDS).glob("*"))
    for state in states:
        print(f"{state.name}: {Cloud(state).stop().strip()}")
    if not states:
        print("There is no local cloud here yet.")
    return 0


def main() -> int:
    """`python -m tools.destroy destroy|down --stack prod`."""
    parser = argparse.ArgumentParser(description="Destroy a stack of the local environment, or stop the local cloud.")
    parser.add_argument("verb", choices=["destroy", "down"])
    parser.add_argument("--stack", default=DEFAULT_STACK)
    parser.add_argument("--unprotect", default="", metavar="STACK", help="the same stack again: its data may go")
    arguments = parser.parse_args()
    try:
        if arguments.verb == "down":
            return down()
        return destroy(arguments.stack, report.console(), unprotect=arguments.unprotect)
    except SetupError as error:
        print(f"{arguments.verb}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

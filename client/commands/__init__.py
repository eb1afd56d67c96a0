"""The command line: `stackroom VERB`, one file a verb or group, in a folder for each thing that people do.

`hubs`, `people`, `profiles`, `stacks`, `together`, `history`, `audit` and `zenml` have the commands.
`main` is the entry point. The framework is here: `app` (the tree of commands, loaded as they are
needed), `context` (what a command is given: home, workspace, output), `options` (what commands share on their
command line), `output` (tables, JSON and YAML), `saving` (what happens after a write), `freshness`,
`naming` and `times` (how things are called), `exits` (exit codes and errors).

Nothing heavy is imported before it is needed: `stackroom stack list` runs without asyncio, websockets,
rich and ruamel.yaml. A command's file imports those inside its functions, and only those; what takes long
to import further in, and is for writing alone, is imported there as late. `tests/commands/test_imports.py`
says what each of the common commands may import.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # As of `typing`, which takes a while to import.
    from typing import NoReturn

COMPLETE = "_STACKROOM_COMPLETE"
"""Set by the completion scripts to the name of their shell."""

ALLOCATED = 200_000
"""Objects made and still there, at which the collector looks for cycles among them: more than a command of
a moment makes. One that stays is looked after as any program is, in larger steps."""


def main() -> "NoReturn":
    """Runs the command line on the process's arguments and ends the process."""
    if sys.argv[1:] == ["--version"] and COMPLETE not in os.environ:
        _tell_version()
    gc.set_threshold(ALLOCATED)
    try:
        from stackroom.events.late import plainly, postpone

        postpone()
        plainly("click")
        from stackroom.client.commands.app import root

        root.main(prog_name="stackroom")
    finally:
        # The process ends: nobody needs to look through all that it imported for cycles, several times.
        gc.freeze()
    raise AssertionError("click ends the process")


def _tell_version() -> None:
    """Says the version and ends the process, with next to nothing imported.

    Returns where that cannot be printed: the command line tells the error then, as it tells every one.
    """
    from stackroom.events.version import VERSION

    try:
        print(f"stackroom {VERSION}", flush=True)  # noqa: T201
    except OSError:
        return
    sys.exit(0)

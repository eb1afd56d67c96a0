"""The command line: `stackroom VERB`, one file a verb or group, in a folder for each thing that people do.

`hubs`, `people`, `profiles`, `stacks`, `together`, `history`, `audit` and `zenml` have the commands.
`main` is the entry point. The framework is here: `app` (the tree of commands, loaded as they are
needed), `context` (what a command is given: home, workspace, output), `options` (what commands share on their
command line), `output` (tables, JSON and YAML), `saving` (what happens after a write), `freshness`,
`naming` and `times` (how things are called), `exits` (exit codes and errors).

Nothing heavy is imported before it is needed: `stackroom stack list` runs without asyncio, websockets,
rich and ruamel.yaml. A command's file imports those inside its functions, and only those.
"""

from typing import NoReturn


def main() -> NoReturn:
    """Runs the command line on the process's arguments and ends the process."""
    from stackroom.client.commands.app import root

    root.main(prog_name="stackroom")
    raise AssertionError("click ends the process")

"""`stackroom init`: makes a folder a repository, which has a profile and a stack of its own."""

from pathlib import Path

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command


class Initialised(Struct, frozen=True):
    """The repository's file, and what it says."""

    file: str
    profile: str | None
    stack: str | None


@command(
    "init",
    example="""
    stackroom init
    stackroom init --profile team --stack prod
    stackroom init --path ~/src/training
    """,
)
@click.option(
    "--path",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The folder; the working folder without it.",
)
@click.option(
    "--stack",
    metavar="NAME",
    help="The stack that this folder works on.",
    shell_complete=completing.stacks,
)
@click.pass_obj
def init(app: App, path: Path, stack: str | None) -> None:
    """Make a folder a repository: all below it works on one profile, and one stack.

    Writes .stackroom/config.yaml, to be kept in git beside the code. It names the profile that is
    active now, or that of --profile. `profile set` and `stack set` change it from then on.
    """
    from stackroom.client.repository import Repository

    copy = app.copy()
    if stack is not None:
        find_stack(copy.view, stack)
    root = path.absolute()
    there = Repository.find(root)
    if there is None or there.root != root:
        there = Repository(root)
    written = there.write(profile=app.qualified(copy), stack=stack)
    shown = Initialised(str(written.file), written.profile, written.stack)
    what = f"profile {written.profile!r}" + (f", stack {written.stack!r}" if written.stack else "")
    app.output.show(shown, Lines([f"{written.file} written: {what}."]))

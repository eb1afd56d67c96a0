"""`stackroom stack export`: a stack as ZenML's own YAML."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.lookup import find_stack, seq_of
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    pass

FORMATS = ("zenml-0.12", "zenml-0.94", "zenml-0.98")


@command(
    "export",
    example="""
    stackroom stack export prod
    stackroom stack export prod prod.yaml --yes
    stackroom stack export prod --format zenml-0.12 --at yesterday
    """,
)
@click.argument("name")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format",
    type=click.Choice(FORMATS),
    help="zenml-0.12 also for 0.10 and 0.13, zenml-0.94 for 0.23 to 0.94. Without it, the form "
    "that the stack was imported in, or else that of 0.98.",
)
@click.option("--at", metavar="SEQ|TIME", help="As it was after a commit (42) or at a time.")
@click.option("-y", "--yes", "--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(
    app: App, name: str, file: Path | None, format: str | None, at: str | None, yes: bool
) -> None:
    """Write a stack as YAML for ZenML, to FILE or to stdout.

    What the form has no place for is said on stderr. --output has no effect on the YAML itself.
    """
    from stackroom.client import exporting
    from stackroom.client.zenml import losses, render_stack

    copy = app.copy()
    state = copy.view if at is None else copy.at(seq_of(copy, at))
    _, stack = find_stack(state, name)
    exported = exporting.stack_file(state, stack, format or "")
    text = render_stack(exported, form=exported.form)
    if file is None or str(file) == "-":
        click.echo(text, nl=False)
    else:
        write(file, text, replace=yes)
        app.output.note(f"Stack {name!r} written to {file}.")
    for sentence in losses(exported, exported.form):
        app.output.note(f"Note: {sentence}.")


def write(file: Path, text: str, *, replace: bool) -> None:
    """Writes `file` whole or not at all; Refused if it is there and not to be replaced."""
    handle, scratch = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            Path(scratch).replace(file)
        else:
            os.link(scratch, file)
    except FileExistsError:
        raise Refused(f"{file} is there already", hint="add --yes to replace it") from None
    finally:
        Path(scratch).unlink(missing_ok=True)

"""`stackroom audit export`: a whole history, for those who check it without us."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class ExportedHistory(Struct, frozen=True):
    """What was written: `seq` commits of a profile, signed by its hub up to commit `signed`."""

    profile: str
    file: str
    seq: int
    signed: int


@command(
    "export",
    example="""
    stackroom audit export
    stackroom audit export team -o team.jsonl
    """,
)
@click.argument("profile", required=False, shell_complete=completing.profiles)
@click.option(
    "-o",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to; without it, stdout.",
)
@click.option("-y", "--yes", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(app: "App", profile: str | None, file: Path | None, yes: bool) -> None:
    """Write a profile's whole history as JSON lines, with all that is needed to check it.

    What was redacted stays redacted; tokens and private keys are in no history. audit verify --from-file
    checks the file, and so does anybody's program: docs/audit.md describes it. Without PROFILE, the active
    one.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.writing import write_whole
    from stackroom.client.history import audit_sources as sources
    from stackroom.events.audit.exported import lines

    if profile:
        app.profile_name = profile
    copy = app.copy()
    heading, notes = sources.heading(app.workspace, copy)
    with app.workspace.cache.reader() as log, progress(app.output, "Exporting") as bar:
        told = sources.counted(lines(log, heading, notes), heading.seq, bar.at)
        if file is None:
            for line in told:
                click.echo(line, nl=False)
            return
        write_whole(file, told, replace=yes)
    signed = max((size for size, _ in notes), default=0)
    done = f"{counted(heading.seq, 'commit')} of profile {copy.name!r} written to {file}."
    app.output.show(ExportedHistory(copy.name, str(file), heading.seq, signed), Lines([done]))
    app.tell_profile()

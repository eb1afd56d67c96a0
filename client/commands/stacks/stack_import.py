"""`stackroom stack import`: stacks from ZenML's YAML, in any form that ZenML has written."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.options import message_option
from stackroom.client.commands.profiles.bringing import (
    bring,
    dry_run_option,
    on_conflict_options,
    read,
    secrets_options,
)
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.definitions.planning import OnConflict


@command(
    "import",
    example="""
    stackroom stack import prod.yaml --dry-run
    stackroom stack import stacks/*.yaml -m "from ZenML"
    stackroom stack import staging prod.yaml --on-conflict rename
    zenml stack export prod /dev/stdout | stackroom stack import -
    """,
)
@click.argument(
    "names_and_files",
    nargs=-1,
    metavar="[NAME] FILE|DIR...",
    shell_complete=completing.files,
)
@click.option(
    "-f",
    "--filename",
    metavar="FILE",
    help="The file, as ZenML 0.13 to 0.98 has it.",
    shell_complete=completing.files,
)
@click.option("--name", help="The stack's name, instead of the file's.")
@on_conflict_options
@secrets_options
@dry_run_option
@click.option("--ignore-version-mismatch", is_flag=True, hidden=True)
@message_option
@click.pass_obj
def import_(
    app: App,
    names_and_files: tuple[str, ...],
    filename: str | None,
    name: str | None,
    on_conflict: "OnConflict | None",
    suffix: str,
    dry_run: bool,
    ignore_version_mismatch: bool,
    message: str,
) -> None:
    """Import stacks from ZenML's YAML, or ours: one commit, all or nothing.

    A FILE may be - for stdin; of a DIR, all its YAML files are read. Every form that ZenML exported is
    understood, from 0.10 to 0.98, and that of the Terraform recipes. Components that say the same are
    used as they are, so that importing a file twice changes nothing. Keys that mean nothing here are
    kept, and are there again on export.
    """
    from stackroom.client.definitions.planning import merged

    files, name = _meant(names_and_files, filename, name)
    sources = read(app, files, name=name or "")
    wanted = merged(source.definitions for source in sources)
    names = [stack.name for stack in wanted.stacks]
    done = f"Stack {names[0]!r} imported" if len(names) == 1 else f"{len(names)} stacks imported"
    bring(
        app,
        app.copy(),
        wanted,
        done,
        message=message,
        on_conflict=on_conflict,
        suffix=suffix,
        dry_run=dry_run,
        sources=sources,
    )


def _meant(
    given: tuple[str, ...], filename: str | None, name: str | None
) -> tuple[list[str], str | None]:
    """The files, and the name if there is one, in any of the spellings that ZenML has had."""
    files = list(given)
    if name is None and files and (filename is not None or len(files) == 2):
        if _is_name(files[0]):
            name = files.pop(0)
    if filename is not None:
        files.append(filename)
    if len(files) == 1 and _is_name(files[0]) and Path(f"{files[0]}.yaml").is_file():
        files = [f"{files[0]}.yaml"]
    if not files:
        raise click.UsageError("give a FILE or a DIR to import")
    return files, name


def _is_name(text: str) -> bool:
    """Whether a word is a stack's name, and not a file's."""
    return text != "-" and "/" not in text and not Path(text).exists()

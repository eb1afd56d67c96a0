"""`stackroom zenml import-store`: everything that a ZenML on this machine keeps."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.context import App
from stackroom.client.commands.options import message_option
from stackroom.client.commands.profiles.bringing import (
    bring,
    dry_run_option,
    on_conflict_options,
    secrets_options,
)
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.definitions.planning import OnConflict


@command(
    "import-store",
    example="""
    stackroom zenml import-store ~/.config/zenml --dry-run
    stackroom zenml import-store ~/.config/zenml --from research -m "from ZenML 0.12"
    stackroom zenml import-store backup/zenml.db --on-conflict rename
    """,
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--from", "profile", default="", metavar="PROFILE", help="Which of ZenML's profiles.")
@on_conflict_options
@secrets_options
@dry_run_option
@message_option
@click.pass_obj
def import_store(
    app: App,
    path: Path,
    profile: str,
    on_conflict: "OnConflict | None",
    suffix: str,
    dry_run: bool,
    message: str,
) -> None:
    """Import all that ZenML keeps on this machine: one commit, all or nothing.

    PATH is ZenML's configuration folder (~/.config/zenml), the folder of one of its old profiles, or a
    zenml.db; of 0.10 to 0.13, and of today. It is only read. Names, ids, times and labels are kept, and
    references to connectors and secrets as they are written.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.client.definitions.planning import merged
    from stackroom.client.stores.store import read

    with progress(app.output, "Reading"):
        store = read(path.expanduser(), profile)
    app.output.note(f"{store.path}: {store.what}")
    count = len(store.definitions.stacks)
    done = f"{counted(count, 'stack')} imported from {store.path}"
    bring(
        app,
        app.copy(),
        merged([store.definitions]),
        done,
        message=message,
        on_conflict=on_conflict,
        suffix=suffix,
        dry_run=dry_run,
    )

"""`stackroom hub backup | restore`: a copy of a hub's log, and its way back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Fields, Lines
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.hosting.backup import Rooted
    from stackroom.sync.hosting.folder import Companion
    from stackroom.sync.hosting.restoring import Restored


@command(
    "backup",
    example="""
    stackroom hub backup /backups/hub-2026-11-26.db
    stackroom hub backup latest.db --force --data /srv/stackroom --output json
    """,
)
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), shell_complete=completing.files
)
@click.option("--force", is_flag=True, help="Replace the file, if there is one.")
@data_option
@click.pass_obj
def backup(app: "App", file: Path, force: bool, data: Path) -> None:
    """Copy the hub's log to FILE, and verify the copy. The hub may run meanwhile.

    FILE is a SQLite database that only you may read: every commit, the people, and hashes of tokens.
    Settings and keys are not in it: what belongs with it is said.
    """
    from stackroom.client import chance
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.times import local
    from stackroom.sync.hosting.backup import back_up
    from stackroom.sync.hosting.folder import HubFolder

    with progress(app.output, "Copying and verifying"):
        made = back_up(HubFolder(data), file, now=chance.clock(), replace=force)
    fields = [
        ("backup", made.file),
        ("hub", f"{made.hub}, epoch {made.epoch}"),
        ("taken", local(made.time)),
        ("holds", f"{_held(len(made.profiles), made.commits, ', ')}, {made.bytes} bytes"),
        *((_called(each, made.hub), f"#{each.seq} {each.root}") for each in made.profiles),
    ]
    app.output.show(made, lambda: Fields(fields))
    if made.beside:
        app.output.note(f"Keep beside it, from {data}: {_listed(made.beside)}.")


def _held(profiles: int, commits: int, between: str) -> str:
    return f"{counted(profiles, 'profile')}{between}{counted(commits, 'commit')}"


def _called(kept: "Rooted", hub: str) -> str:
    from stackroom.client.rights import PEOPLE

    return PEOPLE if kept.profile == hub else kept.name


@command(
    "restore",
    example="stackroom hub restore /backups/hub-2026-11-26.db --data /srv/stackroom",
)
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), shell_complete=completing.files
)
@data_option
@click.pass_obj
def restore(app: "App", file: Path, data: Path) -> None:
    """Put the backup FILE in the place of the hub's log, once it was verified. The hub has to be down.

    What stood there is kept beside it. FILE stays as it is.
    """
    from stackroom.client import chance
    from stackroom.client.commands.progress import progress
    from stackroom.sync.hosting.folder import HubFolder
    from stackroom.sync.hosting.restoring import restore as put_back

    with progress(app.output, "Verifying"):
        done = put_back(HubFolder(data), file, now=chance.clock())
    app.output.show(done, lambda: Lines(_told(done)))


def _told(done: "Restored") -> list[str]:
    held = _held(done.profiles, done.commits, " and ")
    lines = [f"{done.data} has {held} of {done.file}."]
    if done.aside:
        lines.append(f"What stood there is kept as {done.aside}.")
    if done.lost:
        lines.append(f"It had {counted(done.lost, 'commit')} that the backup has not.")
    if done.lacking:
        lines.append(f"If the hub had them, bring back: {_listed(done.lacking)}.")
    lines.append(
        "Tokens that were revoked and values that were redacted since are back: do that again."
    )
    lines.append(
        "Next: stackroom hub up. Clients that are ahead of the backup notice it, and keep what they have;"
    )
    lines.append("  stackroom hub heal takes back from them what was lost.")
    return lines


def _listed(files: "list[Companion]") -> str:
    return ", ".join(f"{each.name} ({each.what}{', secret' * each.secret})" for each in files)

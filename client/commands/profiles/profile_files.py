"""`stackroom profile export`, `import` and `clone`: a whole profile as files, and as another profile."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.options import at_option, message_option, yes_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.profiles.bringing import (
    bring,
    dry_run_option,
    on_conflict_options,
    read,
    secrets_options,
)
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.definitions.planning import OnConflict
    from stackroom.client.files.folder import Change


NAMED = 5
"""Files named in a question; the rest is counted."""


class Exported(Struct, frozen=True):
    """What became of the files of a folder; paths below it."""

    folder: str
    written: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int


@command(
    "export",
    example="""
    stackroom profile export stacks/
    stackroom --profile team profile export stacks/ --at yesterday
    """,
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@at_option
@dry_run_option
@yes_option
@click.pass_obj
def export(app: App, folder: Path, at: str | None, dry_run: bool, yes: bool) -> None:
    """Write the profile as files: one for each flavor, component and stack, made for git.

    Files that are there are brought up to date: they stay where they are, with their comments, and the
    files of what the profile has no more are removed. What stackroom did not write is left alone.
    """
    from stackroom.client.commands.lookup import state_at
    from stackroom.client.commands.profiles.planned import credentials
    from stackroom.client.commands.progress import progress
    from stackroom.client.definitions.exporting import definitions
    from stackroom.client.files import folder as files
    from stackroom.client.files import shape

    copy = app.copy()
    state = state_at(copy, at)
    defined = definitions(state)
    wanted = shape.files(copy.name, defined)
    with progress(app.output, "Reading", total=files.count(folder)) as bar:
        standing = files.held(folder, bar.step)
    changes = files.changes(folder, standing, wanted)
    removed = [change for change in changes if change.content is None]
    if removed and not dry_run:
        listed = ", ".join(_below(folder, change) for change in removed[:NAMED])
        more = len(removed) - NAMED
        listed += f" and {more} more" if more > 0 else ""
        app.confirm(f"Remove {listed}, which the profile has no more?", yes=yes)
    if not dry_run:
        files.carry_out(changes)
    new = [_below(folder, change) for change in changes if change.new]
    changed = [_below(folder, c) for c in changes if not c.new and c.content is not None]
    gone = [_below(folder, change) for change in removed]
    same = len(wanted) - len(new) - len(changed)
    said = f"{len(new)} written, {len(changed)} changed, {len(gone)} removed, "
    said += counted(same, "as it was", "as they were")
    done = "would be exported" if dry_run else "exported"
    app.output.show(
        Exported(str(folder), new, changed, gone, same),
        Lines([f"Profile {copy.name!r} {done} to {folder}: {said}."]),
    )
    for warning in credentials(defined):
        app.output.note(f"Note: {warning}.")
    app.show_copy_age(copy)


@command(
    "import",
    example="""
    stackroom profile import stacks/
    stackroom profile import stacks/ staging --local
    stackroom profile import stacks/ --on-conflict replace --dry-run
    """,
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.argument("name", required=False, shell_complete=completing.profiles)
@click.option("--local", is_flag=True, help="If it is made: without a hub, only on this machine.")
@click.option(
    "--hub",
    metavar="URL",
    help="If it is made: on this hub, where several are connected.",
    shell_complete=completing.joined_hubs,
)
@on_conflict_options
@secrets_options
@dry_run_option
@message_option
@click.pass_obj
def import_(
    app: App,
    folder: Path,
    name: str | None,
    local: bool,
    hub: str | None,
    on_conflict: "OnConflict | None",
    suffix: str,
    dry_run: bool,
    message: str,
) -> None:
    """Make a profile of the files in DIR, in one commit; or bring them into one that is there.

    The profile is called NAME, or as its own file says. Nothing that it has is deleted; `apply` has
    --prune for that.
    """
    from stackroom.client.commands.profiles.profile import made
    from stackroom.client.definitions.planning import merged

    sources = read(app, [str(folder)])
    if name is None:
        named = [source.profile for source in sources if source.profile]
        if len(named) != 1:
            why = "several files" if named else "no file"
            raise click.UsageError(f"{folder} has {why} for the profile itself: give its NAME")
        name = named[0]
    wanted = merged(source.definitions for source in sources)
    there = [entry for entry in app.workspace.profiles() if name in (entry.name, entry.id)]
    if there:
        app.profile_name = name
        bring(
            app,
            app.copy(),
            wanted,
            f"Profile {name!r} imported from {folder}",
            message=message,
            on_conflict=on_conflict,
            suffix=suffix,
            dry_run=dry_run,
            sources=sources,
        )
    elif dry_run:
        said = f"Profile {name!r} would be made, with {_counted(wanted)}."
        app.output.show({"profile": name, "made": False}, Lines([said]))
    else:
        done = f"Profile {name!r} made from {folder}, with {_counted(wanted)}"
        made(app, name, local=local, hub=hub, message=message, wanted=wanted, done=done)


@command(
    "clone",
    example="""
    stackroom profile clone team experiments --local
    stackroom profile clone team team-eu -m "a profile for each region"
    """,
)
@click.argument("source", shell_complete=completing.profiles)
@click.argument("name")
@click.option("--local", is_flag=True, help="Without a hub: only on this machine.")
@click.option(
    "--hub",
    metavar="URL",
    help="On this hub, where several are connected.",
    shell_complete=completing.joined_hubs,
)
@message_option
@click.pass_obj
def clone(app: App, source: str, name: str, local: bool, hub: str | None, message: str) -> None:
    """Make a profile that begins with all that another has, as it stands here.

    They are independent from then on. The history stays with SOURCE: the clone's begins with one commit.
    """
    from stackroom.client.commands.profiles.profile import made
    from stackroom.client.definitions.exporting import definitions

    copy = app.workspace.copy(app.workspace.entry(source).id)
    if waiting := len(copy.view.conflicts) + len(copy.view.requests):
        app.output.note(
            f"Note: {counted(waiting, 'is', 'are')} open in {copy.name!r} (conflicts, change requests), "
            "and not cloned."
        )
    wanted = definitions(copy.view)
    done = f"Profile {name!r} cloned from {copy.name!r} at #{copy.seq}, with {_counted(wanted)}"
    message = message or f"cloned from {copy.name} at #{copy.seq}"
    made(app, name, local=local, hub=hub, message=message, wanted=wanted, done=done)


def _counted(wanted: "Definitions") -> str:
    components = counted(len(wanted.components), "component")
    return f"{counted(len(wanted.stacks), 'stack')} and {components}"


def _below(folder: Path, change: "Change") -> str:
    return str(change.path.relative_to(folder))

"""`stackroom plan`, `apply` and `drift`: a profile that is kept as files, in git for example."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Exit
from stackroom.client.commands.options import message_option, no_validate_option, yes_option
from stackroom.client.commands.profiles.bringing import dry_run_option
from stackroom.client.commands.tree import command
from stackroom.client.errors import InvalidConfig

if TYPE_CHECKING:
    from stackroom.client.definitions.planning import Plan
    from stackroom.client.files.sources import Source
    from stackroom.client.profile_copy import ProfileCopy

F = TypeVar("F", bound=Callable[..., Any])

files_option: Callable[[F], F] = click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    metavar="FILE|DIR",
    help="What should be: our own files, or stacks that ZenML exported; - for stdin. May be repeated.",
    shell_complete=completing.files,
)
prune_option: Callable[[F], F] = click.option(
    "--prune",
    is_flag=True,
    help="Delete what the files do not define: flavors, components and stacks.",
)


@command(
    "plan",
    example="""
    stackroom plan -f stacks/
    stackroom plan -f prod.yaml -f staging.yaml
    stackroom plan -f stacks/ --prune --exit-code
    stackroom plan --against https://zenml.example
    """,
)
@files_option
@prune_option
@no_validate_option
@click.option("--exit-code", is_flag=True, help="End with 1 if there is something to change.")
@click.option(
    "--against",
    metavar="ZENML_URL",
    help="Compare with what a ZenML server has: the files, or without any the profile.",
)
@click.pass_context
def plan(
    context: click.Context,
    files: tuple[str, ...],
    prune: bool,
    no_validate: bool,
    exit_code: bool,
    against: str | None,
) -> None:
    """Show what `apply` would do, value by value, and do nothing.

    Files are compared with the profile as it is on this machine: run `stackroom sync` first. Values of
    keys that hold credentials are not shown. With --against, what `zenml push` would do there is shown;
    it signs in as that does.
    """
    app = context.ensure_object(App)
    copy = app.copy()
    if against is not None:
        if prune:
            raise click.UsageError("nothing is ever deleted on a ZenML server: leave out --prune")
        changes = _against(app, copy, against, files)
    else:
        read = _read(app, files)
        made = _made(app, copy, read, prune=prune, validate=not no_validate)
        _show(app, copy, made, read)
        changes = bool(made.changes)
    if changes and exit_code:
        context.exit(Exit.ERROR)


@command(
    "apply",
    example="""
    stackroom apply -f stacks/ -m "more memory for training"
    stackroom apply -f stacks/ --prune --yes -m "$(git log -1 --format=%s)"
    """,
)
@files_option
@prune_option
@no_validate_option
@dry_run_option
@yes_option
@message_option
@click.pass_obj
def apply(
    app: App,
    files: tuple[str, ...],
    prune: bool,
    no_validate: bool,
    dry_run: bool,
    yes: bool,
    message: str,
) -> None:
    """Give the profile what the files say, in one commit, by the same rules as any other change.

    The plan is shown first, and asked about unless --yes is given. Files of ours say all there is to
    say of what they define; ZenML's exports leave labels and descriptions as they are.
    """
    from stackroom.client.commands.profiles import bringing

    copy = app.copy()
    read = _read(app, files)
    made = _made(app, copy, read, prune=prune, validate=not no_validate)
    if dry_run:
        _show(app, copy, made, read)
        return
    draft = bringing.drafted(app, copy, made, message)
    if made.changes and not yes:
        bringing.show_beside(app, copy, made, read)
        app.confirm(f"Apply this to profile {copy.name!r}?", yes=yes)
    done = f"Profile {copy.name!r} brought to what {_called(files)}"
    app.commit(draft, done)


@command("drift", example="stackroom sync && stackroom drift -f stacks/")
@files_option
@click.pass_context
def drift(context: click.Context, files: tuple[str, ...]) -> None:
    """Say whether the profile and the files differ: ends with 1 if they do.

    What the profile has and the files have not counts too, if the files are a whole profile (there is
    a file for the profile itself among them, as `profile export` writes it).
    """
    app = context.ensure_object(App)
    copy = app.copy()
    read = _read(app, files)
    whole = any(source.definitions.profile is not None for source in read)
    made = _made(app, copy, read, prune=whole)
    _show(app, copy, made, read)
    if made.changes:
        context.exit(Exit.ERROR)


def _against(app: App, copy: "ProfileCopy", url: str, files: tuple[str, ...]) -> bool:
    """Shows what would be done on the ZenML server at `url`, and says whether there is anything."""
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.zenml import zenml_server
    from stackroom.client.definitions import planning
    from stackroom.client.zenml_server import pushing

    if files:
        wanted = planning.merged(source.definitions for source in _read(app, files))
    else:
        wanted = zenml_server.chosen(copy)
    with progress(app.output, "Asking ZenML"):
        api = zenml_server.connected(app, url)
        server = pushing.look(api, app.workspace.new_id)
    made = pushing.planned(wanted, server, app.workspace.new_id, leave_out=True)
    zenml_server.show(app, api.url, server, made)
    return bool(made.plan.steps)


def _read(app: App, files: tuple[str, ...]) -> "list[Source]":
    from stackroom.client.commands.profiles import bringing

    if not files:
        raise click.UsageError("say what should be: -f FILE, or -f DIR")
    return bringing.read(app, files)


def _made(
    app: App, copy: "ProfileCopy", read: "list[Source]", *, prune: bool, validate: bool = False
) -> "Plan":
    """The plan; with `validate`, InvalidConfig where what it touches does not fit its flavor."""
    from stackroom.client.commands.profiles.bringing import misfits
    from stackroom.client.definitions import planning

    wanted = planning.merged(source.definitions for source in read)
    new_id = app.workspace.new_id
    made = planning.plan(wanted, copy.view, new_id, on_conflict="replace", prune=prune)
    if validate and (faults := misfits(wanted, made, copy)):
        raise InvalidConfig(faults)
    return made


def _show(app: App, copy: "ProfileCopy", made: "Plan", read: "list[Source]") -> None:
    from stackroom.client.commands.profiles import bringing, planned

    bringing.show(app, copy, made, read, planned.warnings(read))
    app.show_copy_age(copy)


def _called(files: tuple[str, ...]) -> str:
    return f"{files[0]} says" if len(files) == 1 else f"{len(files)} files say"

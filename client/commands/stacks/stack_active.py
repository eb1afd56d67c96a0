"""`stackroom stack set` and `get`: the stack in use here, and the one offered to everybody."""

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack, known_stack, state_at
from stackroom.client.commands.options import (
    at_option,
    global_option,
    message_option,
    stack_option,
)
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotFound
from stackroom.events.state import Stack

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.repository import Repository


Chosen: TypeAlias = Literal["--stack", "STACKROOM_STACK", "repository", "here", "default"]
"""Who chose the stack: `here` is this person by `stack set`, `default` the profile."""

_WHOSE: dict[Chosen, str] = {
    "--stack": "from --stack",
    "STACKROOM_STACK": "from STACKROOM_STACK",
    "repository": "from repository",
    "here": "set here",
    "default": "the profile's default",
}


class Active(Struct, frozen=True):
    """The stack in use here."""

    id: str
    name: str
    chosen: Chosen


@command(
    "set",
    example="""
    stackroom stack set prod
    stackroom stack set prod --default -m "prod is ready"
    """,
)
@click.argument("name", shell_complete=completing.stacks)
@click.option("--default", is_flag=True, help="For everybody: the profile's default stack.")
@global_option
@message_option
@click.pass_obj
def set_(app: App, name: str, default: bool, everywhere: bool, message: str) -> None:
    """Use a stack here from now on.

    Inside a repository (see init), that is set for the repository; with --global, for all others.
    With --default the profile offers it to everybody who has not set one: that is a commit.
    """
    copy = app.copy()
    id, _ = find_stack(copy.view, name)
    if default:
        draft = app.workspace.edit(copy, message)
        draft.default_stack(name)
        app.commit(draft, f"Stack {name!r} is the default stack")
        return
    if message:
        raise click.UsageError("--message goes with --default: what is in use here is no commit")
    chosen = activate(app, copy, id, name, everywhere=everywhere)
    where = "in this repository" if chosen == "repository" else "here"
    app.output.show(Active(id, name, chosen), Lines([f"Stack {name!r} is in use {where}."]))


@command("get", example="stackroom stack get --output json")
@stack_option
@at_option
@click.pass_obj
def get(app: App, at: str | None) -> None:
    """Show the stack in use here, and who said so.

    --stack and STACKROOM_STACK go before the repository's (see init), that before the one that was
    set, and that before the profile's default. With --at, as that stack was called then.
    """
    copy = app.copy()
    id, stack, chosen = in_use(app, copy)
    if at is not None:
        stack = known_stack(state_at(copy, at), id)
    app.output.show(Active(id, stack.name, chosen), Lines([f"{stack.name} ({_WHOSE[chosen]})"]))


def in_use(app: App, copy: "ProfileCopy") -> tuple[str, Stack, Chosen]:
    """The id, the stack, and who chose it; NotFound if nobody did, or if it is not there."""
    state = copy.view
    if app.stack_name:
        return *find_stack(state, app.stack_name), "--stack"
    if named := os.environ.get("STACKROOM_STACK"):
        return *find_stack(state, named), "STACKROOM_STACK"
    repository = app.repository
    if repository is not None and repository.stack and _is_of(app, copy, repository):
        try:
            return *find_stack(state, repository.stack), "repository"
        except NotFound as error:
            raise NotFound(f"{error} ({repository.file} names it)", hint=error.hint) from None
    own = app.workspace.active_stack(copy.id)
    if own is not None and isinstance(stack := state.get(own), Stack):
        return state.resolve(own), stack, "here"
    default = state.profile.default_stack if state.profile is not None else None
    if default is not None and isinstance(stack := state.get(default), Stack):
        return default, stack, "default"
    raise NotFound("no stack is in use here", hint="stackroom stack set NAME")


def active_id(app: App, copy: "ProfileCopy") -> str | None:
    """The id of the stack in use here, if there is one."""
    try:
        return in_use(app, copy)[0]
    except NotFound:
        return None


def activate(
    app: App, copy: "ProfileCopy", id: str, name: str, *, everywhere: bool = False
) -> Chosen:
    """Uses the stack from now on, in the repository or (also with `everywhere`) here."""
    repository = app.repository
    if repository is not None and not everywhere and _is_of(app, copy, repository):
        repository.write(stack=name)
        return "repository"
    app.workspace.set_active_stack(copy.id, id)
    return "here"


def _is_of(app: App, copy: "ProfileCopy", repository: "Repository") -> bool:
    """Whether the repository works on this profile: its stack is one of that profile's."""
    if repository.profile is None:
        return True
    return app.workspace.entry(repository.profile).id == copy.id

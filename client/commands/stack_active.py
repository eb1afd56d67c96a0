"""`stackroom stack set` and `get`: the stack in use here, and the one offered to everybody."""

from typing import TYPE_CHECKING, Literal, TypeAlias

import click
from msgspec import Struct

from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.options import message_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotFound
from stackroom.events.state import Stack

if TYPE_CHECKING:
    from stackroom.client.workspace import ProfileCopy


Chosen: TypeAlias = Literal["here", "default"]
"""Who chose the stack: this person by `stack set`, or the profile by its default."""


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
@click.argument("name")
@click.option("--default", is_flag=True, help="For everybody: the profile's default stack.")
@message_option
@click.pass_obj
def set_(app: App, name: str, default: bool, message: str) -> None:
    """Use a stack here from now on.

    It stays in use when it is renamed. With --default the profile offers it to everybody who has
    not set one: that is a commit.
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
    activate(app, copy, id)
    app.output.show(Active(id, name, "here"), Lines([f"Stack {name!r} is in use here."]))


@command("get", example="stackroom stack get --output json")
@click.pass_obj
def get(app: App) -> None:
    """Show the stack in use here.

    That is the one that was set, or else the profile's default.
    """
    copy = app.copy()
    id, stack, chosen = in_use(app, copy)
    whose = "set here" if chosen == "here" else "the profile's default"
    app.output.show(Active(id, stack.name, chosen), Lines([f"{stack.name} ({whose})"]))


def in_use(app: App, copy: "ProfileCopy") -> tuple[str, Stack, Chosen]:
    """The id, the stack, and who chose it; NotFound if nobody did."""
    state = copy.view
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


def activate(app: App, copy: "ProfileCopy", id: str) -> None:
    """Uses the stack here from now on."""
    app.workspace.set_active_stack(copy.id, id)

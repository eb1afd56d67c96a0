"""`stackroom stack protect`, `unprotect`, and those of components."""

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_component, find_stack, type_argument
from stackroom.client.commands.options import reason_option
from stackroom.client.commands.tree import command


@command("protect", example='stackroom stack protect prod -m "pipelines of the shop run on it"')
@click.argument("name", shell_complete=completing.stacks)
@reason_option
@click.pass_obj
def protect_stack(app: App, name: str, message: str) -> None:
    """Protect a stack: changes of it, and of its components, need another person's approval.

    It takes effect at once. See `stackroom request`.
    """
    _mark_stack(app, name, message, protected=True)


@command("unprotect", example="stackroom stack unprotect prod")
@click.argument("name", shell_complete=completing.stacks)
@reason_option
@click.pass_obj
def unprotect_stack(app: App, name: str, message: str) -> None:
    """Take the protection of a stack away; another person must approve it."""
    _mark_stack(app, name, message, protected=False)


@command("protect", example="stackroom component protect artifact-store s3")
@type_argument
@click.argument("name", shell_complete=completing.components)
@reason_option
@click.pass_obj
def protect_component(app: App, type: str, name: str, message: str) -> None:
    """Protect a component, in whatever stacks it is: changes need another person's approval.

    It takes effect at once. See `stackroom request`.
    """
    _mark_component(app, type, name, message, protected=True)


@command("unprotect", example="stackroom component unprotect artifact-store s3")
@type_argument
@click.argument("name", shell_complete=completing.components)
@reason_option
@click.pass_obj
def unprotect_component(app: App, type: str, name: str, message: str) -> None:
    """Take the protection of a component away; another person must approve it."""
    _mark_component(app, type, name, message, protected=False)


def _mark_stack(app: App, name: str, message: str, *, protected: bool) -> None:
    copy = app.copy()
    find_stack(copy.view, name)
    draft = app.workspace.edit(copy, message)
    draft.stack(name).protect(protected=protected)
    app.commit(draft, f"Stack {name!r} {_WORDS[protected]}")
    _tell_local(app, copy.hub, protected=protected)


def _mark_component(app: App, type: str, name: str, message: str, *, protected: bool) -> None:
    from stackroom.events.deciding.protection import protected_by

    copy = app.copy()
    id, _ = find_component(copy.view, type, name)
    draft = app.workspace.edit(copy, message)
    draft.component(type, name).protect(protected=protected)
    app.commit(draft, f"Component {type}/{name} {_WORDS[protected]}")
    stacks = [] if protected else protected_by(copy.view, id)
    if stacks:
        listed = ", ".join(stacks)
        app.output.note(f"It is protected as a part of {listed}: stackroom stack unprotect NAME")
    _tell_local(app, copy.hub, protected=protected)


_WORDS = {True: "protected", False: "unprotected"}


def _tell_local(app: App, hub: str | None, *, protected: bool) -> None:
    if hub is None and protected:
        app.output.note(
            "Note: this profile is local, and there is nobody else to ask: the mark counts once it is "
            "on a hub."
        )

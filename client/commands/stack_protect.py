"""`stackroom stack protect` and `unprotect`: whether changes wait for another person's approval."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.options import reason_option
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


@command("protect", example="stackroom stack protect prod -m 'what customers see'")
@click.argument("name", shell_complete=completing.stacks)
@reason_option
@click.pass_obj
def protect(app: "App", name: str, message: str) -> None:
    """Protect a stack: a change of it, or of a component in it, waits for another person's approval.

    It needs `profile.protect`. On a hub it binds everybody, administrators too; in a local profile, where
    there is nobody else, it is kept, and binds nobody.
    """
    draft = app.workspace.edit(app.copy(), message)
    draft.stack(name).protect()
    app.commit(draft, f"Stack {name!r} protected")


@command("unprotect", example="stackroom stack unprotect prod")
@click.argument("name", shell_complete=completing.stacks)
@reason_option
@click.pass_obj
def unprotect(app: "App", name: str, message: str) -> None:
    """Protect a stack no more: itself a change that another person must approve."""
    draft = app.workspace.edit(app.copy(), message)
    draft.stack(name).protect(protected=False)
    app.commit(draft, f"Stack {name!r} protected no more")

"""`stackroom restore`: a stack or component as it was, also one that was deleted."""

import sys
from typing import TYPE_CHECKING

import click
from msgspec import structs

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.history.drafting import show_draft
from stackroom.client.commands.lookup import find_entity, gone_called, seq_of
from stackroom.client.commands.options import message_option
from stackroom.client.commands.profiles.bringing import dry_run_option
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotFound
from stackroom.events.state import AnyEntity, Component, Stack, State

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy


@command(
    "restore",
    example="""
    stackroom restore prod
    stackroom restore prod --at yesterday --with-components -m "deleted by mistake"
    stackroom restore orchestrator/k8s --at release-2026-11 --dry-run
    stackroom restore prod --at 42 --as prod-before
    """,
)
@click.argument("entity", metavar="STACK|TYPE/NAME", shell_complete=completing.restorable)
@click.option(
    "--at",
    metavar="SEQ|TIME|TAG",
    help="As it was then; what was deleted is restored as it was last, unless this is given.",
    shell_complete=completing.moments,
)
@click.option(
    "--with-components",
    is_flag=True,
    help="Of a stack, bring those of its components back that were deleted.",
)
@click.option("--as", "new_name", metavar="NAME", help="Under this name; its own may be taken.")
@dry_run_option
@message_option
@click.pass_obj
def restore(
    app: App,
    entity: str,
    at: str | None,
    with_components: bool,
    new_name: str | None,
    dry_run: bool,
    message: str,
) -> None:
    """Bring a stack or component back to what it was, in a new commit.

    What was deleted comes back as the same entity, with its history. It is found by the name that it had
    then, or has now. Components that a stack had and that are there still stay as they are.
    """
    from stackroom.events.composing.restoring import entities

    copy = app.copy()
    id, then = _found(copy, entity, at)
    ids = {id} | _lost(app, copy, then, id, with_components=with_components)
    if new_name is not None:
        then = then.copy()
        then.put(id, structs.replace(then.entities[id], name=new_name))
    name = then.entities[id].name
    _refuse_taken(copy.view, id, then.entities[id])
    draft = app.workspace.edit(copy, message or f"restore {entity} as of #{then.seq}")
    draft.add(entities(copy.view, then, ids))
    if dry_run:
        show_draft(app, copy, draft)
        return
    kind = then.entities[id].kind.capitalize()
    app.commit(draft, f"{kind} {name!r} restored as of #{then.seq}")


def _refuse_taken(view: State, id: str, entity: AnyEntity) -> None:
    """Refused where another entity has the name by now."""
    key = entity.key()
    holder = view.names.get(key) if key is not None else None
    if holder not in (None, view.resolve(id)):
        raise Refused(
            f"there is another {entity.kind} {entity.name!r} now",
            hint="add --as NAME to restore it under a name of its own",
        )


def _found(copy: "ProfileCopy", text: str, at: str | None) -> tuple[str, State]:
    """The id of what is to be restored, and the state in which it is as it should be again."""
    if at is None:
        id, ended = _ended(copy.view, text)
        then = copy.at(min(ended - 1, copy.seq))
        if id not in then.entities:
            hint = "stackroom pending list"
            raise Refused(f"{text} was made and deleted in what waits for the hub", hint=hint)
        return id, then
    then = copy.at(seq_of(copy, at))
    try:
        return find_entity(then, text)[0], then
    except NotFound:
        known = _now(copy.view, text)
        if known is None or known not in then.entities:
            raise
        return known, then


def _now(view: State, text: str) -> str | None:
    """The id of what is called that now, or was so when it was deleted."""
    try:
        return find_entity(view, text)[0]
    except NotFound:
        return max(gone_called(view, text), key=lambda id: view.gone[id].stamp, default=None)


def _ended(view: State, text: str) -> tuple[str, int]:
    """The deleted entity of that name that was deleted last, and the seq at which it was."""
    gone = max(gone_called(view, text), key=lambda id: view.gone[id].stamp, default=None)
    try:
        find_entity(view, text)
    except NotFound:
        if gone is None:
            raise
    else:
        raise click.UsageError(
            f"{text!r} is there: say what it should be again with --at SEQ|TIME|TAG"
        )
    return gone, view.gone[gone].stamp[0]


def _lost(
    app: App, copy: "ProfileCopy", then: State, id: str, *, with_components: bool
) -> set[str]:
    """The components of a stack that must come back with it; Refused if they are not to."""
    stack = then.entities[id]
    if not isinstance(stack, Stack):
        if with_components:
            raise click.UsageError("--with-components goes with a stack")
        return set()
    lost = {member for _, member in stack.members() if copy.view.get(member) is None}
    if lost and not with_components:
        listed = ", ".join(sorted(_called(then, member) for member in lost))
        question = f"{listed} of stack {stack.name!r} were deleted, too. Bring them back?"
        if not sys.stdin.isatty():
            raise Refused(
                f"components of stack {stack.name!r} were deleted, too: {listed}",
                hint="add --with-components to bring them back",
            )
        app.confirm(question, yes=False)
    return lost


def _called(state: State, id: str) -> str:
    component = state.entities[id]
    assert isinstance(component, Component)
    return f"{component.component_type}/{component.name}"

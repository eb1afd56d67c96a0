"""`stackroom conflicts`: what two people changed in two ways, and how it is decided."""

from typing import TYPE_CHECKING, cast

import click

from stackroom.client.commands import completing
from stackroom.client.commands.exits import Exit
from stackroom.client.commands.naming import Names
from stackroom.client.commands.options import message_option, parse_value
from stackroom.client.commands.output import Table
from stackroom.client.commands.together.conflict_view import row, shown, view
from stackroom.client.commands.together.places import contended, find, spelled, value_at
from stackroom.client.commands.tree import group
from stackroom.client.errors import NotFound
from stackroom.events.state import Conflict, State
from stackroom.events.values import Maybe

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.events.composing.resolve import Place, Side


@group("conflicts", example="stackroom conflicts list\nstackroom conflicts show 12")
def conflicts() -> None:
    """See and resolve what two people changed in two ways."""


@conflicts.command("list", example="stackroom conflicts list --exit-code && echo none")
@click.option("--exit-code", is_flag=True, help="End with 5 if there are open conflicts.")
@click.pass_context
def list_(context: click.Context, exit_code: bool) -> None:
    """List the open conflicts of the profile."""
    app: App = context.obj
    copy = app.copy()
    found = _open(copy.view)
    names = Names(copy.view)
    app.output.show(
        [shown(id, conflict, names) for id, conflict in found],
        Table(
            ("conflict", "what", "theirs", "ours", "opened by"),
            [row(conflict, names) for _, conflict in found],
            empty="No open conflicts.",
        ),
    )
    app.show_copy_age(copy)
    if found and exit_code:
        context.exit(Exit.CONFLICTS)


@conflicts.command("show", example="stackroom conflicts show 12")
@click.argument("id", shell_complete=completing.conflicts)
@click.pass_obj
def show_one(app: "App", id: str) -> None:
    """Show a conflict: what stood before, what stands now, and what was proposed, side by side.

    ID is the seq of the commit that opened the conflict, or the beginning of its id.
    """
    copy = app.copy()
    found, conflict = _named(copy.view, id)
    names = Names(copy.view)
    now = app.workspace.clock()
    app.output.show(shown(found, conflict, names), lambda: view(conflict, names, now, copy.name))
    app.show_copy_age(copy)


@conflicts.command(
    "resolve",
    example="""
    stackroom conflicts resolve 12 --theirs -m "Ben's region is right"
    stackroom conflicts resolve 12 --set kubernetes_namespace=ml-prod
    stackroom conflicts resolve 12 --ours --take location=theirs
    """,
)
@click.argument("id", shell_complete=completing.conflicts)
@click.option("--ours", "side", flag_value="ours", help="Take what was proposed.")
@click.option("--theirs", "side", flag_value="theirs", help="Keep what stands.")
@click.option(
    "--set", "edits", multiple=True, metavar="PATH=VALUE", help="Another value; may be repeated."
)
@click.option(
    "--take",
    "takes",
    multiple=True,
    metavar="PATH=ours|theirs",
    help="A side for one path; may be repeated.",
)
@message_option
@click.pass_obj
def resolve(
    app: "App",
    id: str,
    side: str | None,
    edits: tuple[str, ...],
    takes: tuple[str, ...],
    message: str,
) -> None:
    """Decide a conflict, as a whole or path by path; works offline, too.

    PATH is written as `conflicts show` has it; its last part is enough where that is clear, and
    WHAT:PATH tells two of the same name apart. What is not contended is taken from the proposal,
    unless --theirs is given.
    """
    from stackroom.events.composing.resolve import resolve as decide

    copy = app.copy()
    conflict_id, conflict = _named(copy.view, id)
    names = Names(copy.view)
    taken = _takes(conflict, names, takes)
    edited = _edits(copy.view, conflict, names, edits)
    default = cast("Side | None", side)
    _require_decision(conflict, names, default, taken.keys() | edited.keys())
    changes = decide(
        copy.view,
        conflict_id,
        default or "ours",
        takes=taken,
        edits=edited,
        revive=copy.revive,
    )
    draft = app.workspace.edit(copy, message)
    draft.add(changes)
    app.commit(draft, f"Conflict #{conflict.opened} resolved")


def _takes(conflict: Conflict, names: Names, given: tuple[str, ...]) -> "dict[Place, Side]":
    takes: dict[Place, Side] = {}
    for text in given:
        place, equals, side = text.rpartition("=")
        if not equals or side not in ("ours", "theirs"):
            raise click.UsageError(f"--take {text!r} is not of the form PATH=ours or PATH=theirs")
        takes[find(conflict, names, place)] = cast("Side", side)
    return takes


def _edits(
    state: State, conflict: Conflict, names: Names, given: tuple[str, ...]
) -> "dict[Place, Maybe]":
    edits: dict[Place, Maybe] = {}
    for text in given:
        path, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--set {text!r} is not of the form PATH=VALUE")
        place = find(conflict, names, path)
        edits[place] = value_at(state, place, parse_value(value, f"--set {path}"))
    return edits


def _require_decision(
    conflict: Conflict, names: Names, default: "Side | None", decided: "set[Place]"
) -> None:
    """Nothing contended may be decided by omission."""
    left = [spelled(p, names) for p in contended(conflict) if p not in decided]
    if default is None and left:
        raise click.UsageError(
            f"say what becomes of {', '.join(left)}: --ours, --theirs, --set or --take"
        )


def _open(state: State) -> list[tuple[str, Conflict]]:
    """The open conflicts, the oldest first."""
    return sorted(state.all(Conflict), key=lambda found: found[1].opened)


def _named(state: State, text: str) -> tuple[str, Conflict]:
    """The conflict that `text` names: the seq that opened it, or the beginning of its id."""
    wanted = text.removeprefix("#")
    for id, conflict in _open(state):
        if str(conflict.opened) == wanted:
            return id, conflict
    near = [found for found in _open(state) if found[0].startswith(wanted)] if wanted else []
    if len(near) == 1:
        return near[0]
    why = f"{text!r} begins several ids" if near else f"there is no open conflict {text!r}"
    raise NotFound(why, hint="stackroom conflicts list")

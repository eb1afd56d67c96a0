"""`stackroom stack list` and `describe`: what there is now, and what there was."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack, known_stack, state_at
from stackroom.client.commands.options import at_option
from stackroom.client.commands.output import Fields, Table, Toned, View
from stackroom.client.commands.stacks.stack_active import active_id, in_use
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.stacks.entities import StackRow


@command(
    "list",
    example="""
    stackroom stack list --output json
    stackroom stack list --at release-2026-11
    """,
)
@at_option
@click.pass_obj
def list_(app: App, at: str | None) -> None:
    """List the stacks with their components.

    Of each type, the default component. The stack in use here is marked *, and the one that the
    profile offers to everybody (default); changes of one that is (protected) need approval.
    """
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    rows = entities.stacks(state, active_id(app, copy))

    def table() -> Table:
        return Table(
            ("", "name", "orchestrator", "artifact_store", "others"),
            [_line(row) for row in rows],
            "There are no stacks yet: stackroom stack register, or stackroom stack import FILE.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy, state)


@command(
    "describe",
    example="""
    stackroom stack describe prod
    stackroom stack describe prod --at 42
    stackroom stack describe prod --at "2026-11-20 14:30"
    """,
)
@click.argument("name", required=False, shell_complete=completing.stacks)
@at_option
@click.pass_obj
def describe(app: App, name: str | None, at: str | None) -> None:
    """Show a stack with the configuration of its components.

    Without NAME, the stack in use here. A date means the end of that day, here.
    """
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    if name is None:
        # It may have had another name then.
        id = in_use(app, copy)[0]
        stack = known_stack(state, id)
    else:
        id, stack = find_stack(state, name)
    row = entities.stack(state, id, stack, active_id(app, copy))
    app.output.show(row, lambda: described(row))
    app.show_copy_age(copy, state)


def _line(row: "StackRow") -> tuple[object, ...]:
    defaults = {type: members[0].name for type, members in row.components.items()}
    shown = defaults.pop("orchestrator", ""), defaults.pop("artifact_store", "")
    marks = [mark for mark, holds in _marks(row) if holds and mark != "active"]
    return (
        Toned("*", "good") if row.active else "",
        f"{row.name} ({', '.join(marks)})" if marks else row.name,
        *shown,
        ", ".join([f"{type}={name}" for type, name in defaults.items()]),
    )


def _marks(row: "StackRow") -> tuple[tuple[str, bool], ...]:
    return ("active", row.active), ("default", row.default), ("protected", row.protected)


def described(row: "StackRow") -> list[View]:
    """A stack for people."""
    from stackroom.client.commands.stacks import entities

    in_use = [mark for mark, holds in _marks(row) if holds and mark != "protected"]
    fields = Fields(
        [
            (name, value)
            for name, value in (
                ("description", row.description),
                ("labels", entities.map_cell(row.labels)),
                ("in use", ", ".join(in_use) or "no"),
                ("protected", "yes: changes need approval" if row.protected else ""),
                ("id", row.id),
            )
            if value
        ],
        f"stack {row.name!r}",
    )
    table = Table(
        ("type", "name", "flavor", "configuration"),
        [
            (type, member.name, member.flavor, entities.map_cell(member.config))
            for type, members in row.components.items()
            for member in members
        ],
        "It has no components.",
    )
    return [fields, table]

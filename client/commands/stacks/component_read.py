"""`stackroom component list`, `describe` and `get`: what there is, and what the stack in use has."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    doubt,
    find_component,
    known_stack,
    optional_type_argument,
    state_at,
    type_argument,
)
from stackroom.client.commands.options import (
    Labels,
    at_option,
    parse_labels,
    stack_option,
)
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotFound
from stackroom.events.state import Component, Stack

if TYPE_CHECKING:
    from stackroom.client.commands.output import Views
    from stackroom.client.commands.stacks.entities import ComponentRow
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.state import State


@command(
    "list",
    example="""
    stackroom component list
    stackroom component list orchestrator --output json
    stackroom component list --flavor kubernetes --label team=ml
    """,
)
@optional_type_argument
@click.option("-f", "--flavor", help="Only those of this flavor.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="K=V",
    callback=lambda _context, _parameter, values: parse_labels(values),
    help="Only those with this label; may be repeated.",
)
@click.option("--name", default="", metavar="TEXT", help="Only those with this in their name.")
@at_option
@click.pass_obj
def list_(
    app: App, type: str, flavor: str | None, labels: Labels, name: str, at: str | None
) -> None:
    """List the components, or those of one TYPE."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    listed = entities.components(state, type)
    rows = [
        row
        for row in listed
        if flavor in (None, row.flavor)
        and labels.items() <= row.labels.items()
        and name in row.name
    ]

    def table() -> Table:
        return Table(
            ("type", "name", "flavor", "labels", "stacks"),
            [
                (
                    row.type,
                    entities.protected_cell(
                        row.name, protected=row.protected, through=row.protected_by
                    ),
                    row.flavor,
                    entities.map_cell(row.labels),
                    entities.names_cell(row.stacks),
                )
                for row in rows
            ],
            doubt(type, listed)
            or ("No component is like that." if listed else "")
            or "There are no components yet: stackroom component register makes one.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy, state)


@command(
    "describe",
    example="""
    stackroom component describe orchestrator k8s
    stackroom component describe orchestrator
    stackroom component describe orchestrator k8s --at yesterday
    """,
)
@type_argument
@click.argument("name", required=False, shell_complete=completing.components)
@stack_option
@at_option
@click.pass_obj
def describe(app: App, type: str, name: str | None, at: str | None) -> None:
    """Show one component and the stacks that use it.

    Without NAME, the one that the stack in use here has.
    """
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    found = find_component(state, type, name) if name else used(app, copy, type, state)[1:]
    row = entities.component(state, *found)
    app.output.show(row, lambda: described(row))
    app.show_copy_age(copy, state)


@command("get", example="stackroom component get orchestrator")
@type_argument
@stack_option
@at_option
@click.pass_obj
def get(app: App, type: str, at: str | None) -> None:
    """Show which component of TYPE the stack in use here has."""
    from stackroom.client.commands.output import Lines
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    stack, id, found = used(app, copy, type, state)
    line = f"{found.name} (of stack {stack.name!r})"
    app.output.show(entities.component(state, id, found), Lines([line]))
    app.show_copy_age(copy, state)


def used(app: App, copy: "ProfileCopy", type: str, state: "State") -> tuple[Stack, str, Component]:
    """The stack in use here as it is in `state`, and the id and entity of its first component of `type`.

    NotFound where there is no such stack or component.
    """
    from stackroom.client.commands.stacks.stack_active import in_use

    stack = known_stack(state, in_use(app, copy)[0])
    for id in stack.components.get(type, []):
        if isinstance(found := state.get(id), Component):
            return stack, id, found
    raise NotFound(
        f"stack {stack.name!r}, which is in use here, has no {type}",
        hint=f"stackroom component list {type}",
    )


def described(row: "ComponentRow") -> "Views":
    """One component for people."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.stacks import entities

    fields: list[tuple[str, object]] = [
        ("flavor", row.flavor),
        ("labels", entities.map_cell(row.labels)),
        ("stacks", ", ".join(ref.name for ref in row.stacks) or "(none)"),
        *([("protected", _protection(row))] if row.protected or row.protected_by else []),
        ("id", row.id),
    ]
    views = [Fields(fields, f"{row.type}/{row.name}")]
    if row.config:
        views.append(Fields(sorted(row.config.items()), "Configuration"))
    if row.extra:
        views.append(Fields(sorted(row.extra.items()), "Kept beside it"))
    return views


def _protection(row: "ComponentRow") -> str:
    through = f"through {', '.join(row.protected_by)}" if row.protected_by else ""
    return ", ".join(filter(None, ("by itself" if row.protected else "", through)))

"""`stackroom diff`: what differs between two points of the history, two stacks, or two profiles."""

from typing import TYPE_CHECKING, Literal

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.history.diff_operands import Operand, operand
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.files.unified import FileDiff
    from stackroom.events.history.history import Difference
    from stackroom.events.state import Stack


@command(
    "diff",
    example="""
    stackroom diff 40 43
    stackroom diff release-2026-11
    stackroom diff yesterday --stack prod
    stackroom diff stack:prod@v1 stack:prod
    stackroom diff stack:staging stack:lab/prod --format yaml
    stackroom diff profile:lab profile:team
    """,
)
@click.argument("earlier", metavar="A", shell_complete=completing.comparable)
@click.argument("later", required=False, metavar="[B]", shell_complete=completing.comparable)
@click.option(
    "--stack",
    metavar="NAME",
    help="Only of this stack and its components.",
    shell_complete=completing.stacks,
)
@click.option(
    "--format",
    "format",
    type=click.Choice(("values", "yaml")),
    default="values",
    show_default=True,
    help="Value by value, or as unified diffs of what export writes.",
)
@click.pass_obj
def diff(
    app: App,
    earlier: str,
    later: str | None,
    stack: str | None,
    format: Literal["values", "yaml"],
) -> None:
    """Show what differs between A and B, value by value; without B, between A and now.

    Each is a moment (a seq, a tag, a time: 2026-11-20, '2h ago'; a date means the end of that day), or
    stack:NAME, stack:NAME@MOMENT, stack:PROFILE/NAME, profile:NAME, profile:NAME@MOMENT. Now is what
    stands here, what waits for the hub included.
    """
    a = operand(app, earlier)
    b = operand(app, later) if later is not None else _now(app, a)
    if a.kind != b.kind:
        raise click.UsageError(
            f"{a.label!r} is a {a.kind} and {b.label!r} a {b.kind}: both must be the same"
        )
    if stack is not None and a.kind != "moment":
        raise click.UsageError("--stack goes with moments: write stack:NAME@MOMENT instead")
    if stack is not None:
        a, b = _narrowed(a, b, stack)
    if format == "yaml":
        _show_files(app, a, b)
    else:
        _show_values(app, a, b)
    app.show_copy_age(b.copy)


def _now(app: App, a: Operand) -> Operand:
    """What `a` is compared with: the same as it stands here."""
    if a.state is a.copy.view:
        raise click.UsageError(f"{a.label!r} is compared with what? Name another {a.kind}")
    return Operand(a.kind, a.copy, a.copy.view, "now", a.id)


def _narrowed(a: Operand, b: Operand, name: str) -> tuple[Operand, Operand]:
    """Both sides as one stack, found by the name that it has on either; it need not be on both."""
    from stackroom.client.commands.lookup import find_stack
    from stackroom.events.state import Stack

    found = b.state.find(Stack, name) or a.state.find(Stack, name)
    id = found[0] if found is not None else find_stack(b.state, name)[0]
    return (
        Operand("stack", a.copy, a.state, a.label, id),
        Operand("stack", b.copy, b.state, b.label, id),
    )


def _show_values(app: App, a: Operand, b: Operand) -> None:
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Changes

    names = Names(b.state, a.state, b.copy.view, a.copy.view)
    rows = telling.changed(_differences(a, b), names)
    one = a.profile == b.profile and a.id == b.id
    words = ("new", "deleted") if one else (f"only in {b.label}", f"only in {a.label}")

    def lines() -> Changes:
        return Changes(list(telling.change_lines(rows, names, words)) or ["Nothing differs."])

    app.output.show(rows, lines)


def _differences(a: Operand, b: Operand) -> "list[Difference]":
    from stackroom.client.history import comparing

    if a.kind == "stack":
        if a.profile == b.profile and a.id == b.id:
            return comparing.one_stack(a.state, b.state, a.id)
        sides = comparing.Side(a.state, a.id), comparing.Side(b.state, b.id)
        return comparing.two_stacks(*sides)
    if a.profile == b.profile:
        return comparing.states(a.state, b.state)
    return comparing.two_profiles(a.state, b.state)


def _show_files(app: App, a: Operand, b: Operand) -> None:
    from stackroom.client.commands.output import Unified
    from stackroom.client.files import unified

    labels = a.label, b.label
    if a.kind == "stack":
        found: list[FileDiff] = unified.of_stacks(
            (a.state, _stack(a)), (b.state, _stack(b)), labels
        )
    else:
        found = unified.of_files(a.state, b.state, labels)
    lines = [line for each in found for line in each.diff.splitlines()]
    app.output.show(found, Unified(lines or ["Nothing differs."]))


def _stack(side: Operand) -> "Stack | None":
    from stackroom.events.state import Stack

    found = side.state.get(side.id)
    return found if isinstance(found, Stack) else None

"""`stackroom stack validate`: whether stacks can work."""

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Exit
from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.output import Lines, Table
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted
from stackroom.events.state import Stack


@command(
    "validate",
    example="""
    stackroom stack validate
    stackroom stack validate prod --strict
    """,
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completing.stacks)
@click.option("--strict", is_flag=True, help="End with 1 for warnings, too.")
@click.pass_context
def validate(context: click.Context, names: tuple[str, ...], strict: bool) -> None:
    """Check that stacks can work: those named, or all.

    An error (a stack without an orchestrator or an artifact store) ends with 1. What may not work, as a
    remote orchestrator with a local artifact store, is a warning.
    """
    from stackroom.client.definitions import validating

    app = context.ensure_object(App)
    copy = app.copy()
    stacks = [find_stack(copy.view, name)[1] for name in names] or sorted(
        (stack for _, stack in copy.view.all(Stack)), key=lambda stack: stack.name
    )
    found = [finding for stack in stacks for finding in validating.validate(copy.view, stack)]
    rows = [(finding.severity, finding.stack, finding.sentence) for finding in found]
    well = f"{counted(len(stacks), 'stack is as it', 'stacks are as they')} should be."
    view = Table(("", "stack", "finding"), rows) if rows else Lines([well])
    app.output.show(found, view)
    app.show_copy_age(copy)
    if any(strict or finding.severity == "error" for finding in found):
        context.exit(Exit.ERROR)

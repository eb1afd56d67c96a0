"""`stackroom diff`: what differs between two points of the history."""

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import seq_of
from stackroom.client.commands.tree import command


@command(
    "diff",
    example="""
    stackroom diff 40
    stackroom diff 40 43
    stackroom diff yesterday
    """,
)
@click.argument("earlier", metavar="SEQ|TIME|TAG", shell_complete=completing.moments)
@click.argument(
    "later", required=False, metavar="[SEQ|TIME|TAG]", shell_complete=completing.moments
)
@click.pass_obj
def diff(app: App, earlier: str, later: str | None) -> None:
    """Show what differs between two points of the history, value by value.

    With one, between it and now (what waits for the hub included). A TIME is 2026-11-20,
    '2026-11-20 14:30', '2h ago' or yesterday; a date means the end of that day.
    """
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Changes
    from stackroom.events.history import diff as differences

    copy = app.copy()
    before = copy.at(seq_of(copy, earlier))
    after = copy.view if later is None else copy.at(seq_of(copy, later))
    names = Names(after, before, copy.view)
    rows = telling.changed(differences(before, after), names)

    def lines() -> Changes:
        return Changes(list(telling.change_lines(rows, names)) or ["Nothing differs."])

    app.output.show(rows, lines)
    app.show_copy_age(copy)

"""`stackroom secrets`: credentials that got into a history in plain text."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Event
    from stackroom.events.state import State


class SecretRow(Struct, frozen=True):
    """Where a credential seems to stand in plain text; `seq` is null for what waits or is parked here."""

    seq: int | None
    proposal: str
    author: str | None
    entity: str
    path: str
    why: str


@group("secrets", example="stackroom secrets scan")
def secrets() -> None:
    """Credentials in plain text: they belong in a secret store, and here goes a reference to them."""


@secrets.command("scan", example="stackroom secrets scan\nstackroom secrets scan production")
@click.argument("profile", required=False, shell_complete=completing.profiles)
@click.pass_obj
def scan(app: "App", profile: str | None) -> None:
    """Look for credentials in a profile's whole history, and in what waits here. Ends with 1 if there are.

    No value is shown. What was found is known to all who may read the profile: change it where it is
    good, first of all.
    """
    from stackroom.client.commands.exits import Exit
    from stackroom.client.commands.output import Table

    if profile:
        app.profile_name = profile
    copy = app.copy()
    rows = list(_found(copy))

    def table() -> Table:
        return Table(
            ("seq", "author", "entity", "place", "why"),
            [
                (
                    f"#{row.seq}" if row.seq is not None else "here",
                    row.author,
                    row.entity,
                    row.path,
                    row.why,
                )
                for row in rows
            ],
            "No credential in plain text was found.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy)
    if rows:
        app.output.note(
            "Next: change each of them where it is good; then stackroom redact SEQ PLACE --reason WHY"
        )
        click.get_current_context().exit(Exit.ERROR)


def _found(copy: "ProfileCopy") -> Iterator[SecretRow]:
    from stackroom.events.history.history import pages

    for commits in pages(copy.log, copy.id, 0):
        for commit in commits:
            yield from _rows(copy.view, commit.seq, commit.id, commit.author, commit.events)
    waiting = [s.proposal for s in copy.standings] + [p.proposal for p in copy.parked]
    for proposal in waiting:
        yield from _rows(copy.view, None, proposal.id, None, proposal.events)


def _rows(
    view: "State", seq: int | None, proposal: str, author: str | None, events: "Iterable[Event]"
) -> Iterator[SecretRow]:
    """What one commit or proposal has; with the proposals that are held in it, as their authors'."""
    from stackroom.client.definitions.plaintext import found
    from stackroom.events.bodies import unseal
    from stackroom.events.errors import UnknownEvent
    from stackroom.events.model import (
        ChangeRequested,
        ConflictJoined,
        ConflictOpened,
        RequestJoined,
    )

    changes = []
    for event in events:
        try:
            change = unseal(event)
        except UnknownEvent:
            continue
        if isinstance(change, ConflictOpened | ConflictJoined | ChangeRequested | RequestJoined):
            held = change.held
            yield from _rows(view, seq, proposal, held.author, held.proposal.events)
        else:
            changes.append((event.entity, change))
    for place in found(view, changes):
        yield SecretRow(seq, proposal, author, place.entity, place.path, place.why)

"""`stackroom log`: what happened, newest first."""

from typing import TYPE_CHECKING, Final

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_entity
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.telling import CommitRow, Kind
    from stackroom.client.commands.terminal import Tone
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Commit

_TONES: "Final[dict[Kind, Tone]]" = {
    "conflict": "bad",
    "resolution": "good",
    "request": "careful",
    "approval": "good",
    "closing": "quiet",
    "pending": "careful",
}


@command(
    "log",
    example="""
    stackroom log
    stackroom log --limit 5 prod
    stackroom log orchestrator/k8s --output json
    """,
)
@click.argument(
    "entity", required=False, metavar="[STACK|TYPE/NAME]", shell_complete=completing.entities
)
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most."
)
@click.pass_obj
def log(app: App, entity: str | None, limit: int) -> None:
    """Show who changed what, when and why, newest first.

    Of a STACK, what touched the stack or a component that is in it now. Proposals that wait for the
    hub stand first, without a number; conflicts, change requests and
    what decided them are marked.
    """
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local

    copy = app.copy()
    ids = _ids(copy, entity) if entity else None
    names = Names(copy.view, copy.confirmed)
    rows = _waiting(copy, ids, names, app.workspace.store.replica)[:limit]
    rows += [telling.committed(c, names) for c in _commits(copy, ids, limit - len(rows))]

    def table() -> Table:
        return Table(
            ("seq", "when", "author", "what", "message", ""),
            [
                (
                    f"#{row.seq}" if row.seq is not None else "",
                    local(row.time if row.accepted is None else row.accepted),
                    row.author,
                    telling.what(row),
                    row.message,
                    _mark(row),
                )
                for row in rows
            ],
            "Nothing has happened yet.",
        )

    app.output.show(rows, table)
    if copy.missing is not None and len(rows) < limit:
        first = copy.missing.stop
        app.output.note(f"History before #{first} is not on this machine yet: stackroom sync")
    app.show_copy_age(copy)


def _mark(row: "CommitRow") -> object:
    """What kind of commit it is, if that is to be said, and the tags that name it."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.output import Toned

    tags = f"[{', '.join(row.tags)}]" if row.tags else ""
    said = " ".join(filter(None, (telling.MARKS[row.kind], tags)))
    return Toned(said, _TONES.get(row.kind, "strong")) if said else ""


def _ids(copy: "ProfileCopy", text: str) -> set[str]:
    """The ids under which the entity was ever spoken of; a stack's components included."""
    from stackroom.events.state import Stack

    id, entity = find_entity(copy.view, text)
    standing = {id}
    if isinstance(entity, Stack):
        standing.update(member for _, member in entity.members())
    aliases = copy.view.aliases.items()
    return standing | {alias for alias, stands in aliases if stands in standing}


def _waiting(
    copy: "ProfileCopy", ids: set[str] | None, names: "Names", replica: str
) -> "list[CommitRow]":
    """What waits for the hub, newest first."""
    from stackroom.client.commands import telling

    proposals = [standing.proposal for standing in reversed(copy.standings)]
    return [
        telling.proposed(proposal, replica, names)
        for proposal in proposals
        if ids is None or any(event.entity in ids for event in proposal.events)
    ]


def _commits(copy: "ProfileCopy", ids: set[str] | None, limit: int) -> "list[Commit]":
    """The newest commits, those of `ids` or all."""
    if limit <= 0:
        return []
    if ids is None:
        return copy.log.recent(copy.id, None, limit)
    return copy.log.touching(copy.id, sorted(ids), copy.seq)[-limit:][::-1]

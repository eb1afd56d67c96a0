"""`stackroom log`: what happened, newest first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from stackroom.client.commands.context import App
from stackroom.client.commands.history.log_filters import Filters, filter_options
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.history.graph import Node
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.telling import CommitRow, Kind
    from stackroom.client.commands.terminal import Tone
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.history.sought import Sought
    from stackroom.events.model import Commit, Proposal

_TONES: "Final[dict[Kind, Tone]]" = {
    "conflict": "bad",
    "resolution": "good",
    "request": "careful",
    "approval": "good",
    "closing": "quiet",
    "run": "quiet",
    "pending": "careful",
}


@command(
    "log",
    example="""
    stackroom log
    stackroom log prod --since 2026-11-01 --author ann
    stackroom log --type stack-deleted --all-profiles
    stackroom log --path config.namespace --message "move to" --output json
    stackroom log --graph
    stackroom log orchestrator/k8s --follow
    """,
)
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most."
)
@click.option("--all-profiles", is_flag=True, help="Of every profile that is here, by time.")
@click.option(
    "--graph", is_flag=True, help="With conflicts and change requests drawn as branches are."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes from the hub, to Ctrl-C.")
@filter_options
@click.pass_obj
def log(
    app: App, limit: int, all_profiles: bool, graph: bool, follow: bool, filters: Filters
) -> None:
    """Show who changed what, when and why, newest first.

    Of a STACK, what touched the stack or a component that is in it now; what was deleted is found by
    its last name. Proposals that wait for the hub stand first, without a number; conflicts, change
    requests and what decided them are marked, and tags stand in brackets. Of several filters, all count.
    """
    _refuse_together(app, all_profiles, graph, follow, filters)
    if follow:
        from stackroom.client.commands.history.log_follow import follow as go_on

        go_on(app, filters, limit, everywhere=all_profiles)
        return
    copies = copies_of(app, everywhere=all_profiles)
    soughts = filters.sought_among(copies) if all_profiles else [filters.sought(copies[0])]
    rows: list[CommitRow] = []
    for copy, sought in zip(copies, soughts, strict=True):
        rows += found(app, copy, sought, limit, waiting=not filters.ending)
    if all_profiles:
        rows.sort(key=lambda row: (row.seq is None, row.accepted or row.time), reverse=True)
    rows = rows[:limit]
    drawing = _drawing(app, rows) if graph else []
    empty = "Nothing has happened yet." if filters == Filters() else "No commit fits."
    app.output.show(rows, lambda: _table(rows, empty, everywhere=all_profiles, drawing=drawing))
    for copy in copies:
        if copy.missing is not None and len(rows) < limit:
            first = copy.missing.stop
            app.output.note(f"History before #{first} is not on this machine yet: stackroom sync")
    if not all_profiles:
        app.show_copy_age(copies[0])


def copies_of(app: App, *, everywhere: bool) -> "list[ProfileCopy]":
    """The profile to work on, or every one that can be."""
    if not everywhere:
        return [app.copy()]
    app.entry()  # Makes the first one where there is none.
    return [app.workspace.copy(entry.id) for entry in app.workspace.profiles()]


def found(
    app: App, copy: "ProfileCopy", sought: "Sought", limit: int, *, waiting: bool
) -> "list[CommitRow]":
    """The newest rows of one profile; what waits for the hub first, if that is wanted."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names

    proposals = _waiting(app, copy, sought)[:limit] if waiting else []
    left = limit - len(proposals)
    commits = copy.found(sought, None, left) if left else []
    names = Names(copy.view, copy.confirmed, opened=_opened(copy, commits))
    replica = app.workspace.store.replica
    return [
        *(telling.proposed(proposal, replica, names, copy.name) for proposal in proposals),
        *(telling.committed(commit, names, copy.name) for commit in commits),
    ]


def _opened(copy: "ProfileCopy", commits: "Sequence[Commit]") -> dict[str, int]:
    """The seqs that opened what the commits decided, as far as that is found at once.

    What holds a proposal has its id, and so has the commit by which it was opened.
    """
    from stackroom.events.carriers import DECIDING

    found = {commit.id: commit.seq for commit in commits}
    decided = {e.entity for commit in commits for e in commit.events if e.type in DECIDING}
    older = sorted(decided - found.keys())
    return found | copy.seqs_in_rows(older) if older else found


def _refuse_together(
    app: App, all_profiles: bool, graph: bool, follow: bool, filters: Filters
) -> None:
    if graph and (filters.choosing or all_profiles):
        raise click.UsageError(
            "--graph draws all commits of one profile: only --since, --until, --before and --limit go with it"
        )
    if follow and (filters.ending or graph):
        raise click.UsageError("--follow goes on: leave out --until, --before and --graph")
    if follow and app.offline:
        raise click.UsageError("--follow needs the hub: leave out --offline")


def _waiting(app: App, copy: "ProfileCopy", sought: "Sought") -> "list[Proposal]":
    """What waits for the hub and is sought, newest first; whoever is here will be its author."""
    if not copy.standings:
        return []
    from msgspec import structs

    from stackroom.events.history.seeking import matches

    author = app.workspace.user(copy.hub)
    anywhere = structs.replace(sought, after=-1, upto=None)
    proposals = [standing.proposal for standing in reversed(copy.standings)]
    return [each for each in proposals if matches(anywhere, _as_commit(each, author))]


def _as_commit(proposal: "Proposal", author: str) -> "Commit":
    from stackroom.events.model import Commit

    number, time, events = proposal.number, proposal.time, proposal.events
    return Commit(
        0, proposal.id, "", number, proposal.base, author, proposal.message, time, time, events, b""
    )


def _table(
    rows: "Sequence[CommitRow]", empty: str, *, everywhere: bool, drawing: Sequence[str]
) -> "Table":
    from stackroom.client.commands import telling
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local

    headings: tuple[str, ...] = ("seq", "when", "author", "what", "message", "")
    lines: list[tuple[object, ...]] = [
        (
            f"#{row.seq}" if row.seq is not None else "",
            local(row.time if row.accepted is None else row.accepted),
            row.author,
            telling.what(row),
            row.message,
            mark(row),
        )
        for row in rows
    ]
    if everywhere:
        headings = ("profile", *headings)
        lines = [(row.profile, *line) for row, line in zip(rows, lines, strict=True)]
    if drawing:
        headings = ("", *headings)
        lines = [(drawn, *line) for drawn, line in zip(drawing, lines, strict=True)]
    return Table(headings, lines, empty)


def mark(row: "CommitRow") -> object:
    """What kind of commit it is, if that is to be said, and the tags that name it."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.output import Toned

    tags = f"[{', '.join(row.tags)}]" if row.tags else ""
    said = " ".join(filter(None, (telling.MARKS[row.kind], tags)))
    return Toned(said, _TONES.get(row.kind, "strong")) if said else ""


def _drawing(app: App, rows: "Sequence[CommitRow]") -> list[str]:
    """The graph beside the rows, for people: programs read of `kind`, `base` and the events."""
    from stackroom.client.commands.history.graph import drawn

    return list(drawn(map(_node, rows))) if app.output.for_people else []


def _node(row: "CommitRow") -> "Node":
    """A row as the graph has it; a lane has the id of the conflict or request that it is of."""
    from stackroom.client.commands.history.graph import COMMIT, CONFLICT, PENDING, REQUEST, Node
    from stackroom.events.carriers import DECIDING, HOLDING, REQUESTING

    if row.seq is None:
        return Node(None, "pending", row.base, PENDING)
    decided = tuple(event.entity for event in row.events if event.type in DECIDING)
    held = [event for event in row.events if event.type in HOLDING]
    if not held:
        return Node(row.seq, None, 0, COMMIT, decided)
    sign = REQUEST if held[0].type in REQUESTING else CONFLICT
    return Node(row.seq, held[0].entity, row.base, sign)

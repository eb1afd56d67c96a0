"""`stackroom log --follow`: what there was, oldest first, and what comes from the hub, until Ctrl-C."""

from typing import TYPE_CHECKING

import click

from stackroom.client.errors import ClientError

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.history.log_filters import Filters
    from stackroom.client.commands.telling import CommitRow
    from stackroom.client.connection.connection import News
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.history.sought import Sought
    from stackroom.events.model import Commit


class NothingToFollow(ClientError):
    """Nobody else commits to a local profile."""


def follow(app: "App", filters: "Filters", limit: int, *, everywhere: bool) -> None:
    """Tells the newest `limit` commits that are sought, and then each that comes, one a line.

    Ends by an interrupt, or as `exchange.watch` does.
    """
    from stackroom.client.commands.history.log import copies_of, found
    from stackroom.client.connection import exchange

    copies = [copy for copy in copies_of(app, everywhere=everywhere) if copy.hub is not None]
    hubs = {copy.hub for copy in copies if copy.hub is not None}
    if not hubs:
        raise NothingToFollow(
            "a local profile has no hub that anything could come from",
            hint="stackroom log, or stackroom profile publish NAME",
        )
    if len(hubs) > 1:
        raise click.UsageError("several hubs are connected: choose with --profile what to follow")
    soughts = filters.sought_among(copies) if everywhere else [filters.sought(copies[0])]
    tails = {copy.id: _Tail(copy, sought) for copy, sought in zip(copies, soughts, strict=True)}
    rows: list[CommitRow] = []
    for tail in tails.values():
        rows += found(app, tail.copy, tail.sought, limit, waiting=False)
    rows.sort(key=lambda row: (row.accepted or 0, row.seq or 0))
    for row in rows[-limit:]:
        app.output.item(row, line(row, everywhere=everywhere))
    following = _Following(app, tails, everywhere=everywhere)
    exchange.watch(app.workspace, hubs.pop(), following.tell, profiles=list(tails))


class _Tail:
    """One profile: what of it was told, and the names by which it is told."""

    def __init__(self, copy: "ProfileCopy", sought: "Sought") -> None:
        self.copy = copy
        self.sought = sought
        self.told = copy.seq
        self.state = copy.confirmed.copy()

    def row(self, commit: "Commit") -> "CommitRow | None":
        """The row of a commit that came, if it is new and sought."""
        from stackroom.client.commands import telling
        from stackroom.client.commands.naming import Names
        from stackroom.events.errors import UnknownEvent
        from stackroom.events.fold import advance
        from stackroom.events.history.seeking import matches

        if commit.seq <= self.told:
            return None
        self.told = commit.seq
        before = self.state.copy()
        try:
            if commit.seq == self.state.seq + 1:
                advance(self.state, (commit,))
        except UnknownEvent:
            self.state = before  # It is told by the names of before, as far as they reach.
        if not matches(self.sought, commit):
            return None
        return telling.committed(commit, Names(self.state, before), self.copy.name)


class _Following:
    """Turns a connection's news into lines."""

    def __init__(self, app: "App", tails: dict[str, _Tail], *, everywhere: bool) -> None:
        self.app = app
        self.tails = tails
        self.everywhere = everywhere

    def tell(self, news: "News") -> None:
        """Prints the commits that came; what goes wrong is said beside them."""
        from stackroom.client.connection.connection import Offline
        from stackroom.client.replica import replica as core

        match news:
            case core.Store(profile, commits):
                tail = self.tails[profile]
                for commit in commits:
                    if (row := tail.row(commit)) is not None:
                        self.app.output.item(row, line(row, everywhere=self.everywhere))
            case core.Restart(profile, seq):
                name = self.tails[profile].copy.name
                self.app.output.note(f"{name}: the history up to #{seq} came as a snapshot")
            case core.Problem(_, sentence):
                self.app.output.note(f"{sentence}")
            case Offline(error, retry_in):
                self.app.output.note(f"{error}; next attempt in {retry_in:.1f} s")


def line(row: "CommitRow", *, everywhere: bool) -> str:
    """A commit as one line: `#43  2026-11-20 14:30:00+01:00  ann  stack 'prod'  why  [v1]`."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.history.log import mark
    from stackroom.client.commands.output import Toned, cell
    from stackroom.client.commands.times import local

    marked = mark(row)
    parts = (
        row.profile if everywhere else "",
        f"#{row.seq}",
        local(row.time if row.accepted is None else row.accepted),
        row.author,
        telling.what(row),
        cell(row.message),
        marked.value if isinstance(marked, Toned) else "",
    )
    return "  ".join(str(part) for part in parts if part)

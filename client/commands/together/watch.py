"""What `sync --watch` tells while it stays connected: a line for each thing that happens."""

from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import click
from msgspec import Struct

from stackroom.events.model import Commit
from stackroom.events.outcomes import taking

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.connection.connection import News
    from stackroom.client.home.store import ProfileEntry
    from stackroom.sync import protocol as wire

What: TypeAlias = Literal[
    "connected",
    "offline",
    "commit",
    "conflict",
    "request",
    "parked",
    "joined",
    "left",
    "problem",
    "synced",
    "renewed",
]


class Happened(Struct, frozen=True, omit_defaults=True):
    """One thing that happened; what does not apply is left out."""

    event: What
    profile: str = ""
    name: str = ""
    seq: int = 0
    id: str = ""
    who: str = ""
    sentence: str = ""


def watch(app: "App", targets: "dict[str, list[ProfileEntry]]") -> None:
    """Stays connected to the one hub of `targets` and tells what happens, until Ctrl-C."""
    from stackroom.client.commands.together.sync import chosen
    from stackroom.client.connection import exchange

    if len(targets) > 1:
        raise click.UsageError("several hubs are connected: choose with --profile what to watch")
    ((url, entries),) = targets.items()
    names = {entry.id: entry.name for entry in app.workspace.store.profiles()}
    here = _Watch(app, url, names)
    exchange.watch(app.workspace, url, here.tell, profiles=chosen(app, entries))


class _Watch:
    """Turns a connection's news into lines; knows the names of profiles and who is there.

    A home joins with its first connection and leaves with its last: each of its commands makes one more.
    Of this home itself nothing is told.
    """

    def __init__(self, app: "App", url: str, names: dict[str, str]) -> None:
        self.app = app
        self.url = url
        self.names = names
        self.own = app.workspace.store.replica
        self.there: dict[str, dict[str, str]] = {}
        """Who is there, by profile and replica, as the hub has told since it let us in."""

    def tell(self, news: "News") -> None:
        """Prints what there is to say of one piece of news."""
        for happened in self.heard(news):
            self.app.output.item(happened, _line(happened))

    def heard(self, news: "News") -> list[Happened]:
        """What is worth telling."""
        from stackroom.client.connection.carrier import Became
        from stackroom.client.connection.connection import Offline
        from stackroom.client.home.renewals import told
        from stackroom.client.replica import replica as core

        match news:
            case core.Welcomed(welcome):
                self.there.clear()
                said = f"connected to {self.url} as {welcome.user}"
                return [Happened("connected", who=welcome.user, sentence=said)]
            case core.Catalogue(profiles):
                self.names |= {listed.id: listed.name for listed in profiles}
                return []
            case core.Store(profile, commits):
                return [self._commit(profile, commit) for commit in commits]
            case core.Restart(profile, seq):
                return [self._about(profile)("synced", seq=seq, sentence="from a snapshot")]
            case core.Park(profile, answer):
                about = self._about(profile)
                return [about("parked", id=answer.id, sentence=answer.sentence)]
            case core.Renew(code):
                return [Happened("renewed", sentence=told(code))]
            case core.Present(presence):
                return self._people(presence)
            case Became(replica):
                self.own = replica
                return []
            case core.Problem(_, sentence, _, profile):
                return [self._about(profile)("problem", sentence=sentence)]
            case Offline(error, retry_in):
                said = f"{error}; next attempt in {retry_in:.1f} s"
                return [Happened("offline", sentence=said)]
            case _:
                return []

    def _about(self, profile: str) -> "partial[Happened]":
        return partial(Happened, profile=profile, name=self.names.get(profile, profile))

    def _commit(self, profile: str, commit: Commit) -> Happened:
        happened: dict[str, What] = {"conflict": "conflict", "requested": "request"}
        return self._about(profile)(
            happened.get(taking(commit), "commit"),
            seq=commit.seq,
            id=commit.id,
            who=commit.author,
            sentence=commit.message or ", ".join(dict.fromkeys(e.type for e in commit.events)),
        )

    def _people(self, presence: "wire.Presence") -> list[Happened]:
        about = self._about(presence.profile)
        there = self.there.setdefault(presence.profile, {})
        came = {each.replica: each.user for each in presence.joined if each.replica not in there}
        there |= came
        joined = [about("joined", who=user, id=id) for id, user in came.items()]
        left = [about("left", who=there.pop(id, id), id=id) for id in presence.left]
        return [each for each in (*joined, *left) if each.id != self.own]


def _line(happened: Happened) -> str:
    match happened.event:
        case "commit":
            return f"{happened.name} #{happened.seq} {happened.who}: {happened.sentence}"
        case "conflict":
            seq = happened.seq
            return (
                f"{happened.name} #{seq} {happened.who}: in conflict: {happened.sentence} "
                f"(stackroom conflicts show {seq})"
            )
        case "request":
            seq = happened.seq
            return (
                f"{happened.name} #{seq} {happened.who}: asks for approval: {happened.sentence} "
                f"(stackroom request show {seq})"
            )
        case "joined" | "left":
            return f"{happened.name}: {happened.who} {happened.event}"
        case "synced":
            return f"{happened.name}: at #{happened.seq}, {happened.sentence}"
        case "connected" | "offline" | "renewed":
            return happened.sentence
        case _:
            where = f"{happened.name}: " if happened.name else ""
            return f"{where}{happened.event}: {happened.sentence}"

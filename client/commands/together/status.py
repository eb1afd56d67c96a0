"""`stackroom status`: where things stand, from what is on this machine."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.choosing import PHRASES, Why
from stackroom.client.commands.output import Fields, Lines, Table, View
from stackroom.client.commands.times import ago, local
from stackroom.client.commands.tree import command
from stackroom.client.home.renewals import reason
from stackroom.events.state import Conflict, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackroom.client.commands.context import App
    from stackroom.client.home.store import Counts, ProfileEntry
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.rights import Access
    from stackroom.events.model import Millis

PROFILE_HEADINGS = ("name", "hub", "synced", "pending", "parked")


_ACCESS = {
    "read": "reading alone (stackroom access explain)",
    "none": "none any more: it stays here as it was (stackroom access explain)",
}
"""What is said of the active profile, where one may not change it."""


class HubStatus(Struct, frozen=True):
    """A hub as it was last met; `connected` is whether this home has a token for it."""

    url: str
    id: str
    user: str
    connected: bool


class ActiveStatus(Struct, frozen=True):
    """The active profile: why it is active, and how it stands here.

    `missing` is how many commits of its history were not fetched yet; `newer` says why it is read-only.
    `access` is what one may do there: write, read or none; null in a local one. `parted` says how its
    history differs from the hub's, if it does.
    """

    id: str
    name: str
    why: Why
    hub: str | None
    seq: int
    root: str
    synced_at: int | None
    pending: int
    parked: int
    conflicts: list[int]
    missing: int
    newer: str | None
    access: "Access | None" = None
    requests: list[int] = []
    parted: str | None = None


class ProfileStatus(Struct, frozen=True):
    """Any profile, in short; `deleted` ones are there while changes of ours are parked in them."""

    id: str
    name: str
    hub: str | None
    synced_at: int | None
    pending: int
    parked: int
    deleted: bool


class RenewalStatus(Struct, frozen=True):
    """That this home took the identity that it has at `time` (ms since 1970): which it `was`, and why."""

    was: str
    code: str
    time: int


class Status(Struct, frozen=True):
    """Where things stand. `renewal` is null as long as the home is the replica that it was made as."""

    user: str
    home: str
    replica: str
    offline: bool
    hubs: list[HubStatus]
    active: ActiveStatus | None
    profiles: list[ProfileStatus]
    renewal: RenewalStatus | None = None


@command("status", example="stackroom status\nstackroom status --output json")
@click.pass_obj
def status(app: "App") -> None:
    """Show where things stand: you, the hub, the active profile, what is pending. Never waits."""
    from stackroom.client.errors import NoProfile

    workspace = app.workspace
    hint = ""
    active: ActiveStatus | None = None
    try:
        entry, why = workspace.active_profile(app.profile_name, app.repository)
        active = _active(app, workspace.copy(entry.id), why)
    except NoProfile as error:
        hint = f"{error}: {error.hint}"
    hubs = [
        HubStatus(hub.url, hub.hub, hub.user, app.home.token(hub.url) is not None)
        for hub in workspace.store.hubs()
    ]
    counts = workspace.store.counts()
    profiles = [_short(entry, counts) for entry in held_profiles(app)]
    user = workspace.user(active.hub if active is not None else None)
    renewal = workspace.store.renewal()
    shown = Status(
        user,
        str(app.home.path),
        workspace.store.replica,
        app.offline,
        hubs,
        active,
        profiles,
        RenewalStatus(renewal.was, renewal.code, renewal.time) if renewal is not None else None,
    )
    app.output.show(shown, lambda: _view(shown, workspace.clock()))
    if hint:
        app.output.note(hint)


def held_profiles(app: "App") -> "list[ProfileEntry]":
    """The profiles of this home, and deleted ones in which changes of ours still wait or are parked."""
    counts = app.workspace.store.counts()
    busy = {id for id, count in counts.items() if count.pending or count.parked}
    people = {hub.hub for hub in app.workspace.store.hubs()}
    held = app.workspace.store.profiles()
    return [e for e in held if e.id in busy or not (e.deleted or e.id in people)]


def _active(app: "App", copy: "ProfileCopy", why: Why) -> ActiveStatus:
    from stackroom.client.home.apart import found

    parted = found(app.workspace.store, copy.id)
    return ActiveStatus(
        copy.id,
        copy.name,
        why,
        copy.hub,
        copy.seq,
        app.workspace.cache.log.head(copy.id).root.hex(),
        copy.synced_at,
        len(copy.standings),
        len(copy.parked),
        sorted(conflict.opened for _, conflict in copy.view.all(Conflict)),
        0 if copy.missing is None else len(copy.missing),
        None if copy.newer is None else str(copy.newer),
        app.workspace.access(copy.id, copy.hub),
        sorted(request.opened for _, request in copy.view.all(Request)),
        None if parted is None else parted.sentence,
    )


def _short(entry: "ProfileEntry", counts: "dict[str, Counts]") -> ProfileStatus:
    waiting = counts.get(entry.id)
    pending, parked = (waiting.pending, waiting.parked) if waiting is not None else (0, 0)
    return ProfileStatus(
        entry.id, entry.name, entry.hub, entry.synced_at, pending, parked, entry.deleted
    )


def _view(shown: Status, now: "Millis") -> list[View]:
    fields: list[tuple[str, object]] = [("user", shown.user)]
    fields += [("hub", _hub(hub, shown.offline)) for hub in shown.hubs] or [("hub", "(none)")]
    if (active := shown.active) is not None:
        fields += _active_fields(active, now)
    if (renewal := shown.renewal) is not None:
        since = f"new since {local(renewal.time)}: {reason(renewal.code)}"
        fields.append(("identity", since))
    views: list[View] = [Fields(fields)]
    others = [p for p in shown.profiles if active is None or p.id != active.id]
    if others:
        rows = [
            (
                p.name + " (deleted)" * p.deleted,
                p.hub or "(local)",
                synced(p.synced_at, now),
                p.pending,
                p.parked,
            )
            for p in others
        ]
        views += [Lines(["Other profiles"]), Table(PROFILE_HEADINGS, rows)]
    return views


def _active_fields(active: ActiveStatus, now: "Millis") -> list[tuple[str, object]]:
    at = (
        f"#{active.seq}"
        if active.hub is None
        else f"#{active.seq}, {synced(active.synced_at, now)}"
    )
    fields: list[tuple[str, object]] = [
        ("profile", f"{active.name} ({PHRASES[active.why]})" + ("" if active.hub else ", local")),
        ("at", at),
    ]
    if active.hub is not None:
        fields.append(("pending", active.pending))
    if active.parked:
        fields.append(("parked", f"{active.parked} (stackroom pending list)"))
    if active.conflicts:
        numbers = ", ".join(f"#{seq}" for seq in active.conflicts)
        fields.append(("conflicts", f"{numbers} (stackroom conflicts list)"))
    if active.requests or active.missing:
        fields += _still_to_come(len(active.requests), active.missing)
    if active.access in _ACCESS:
        fields.append(("access", _ACCESS[active.access]))
    if active.newer is not None:
        fields.append(("read-only", active.newer))
    if active.parted is not None:
        fields.append(("history", f"{active.parted} (stackroom hub heal)"))
    return fields


def _still_to_come(requests: int, missing: int) -> "Iterator[tuple[str, object]]":
    from stackroom.events.counting import counted

    if requests:
        wait = counted(requests, "waits", "wait")
        yield "change requests", f"{wait} for approval (stackroom request list)"
    if missing:
        yield "history", f"{counted(missing, 'commit')} not fetched yet (stackroom sync)"


def _hub(hub: HubStatus, offline: bool) -> str:
    if not hub.connected:
        return f"{hub.url} (disconnected)"
    return f"{hub.url} as {hub.user}" + (" (offline is set)" if offline else "")


def synced(time: "Millis | None", now: "Millis") -> str:
    """`synced 2 min ago`."""
    return "never synced" if time is None else f"synced {ago(time, now)}"

"""Gathers what the checks of a home need, and runs them all."""

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from stackroom.client.doctor import files, leftovers, meeting, proofs, room, waiting
from stackroom.client.doctor.finding import REPAIR, Finding
from stackroom.client.errors import OtherHub
from stackroom.client.home.cache import CacheDamaged
from stackroom.client.home.home import Home
from stackroom.client.home.store import HubEntry
from stackroom.client.home.store_file import APPLICATION_ID as STORE
from stackroom.client.home.store_file import steps as store_steps
from stackroom.client.rights import decode
from stackroom.client.workspace import Workspace
from stackroom.events.errors import LogError, StackroomError
from stackroom.events.model import Millis
from stackroom.events.sqlite.schema import APPLICATION_ID as LOG
from stackroom.events.sqlite.schema import steps as log_steps

if TYPE_CHECKING:
    from pathlib import Path

Opening = Callable[[], Workspace]

KEPT: Final = ("proposals.db*", "replica.db*", "*.json", "*.lock")
"""What Stackroom keeps in a home."""


def examine(home: Home, opening: Opening, *, own: str, offline: bool, full: bool) -> list[Finding]:
    """Everything that is to be said of a home; nothing is changed, and none is made. `own` is our version."""
    if not home.proposals.exists():
        return [Finding("home", "note", f"there is no home in {home.path} yet", "stackroom --help")]
    store, cache = look(home)
    found = files.whole("proposals", store, REPAIR) + files.whole("cache", cache, REPAIR)
    found += files.short_log(store) + files.short_log(cache)
    found += files.private("home", files.open_to_others(private_files(home)))
    largest = max((seen.bytes for seen in (store, cache) if seen is not None), default=0)
    found += room.room("home", shutil.disk_usage(home.path).free, largest)
    found += leftovers.left("home", leftovers.leftovers(home.path, leftovers.OF_A_HOME))
    if any(f.level == "error" for f in found if f.check == "proposals"):
        return found
    try:
        workspace = opening()
    except CacheDamaged as error:
        known = any(f.level == "error" for f in found if f.check == "cache")
        return found if known else [*found, _damaged(error)]
    except StackroomError as error:
        return [*found, Finding("proposals", "error", str(error), error.hint, {}, integrity=True)]
    try:
        found += _hubs(workspace, own, offline=offline)
        found += _profiles(workspace)
    finally:
        workspace.close()
    if cache is not None and not cache.faults and not any(f.integrity for f in found):
        try:
            found += proofs.proofs(home.replica, REPAIR, full=full)
        except LogError as error:
            found.append(Finding("proofs", "note", str(error), error.hint))
    return found


def look(home: Home) -> tuple[files.Looked | None, files.Looked | None]:
    """proposals.db and replica.db."""
    return (
        files.look(home.proposals, STORE, len(store_steps(""))),
        files.look(home.replica, LOG, len(log_steps("", "cache"))),
    )


def private_files(home: Home) -> "list[Path]":
    """What only its owner may read: the folder, and all that Stackroom keeps in it."""
    kept = {path for pattern in KEPT for path in home.path.glob(pattern)}
    return [home.path, *sorted(kept)]


def _hubs(workspace: Workspace, own: str, *, offline: bool) -> list[Finding]:
    found: list[Finding] = []
    for hub in workspace.store.hubs():
        rights = decode(hub.rights)
        kept = workspace.home.token(hub.url) is not None
        expires = rights.expires if rights is not None else None
        found += meeting.token(hub.url, kept, expires, workspace.clock())
        if offline or not kept:
            continue
        met = _meet(workspace, hub)
        found += meeting.connection(met) + meeting.clock(met) + meeting.versions(met, own)
    if not workspace.store.hubs():
        found.append(
            Finding(
                "connection", "note", "no hub was joined", "stackroom join, or stackroom connect"
            )
        )
    return found


def _meet(workspace: Workspace, hub: HubEntry) -> meeting.Met:
    from stackroom.client.connection.exchange import greet

    asked: Millis = workspace.clock()
    try:
        welcome = greet(workspace, hub.url)
    except StackroomError as error:
        return meeting.Met(
            hub.url, failure=type(error).__name__, sentence=str(error), hint=error.hint
        )
    answered = workspace.clock()
    if hub.hub not in ("", welcome.hub):
        said = f"another hub answers at {hub.url} than the one that was joined"
        hint = f"stackroom disconnect {hub.url}, to join the new one"
        return meeting.Met(hub.url, failure=OtherHub.__name__, sentence=said, hint=hint)
    return meeting.Met(hub.url, welcome.user, welcome.server, welcome.time, asked, answered)


def _profiles(workspace: Workspace) -> list[Finding]:
    counts = workspace.store.counts()
    found: list[Finding] = []
    for entry in workspace.store.profiles():
        count = counts.get(entry.id)
        pending, parked = (count.pending, count.parked) if count is not None else (0, 0)
        try:
            stored = workspace.cache.load(entry.id)
            if entry.hub is not None:
                workspace.store.pending(entry.id)
            workspace.store.parked(entry.id)
        except CacheDamaged as error:
            found.append(_damaged(error))
            continue
        except StackroomError as error:
            found.append(Finding("proposals", "error", str(error), error.hint, {}, integrity=True))
            continue
        found += waiting.waiting(
            waiting.Waits(
                entry.name,
                entry.hub is not None,
                pending,
                parked,
                0 if stored.missing is None else len(stored.missing),
                "" if stored.newer is None else str(stored.newer),
                entry.synced_at,
            )
        )
    if not any(f.check in ("pending", "parked", "cache", "proposals") for f in found):
        found.append(Finding("pending", "ok", "nothing of yours waits"))
    if workspace.cache.to_scrub():
        said = "values that were redacted may still have traces in the files of the home"
        found.append(Finding("redacted", "warning", said, REPAIR))
    return found


def _damaged(error: CacheDamaged) -> Finding:
    return Finding("cache", "error", str(error), REPAIR, {}, integrity=True)

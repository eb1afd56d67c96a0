"""A damaged cache is fetched anew from its hubs, and only then takes the place of the damaged one.

While a hub cannot be reached, the damaged file stays where it is: what can still be read of it is better
than nothing. One that cannot even be opened makes room at once.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from stackroom.client import chance
from stackroom.client.connection.exchange import exchange
from stackroom.client.home.alone import alone
from stackroom.client.home.cache import Cache, CacheDamaged
from stackroom.client.home.home import Home
from stackroom.client.home.same_file import SameFile
from stackroom.client.workspace import Workspace
from stackroom.events.errors import LogError, StackroomError
from stackroom.events.sqlite.log import open_reader


class Mended(Struct, frozen=True):
    """What became of a damaged cache.

    `aside` is where it is kept now, unless it is not `done`, and it had to stay in its place, or another
    process has done it. `fetched` are the hubs whose histories are there anew, and `unreached` those that did
    not give theirs, and why.
    """

    aside: str
    fetched: list[str]
    unreached: dict[str, str]
    done: bool = True


def mend_cache(home: Home, damaged: SameFile | None, *, offline: bool) -> Mended:
    """Replaces the cache of the home, which is open nowhere in this process.

    `damaged` is the file in which damage was met, None for one that did not open: another process may have
    mended it meanwhile. With `offline`, no hub is asked. Raises what Store.open raises.
    """
    with alone(home.path):
        if not damaged.is_there() if damaged is not None else _opens(home.replica):
            return Mended("", [], {})
        fresh = Home(home.path)
        fresh.replica = home.replica.with_name(f"{home.replica.name}.fetching")
        _remove(fresh.replica)
        fetched, unreached = _fetch(fresh, offline)
        unreached |= _behind(home.replica, fresh.replica, fetched)
        if unreached and _opens(home.replica):
            _remove(fresh.replica)
            return Mended("", sorted(fetched), unreached, done=False)
        kept = Cache.rebuild(home.replica)
        fresh.replica.rename(home.replica)
        return Mended(str(kept or ""), sorted(fetched), unreached)


def open_mended(home: Home, opening: Callable[[], Workspace]) -> Workspace:
    """What `opening` opens; a cache that does not open makes room for one that a connection fills."""
    try:
        return opening()
    except CacheDamaged:
        with alone(home.path):
            if not _opens(home.replica):
                Cache.rebuild(home.replica)
        return opening()


def told(mended: Mended, path: Path) -> str:
    """What became of it, in one line."""
    if not mended.done:
        why = next(iter(mended.unreached.values()))
        return f"it stays in its place until the hub gives it anew ({why})"
    kept = f" (kept as {mended.aside})" if mended.aside else ""
    if mended.unreached:
        return f"{path} was damaged{kept}: the next stackroom sync fetches it anew."
    return f"{path} was damaged{kept}, and was made anew; nothing is lost."


def _fetch(fresh: Home, offline: bool) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Has the cache of `fresh` hold all that hubs have: which profiles of which, and why not of others."""
    fetched: dict[str, list[str]] = {}
    unreached: dict[str, str] = {}
    workspace = Workspace.open(fresh, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
    try:
        for hub in workspace.store.hubs():
            if hub.url not in {entry.hub for entry in workspace.store.profiles()}:
                continue
            try:
                if offline:
                    unreached[hub.url] = "--offline was said"
                    continue
                report = exchange(workspace, hub.url)
                wrong = [e.problem.sentence for e in report.profiles.values() if e.problem]
                if report.interrupted is not None or wrong:
                    unreached[hub.url] = str(report.interrupted or wrong[0])
                else:
                    fetched[hub.url] = list(report.profiles)
            except StackroomError as error:
                unreached[hub.url] = str(error)
    finally:
        workspace.close()
    return fetched, unreached


def _behind(damaged: Path, fresh: Path, fetched: dict[str, list[str]]) -> dict[str, str]:
    """The hubs that have less than the damaged file, and why it must stay for now.

    They were restored from an old backup: what only this home has is what they will ask for.
    """
    behind: dict[str, str] = {}
    try:
        with open_reader(damaged) as old, open_reader(fresh) as new:
            for listed in old.profiles():
                last = old.recent(listed.id, None, 1)
                sound = bool(last) and (last[0].seq, last[0].root) == (listed.seq, listed.root)
                if not sound or new.head(listed.id).seq >= listed.seq:
                    continue
                for url in (url for url, profiles in fetched.items() if listed.id in profiles):
                    behind[url] = f"the hub at {url} has less of a history than this file"
    except LogError:
        return behind  # What cannot be read cannot be asked for.
    return behind


def _opens(path: Path) -> bool:
    try:
        Cache.open(path).close()
    except CacheDamaged:
        return False
    return True


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)

"""A damaged cache is fetched anew from its hubs, and only then takes the place of the damaged one.

While a hub cannot be reached, the damaged file stays where it is: what can still be read of it is better
than nothing. One that cannot even be opened makes room at once.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from stackroom.client import chance
from stackroom.client.alone import alone
from stackroom.client.cache import Cache, CacheDamaged
from stackroom.client.exchange import exchange
from stackroom.client.home import Home
from stackroom.client.same_file import SameFile
from stackroom.client.workspace import Workspace
from stackroom.events.errors import StackroomError


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
        if unreached and _opens(home.replica):
            _remove(fresh.replica)
            return Mended("", fetched, unreached, done=False)
        kept = Cache.rebuild(home.replica)
        fresh.replica.rename(home.replica)
        return Mended(str(kept or ""), fetched, unreached)


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


def _fetch(fresh: Home, offline: bool) -> tuple[list[str], dict[str, str]]:
    """Has the cache of `fresh` hold all that the hubs have; which did, and why others did not."""
    fetched: list[str] = []
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
                    fetched.append(hub.url)
            except StackroomError as error:
                unreached[hub.url] = str(error)
    finally:
        workspace.close()
    return fetched, unreached


def _opens(path: Path) -> bool:
    try:
        Cache.open(path).close()
    except CacheDamaged:
        return False
    return True


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)

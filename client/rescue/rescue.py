"""A damaged proposals.db: all that can be read of it goes into a fresh file and an export.

The damaged file is kept. The replica keeps its identity only where nothing casts doubt on which numbers it
has used; else it takes a new one, since a number that is used twice tells a hub that the replica was copied.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from stackroom.client.home import private_json
from stackroom.client.home.alone import alone, aside
from stackroom.client.home.home import Home
from stackroom.client.home.identity import Renewal
from stackroom.client.home.key_file import KeyFile
from stackroom.client.home.store import Store
from stackroom.client.rescue.rescued import Found, Placed, placed, with_history
from stackroom.client.rescue.salvage import salvage
from stackroom.events.errors import LogError
from stackroom.events.model import Commit, Millis
from stackroom.events.sqlite.file import connect, explained, transaction
from stackroom.events.sqlite.log import open_reader

TABLES: Final = ("settings", "hubs", "profiles", "numbers", "proposals", "checkpoints")
"""What is rescued, in an order in which each row finds what it refers to."""


class Rescued(Struct, frozen=True):
    """What became of a damaged proposals.db.

    `proposals` are in the fresh file, `unplaced` and `unreadable` in the export alone. `new_identity` is
    whether the replica is another one now.
    """

    aside: str
    export: str
    proposals: int
    unplaced: int
    unreadable: int
    new_identity: bool


class _Export(Struct, frozen=True):
    """The file beside: everything that was read, to be carried by hand where it has no place."""

    stackroom: str
    version: int
    replica: str
    proposals: list[dict[str, Any]]
    unplaced: list[dict[str, Any]]
    unreadable: list[dict[str, Any]]


def rescue(
    home: Home, *, new_id: Callable[[], str], salt: Callable[[], bytes], now: Millis
) -> Rescued:
    """Puts a fresh proposals.db in the place of the damaged one, with what could be read.

    It must be open nowhere in this process; others find that it was replaced. Raises OSError, with
    everything as it was.
    """
    with alone(home.path):
        work = home.path / "rescue"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            return _rescue(home, work, new_id(), salt, now)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _rescue(
    home: Home, work: Path, new_replica: str, salt: Callable[[], bytes], now: Millis
) -> Rescued:
    fresh, copy = work / "fresh.db", work / "copy.db"
    Store.open(fresh, new_replica_id=new_replica, now=now).close()
    shutil.copyfile(home.proposals, copy)
    if (wal := _write_ahead_log(home.proposals)) is not None:
        shutil.copyfile(wal, Path(f"{copy}-wal"))
    found = Found(salvage(copy, fresh, TABLES))
    cached = _cached(home.replica, found)
    goes = placed(with_history(found, cached.histories), cached.used)
    _write(fresh, goes)
    if goes.new_identity and found.replica:
        store = Store.open(fresh, new_replica_id=new_replica, keys=KeyFile(home.keys, salt))
        try:
            renewal = Renewal(found.replica, "numbers_in_doubt", now)
            store.take_new_identity(new_replica, renewal)
        finally:
            store.close()
    kept = aside(home.proposals)
    export = kept.with_name(f"{kept.name}.rescued.json")
    private_json.replace(
        export,
        _Export(
            "rescued", 1, found.replica, goes.tables["proposals"], goes.unplaced, found.unreadable
        ),
    )
    _switch(home.proposals, fresh, kept)
    proposals = goes.tables["proposals"]
    return Rescued(
        str(kept),
        str(export),
        len(proposals),
        len(goes.unplaced),
        len(found.unreadable),
        goes.new_identity,
    )


def _write_ahead_log(damaged: Path) -> Path | None:
    """What belongs to the file: beside it, or where a rescue put it that was killed in its last steps."""
    names = [p for p in damaged.parent.glob(f"{damaged.name}.damaged-*") if p.samefile(damaged)]
    beside = (Path(f"{path}-wal") for path in (damaged, *names))
    return next((path for path in beside if path.exists() and path.stat().st_size), None)


class _Cached(Struct, frozen=True):
    """What the cache still says, by profile: the last number of ours, and of local ones all commits."""

    used: dict[str, int] = {}
    histories: dict[str, list[Commit]] = {}


def _cached(path: Path, found: Found) -> _Cached:
    """What the cache can say; less if it is damaged, too."""
    cached = _Cached()
    if not path.exists():
        return cached
    local = {row["id"] for row in found.profiles if row["hub"] is None}
    try:
        with open_reader(path) as log:
            for listed in log.profiles():
                cached.used[listed.id] = log.last_number(listed.id, found.replica)
                if listed.id in local:
                    cached.histories[listed.id] = log.commits(listed.id, 0, listed.seq)
    except LogError:
        return cached  # What was read before stays.
    return cached


def _write(fresh: Path, goes: Placed) -> None:
    with explained(fresh), closing(connect(fresh)) as conn, transaction(conn, "BEGIN IMMEDIATE"):
        for table in TABLES:
            for row in goes.tables[table]:
                names = ", ".join(row)
                places = ", ".join("?" for _ in row)
                conn.execute(
                    f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})",
                    tuple(row.values()),
                )


def _switch(damaged: Path, fresh: Path, kept: Path) -> None:
    """Has `fresh` stand where `damaged` did, which is `kept`; what was read is in the export already."""
    wal = Path(f"{damaged}-wal")
    kept.hardlink_to(damaged)
    if wal.exists():
        # Before the file: SQLite would take it for the write-ahead log of the fresh one.
        wal.rename(f"{kept}-wal")
    Path(f"{damaged}-shm").unlink(missing_ok=True)
    fresh.replace(damaged)

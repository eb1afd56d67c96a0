"""`hub backup`: a consistent copy of a hub's log, taken beside the hub that runs, and verified.

By VACUUM INTO, and not by SQLite's backup API: both read in one transaction of the write-ahead log, which
no writer waits for. But the API copies pages, and with them what stands in free ones; VACUUM INTO writes
rows, so that no trace is left of what was redacted while the hub had no moment to clean up.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from stackroom.events.errors import LogCorrupt
from stackroom.events.log import Head
from stackroom.events.model import Millis
from stackroom.events.sqlite.file import connect, explained
from stackroom.events.sqlite.log import open_reader
from stackroom.sync.errors import HubDamaged, NotBackedUp
from stackroom.sync.hosting.examining import Whole, examined
from stackroom.sync.hosting.folder import Companion, HubFolder
from stackroom.sync.hosting.whole_file import Busy, written_whole


class Rooted(Struct, frozen=True):
    """A profile in a backup: its last commit, and the Merkle root there in hexadecimal digits."""

    profile: str
    name: str
    seq: int
    root: str


class BackedUp(Struct, frozen=True):
    """A backup: whose log it is, what it holds, its size in bytes, and when it was begun.

    `beside` are files of the hub's folder that belong with it, and are not in it.
    """

    file: str
    hub: str
    epoch: int
    profiles: list[Rooted]
    commits: int
    bytes: int
    time: Millis
    beside: list[Companion]


def back_up(folder: HubFolder, target: Path, *, now: Millis, replace: bool = False) -> BackedUp:
    """Writes a verified copy of the folder's log to `target`, readable by its owner alone.

    Raises HubDamaged where the log does not add up, and NotBackedUp; then `target` is as it was.
    """
    if not folder.log.exists():
        raise NotBackedUp(f"there is no hub in {folder.path}", hint="--data DIR names its folder")
    _refuse_own_files(folder, target)
    try:
        with written_whole(target, replace=replace) as unfinished:
            before = _heads(folder.log)
            _copy(folder.log, unfinished)
            whole = _examined(unfinished, folder.log)
            _compare(folder.log, before, whole)
    except LogCorrupt as error:
        raise HubDamaged(str(folder.log), str(error)) from error
    except Busy:
        raise NotBackedUp(f"another backup to {target} is under way") from None
    except FileExistsError as error:
        raise NotBackedUp(
            str(error), hint="choose another name, or --force to replace it"
        ) from error
    except OSError as error:
        raise NotBackedUp(f"{target} cannot be written: {error.strerror}") from error
    profiles = [
        Rooted(id, whole.names[id], head.seq, head.root.hex()) for id, head in whole.heads.items()
    ]
    size = target.stat().st_size
    identity = whole.identity
    # The backup is there, also where its reader may not write beside the log.
    with suppress(OSError):
        folder.note_backup(now)
    return BackedUp(
        str(target),
        identity.id,
        identity.epoch,
        profiles,
        whole.commits,
        size,
        now,
        folder.companions(),
    )


def _refuse_own_files(folder: HubFolder, target: Path) -> None:
    own = {folder.path.resolve() / f"{folder.log.name}{ending}" for ending in ("", "-wal", "-shm")}
    if target.resolve() in own:
        raise NotBackedUp(f"{target} is the hub's own file", hint="choose another name")


def _heads(path: Path) -> dict[str, Head]:
    with open_reader(path) as log:
        return {listed.id: log.head(listed.id) for listed in log.profiles()}


def _copy(path: Path, target: Path) -> None:
    """Copies the rows of the file at `path` into `target`, which is empty."""
    with explained(path), closing(connect(path)) as conn:
        try:
            conn.execute("VACUUM INTO ?", (str(target.absolute()),))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise
            raise NotBackedUp(
                f"there is no room for a backup in {target.parent}, or its disk fails: {error}",
                hint="free some space, or choose another disk; nothing was left there",
            ) from error


def _examined(copy: Path, path: Path) -> Whole:
    """What the copy holds; damage that it has came from the log at `path`."""
    try:
        return examined(copy)
    except HubDamaged as error:
        raise HubDamaged(str(path), error.why) from error


def _compare(path: Path, before: dict[str, Head], copied: Whole) -> None:
    """Holds the copy against the log, which has gone on meanwhile.

    It must have all that was there before, and nothing that is not there now.
    """
    with open_reader(path) as log:
        for profile in before.keys() | copied.heads.keys():
            old, new = before.get(profile, Head()), copied.heads.get(profile, Head())
            if new.seq < old.seq or log.root(profile, new.seq) not in (None, new.root):
                raise HubDamaged(str(path), f"a copy of profile {profile} has another history")

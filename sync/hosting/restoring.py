"""`hub restore`: a backup takes the place of a hub's log, which is kept aside.

A file and its write-ahead log cannot be replaced in one step. So the backup is copied into the folder and
verified there first; then one rename says that it is to be the log, and from there on whoever has the
folder's lock goes on with `finish`: after a crash, the hub itself when it starts.
"""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from msgspec import Struct

from stackroom.events.errors import LogCorrupt, LogError, LogFull, LogNewer
from stackroom.events.model import Millis
from stackroom.events.sqlite.file import connect, explained
from stackroom.events.sqlite.flushing import flush
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.sync.errors import HubDamaged, NotRestored
from stackroom.sync.hosting.examining import Whole, examined
from stackroom.sync.hosting.folder import COMPANIONS, Companion, HubFolder

_PREPARED: Final = "hub.db.preparing"
"""A folder in which a backup becomes a log; of no use after a crash."""

_DECIDED: Final = "hub.db.restored."
"""How its name begins once it is to be the log; the rest is the time, under which the old log is kept."""

NO_HUB: Final = ""
"""The identity that an empty file gets when it is opened as a log."""

ENDINGS: Final = ("-wal", "-shm", "")
"""A database and what SQLite keeps beside it, in the order in which they are moved."""


class Restored(Struct, frozen=True):
    """What was put in place, and where that is kept which stood there (empty if nothing did).

    `lost` is how many commits the old log had that the backup has not, as far as could be read; `lacking`
    are files that a hub's folder may have, and this one has not.
    """

    data: str
    file: str
    hub: str
    epoch: int
    profiles: int
    commits: int
    aside: str
    lost: int | None
    lacking: list[Companion]


def restore(folder: HubFolder, backup: Path, *, now: Millis) -> Restored:
    """Puts the log in `backup` in the place of the folder's; an older schema is brought up to date.

    Raises AlreadyRunning while a hub has the folder, HubDamaged for a backup that does not add up, and
    NotRestored; then the folder is as it was.
    """
    if not backup.is_file():
        raise NotRestored(f"there is no file {backup}")
    folder.prepare()
    with folder.lock():
        finish(folder)
        prepared = folder.path / _PREPARED
        try:
            whole = _prepare(prepared, backup, now)
            standing = _standing(folder.log)
            if standing is not None and standing.identity.id != whole.identity.id:
                raise NotRestored(
                    f"{backup} is of another hub than the one in {folder.path}",
                    hint="restore it into a folder of its own: --data DIR",
                )
            moment = _moment(folder, now)
            prepared.rename(folder.path / f"{_DECIDED}{moment}")
        finally:
            shutil.rmtree(prepared, ignore_errors=True)
        flush(folder.path)
        aside = finish(folder)
    return Restored(
        str(folder.path),
        str(backup),
        whole.identity.id,
        whole.identity.epoch,
        len(whole.heads),
        whole.commits,
        str(aside) if aside is not None else "",
        None if standing is None else _lost(standing, whole),
        [each for each in COMPANIONS if not (folder.path / each.name).exists()],
    )


def decided(folder: HubFolder) -> bool:
    """Whether a restore was decided, and not ended."""
    return any(folder.path.glob(f"{_DECIDED}*"))


def finish(folder: HubFolder) -> Path | None:
    """Does the rest of a restore that was decided, if there is one; gives where the old log is now.

    Only for who holds the folder's lock. Each step may be repeated.
    """
    kept: Path | None = None
    for prepared in folder.path.glob(f"{_DECIDED}*"):
        log = prepared / folder.log.name
        aside = folder.path / f"{folder.log.name}.before-{prepared.name.removeprefix(_DECIDED)}"
        if log.exists():
            for ending in ENDINGS:
                old = folder.log.with_name(f"{folder.log.name}{ending}")
                if old.exists():
                    old.rename(f"{aside}{ending}")
            flush(folder.path)
            log.rename(folder.log)
            flush(folder.path)
        shutil.rmtree(prepared)
        if aside.exists():
            kept = aside
    return kept


def _prepare(prepared: Path, backup: Path, now: Millis) -> Whole:
    """A copy of `backup` in the folder `prepared`, of today's schema, every byte looked at and flushed."""
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(mode=0o700)
    log = prepared / "hub.db"
    try:
        for ending in ("", "-wal"):
            beside = backup.with_name(f"{backup.name}{ending}")
            if beside.exists():
                target = Path(f"{log}{ending}")
                target.touch(0o600)
                shutil.copyfile(beside, target)
        # Opened as a log, it gets the schema of today, and takes in what its write-ahead log has.
        LogFile.open(log, new_id=NO_HUB, now=now).close()
        whole = examined(log)
        flush(log)
    except (OSError, LogFull) as error:
        raise NotRestored(
            f"{backup} cannot be copied to {prepared.parent}: {error}",
            hint="check its free space, and that you may write there",
        ) from error
    except HubDamaged as error:
        raise HubDamaged(str(backup), error.why) from error
    except LogCorrupt as error:
        raise HubDamaged(str(backup), str(error)) from error
    except LogNewer as error:
        raise NotRestored(
            f"{backup} was written by a newer stackroom", hint="update stackroom"
        ) from error
    except LogError as error:
        raise NotRestored(
            f"{backup} is no backup of a hub: {error}", hint="take another; this one is as it was"
        ) from error
    if whole.identity.id == NO_HUB or _use(log) != "log":
        raise NotRestored(f"{backup} holds no hub", hint="take another; this one is as it was")
    return whole


def _use(log: Path) -> str:
    """What the file is for: a replica's cache has the same form."""
    with explained(log), closing(connect(log)) as conn:
        (use,) = conn.execute("SELECT value FROM meta WHERE key = 'use'").fetchone() or ("",)
        return str(use)


def _standing(log: Path) -> Whole | None:
    """What stands in the folder, as far as it can be read; None for nothing that can."""
    if not log.exists():
        return None
    try:
        with open_reader(log) as reader:
            listed = reader.profiles()
            heads = {each.id: reader.head(each.id) for each in listed}
            return Whole(reader.identity(), {each.id: each.name for each in listed}, heads)
    except LogError:
        return None  # That may be why somebody restores.


def _lost(before: Whole, after: Whole) -> int:
    return sum(
        max(0, head.seq - (after.heads[id].seq if id in after.heads else 0))
        for id, head in before.heads.items()
    )


def _moment(folder: HubFolder, now: Millis) -> str:
    """A name for the time, that nothing which is kept aside has yet."""
    moment = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (moment if n == 1 else f"{moment}-{n}" for n in count(1))
    return next(n for n in names if not any(folder.path.glob(f"{folder.log.name}.before-{n}*")))

"""What is safe to mend without asking: nothing is lost by it, and each step says what it did."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from stackroom.client.doctor import files, leftovers
from stackroom.client.doctor.finding import Finding, of
from stackroom.client.home.home import Home
from stackroom.client.home.same_file import SameFile
from stackroom.client.rescue.mending import mend_cache, told
from stackroom.client.rescue.rescue import Rescued, rescue
from stackroom.client.workspace import Workspace
from stackroom.events.counting import counted
from stackroom.events.errors import LogError
from stackroom.events.model import Millis
from stackroom.events.sqlite.file import connect, explained
from stackroom.sync.errors import AlreadyRunning
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.restoring import finish


class Repaired(Struct, frozen=True):
    """One thing that was mended (or tried, and not `done`), and what became of it."""

    check: str
    sentence: str
    done: bool = True


def repair_home(
    home: Home,
    found: Sequence[Finding],
    opening: Callable[[], Workspace],
    *,
    private: Sequence[Path],
    new_id: Callable[[], str],
    salt: Callable[[], bytes],
    now: Millis,
    offline: bool,
) -> list[Repaired]:
    """Mends what `found` says of a home, which is open nowhere in this process."""
    done = close_to_others(files.open_to_others([*private]))
    if any(finding.integrity for finding in of(found, "proposals")):
        done.append(Repaired("proposals", rescued(rescue(home, new_id=new_id, salt=salt, now=now))))
    done += remove(leftovers.leftovers(home.path, leftovers.OF_A_HOME))
    if any(finding.integrity for finding in [*of(found, "cache"), *of(found, "proofs")]):
        mended = mend_cache(home, SameFile(home.replica), offline=offline)
        done.append(Repaired("cache", told(mended, home.replica), mended.done))
    if of(found, "wal"):
        done += [shorten(path) for path in (home.proposals, home.replica) if path.exists()]
    if of(found, "redacted"):
        done.append(_scrub(opening()))
    return done


def repair_hub(
    folder: HubFolder, found: Sequence[Finding], *, private: Sequence[Path]
) -> list[Repaired]:
    """Mends what `found` says of a hub's folder; what needs it for itself only while no hub runs."""
    done = close_to_others(files.open_to_others([*private]))
    if of(found, "wal"):
        done.append(shorten(folder.log))
    left = leftovers.leftovers(folder.path, leftovers.OF_A_HUB)
    if not left and not of(found, "restore"):
        return done
    try:
        with folder.lock():
            if of(found, "restore"):
                aside = finish(folder)
                kept = f"; what stood there is {aside}" if aside else ""
                done.append(Repaired("restore", f"the restore was ended{kept}"))
            done += remove(left)
    except AlreadyRunning as error:
        done.append(Repaired("leftovers", f"not now: {error}", done=False))
    return done


def close_to_others(open_: Sequence[Path]) -> list[Repaired]:
    """Takes from everybody but the owner what they may do with the files."""
    for path in open_:
        path.chmod(path.stat().st_mode & 0o700)
    if not open_:
        return []
    names = ", ".join(path.name for path in open_)
    return [Repaired("modes", f"nobody but their owner may read {names} now")]


def remove(left: Sequence[Path]) -> list[Repaired]:
    """Deletes what was never ended."""
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return [Repaired("leftovers", f"{path.name} is gone") for path in left]


def shorten(path: Path) -> Repaired:
    """Moves the write-ahead log into the file, as far as nobody reads from it."""
    try:
        with explained(path), closing(connect(path)) as conn:
            busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except LogError as error:
        return Repaired("wal", str(error), done=False)
    if busy:
        return Repaired("wal", f"{path.name}-wal is in use: end who reads in it", done=False)
    return Repaired("wal", f"{path.name}-wal is in the file now")


def rescued(done: Rescued) -> str:
    """What a rescue brought, in a sentence."""
    parts = [f"{counted(done.proposals, 'proposal was', 'proposals were')} rescued"]
    if done.unplaced or done.unreadable:
        alone = counted(done.unplaced + done.unreadable, "more is", "more are")
        parts.append(f"{alone} in the export alone")
    if done.new_identity:
        parts.append("the replica has a new identity, as its numbers were in doubt")
    return f"{', '.join(parts)}; the damaged file is {done.aside}, the export {done.export}"


def _scrub(workspace: Workspace) -> Repaired:
    try:
        if workspace.cache.to_scrub():
            workspace.store.scrub()
            workspace.cache.scrub()
    except LogError as error:
        return Repaired("redacted", str(error), done=False)
    finally:
        workspace.close()
    return Repaired("redacted", "no trace of redacted values is left in the files of the home")

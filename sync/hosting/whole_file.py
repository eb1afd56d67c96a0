"""A file that is there whole, or not at all: written under another name, flushed, and renamed.

For large files that somebody else writes (SQLite, or a copy). Two that write the same file exclude each
other; what a killed one left is written over by the next.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackroom.events.sqlite.flushing import flush


class Busy(Exception):
    """Another process writes this file now."""


@contextmanager
def written_whole(target: Path, *, replace: bool) -> Iterator[Path]:
    """The path to write to, of an empty file that only its owner may read; `target` has it after the block.

    If the block raises, nothing is left. Raises Busy, OSError, and FileExistsError where there is a file
    and it is not to be replaced, or what is no file: a device, which would be gone.
    """
    unfinished = target.with_name(f"{target.name}.unfinished")
    _refuse_existing(target, replace)
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _claim(descriptor, unfinished)
        try:
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)
            yield unfinished
            os.fsync(descriptor)
            _refuse_existing(target, replace)
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)
    flush(target.parent)


def _claim(descriptor: int, path: Path) -> None:
    """Holds the file until the descriptor is closed; Busy if another has it, or had it to its end."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy from None
    if not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
        raise Busy


def _refuse_existing(target: Path, replace: bool) -> None:
    if target.exists() and not target.is_file():
        raise FileExistsError(f"{target} is there, and is no file")
    if not replace and target.exists():
        raise FileExistsError(f"there is a file {target} already")

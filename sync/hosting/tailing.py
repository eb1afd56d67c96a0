"""The end of a text file that grows, and is replaced by a new one now and then."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

LOOK_EVERY: Final = 0.2
"""Seconds between two looks for more."""


def tail(path: Path, lines: int, *, follow: bool = False) -> Iterator[str]:
    """The last `lines` of the file; with `follow`, all that is added, also to one that takes its place."""
    while follow and not path.exists():
        time.sleep(LOOK_EVERY)
    if not path.exists():
        return
    file = _open(path)
    try:
        yield from [line.rstrip("\n") for line in file.readlines()[-lines:]]
        while follow:
            if line := file.readline():
                yield line.rstrip("\n")
            elif _replaced(path, file):
                file.close()
                file = _open(path)
            else:
                time.sleep(LOOK_EVERY)
    finally:
        file.close()


def _open(path: Path) -> TextIO:
    return path.open(encoding="utf-8", errors="replace")


def _replaced(path: Path, file: TextIO) -> bool:
    try:
        return path.stat().st_ino != os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False

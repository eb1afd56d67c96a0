"""Damage as disks and people do it: bytes flipped, pages zeroed, files cut short."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random


def page_size(path: Path) -> int:
    """The size of the pages of a database, as its header says."""
    return int.from_bytes(path.read_bytes()[16:18], "big")


def pages(path: Path) -> int:
    """How many pages a database has."""
    return path.stat().st_size // page_size(path)


def flip(path: Path, random: Random, page: int, bytes: int = 8) -> None:
    """Flips a bit in some bytes of a page, the first being 1."""
    size = page_size(path)
    data = bytearray(path.read_bytes())
    for _ in range(bytes):
        data[(page - 1) * size + random.randrange(size)] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def zero(path: Path, page: int) -> None:
    """Has a page be all zeroes, as what a disk has lost."""
    size = page_size(path)
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\0" * size)


def cut(path: Path, bytes: int) -> None:
    """Ends a file after so many bytes."""
    os.truncate(path, bytes)


def settle(path: Path) -> None:
    """Moves what the write-ahead log has into the file, so that damage to the file is damage."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not path.with_name(f"{path.name}-wal").exists()


def root_page(path: Path, table: str) -> int:
    """Where the table's tree begins."""
    with closing(sqlite3.connect(path)) as conn:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = conn.execute(sql, (table,)).fetchone()
    return int(page)

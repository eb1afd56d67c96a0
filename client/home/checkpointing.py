"""Checkpoints of a copy's write-ahead log, made on a thread beside while a long history is stored.

SQLite makes them at the end of the transaction that made the log long enough, and whoever stores would wait
for the disk.

What fails here fails for nobody, as with those that SQLite makes: all that was stored is in the log, and is
read from there. Where there is no room, the log cannot grow for long either, and whoever stores is told; once
there is, the next checkpoint moves the rest. That the file is damaged is told to who opens it next, before
they do anything: it is mended for them then, and to an exchange that has all it came for it means nothing.
"""

from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

from stackroom.events.errors import LogError
from stackroom.events.sqlite.blocks import SqliteCacheReader
from stackroom.events.sqlite.file import (
    CACHE_CHECKPOINT_PAGES,
    CHECKPOINT_PAGES,
    Durability,
    checkpoint,
    connect,
    explained,
)

ROUND_BYTES: Final = CACHE_CHECKPOINT_PAGES * 4096
"""Bytes of blocks after which there is a checkpoint: as many pages as SQLite would wait for."""


class Checkpoints:
    """Those of the file at `path`, which its writer leaves to this from `take_over` to `give_back`."""

    def __init__(self, path: Path, synchronous: Durability) -> None:
        self._path = path
        self._synchronous = synchronous
        self._bytes = 0
        self._round: Thread | None = None

    def take_over(self, writer: SqliteCacheReader) -> None:
        """Has the connection of `writer` make no checkpoints of its own, unless this lags far behind."""
        writer.checkpoint_every(CHECKPOINT_PAGES)

    def give_back(self, writer: SqliteCacheReader) -> None:
        """Has it make them again."""
        writer.checkpoint_every(CACHE_CHECKPOINT_PAGES)

    def wrote(self, count: int) -> None:
        """The writer has stored so many bytes."""
        self._bytes += count
        under_way = self._round is not None and self._round.is_alive()
        if self._bytes >= ROUND_BYTES and not under_way:
            self._bytes = 0
            self._round = Thread(target=self._checkpoint, name="stackroom-checkpoint")
            self._round.start()

    def wait(self) -> None:
        """Waits until none is under way."""
        if self._round is not None:
            self._round.join()

    def _checkpoint(self) -> None:
        """Moves what is in the log by now, on a connection of its own: the writer goes on meanwhile."""
        with suppress(LogError), explained(self._path):
            conn = connect(self._path)
            try:
                conn.execute(f"PRAGMA synchronous = {self._synchronous}")
                checkpoint(conn)
            finally:
                conn.close()

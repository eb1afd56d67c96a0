"""Writing snapshots between the commits: encoded in pieces, each stored in a transaction of its own."""

import asyncio
import logging
from functools import partial
from typing import Final

from stackroom.events.errors import LogError
from stackroom.events.log import EventLog
from stackroom.events.state import pieces
from stackroom.sync.deciding.snapshots import AT_ONCE, Snapshots

log = logging.getLogger("stackroom.hub")

REST: Final = 0.002
"""Seconds between two pieces: encoding one holds the interpreter, which a commit needs again and again."""


class Snapshotter:
    """Writes what is due, one after the other; `wake` says that there may be some."""

    def __init__(self, event_log: EventLog, snapshots: Snapshots) -> None:
        self.event_log = event_log
        self.snapshots = snapshots
        self._news = asyncio.Event()

    def wake(self) -> None:
        """A transaction stands; it may have made snapshots due."""
        if self.snapshots:
            self._news.set()

    async def run(self) -> None:
        """Writes until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while (due := self.snapshots.take()) is not None:
                encoded = []
                for piece in pieces(due.state, AT_ONCE):
                    encoded.append(piece)
                    await asyncio.sleep(REST)
                try:
                    await self.event_log.write(partial(self.snapshots.put, due, encoded))
                except LogError as error:
                    log.warning("a snapshot could not be written: %s", error)

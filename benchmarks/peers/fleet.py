"""Subscribers of a room, all in one other process, and what they heard when."""

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Final

from msgspec import Struct

from benchmarks import speaker
from benchmarks.peers.peer import Server
from benchmarks.peers.workload import marks

READY_WITHIN: Final = 60.0
SETTLED: Final = 0.3
"""Seconds of quiet after the last subscriber has come: others are told of it, and it costs the server."""
QUIET: Final = 4.0
"""Seconds without any news after which nothing more is waited for."""


class Heard(Struct, frozen=True):
    """By number of an event: how many of the fleet had it, and when the last did (CLOCK_MONOTONIC, ns)."""

    times: dict[int, int]
    last: dict[int, int]


class Fleet:
    """The process, as its parent sees it."""

    def __init__(self, size: int, told: Connection, delivered: Any, leaving: Any, pid: int) -> None:
        self.size = size
        self.pid = pid
        self._told = told
        self._delivered = delivered
        self._leaving = leaving

    @property
    def delivered(self) -> int:
        """Events that came, counted once for each subscriber."""
        count: int = self._delivered.value
        return count

    def heard(self, sent: int) -> Heard:
        """Waits until all have had `sent` events, or until nothing comes any more, and ends the fleet."""
        before, since = self.delivered, time.monotonic()
        while self.delivered < sent * self.size and time.monotonic() - since < QUIET:
            time.sleep(0.002)
            if self.delivered != before:
                before, since = self.delivered, time.monotonic()
        self._leaving.value = 1
        if not self._told.poll(READY_WITHIN):
            raise TimeoutError("the subscribers do not tell what they heard")
        found: Heard = self._told.recv()
        return found


@contextmanager
def fleet(server: Server, room: str, size: int) -> Iterator[Fleet]:
    """`size` subscribers of the room, all of them there."""
    context = multiprocessing.get_context("spawn")
    told, telling = context.Pipe(duplex=False)
    delivered, leaving = context.RawValue("Q", 0), context.RawValue("b", 0)
    process = context.Process(
        target=_listen, args=(server, room, size, telling, delivered, leaving), daemon=True
    )
    process.start()
    telling.close()
    try:
        if not told.poll(READY_WITHIN):
            raise TimeoutError(f"{size} subscribers were not there within {READY_WITHIN:.0f} s")
        told.recv()
        assert process.pid is not None
        yield Fleet(size, told, delivered, leaving, process.pid)
    finally:
        process.join(1)
        if process.is_alive():
            process.kill()
            process.join()


def _listen(
    server: Server, room: str, size: int, telling: Connection, delivered: Any, leaving: Any
) -> None:
    """The other process."""
    speaker.run(lambda: _listening(server, room, size, telling, delivered, leaving))


async def _listening(
    server: Server, room: str, size: int, telling: Connection, delivered: Any, leaving: Any
) -> None:
    times: Counter[int] = Counter()
    last: dict[int, int] = {}
    begun = False

    def heard(data: bytes) -> None:
        if not begun:
            return  # What there was before.
        now = time.monotonic_ns()
        found = marks(data)
        for number in found:
            times[number] += 1
            last[number] = now
        delivered.value += len(found)

    lines = [await server.subscribe(room, heard) for _ in range(size)]
    await asyncio.sleep(SETTLED)
    begun = True
    telling.send("ready")
    while not leaving.value:  # noqa: ASYNC110  the other process sets it
        await asyncio.sleep(0.01)
    telling.send(Heard(dict(times), last))
    for line in lines:
        line.close()

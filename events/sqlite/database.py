"""The one door to aiosqlite: whole functions on a connection's own thread.

A transaction must be one function. aiosqlite's public calls are single statements, and a chain of
awaits can be cancelled between BEGIN and COMMIT: the lock is then held for ever.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import aiosqlite

from stackroom.events.errors import LogError

T = TypeVar("T")


class Database:
    """A SQLite connection and the thread that alone uses it."""

    def __init__(self, connection: aiosqlite.Connection, raw: sqlite3.Connection) -> None:
        self._connection = connection
        self._raw = raw
        self._closed = False

    @classmethod
    async def open(cls, connect: Callable[[], sqlite3.Connection]) -> "Database":
        """Starts the thread, for a connection that is in autocommit mode and bound to no thread.

        `connect` is called on a thread too. Raises what it raises; if the caller is cancelled
        meanwhile, all is closed again.
        """

        async def opened() -> Database:
            # Not as aiosqlite's connector: when that fails, its thread outlives the event loop.
            raw = await asyncio.to_thread(connect)
            connection = aiosqlite.Connection(lambda: raw, iter_chunk_size=1)
            return cls(await connection, raw)

        opening = asyncio.ensure_future(opened())
        try:
            return await _to_the_end(opening)
        except asyncio.CancelledError:
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().aclose()
            raise

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Calls `fn` with the connection, on its thread, after all that was asked for before.

        Cancelling the caller does not stop `fn`: it runs to its end, and what it gives or raises
        then goes nowhere. `fn` must begin and end its own transaction.
        """
        if self._closed:
            raise LogError("the log was closed")
        # Private, for want of a public call that takes a function (aiosqlite 0.20 to 0.22 have this
        # one; `tests/events/test_database.py` tells when that changes).
        execute: Callable[[Callable[[], T]], Awaitable[T]] = self._connection._execute
        return await execute(partial(_call, fn, self._raw))

    async def aclose(self) -> None:
        """Lets the work under way end, then closes; cancelling does not cut that short."""
        if not self._closed:
            self._closed = True
            await _to_the_end(self._connection.close())


def _call(fn: Callable[[sqlite3.Connection], T], conn: sqlite3.Connection) -> T:
    try:
        return fn(conn)
    except StopIteration as error:
        # A future cannot carry it: the caller would wait for ever.
        raise RuntimeError("the work raised StopIteration") from error


async def _to_the_end(work: Awaitable[T]) -> T:
    """Awaits `work` until it is done; a cancellation meanwhile is raised only then."""
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    # Who was cancelled gets no other error; asking for it here marks it as seen.
    await asyncio.gather(task, return_exceptions=True)
    raise cancelled

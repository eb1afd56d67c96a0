"""The one thread on which a loop's disk work is done.

SQLite connections belong to the thread that opened them, so files are opened there too.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

import anyio

T = TypeVar("T")


class Worker:
    """Runs plain functions on a thread of its own, one at a time, in the order in which they came."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "stackroom-disk")

    async def run(self, work: Callable[[], T]) -> T:
        """Runs `work` to its end, whatever happens to the caller; returns or raises what it does."""
        return await self.end(self.start(work))

    def start(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Begins `work`, or puts it behind what was begun before; `end` must be called for it."""
        return asyncio.wrap_future(self._executor.submit(work))

    async def end(self, future: "asyncio.Future[T]") -> T:
        """What the work of `future` returns or raises, once it has ended.

        Cancelling waits for that end too: nobody finds a transaction half done. Within a cancelled
        anyio scope the result is still returned.
        """
        cancelled: asyncio.CancelledError | None = None
        with anyio.CancelScope(shield=True):
            while not future.done():
                try:
                    await asyncio.wait([future])
                except asyncio.CancelledError as error:
                    cancelled = error  # By asyncio's own cancel, from which no scope shields.
        if cancelled is not None:
            future.exception()
            raise cancelled
        return future.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Waits until all that was given is done; the thread ends then."""
        await self.run(lambda: None)
        self._executor.shutdown(wait=False)

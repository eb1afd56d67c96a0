"""The one thread on which a loop's disk work is done.

SQLite connections belong to the thread that opened them, so files are opened there too.
"""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Self, TypeVar

import anyio

from stackroom.client.connection.work import Work

T = TypeVar("T")


class Worker:
    """Runs plain functions on a thread of its own, one at a time, in the order in which they came."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "stackroom-disk")

    async def run(self, work: Callable[[], T]) -> T:
        """Runs `work` to its end, whatever happens to the caller; returns or raises what it does."""
        return await self.start(work)

    def start(self, work: Callable[[], T]) -> Work[T]:
        """Begins `work`, or puts it behind what was begun before; it must be awaited.

        Cancelling waits for its end too: nobody finds a transaction half done. Within a cancelled
        anyio scope the result is still returned.
        """
        return _Begun(asyncio.wrap_future(self._executor.submit(work)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Waits until all that was given is done; the thread ends then."""
        await self.run(lambda: None)
        self._executor.shutdown(wait=False)


class _Begun(Generic[T]):
    def __init__(self, future: "asyncio.Future[T]") -> None:
        self._future = future

    def done(self) -> bool:
        return self._future.done()

    def __await__(self) -> Generator[Any, None, T]:
        return self._end().__await__()

    async def _end(self) -> T:
        cancelled: asyncio.CancelledError | None = None
        with anyio.CancelScope(shield=True):
            while not self._future.done():
                try:
                    await asyncio.wait([self._future])
                except asyncio.CancelledError as error:
                    cancelled = error  # By asyncio's own cancel, from which no scope shields.
        if cancelled is not None:
            self._future.exception()
            raise cancelled
        return self._future.result()

"""Work on the disk: begun, and waited for.

A loop has it done on a thread beside (`worker.Worker`); who has nothing else to do meanwhile does it on the
spot (`InPlace`).
"""

from collections.abc import Callable, Generator
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """What was begun; to await it gives what it returns, or raises what it does. That must be done."""

    def done(self) -> bool:
        """Whether it has ended."""

    def __await__(self) -> Generator[Any, None, T_co]: ...


class Works(Protocol):
    """Runs plain functions, one at a time, in the order in which they came."""

    async def run(self, work: Callable[[], T]) -> T:
        """Runs `work` to its end, whatever happens to the caller; returns or raises what it does."""

    def start(self, work: Callable[[], T]) -> Work[T]:
        """Begins `work`, or puts it behind what was begun before."""


class InPlace:
    """Runs functions where they are given; nothing ever waits."""

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises."""
        return work()

    def start(self, work: Callable[[], T]) -> Work[T]:
        """Has it done."""
        return _Done(work)


class _Done(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._error: Exception | None = None
        try:
            self._result = work()
        except Exception as error:
            self._error = error

    def done(self) -> bool:
        return True

    def __await__(self) -> Generator[Any, None, T]:
        if self._error is not None:
            raise self._error
        return self._result
        yield  # So it is a generator, which an awaitable gives.

"""Opening two files, one after the other or at once: to make a new one takes longer than to open it."""

from collections.abc import Callable
from threading import Thread
from typing import Protocol, TypeVar


class Closes(Protocol):
    """What is closed again where the other cannot be opened."""

    def close(self) -> None: ...


A = TypeVar("A", bound=Closes)
B = TypeVar("B", bound=Closes)


def in_turn(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What both give; raises what the first one raises that fails, with nothing left open."""
    one = first()
    try:
        return one, second()
    except BaseException:
        one.close()
        raise


def at_once(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """As `in_turn`, with `second` on a thread beside: SQLite and flushes need no interpreter."""
    opened: list[B] = []
    errors: list[BaseException] = []

    def open_second() -> None:
        try:
            opened.append(second())
        except BaseException as error:
            errors.append(error)

    def opened_second() -> B:
        thread.join()
        if errors:
            raise errors[0]
        return opened[0]

    thread = Thread(target=open_second)
    thread.start()
    try:
        return in_turn(first, opened_second)
    except BaseException:
        thread.join()
        for one in opened:
            one.close()
        raise

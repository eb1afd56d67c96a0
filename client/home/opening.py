"""Opening the two files of a new home at once: to make a file takes longer than to open one."""

from collections.abc import Callable
from threading import Thread
from typing import Protocol, TypeVar


class Closes(Protocol):
    """What is closed again where the other cannot be opened."""

    def close(self) -> None: ...


A = TypeVar("A", bound=Closes)
B = TypeVar("B", bound=Closes)


def at_once(here: Callable[[], A], beside: Callable[[], B]) -> tuple[A, B]:
    """What both give; `beside` is called on another thread: SQLite and flushes need no interpreter.

    Raises what one of them raises, that of `here` rather; nothing is left open then.
    """
    opened: list[B] = []
    errors: list[BaseException] = []

    def open_beside() -> None:
        try:
            opened.append(beside())
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=open_beside)
    thread.start()
    try:
        one = here()
    except BaseException:
        thread.join()
        for other in opened:
            other.close()
        raise
    thread.join()
    if errors:
        one.close()
        raise errors[0]
    return one, opened[0]

"""Two files opened at once: both or neither."""

import pytest

from stackroom.client.home.opening import at_once


class File:
    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False

    def close(self) -> None:
        self.closed = True


def failing() -> File:
    raise OSError("beside")


def test_both_are_open() -> None:
    one, other = at_once(lambda: File("here"), lambda: File("beside"))
    assert (one.name, other.name) == ("here", "beside")
    assert not (one.closed or other.closed)


def test_what_one_of_them_raises_is_raised_and_the_other_is_closed_again() -> None:
    kept = File("kept")

    def also_failing() -> File:
        raise OSError("here")

    with pytest.raises(OSError, match="beside"):
        at_once(lambda: kept, failing)
    assert kept.closed
    kept = File("kept")
    with pytest.raises(OSError, match="here"):
        at_once(also_failing, lambda: kept)
    assert kept.closed
    with pytest.raises(OSError, match="here"):
        at_once(also_failing, failing)

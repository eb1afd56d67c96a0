"""Choices out of bytes: whatever a fuzzer invents is a run, and what it changes changes little."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Takes bytes from the front; when they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def byte(self) -> int:
        """The next byte."""
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def below(self, count: int) -> int:
        """A number from 0 up to `count`, at most 256."""
        return self.byte() % count

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.below(len(options))]

    def chance(self, one_in: int) -> bool:
        """Whether something comes about that comes about once in so many times."""
        return self.byte() % one_in == one_in - 1

    def raw(self, most: int) -> bytes:
        """Some bytes as they are."""
        count = min(self.byte(), most)
        self.at += count
        return self.data[self.at - count : self.at]

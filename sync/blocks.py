"""Blocks of history that somebody was sent, kept packed for whoever comes next.

A span of `page_commits` that is complete is one block (or several, where a page may not hold it), the same
for every reader; so it is read, packed and compressed once, and sent as bytes to all. It is a cache, in
memory, of the bound that is set: the least recently sent go first.
"""

from collections import OrderedDict
from threading import Lock
from typing import TypeAlias

from msgspec import Struct

from stackroom.events.block import pack
from stackroom.events.log import LogReader
from stackroom.sync.settings import Settings

Place: TypeAlias = tuple[str, int]
"""A profile, and the seq after which a block begins."""


class Packed(Struct, frozen=True):
    """A block up to commit `last`; `weight` is about how many bytes were read to make it, if it was made."""

    data: bytes
    last: int
    weight: int


class Blocks:
    """The blocks that are kept. The log's readers use it on their threads, the hub on its own."""

    def __init__(self, settings: Settings) -> None:
        self._span = settings.page_commits
        self._page_bytes = settings.page_bytes
        self._most = settings.blocks_bytes
        self._kept: OrderedDict[Place, Packed] = OrderedDict()
        self._begins: set[Place] = set()
        """Where blocks begin that follow others in one span."""
        self._bytes = 0
        self._era = 0
        self._lock = Lock()

    def forget(self, profile: str) -> None:
        """The history of the profile was redacted, or healed."""
        with self._lock:
            self._era += 1
            for place in [place for place in self._kept if place[0] == profile]:
                self._drop(place)

    def span_end(self, after: int) -> int:
        """Where the span ends to which the commit after seq `after` belongs."""
        return (after // self._span + 1) * self._span

    def after(self, log: LogReader, profile: str, after: int, head: int) -> Packed | None:
        """The block after seq `after`; None where none begins, or its span is not complete at `head`."""
        place, end = (profile, after), self.span_end(after)
        with self._lock:
            era = self._era
            if end > head or (after % self._span and place not in self._begins):
                return None
            if (kept := self._kept.get(place)) is not None:
                self._kept.move_to_end(place)
                return kept
        commits = log.commits(profile, after, end - after, self._page_bytes)
        if not commits:
            return None
        read = sum(len(event.body) for commit in commits for event in commit.events)
        data = pack(commits)
        made = Packed(data, commits[-1].seq, len(data))
        with self._lock:
            # What was read before a value was taken out of the history is not kept beyond that.
            if era == self._era and place not in self._kept:
                self._keep(place, made, end)
        return Packed(data, made.last, max(read, len(data)))

    def _keep(self, place: Place, block: Packed, end: int) -> None:
        self._kept[place] = block
        self._bytes += len(block.data)
        if block.last < end:
            self._begins.add((place[0], block.last))
        while self._bytes > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: Place) -> None:
        block = self._kept.pop(place)
        self._bytes -= len(block.data)
        self._begins.discard((place[0], block.last))

"""Blocks of history that somebody was sent, kept packed for whoever comes next.

A span of `page_commits` that is complete is one block (or several, where a page may not hold it), the same
for every reader; so it is read, packed and compressed once, and sent as bytes to all. So are the newest, if
they are many, for all who come from the same seq: from nothing, or from a snapshot. It is a cache, in memory,
of the bound that is set: the least recently sent go first.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final, TypeAlias

from msgspec import Struct, structs

from stackroom.events.history.block import pack
from stackroom.events.log import REWRITTEN, LogReader
from stackroom.events.model import Commit
from stackroom.sync.settings import Settings

MANY: Final = 100
"""Events that are worth a block: who takes it does with them together what is costly one by one."""

Place: TypeAlias = tuple[str, int, bool]
"""A profile, the seq after which a block begins, and whether it is of a complete span."""


class Packed(Struct, frozen=True):
    """A block up to commit `last`; `weight` is about how many bytes were read to make it, if it was made.

    `rewritten` is what the log said then of when values were last taken out of the profile's history.
    """

    data: bytes
    last: int
    weight: int
    rewritten: bytes


class Blocks:
    """The blocks that are kept; the readers of the log share them, on whichever threads they are."""

    def __init__(self, settings: Settings) -> None:
        self._span = settings.page_commits
        self._page_bytes = settings.page_bytes
        self._most = settings.blocks_bytes
        self._kept: OrderedDict[Place, Packed] = OrderedDict()
        self._begins: set[Place] = set()
        """Where blocks begin that follow others in one span."""
        self._bytes = 0
        self._lock = Lock()

    def span_end(self, after: int) -> int:
        """Where the span ends to which the commit after seq `after` belongs."""
        return (after // self._span + 1) * self._span

    def after(self, log: LogReader, profile: str, after: int, head: int) -> Packed | None:
        """The block after seq `after`; None where none begins, or its span is not complete at `head`.

        As it stands in the log at this moment: a block of before values were taken out is not given.
        """
        place, end = (profile, after, True), self.span_end(after)
        if end > head:
            return None
        rewritten = log.facts(REWRITTEN).get(profile, b"")
        with self._lock:
            if after % self._span and place not in self._begins:
                return None
            kept = self._kept.get(place)
            if kept is not None and kept.rewritten == rewritten:
                self._kept.move_to_end(place)
                return kept
        commits = log.commits(profile, after, end - after, self._page_bytes)
        if not commits:
            return None
        return self._made(place, commits, end, rewritten)

    def newest(self, log: LogReader, profile: str, after: int, head: int) -> Packed | None:
        """The block of the newest commits, after seq `after`, if somebody was sent it; a few may lack."""
        place = (profile, after, False)
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or not 0 <= head - kept.last < MANY:
                return None
            self._kept.move_to_end(place)
        return kept if log.facts(REWRITTEN).get(profile, b"") == kept.rewritten else None

    def of_newest(self, log: LogReader, profile: str, commits: Sequence[Commit]) -> Packed | None:
        """The newest commits as a block, kept for others; None if they are few and not all that there are."""
        few = sum(len(commit.events) for commit in commits) < MANY
        if not commits or (few and commits[0].seq > 1):
            return None
        rewritten = log.facts(REWRITTEN).get(profile, b"")
        place, end = (profile, commits[0].seq - 1, False), commits[-1].seq
        return self._made(place, commits, end, rewritten)

    def _made(self, place: Place, commits: Sequence[Commit], end: int, rewritten: bytes) -> Packed:
        """Packs and keeps a block; others may follow it, up to `end`."""
        read = sum(len(event.body) for commit in commits for event in commit.events)
        data = pack(commits)
        made = Packed(data, commits[-1].seq, len(data), rewritten)
        with self._lock:
            self._keep(place, made, end)
        return structs.replace(made, weight=max(read, len(data)))

    def _keep(self, place: Place, block: Packed, end: int) -> None:
        if place in self._kept:
            self._drop(place)
        self._kept[place] = block
        self._bytes += len(block.data)
        if block.last < end:
            self._begins.add((place[0], block.last, True))
        while self._bytes > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: Place) -> None:
        block = self._kept.pop(place)
        self._bytes -= len(block.data)
        profile, _, whole = place
        if whole:
            self._begins.discard((profile, block.last, True))

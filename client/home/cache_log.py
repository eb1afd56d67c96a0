"""The log of a cache for those who ask now and then: each question is one reading transaction.

A transaction held open between questions would keep this process from writing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from stackroom.events.carriers import Commit, Millis
from stackroom.events.log import (
    Answer,
    Head,
    Identity,
    Listed,
    LogReader,
    Proposed,
    RunFound,
    RunsWanted,
    Snapshot,
    Weighed,
)


class CacheLog:
    """A `LogReader`; `reading` begins a reading transaction, `seeking` one in which all is in rows."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[LogReader]],
        seeking: Callable[[], AbstractContextManager[LogReader]],
    ) -> None:
        self._reading = reading
        self._seeking = seeking

    def identity(self) -> Identity:
        with self._reading() as log:
            return log.identity()

    def profiles(self) -> list[Listed]:
        with self._reading() as log:
            return log.profiles()

    def head(self, profile: str) -> Head:
        with self._reading() as log:
            return log.head(profile)

    def commits(
        self, profile: str, after: int, limit: int, max_bytes: int | None = None
    ) -> list[Commit]:
        with self._reading() as log:
            return log.commits(profile, after, limit, max_bytes)

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        with self._reading() as log:
            return log.recent(profile, before, limit)

    def until(self, profile: str, time: Millis) -> int:
        with self._reading() as log:
            return log.until(profile, time)

    def root(self, profile: str, seq: int) -> bytes | None:
        with self._reading() as log:
            return log.root(profile, seq)

    def leaves(self, profile: str, after: int, limit: int) -> list[bytes]:
        with self._reading() as log:
            return log.leaves(profile, after, limit)

    def subtrees(self, profile: str, count: int) -> list[bytes]:
        with self._reading() as log:
            return log.subtrees(profile, count)

    def touching(self, profile: str, entities: Sequence[str], upto: int) -> list[Commit]:
        with self._seeking() as log:
            return log.touching(profile, entities, upto)

    def runs(self, profile: str, wanted: RunsWanted) -> list[RunFound]:
        with self._seeking() as log:
            return log.runs(profile, wanted)

    def answers(self, proposals: Sequence[str]) -> dict[str, Answer]:
        with self._seeking() as log:
            return log.answers(proposals)

    def proposed(self, proposals: Sequence[str]) -> dict[str, Proposed]:
        with self._seeking() as log:
            return log.proposed(proposals)

    def last_number(self, profile: str, replica: str) -> int:
        with self._reading() as log:
            return log.last_number(profile, replica)

    def number_used(self, profile: str, replica: str, number: int) -> bool:
        with self._reading() as log:
            return log.number_used(profile, replica, number)

    def facts(self, kind: str) -> dict[str, bytes]:
        with self._reading() as log:
            return log.facts(kind)

    def snapshot(self, profile: str, upto: int | None = None) -> Snapshot | None:
        with self._reading() as log:
            return log.snapshot(profile, upto)

    def weighed(self, profile: str, after: int, limit: int) -> Weighed:
        with self._seeking() as log:
            return log.weighed(profile, after, limit)

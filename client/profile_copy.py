"""A profile as this replica has it, at one moment: confirmed, viewed, pending, parked."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from stackroom.client.errors import NotFound
from stackroom.client.home.cache import Cache, Stored
from stackroom.client.home.store import Parked, ProfileEntry
from stackroom.client.rebase import Standing, View
from stackroom.events.carriers import Commit
from stackroom.events.errors import UnknownEvent
from stackroom.events.log import LogReader
from stackroom.events.state import AnyEntity, State

if TYPE_CHECKING:
    from stackroom.events.composing.resolve import Revive
    from stackroom.events.history.sought import Sought


class ProfileCopy:
    """A profile as this replica has it, at one moment."""

    def __init__(
        self,
        entry: ProfileEntry,
        stored: Stored,
        view: View,
        parked: Sequence[Parked],
        cache: Cache,
    ) -> None:
        self.id = entry.id
        self.name = entry.name
        self.hub = entry.hub
        self.synced_at = entry.synced_at
        self.confirmed: State = stored.state
        self.seq: int = stored.seq
        self._frontier = stored.frontier
        self.newer: UnknownEvent | None = stored.newer
        self.missing: range | None = stored.missing
        self.view: State = view.state
        self.standings: tuple[Standing, ...] = view.standings
        self.parked = list(parked)
        self.log: LogReader = cache.log
        self._cache = cache

    @cached_property
    def root(self) -> bytes:
        """The Merkle root at `seq`."""
        from stackroom.events.proofs import merkle

        return merkle.root(self._frontier)

    def known(self, seq: int) -> int:
        """The seq itself; NotFound where this replica's copy does not go that far."""
        if not 0 <= seq <= self.seq:
            raise NotFound(
                f"there is no #{seq}: the profile is at #{self.seq}",
                hint="stackroom log, or, if it is newer than that: stackroom sync",
            )
        return seq

    def at(self, seq: int) -> State:
        """The confirmed state after commit `seq`; NotFound where this replica has no such commit."""
        self.known(seq)
        if self.missing is not None and seq < self.missing.stop - 1:
            raise NotFound(f"#{seq} is not on this machine yet", hint="stackroom sync")
        from stackroom.client.history import past

        return past.state_at(self._cache, self.id, seq)

    def found(self, sought: "Sought", before: int | None, limit: int) -> list[Commit]:
        """The newest of the confirmed commits that are sought: see `Cache.found`."""
        return self._cache.found(self.id, sought, before, limit)

    def seqs_in_rows(self, ids: Sequence[str]) -> dict[str, int]:
        """The seqs of those of the commits that are here and not packed: see `Cache.seqs_in_rows`."""
        return self._cache.seqs_in_rows(ids)

    @property
    def revive(self) -> "Revive":
        """What a deleted entity was before its deletion, as far as the history here tells."""
        from stackroom.events.history.history import before_deletion

        def before(id: str) -> AnyEntity | None:
            if self.missing is not None:
                return None
            return before_deletion(self.log, self.id, self.view, id)

        return before

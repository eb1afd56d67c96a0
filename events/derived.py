"""What is kept beside the commits and follows from them: snapshots, the catalogue, indexes.

None of it proves anything, and all of it could be made again. But it is what people read first: a changed
snapshot would show a state that nobody committed. So an audit holds it against the commits, too.
"""

from typing import Protocol

from stackroom.events.errors import HistoryFault, StackroomError, UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.log import Snapshot, Taken
from stackroom.events.merkle import Growing
from stackroom.events.outcomes import taking
from stackroom.events.state import State, decode, encode, listing


class Kept(Protocol):
    """What a file keeps of a profile beside its commits."""

    def snapshot_seqs(self, profile: str) -> list[int]:
        """The seqs of its snapshots, in order."""

    def snapshot(self, profile: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot at or below seq `upto`."""

    def misindexed(self, profile: str) -> int | None:
        """The first seq of which the index by entity does not say what its events say, or None."""

    def miscounted(self, profile: str) -> bool:
        """Whether the numbers that replicas have used are other than those of commits and refusals."""

    def listing(self, profile: str) -> tuple[str, bool] | None:
        """How the catalogue lists it: name, and whether it was deleted; None where there is none."""


class Derived:
    """Folds a history beside its verification, and holds what is kept beside it against that.

    Past an event that is `newer` than this program, states are not known, and not compared.
    """

    def __init__(self, kept: Kept, profile: str) -> None:
        self.newer: UnknownEvent | None = None
        self._kept = kept
        self._profile = profile
        self._state = State()
        self._due = kept.snapshot_seqs(profile)[::-1]

    def take(self, taken: Taken, tree: Growing) -> None:
        """Takes the next commit, with the tree after it."""
        commit = taken.commit
        if (kind := taking(commit)) != taken.outcome and not (
            kind == "accepted" and taken.outcome in ("merged", "converged")
        ):
            raise self._fault(commit.seq, f"the outcome of commit #{commit.seq}")
        if self.newer is None:
            try:
                advance(self._state, (commit,))
            except UnknownEvent as error:
                self.newer = error
        if self._due and self._due[-1] <= commit.seq:
            self._compare(self._due.pop(), tree)

    def end(self, last: int) -> None:
        """Says that commit `last` was the last one."""
        if self._due:
            raise self._fault(self._due[-1], f"the snapshot at #{self._due[-1]}")
        if (seq := self._kept.misindexed(self._profile)) is not None:
            raise self._fault(seq, f"the index of entities at #{seq}")
        if self._kept.miscounted(self._profile):
            raise self._fault(last, "the list of used numbers")
        listed = self._kept.listing(self._profile)
        said = listing(self._state) or ("", False)
        if self.newer is None and listed is not None and listed != said:
            raise self._fault(last, "the entry in the catalogue")

    def _compare(self, seq: int, tree: Growing) -> None:
        what = f"the snapshot at #{seq}"
        try:
            found = self._kept.snapshot(self._profile, seq)
            assert found is not None
            same = found.frontier == tree.frontier()
            if same and self.newer is None:
                same = encode(decode(found.state)) == encode(self._state)
        except StackroomError as error:
            raise self._fault(seq, what) from error
        if not same:
            raise self._fault(seq, what)

    def _fault(self, seq: int, what: str) -> HistoryFault:
        return HistoryFault(
            self._profile,
            seq,
            "derived",
            f"{what} of profile {self._profile} is not what its commits say",
            hint="the commits themselves hold; what follows from them can be made again",
        )

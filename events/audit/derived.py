"""What is kept beside the commits and follows from them: states, the catalogue, indexes.

None of it proves anything, and all of it could be made again. But it is what people read first: a changed
snapshot would show a state that nobody committed. So an audit holds it against the commits, too.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from msgspec import Struct

from stackroom.events.errors import HistoryFault, StackroomError, UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.log import Taken
from stackroom.events.outcomes import taking
from stackroom.events.proofs.merkle import Frontier, Growing
from stackroom.events.state import State, decode, encode, listing

ALIKE: Final = frozenset({("accepted", "merged"), ("accepted", "converged")})
"""What a commit shows of how it came about, and what it may have been: the rest follows from others."""


class Kept(Protocol):
    """What a file keeps of a profile beside its commits."""

    def seqs(self) -> list[int]:
        """Where states are kept, in order."""

    def states(self, seq: int) -> Iterator[tuple[str, Frontier | None, bytes]]:
        """The states that are kept at `seq`: what each is called, the tree that goes with it if one does,
        and the encoded state. Raises LogCorrupt."""

    def misindexed(self) -> int | None:
        """The first seq of which an index of events does not say what they say, or None."""

    def miscounted(self) -> bool:
        """Whether the numbers that replicas have used are other than those of commits and refusals."""

    def misreported(self) -> int | None:
        """The first seq of a run of which the index of runs does not say what was reported, or None."""

    def listing(self) -> tuple[str, bool] | None:
        """How the catalogue lists it: name, and whether it was deleted; None where there is none."""


class Named(Struct, frozen=True):
    """What an export says of its profile beside the commits: the name, and whether it has ended."""

    name: str
    deleted: bool

    def seqs(self) -> list[int]:
        """None."""
        return []

    def states(self, seq: int) -> Iterator[tuple[str, Frontier | None, bytes]]:
        """None."""
        yield from ()

    def misindexed(self) -> int | None:
        """There is no index."""
        return None

    def miscounted(self) -> bool:
        """Nothing is counted."""
        return False

    def misreported(self) -> int | None:
        """There is no index."""
        return None

    def listing(self) -> tuple[str, bool] | None:
        """What it says."""
        return self.name, self.deleted


class Derived:
    """Folds a history beside its verification, and holds what is kept beside it against that.

    The first fault is raised at the end: one in the history itself comes before it. Past an event that is
    `newer` than this program, states are not known, and not compared.
    """

    def __init__(self, kept: Kept, profile: str) -> None:
        self.newer: UnknownEvent | None = None
        self._kept = kept
        self._profile = profile
        self._state = State()
        self._due = kept.seqs()[::-1]
        self._wrong: tuple[int, str] | None = None

    def take(self, taken: Taken, tree: Growing) -> None:
        """Takes the next commit, with the tree after it."""
        commit = taken.commit
        kind = taking(commit)
        if kind != taken.outcome and (kind, taken.outcome) not in ALIKE:
            self._note(commit.seq, f"the outcome of commit #{commit.seq}")
        if self.newer is None:
            try:
                advance(self._state, (commit,))
            except UnknownEvent as error:
                self.newer = error
        if self._due and self._due[-1] <= commit.seq:
            self._compare(self._due.pop(), tree)

    def end(self, last: int) -> None:
        """Says that commit `last` was the last one; HistoryFault for what does not follow."""
        profile, kept = self._profile, self._kept
        if self._due:
            self._note(self._due[-1], f"the state that is kept at #{self._due[-1]}")
        if (seq := kept.misindexed()) is not None:
            self._note(seq, f"the index of events at #{seq}")
        if (seq := kept.misreported()) is not None:
            self._note(seq, f"the index of runs at #{seq}")
        if kept.miscounted():
            self._note(last, "the list of used numbers")
        listed, said = kept.listing(), listing(self._state) or ("", False)
        if self.newer is None and listed not in (None, said):
            self._note(last, "the entry in the catalogue")
        if self._wrong is not None:
            seq, what = self._wrong
            raise HistoryFault(
                profile,
                seq,
                "derived",
                f"{what} of profile {profile} is not what its commits say",
                hint="the commits themselves hold; what follows from them can be made again",
            )

    def _compare(self, seq: int, tree: Growing) -> None:
        """Holds the states that are kept at `seq` against the one that the commits add up to."""
        try:
            for what, frontier, state in self._kept.states(seq):
                same = seq == tree.size and frontier in (None, tree.frontier())
                if not same or (
                    self.newer is None and encode(decode(state)) != encode(self._state)
                ):
                    self._note(seq, f"the {what} at #{seq}")
        except StackroomError:
            self._note(seq, f"the state that is kept at #{seq}")

    def _note(self, seq: int, what: str) -> None:
        if self._wrong is None:
            self._wrong = seq, what

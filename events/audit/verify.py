"""Verifying a history: every leaf and root is computed again, and held against all that was said of them.

Of a redacted event its old digest stands in the leaf, and a later commit must vouch for what it says.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from stackroom.events import codec
from stackroom.events.audit.misfit import misfit, misplaced
from stackroom.events.errors import HistoryFault, LogCorrupt, MalformedEvent, Unvouched
from stackroom.events.history.block import Block
from stackroom.events.history.history import PAGE
from stackroom.events.log import Head, Taken
from stackroom.events.outcomes import taking
from stackroom.events.proofs import merkle
from stackroom.events.secrets.redaction import Vouchers
from stackroom.events.sqlite.read import SqliteReader

Tell = Callable[[int], None]
"""Is told how many commits were looked at."""


class Beside(Protocol):
    """What looks at a history beside its hashes, commit by commit; raises HistoryFault, too."""

    def take(self, taken: Taken, tree: merkle.Growing) -> None:
        """Takes the next commit, whose hashes fit, with the tree after it."""

    def end(self, last: int) -> None:
        """Says that commit `last` was the last one."""


class Verifier:
    """Takes the commits of one profile in their order; the first that does not fit raises HistoryFault.

    `beside` is shown each commit whose hashes fit.
    """

    def __init__(self, profile: str, beside: Sequence[Beside] = ()) -> None:
        self.profile = profile
        self.tree = merkle.Growing()
        self._beside = tuple(beside)
        self._vouchers = Vouchers()

    def take(self, taken: Taken) -> None:
        """Takes the next commit."""
        commit, tree = taken.commit, self.tree
        if commit.seq != tree.size + 1:
            raise misplaced(self.profile, tree.size + 1, commit)
        hashed = merkle.leaf_hash(codec.leaf(self.profile, commit))
        tree.add(hashed)
        root = tree.root()
        if root != commit.root or hashed != taken.leaf:
            raise misfit(self.profile, taken, hashed, root)
        try:
            self._vouchers.look(commit)
            for each in self._beside:
                each.take(taken, tree)
        except MalformedEvent as error:
            sentence = (
                f"commit #{commit.seq} of profile {self.profile} holds what cannot be read: {error}"
            )
            raise HistoryFault(self.profile, commit.seq, "event_body", sentence) from error

    def take_block(self, block: Block) -> None:
        """Takes the next commits, of which no value was taken out, and none takes one; shown to nobody."""
        tree = self.tree
        leaves, roots = block.leaves(self.profile), block.columns.roots
        for place, (hashed, said) in enumerate(zip(leaves, roots, strict=True)):
            tree.add(hashed)
            if (root := tree.root()) != said:
                commit = block[place]
                raise misfit(self.profile, Taken(commit, taking(commit), hashed), hashed, root)

    def end(self, seq: int, root: bytes) -> None:
        """Says that there are no more commits, and that #`seq` with `root` is where they should lead."""
        if (seq, root) != (self.tree.size, self.tree.root()):
            raise self._beheaded()
        if (at := self._vouchers.fault()) is not None:
            raise Unvouched(self.profile, *at)
        for each in self._beside:
            each.end(seq)

    def compare(self, frontier: merkle.Frontier) -> None:
        """Holds the tree that was kept for its head against the one that the commits make."""
        if frontier != self.tree.frontier():
            raise self._beheaded()

    def _beheaded(self) -> HistoryFault:
        size = self.tree.size
        sentence = (
            f"the head of profile {self.profile} is not where its commits lead, which is #{size}"
        )
        return HistoryFault(self.profile, size, "tree_head", sentence)


def verify(
    log: SqliteReader,
    profile: str,
    beside: Sequence[Beside] = (),
    tell: Tell = lambda _: None,
) -> Head:
    """The head of `profile`, once its whole history was found to lead there.

    Raises HistoryFault that names the first commit that does not fit; of a copy whose history was not all
    fetched, the first that is missing.
    """
    if (missing := log.missing(profile)) is not None:
        raise HistoryFault(
            profile,
            missing.start,
            "place",
            f"profile {profile} has no commits #{missing.start} to #{missing.stop - 1} here",
            hint="fetch the history first: stackroom sync",
        )
    try:
        head = log.head(profile)
    except LogCorrupt as error:
        raise HistoryFault(profile, 0, "tree_head", str(error)) from error
    verifier = Verifier(profile, beside)
    while True:
        size = verifier.tree.size
        block = None if beside else _block(log, profile, size + 1)
        if block is not None:
            verifier.take_block(block)
        elif page := _page(log, profile, size):
            for taken in page:
                verifier.take(taken)
        else:
            break
        tell(verifier.tree.size)
    verifier.end(head.seq, head.root)
    verifier.compare(head.frontier)
    return head


def _block(log: SqliteReader, profile: str, first: int) -> Block | None:
    try:
        return log.block(profile, first)
    except LogCorrupt as error:
        raise HistoryFault(profile, first, "commit", str(error)) from error


def _page(log: SqliteReader, profile: str, after: int) -> list[Taken]:
    try:
        return log.taken(profile, after, PAGE)
    except LogCorrupt as error:
        raise HistoryFault(profile, after + 1, "commit", str(error)) from error

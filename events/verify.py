"""Verifying a history: every leaf and root is computed again, and held against all that was said of them.

Of a redacted event its old digest stands in the leaf, and a later commit must vouch for what it says.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from stackroom.events import codec, merkle
from stackroom.events.errors import HistoryFault, IntegrityError, LogCorrupt, Unvouched
from stackroom.events.history import PAGE
from stackroom.events.log import Head, Taken
from stackroom.events.misfit import misfit, misplaced
from stackroom.events.redaction import Vouchers
from stackroom.events.sqlite_read import SqliteReader

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

    `promised` are roots that somebody signed or kept elsewhere, each with its seq.
    """

    def __init__(self, profile: str, last: int, promised: Iterable[tuple[int, bytes]] = ()) -> None:
        self.profile = profile
        self._last = last
        self.tree = merkle.Growing()
        self._vouchers = Vouchers()
        self._promised: dict[int, set[bytes]] = {}
        for seq, root in promised:
            self._promised.setdefault(seq, set()).add(root)

    def take(self, taken: Taken) -> None:
        """Takes the next commit."""
        commit, tree = taken.commit, self.tree
        if commit.seq != tree.size + 1:
            raise misplaced(self.profile, tree.size + 1, commit)
        hashed = merkle.leaf_hash(codec.leaf(self.profile, commit))
        tree.add(hashed)
        root = tree.root()
        if root != commit.root or hashed != taken.leaf:
            raise misfit(self.profile, taken, hashed, root, self._last)
        self._vouchers.look(commit)
        if commit.seq in self._promised and self._promised[commit.seq] != {root}:
            raise HistoryFault(
                self.profile,
                commit.seq,
                "hub_signature",
                f"the hub has signed another history of profile {self.profile}, which parts from this one "
                f"at commit #{commit.seq} or before",
            )

    def end(self, head: Head) -> None:
        """Says that there are no more, and that `head` is where they lead."""
        tree, profile = self.tree, self.profile
        if head != Head(tree.size, tree.root(), tree.frontier()):
            raise HistoryFault(
                profile,
                tree.size,
                "tree_head",
                f"the head of profile {profile} is not where its commits lead, which is #{tree.size}",
            )
        if (last := max(self._promised, default=0)) > tree.size:
            raise HistoryFault(
                profile,
                last,
                "hub_signature",
                f"the hub has signed commit #{last} of profile {profile}, and the last one here is "
                f"#{tree.size}",
            )
        if (at := self._vouchers.fault()) is not None:
            raise Unvouched(profile, *at)


def verify(
    log: SqliteReader,
    profile: str,
    promised: Iterable[tuple[int, bytes]] = (),
    beside: Sequence[Beside] = (),
    tell: Tell = lambda _: None,
) -> Head:
    """The head of `profile`, once its whole history was found to lead there.

    Raises HistoryFault that names the first commit that does not fit, and IntegrityError for a copy
    whose history was not all fetched.
    """
    if (missing := log.missing(profile)) is not None:
        raise IntegrityError(
            f"profile {profile} has no commits #{missing.start} to #{missing.stop - 1} here",
            hint="fetch the history first: stackroom sync",
        )
    head = log.head(profile)
    verifier = Verifier(profile, head.seq, promised)
    while page := _page(log, profile, verifier.tree.size):
        for taken in page:
            verifier.take(taken)
            for each in beside:
                each.take(taken, verifier.tree)
        tell(verifier.tree.size)
    verifier.end(head)
    for each in beside:
        each.end(head.seq)
    return head


def _page(log: SqliteReader, profile: str, after: int) -> list[Taken]:
    try:
        return log.taken(profile, after, PAGE)
    except LogCorrupt as error:
        raise HistoryFault(profile, after + 1, "commit", str(error)) from error

"""The Merkle tree of a profile in its log: as it was at any commit, and proofs from there.

What a proof costs is reading the leaves around its place and the last ones, and a root for every 1,024
commits; where those roots are not kept, or are wrong, all leaves after the nearest snapshot.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from stackroom.events.errors import LogError
from stackroom.events.history.history import PAGE
from stackroom.events.log import LogReader
from stackroom.events.proofs import merkle, merkle_proofs
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.proofs.merkle_proofs import Leaves
from stackroom.events.proofs.subtrees import LEAVES


def tree_at(log: LogReader, profile: str, seq: int) -> Frontier:
    """The tree over the first `seq` commits. Raises LogError where one of them is not there."""
    head = log.head(profile)
    if head.seq == seq:
        return head.frontier
    snapshot = log.snapshot(profile, seq)
    before = Frontier() if snapshot is None else snapshot.frontier
    if seq - before.size > 2 * LEAVES and (kept := _kept(log, profile, seq)) is not None:
        return kept.tree
    return merkle.extended(before, _leaves(log, profile, before.size, seq))


def prove_inclusion(log: LogReader, profile: str, seq: int, size: int) -> tuple[bytes, ...]:
    """The proof that commit `seq` is in the tree over the first `size`, for leaf index `seq - 1`.

    Raises LogError where a commit is not there, ValueError for one that the tree does not have.
    """
    return prove_inclusions(log, profile, (seq,), size)[0]


def prove_inclusions(
    log: LogReader, profile: str, seqs: Sequence[int], size: int
) -> list[tuple[bytes, ...]]:
    """Such a proof for each of `seqs`, of which there is one at the least.

    What they share is read once: the fewer commits follow the first of them, the sooner that is done.
    """
    before = tree_at(log, profile, min(seqs) - 1)
    indexes = [seq - 1 for seq in seqs]
    return merkle_proofs.inclusions(before, indexes, size, _hashes(log, profile, before.size, size))


def prove_consistency(log: LogReader, profile: str, first: int, second: int) -> tuple[bytes, ...]:
    """The proof that the tree over the first `second` commits begins with that over the first `first`.

    Raises LogError where a commit is not there, ValueError where `first` is the larger.
    """
    before = tree_at(log, profile, first)
    return merkle_proofs.consistency(before, second, _hashes(log, profile, first, second))


def effort(first: int, size: int) -> int:
    """About how many hashes are read for a proof from `first` on in the tree over `size` commits."""
    return min(size - first, 2 * LEAVES) + size // LEAVES


class _Kept(Struct, frozen=True):
    """The subtrees that are kept of a tree, which they lead to."""

    roots: list[bytes]
    tree: Frontier


def _kept(log: LogReader, profile: str, size: int) -> _Kept | None:
    """Those of the tree over the first `size` commits; None if there are none, or one of them is wrong."""
    roots = log.subtrees(profile, size // LEAVES)
    if not roots:
        return None
    whole = len(roots) * LEAVES
    over = Frontier(whole, merkle.extended(Frontier(), roots).peaks)
    tree = merkle.extended(over, _leaves(log, profile, whole, size))
    return _Kept(roots, tree) if merkle.root(tree) == log.root(profile, size) else None


def _hashes(log: LogReader, profile: str, first: int, size: int) -> Leaves:
    """How a proof from `first` on in the tree over `size` commits reads that tree."""
    kept = _kept(log, profile, size) if size - first > 2 * LEAVES else None

    def hashes(first: int, end: int) -> Iterator[bytes]:
        if kept is None or first % LEAVES or end - first < LEAVES:
            yield from _leaves(log, profile, first, end)
            return
        yield from kept.roots[first // LEAVES : end // LEAVES]
        if rest := end % LEAVES:
            last = _leaves(log, profile, end - rest, end)
            yield merkle.root(merkle.extended(Frontier(), last))

    return hashes


def _leaves(log: LogReader, profile: str, first: int, end: int) -> Iterator[bytes]:
    for after in range(first, end, PAGE):
        wanted = min(PAGE, end - after)
        page = log.leaves(profile, after, wanted)
        if len(page) < wanted:
            raise LogError(
                f"profile {profile} lacks commits between #{after + 1} and #{after + wanted} here",
                hint="fetch the history first: stackroom sync",
            )
        yield from page

"""The Merkle tree of a profile in its log: as it was at any commit, and proofs from there.

What it costs is the leaves after the nearest snapshot, read by the page.
"""

from collections.abc import Iterator, Sequence

from stackroom.events import merkle, merkle_proofs
from stackroom.events.errors import LogError
from stackroom.events.history import PAGE
from stackroom.events.log import LogReader
from stackroom.events.merkle import Frontier


def tree_at(log: LogReader, profile: str, seq: int) -> Frontier:
    """The tree over the first `seq` commits. Raises LogError where one of them is not there."""
    head = log.head(profile)
    if head.seq == seq:
        return head.frontier
    snapshot = log.snapshot(profile, seq)
    before = Frontier() if snapshot is None else snapshot.frontier
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
    return merkle_proofs.inclusions(
        before, indexes, size, lambda *span: _leaves(log, profile, *span)
    )


def prove_consistency(log: LogReader, profile: str, first: int, second: int) -> tuple[bytes, ...]:
    """The proof that the tree over the first `second` commits begins with that over the first `first`.

    Raises LogError where a commit is not there, ValueError where `first` is the larger.
    """
    before = tree_at(log, profile, first)
    return merkle_proofs.consistency(before, second, lambda *span: _leaves(log, profile, *span))


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

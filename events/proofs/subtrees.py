"""Perfect subtrees of a log's Merkle tree, whose roots are kept: proofs need not read all leaves then.

The tree over their roots, with the root of the leaves that are left as the last, has the root of them all.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from stackroom.events.proofs.merkle import Frontier, Growing

LEAVES: Final = 1_024
"""Of one subtree; a power of two."""


def completed(before: Frontier, leaves: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number (from 0) and root of each subtree that is complete with these leaf hashes after `before`."""
    number, begun = divmod(before.size, LEAVES)
    tree = Growing(Frontier(begun, before.peaks[len(before.peaks) - begun.bit_count() :]))
    for leaf in leaves:
        tree.add(leaf)
        if tree.size == LEAVES:
            yield number, tree.root()
            number, tree = number + 1, Growing()

"""Proofs about a log's Merkle tree, made and verified as RFC 9162 section 2.1 (RFC 6962) has them.

An inclusion proof shows that a leaf is in a tree; a consistency proof, that a tree is the beginning of
a larger one. Either is made of the tree before the place it is about, and of the leaf hashes that
follow, read once and in order: what comes before is never read again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier, node_hash

Leaves: TypeAlias = Callable[[int, int], Iterable[bytes]]
"""Given first and end (from 0), the leaf hashes from the first up to the one before the end, in order.

Or fewer hashes over which the tree has the same root: those of its perfect subtrees of one size, and last
that of the leaves that are left.
"""

HASHES_MOST: Final = 128
"""More hashes than any proof has: a tree of 2^53 leaves needs 54 at the most."""


def inclusion(before: Frontier, size: int, leaves: Leaves) -> tuple[bytes, ...]:
    """The proof that the leaf after those of `before` is in the tree of `size` leaves.

    ValueError if that tree has no such leaf.
    """
    return inclusions(before, (before.size,), size, leaves)[0]


def inclusions(
    before: Frontier, indexes: Sequence[int], size: int, leaves: Leaves
) -> list[tuple[bytes, ...]]:
    """Such a proof for each of `indexes`, none of them below `before`; what they share is read once.

    ValueError if the tree has no such leaf, or `before` has it.
    """
    if not all(before.size <= index < size for index in indexes):
        raise ValueError(f"a tree of {size} leaves has no leaf {max(indexes)} after {before.size}")
    nodes = _ranges(before)

    def node(first: int, end: int) -> bytes:
        if (first, end) not in nodes:
            middle = first + _split(end - first) if end - first > 1 else first
            nodes[first, end] = (
                node_hash(node(first, middle), node(middle, end))
                if first < before.size
                else _subtree(leaves, first, end)
            )
        return nodes[first, end]

    def path(index: int, first: int, end: int) -> list[bytes]:
        if end - first == 1:
            return []
        middle = first + _split(end - first)
        if index < middle:
            below = path(index, first, middle)
            return [*below, node(middle, end)]
        return [*path(index, middle, end), node(first, middle)]

    return [tuple(path(index, 0, size)) for index in indexes]


def consistency(before: Frontier, size: int, leaves: Leaves) -> tuple[bytes, ...]:
    """The proof that the tree `before` is the beginning of the tree of `size` leaves.

    ValueError if `before` is the larger one.
    """
    if before.size > size:
        raise ValueError(f"a tree of {size} leaves does not begin with {before.size}")
    if before.size in (0, size):
        return ()
    peaks = _ranges(before)

    def path(first: int, end: int, whole: bool) -> list[bytes]:
        if end == before.size:
            return [] if whole else [peaks[first, end]]
        middle = first + _split(end - first)
        if before.size <= middle:
            below = path(first, middle, whole)
            return [*below, _subtree(leaves, middle, end)]
        return [*path(middle, end, False), peaks[first, middle]]

    return tuple(path(0, size, True))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows leaf hash `leaf` at `index` (from 0) in the tree of `size` leaves (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == root


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `second` leaves begins with that of `first` (2.1.4.2).

    Trees of one size have one root, and every tree begins with the empty one; neither has a proof.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if not proof:
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _ranges(frontier: Frontier) -> dict[tuple[int, int], bytes]:
    """The peaks by the leaves, first and end, that each is the root of."""
    ranges, first = {}, 0
    for peak in frontier.peaks:
        end = first + (1 << (frontier.size - first).bit_length() - 1)
        ranges[first, end] = peak
        first = end
    return ranges


def _subtree(leaves: Leaves, first: int, end: int) -> bytes:
    return merkle.root(merkle.extended(Frontier(), leaves(first, end)))

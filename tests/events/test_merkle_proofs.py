"""Proofs against RFC 6962: its published vectors, its recursive definition, and whatever is not quite one."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier, extended, leaf_hash, root
from stackroom.events.proofs.merkle_proofs import (
    HASHES_MOST,
    consistency,
    inclusion,
    is_consistent,
    is_included,
)
from tests.events.test_merkle import LEAVES, ROOTS, tree_hash

INCLUDED = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
"""By leaf index and tree size, as certificate-transparency's test data has them."""

CONSISTENT = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
"""By the sizes of the two trees; from the same place."""

MOST = 130
MANY = [bytes([n, n]) for n in range(MOST)]
HASHES = [leaf_hash(leaf) for leaf in MANY]
MANY_ROOTS = [tree_hash(MANY[:size]) for size in range(MOST + 1)]


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(index - k, leaves[k:]), tree_hash(leaves[:k])]


def subproof(size: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if size == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = split(len(leaves))
    if size <= k:
        return [*subproof(size, leaves[:k], whole), tree_hash(leaves[k:])]
    return [*subproof(size - k, leaves[k:], False), tree_hash(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def grown(size: int, leaves: list[bytes] = MANY) -> Frontier:
    return extended(Frontier(), map(leaf_hash, leaves[:size]))


def many(first: int, end: int) -> Iterator[bytes]:
    yield from HASHES[first:end]


def unhex(digits: list[str]) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, digits))


@pytest.mark.parametrize(("index", "size"), INCLUDED)
def test_published_inclusion_proofs(index: int, size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    proof = inclusion(grown(index, LEAVES), size, lambda first, end: hashes[first:end])
    assert proof == unhex(INCLUDED[index, size])
    assert is_included(hashes[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), CONSISTENT)
def test_published_consistency_proofs(first: int, second: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    proof = consistency(grown(first, LEAVES), second, lambda first, end: hashes[first:end])
    assert proof == unhex(CONSISTENT[first, second])
    roots = (bytes.fromhex(ROOTS[size - 1]) for size in (first, second))
    assert is_consistent(first, second, *roots, proof)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_proofs_of_every_leaf_and_every_beginning(size: int) -> None:
    whole = MANY_ROOTS[size]
    for index in range(size):
        proof = inclusion(grown(index), size, many)
        assert list(proof) == path(index, MANY[:size])
        assert is_included(HASHES[index], index, size, proof, whole)
        assert len(proof) <= HASHES_MOST
    for first in range(1, size + 1):
        proof = consistency(grown(first), size, many)
        assert list(proof) == subproof(first, MANY[:size], True)
        assert is_consistent(first, size, MANY_ROOTS[first], whole, proof)


@given(st.data())
def test_no_other_leaf_place_size_root_or_proof_is_taken(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(grown(index), size, many)
    leaf, whole = HASHES[index], MANY_ROOTS[size]
    other = sha256(leaf).digest()
    assert not is_included(other, index, size, proof, whole)
    assert not is_included(leaf, index, size, proof, other)
    assert not is_included(leaf, index, size, (*proof, other), whole)
    assert not is_included(leaf, index, size, (other, *proof), whole)
    place = data.draw(st.integers(-1, size + 1))
    assert is_included(leaf, place, size, proof, whole) == (place == index)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not is_included(leaf, index, size, _without(proof, at), whole)
        assert not is_included(leaf, index, size, _with(proof, at, other), whole)


@given(st.data())
def test_no_other_sizes_roots_or_proof_are_consistent(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, MOST))
    first = data.draw(st.integers(1, second - 1))
    proof = consistency(grown(first), second, many)
    old, new = MANY_ROOTS[first], MANY_ROOTS[second]
    other = sha256(old).digest()
    assert not is_consistent(first, second, other, new, proof)
    assert not is_consistent(first, second, old, other, proof)
    assert not is_consistent(second, first, new, old, proof)
    assert not is_consistent(first, second, old, new, (*proof, other))
    assert not is_consistent(first, second, old, new, (other, *proof))
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not is_consistent(first, second, old, new, _without(proof, at))
    assert not is_consistent(first, second, old, new, _with(proof, at, other))


def test_trees_of_one_size_and_the_empty_one() -> None:
    root_of_five = MANY_ROOTS[5]
    assert consistency(grown(5), 5, many) == consistency(Frontier(), 5, many) == ()
    assert is_consistent(5, 5, root_of_five, root_of_five, ())
    assert not is_consistent(5, 5, root_of_five, MANY_ROOTS[4], ())
    assert not is_consistent(5, 5, root_of_five, root_of_five, (root_of_five,))
    assert is_consistent(0, 5, EMPTY_ROOT, root_of_five, ())
    assert not is_consistent(0, 5, root_of_five, root_of_five, ())
    assert not is_consistent(0, 5, EMPTY_ROOT, root_of_five, (root_of_five,))
    assert not is_consistent(-1, 5, EMPTY_ROOT, root_of_five, ())
    assert not is_consistent(3, 5, MANY_ROOTS[3], root_of_five, ())


def test_what_no_tree_has_cannot_be_proved() -> None:
    with pytest.raises(ValueError, match="a tree of 5 leaves has no leaf 5"):
        inclusion(grown(5), 5, many)
    with pytest.raises(ValueError, match="a tree of 4 leaves does not begin with 5"):
        consistency(grown(5), 4, many)


def test_leaves_before_are_not_read_and_those_after_are_read_once() -> None:
    read: list[int] = []

    def noting(first: int, end: int) -> list[bytes]:
        read.extend(range(first, end))
        return HASHES[first:end]

    inclusion(grown(100), 130, noting)
    assert sorted(read) == list(range(101, 130))
    read.clear()
    consistency(grown(100), 130, noting)
    assert sorted(read) == list(range(100, 130))


def test_the_tree_of_the_vectors_is_grown_alike() -> None:
    assert root(grown(8, LEAVES)).hex() == ROOTS[-1]


def _without(proof: tuple[bytes, ...], at: int) -> tuple[bytes, ...]:
    return proof[:at] + proof[at + 1 :]


def _with(proof: tuple[bytes, ...], at: int, other: bytes) -> tuple[bytes, ...]:
    return (*proof[:at], other, *proof[at + 1 :])

"""The tree against RFC 6962: its published vectors, and its recursive definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.proofs.merkle import (
    EMPTY_ROOT,
    Frontier,
    extended,
    grow,
    leaf_hash,
    node_hash,
    pack,
    root,
    unpack,
)

LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots of the first 1 to 8 leaves, as certificate-transparency's test data has them."""


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    n = len(leaves)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def grown(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier = grow(frontier, leaf_hash(leaf))
    return frontier


def test_no_leaves() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(Frontier()).hex() == EMPTY_ROOT.hex() == empty


@pytest.mark.parametrize("size", range(1, 9))
def test_published_vectors(size: int) -> None:
    assert tree_hash(LEAVES[:size]).hex() == ROOTS[size - 1]
    assert root(grown(LEAVES[:size])).hex() == ROOTS[size - 1]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) != node_hash(right, left)


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_grown_tree_is_the_recursive_one(leaves: list[bytes]) -> None:
    frontier = grown(leaves)
    assert root(frontier) == tree_hash(leaves)
    assert frontier.size == len(leaves)
    assert len(frontier.peaks) == len(leaves).bit_count()


@given(st.lists(st.binary(max_size=4), max_size=40), st.lists(st.binary(max_size=4), max_size=40))
def test_many_leaves_at_once_make_the_same_tree(before: list[bytes], more: list[bytes]) -> None:
    assert extended(grown(before), map(leaf_hash, more)) == grown(before + more)


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_unpack_undoes_pack(leaves: list[bytes]) -> None:
    frontier = grown(leaves)
    assert unpack(frontier.size, pack(frontier)) == frontier


def test_a_tree_grows_from_where_it_was_packed() -> None:
    before = grown(LEAVES[:5])
    again = unpack(5, pack(before))
    for leaf in LEAVES[5:]:
        again = grow(again, leaf_hash(leaf))
    assert root(again).hex() == ROOTS[-1]


@pytest.mark.parametrize(("size", "hashes"), [(0, 1), (1, 0), (3, 1), (4, 2), (7, 4)])
def test_peaks_that_do_not_fit_the_size(size: int, hashes: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {size} leaves"):
        unpack(size, bytes(32 * hashes))


def test_half_a_hash() -> None:
    with pytest.raises(ValueError):
        unpack(1, bytes(31))

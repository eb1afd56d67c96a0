"""The tree of a profile at any commit, and proofs, from a log and from a cache that begins late."""

from pathlib import Path

import pytest

from stackroom.events.errors import LogError
from stackroom.events.log import Snapshot
from stackroom.events.merkle import Frontier, extended, root
from stackroom.events.merkle_proofs import is_consistent, is_included
from stackroom.events.sqlite_log import LogFile
from stackroom.events.tree import (
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    tree_at,
)
from tests.events.commits import LOG_ID, PROFILE, Chain, event

SIZE = 23
CHAIN = Chain()
TAKEN = [CHAIN.commit(event(f"e{n}")) for n in range(SIZE)]
LEAVES = [one.leaf for one in TAKEN]
TREES = [extended(Frontier(), LEAVES[:size]) for size in range(SIZE + 1)]


@pytest.mark.parametrize("snapshots", [(), (8,), (5, 16), (23,)])
def test_every_tree_and_proof(tmp_path: Path, snapshots: tuple[int, ...]) -> None:
    file = LogFile.open(tmp_path / "log.db", new_id=LOG_ID)
    with file.writing() as log:
        log.append(PROFILE, TAKEN, CHAIN.frontier)
        for seq in snapshots:
            log.put_snapshot(PROFILE, Snapshot(seq, TREES[seq], b"{}"))
    with file.reading() as log:
        for size, tree in enumerate(TREES):
            assert tree_at(log, PROFILE, size) == tree
            for first in range(1, size + 1):
                seqs = [size, *range(first, size + 1, 3)]
                for seq, proof in zip(
                    seqs, prove_inclusions(log, PROFILE, seqs, size), strict=True
                ):
                    assert is_included(LEAVES[seq - 1], seq - 1, size, proof, root(tree))
            for seq in range(1, size + 1):
                proof = prove_inclusion(log, PROFILE, seq, size)
                assert is_included(LEAVES[seq - 1], seq - 1, size, proof, root(tree))
                proof = prove_consistency(log, PROFILE, seq, size)
                assert is_consistent(seq, size, root(TREES[seq]), root(tree), proof)
    file.close()


def test_a_cache_proves_from_where_it_begins(tmp_path: Path) -> None:
    file = LogFile.open(tmp_path / "cache.db", new_id="cache", use="cache")
    with file.writing() as log:
        log.begin(PROFILE, Snapshot(10, TREES[10], b"{}"))
        log.append(PROFILE, TAKEN[10:], CHAIN.frontier)
        log.backfill(PROFILE, TAKEN[:4])
    with file.reading() as log:
        for first in (10, 11, 20):
            proof = prove_consistency(log, PROFILE, first, SIZE)
            assert is_consistent(first, SIZE, root(TREES[first]), root(TREES[SIZE]), proof)
        assert tree_at(log, PROFILE, 4) == TREES[4]
        for missing in (5, 9):
            with pytest.raises(LogError, match="lacks commits between #"):
                tree_at(log, PROFILE, missing)
        with pytest.raises(LogError, match="lacks commits between #"):
            prove_inclusion(log, PROFILE, 3, SIZE)
        with pytest.raises(LogError, match="lacks commits between #"):
            tree_at(log, PROFILE, SIZE + 1)
    file.close()

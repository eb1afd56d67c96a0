"""The tree of a profile at any commit, and proofs, from a log and from a cache that begins late."""

from pathlib import Path

import pytest

from stackroom.events.errors import LogError
from stackroom.events.history import tree
from stackroom.events.history.tree import (
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    tree_at,
)
from stackroom.events.log import Snapshot
from stackroom.events.proofs import subtrees
from stackroom.events.proofs.merkle import Frontier, extended, root
from stackroom.events.proofs.merkle_proofs import is_consistent, is_included
from stackroom.events.sqlite import write as sqlite_write
from stackroom.events.sqlite.log import LogFile
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.sqlite.schema import steps
from tests.events.commits import LOG_ID, PROFILE, Chain, event

SIZE = 23
CHAIN = Chain()
TAKEN = [CHAIN.commit(event(f"e{n}")) for n in range(SIZE)]
LEAVES = [one.leaf for one in TAKEN]
TREES = [extended(Frontier(), LEAVES[:size]) for size in range(SIZE + 1)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subtrees of four leaves."""
    for module in (subtrees, sqlite_write, tree):
        monkeypatch.setattr(module, "LEAVES", 4)


def every_tree_and_proof(path: Path, snapshots: tuple[int, ...], at_once: int = SIZE) -> None:
    file = LogFile.open(path / "log.db", new_id=LOG_ID)
    with file.writing() as log:
        for first in range(0, SIZE, at_once):
            some = TAKEN[first : first + at_once]
            log.append(PROFILE, some, TREES[some[-1].commit.seq])
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


@pytest.mark.parametrize("snapshots", [(), (8,), (5, 16), (23,)])
def test_every_tree_and_proof(tmp_path: Path, snapshots: tuple[int, ...]) -> None:
    every_tree_and_proof(tmp_path, snapshots)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("at_once", [1, 3, 4, 10, 23])
@pytest.mark.parametrize("snapshots", [(), (5, 16)])
def test_every_tree_and_proof_by_kept_subtrees(
    tmp_path: Path, snapshots: tuple[int, ...], at_once: int
) -> None:
    every_tree_and_proof(tmp_path, snapshots, at_once)
    file = LogFile.open(tmp_path / "log.db", new_id=LOG_ID)
    with file.reading() as log:
        assert log.subtrees(PROFILE, 5) == [
            root(extended(Frontier(), LEAVES[n : n + 4])) for n in range(0, 20, 4)
        ]
        assert log.subtrees(PROFILE, 6) == []
    file.close()


@pytest.mark.usefixtures("small")
def test_few_leaves_are_read_for_a_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    leaves = SqliteReader.leaves

    def noting(self: SqliteReader, profile: str, after: int, limit: int) -> list[bytes]:
        read.extend(range(after, after + limit))
        return leaves(self, profile, after, limit)

    monkeypatch.setattr(SqliteReader, "leaves", noting)
    file = LogFile.open(tmp_path / "log.db", new_id=LOG_ID)
    with file.writing() as log:
        log.append(PROFILE, TAKEN, CHAIN.frontier)
    with file.reading() as log:
        prove_consistency(log, PROFILE, 6, SIZE)
    file.close()
    assert set(read) == {0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE subtrees SET root = zeroblob(32) WHERE subtree = 2",
        "DELETE FROM subtrees WHERE subtree = 1",
        "DELETE FROM subtrees",
    ],
)
def test_subtrees_that_are_wrong_or_gone_spoil_no_proof(tmp_path: Path, harm: str) -> None:
    file = LogFile.open(tmp_path / "log.db", new_id=LOG_ID)
    with file.writing() as log:
        log.append(PROFILE, TAKEN, CHAIN.frontier)
        log._conn.execute(harm)
    with file.reading() as log:
        proof = prove_consistency(log, PROFILE, 6, SIZE)
        assert is_consistent(6, SIZE, root(TREES[6]), root(TREES[SIZE]), proof)
        assert tree_at(log, PROFILE, 21) == TREES[21]
        proof = prove_inclusion(log, PROFILE, 3, SIZE)
        assert is_included(LEAVES[2], 2, SIZE, proof, root(TREES[SIZE]))
    file.close()


@pytest.mark.usefixtures("small")
def test_an_older_file_gets_its_subtrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.db"
    known = steps(LOG_ID, "log")
    before = next(n for n, step in enumerate(known) if step.name == "subtrees")
    with monkeypatch.context() as older:
        older.setattr("stackroom.events.sqlite.log.steps", lambda id, use: known[:before])
        older.setattr(sqlite_write, "LEAVES", 1_024)
        file = LogFile.open(path, new_id=LOG_ID)
        with file.writing() as log:
            log.append(PROFILE, TAKEN, CHAIN.frontier)
        file.close()
    file = LogFile.open(path, new_id=LOG_ID)
    with file.reading() as log:
        assert len(log.subtrees(PROFILE, 5)) == 5
        proof = prove_consistency(log, PROFILE, 6, SIZE)
        assert is_consistent(6, SIZE, root(TREES[6]), root(TREES[SIZE]), proof)
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

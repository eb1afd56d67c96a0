"""Checkpoints of a copy that are made beside: the file gets what the log has, and the writer its own again."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackroom.client.home import checkpointing
from stackroom.client.home.cache import Cache, CacheDamaged
from stackroom.client.home.checkpointing import Checkpoints
from stackroom.events.errors import LogError
from stackroom.events.history.block import Block, pack, unpack
from stackroom.events.proofs.merkle import extended
from stackroom.events.sqlite.file import CACHE_CHECKPOINT_PAGES, CHECKPOINT_PAGES
from tests.events.commits import PROFILE, Chain, event


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache.open(tmp_path / "replica.db")
    yield cache
    cache.close()


def blocks(count: int) -> list[Block]:
    """So many, of a hundred commits each, which no compression makes small."""
    chain, found = Chain(), list[Block]()
    for _ in range(count):
        taken = [
            chain.commit(event("e1", f'{{"name":"{os.urandom(500).hex()}"}}')) for _ in range(100)
        ]
        found.append(unpack(pack([one.commit for one in taken])))
    return found


def fill(cache: Cache, blocks: list[Block]) -> None:
    with cache.reader(sought=False) as log:
        tree = log.head(PROFILE).frontier
    for block in blocks:
        leaves = block.leaves(PROFILE)
        since, tree = tree, extended(tree, leaves)
        cache.save(PROFILE, block, tree, leaves, since)


def every(cache: Cache) -> int:
    """Pages at which the connection makes checkpoints itself."""
    (pages,) = cache._file._conn.execute("PRAGMA wal_autocheckpoint").fetchone()
    return int(pages)


def size(cache: Cache) -> int:
    """Of the file without its log."""
    return cache._file.path.stat().st_size


def test_the_file_grows_beside(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 100_000)
    some, before = blocks(8), size(cache)
    with cache.filling():
        for block in some:
            fill(cache, [block])
            assert cache._checkpoints is not None
            cache._checkpoints.wait()  # Else the load of the machine says how many there are.
        assert every(cache) == CHECKPOINT_PAGES
    assert every(cache) == CACHE_CHECKPOINT_PAGES
    assert size(cache) > before + 100_000
    with cache.reader(sought=False) as log:
        assert log.head(PROFILE).seq == 800
        assert log.commits(PROFILE, 0, 800) == [commit for block in some for commit in block]


def test_what_is_killed_amid_it_has_all_that_was_stored(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 1)
    with pytest.raises(KeyboardInterrupt), cache.filling():
        fill(cache, blocks(3))
        raise KeyboardInterrupt
    assert every(cache) == CACHE_CHECKPOINT_PAGES
    with cache.reader(sought=False) as log:
        assert log.head(PROFILE).seq == 300


def test_without_blocks_nothing_changes(cache: Cache) -> None:
    with cache.filling():
        assert every(cache) == CACHE_CHECKPOINT_PAGES
    assert cache._checkpoints is None


def reopened(cache: Cache) -> Cache:
    """The same file, opened by who has it alone: without a log."""
    cache.close()
    return Cache.open(cache._file.path)


def head(cache: Cache) -> int:
    with cache.reader(sought=False) as log:
        seq = log.head(PROFILE).seq
        assert [commit.seq for commit in log.commits(PROFILE, 0, seq)] == [*range(1, seq + 1)]
        return seq


@contextmanager
def no_file_above(most: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_nothing_is_lost_and_who_stores_is_told(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 1)
    some = blocks(24)
    fill(cache, some[:8])
    cache = reopened(cache)
    full = size(cache)
    with no_file_above(full):
        with cache.filling():
            fill(cache, some[8:10])  # There is room for the log, and none to move it.
        assert (size(cache), head(cache)) == (full, 1000)
        with pytest.raises(LogError), cache.filling():
            fill(cache, some[10:])
        stored = head(cache)
        assert 1000 <= stored < 2400
        cache = reopened(cache)
        assert (size(cache), head(cache)) == (full, stored)
    cache = reopened(cache)
    assert size(cache) > full
    fill(cache, some[stored // 100 :])
    assert head(cache) == 2400
    cache.close()


@pytest.mark.parametrize("damage", [b"\xff" * 12, b"CREATE \xffABLE"])
def test_damage_that_is_met_beside_is_told_to_who_opens_it_next(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 1)
    some, path = blocks(4), cache._file.path
    with cache.filling():
        fill(cache, some[:2])
        assert cache._checkpoints is not None
        cache._checkpoints.wait()
        path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", damage))
        fill(cache, some[2:])
    assert head(cache) == 400
    cache.close()
    with pytest.raises(CacheDamaged, match="is damaged"):
        Cache.open(path)


def test_traces_go_from_the_log_while_it_is_filled(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 1)
    with cache.filling():
        for block in blocks(5):
            fill(cache, [block])
            cache.scrub()
            assert cache._file.path.with_name("replica.db-wal").stat().st_size < 100_000


def test_one_round_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "ROUND_BYTES", 10)
    Cache.open(tmp_path / "replica.db").close()
    checkpoints = Checkpoints(tmp_path / "replica.db", "NORMAL")
    checkpoints.wrote(9)
    assert checkpoints._round is None
    checkpoints.wrote(1)
    checkpoints.wait()
    assert checkpoints._bytes == 0

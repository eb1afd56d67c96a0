"""States of the past: the same as folded from the beginning, from milestones that stay within bounds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.history import past
from stackroom.client.history.past import apart, lay, state_at
from stackroom.client.home.cache import Cache
from stackroom.events.errors import UnknownEvent
from stackroom.events.log import Snapshot
from stackroom.events.model import Commit, ComponentRegistered, Event, Redacted
from stackroom.events.secrets.redaction import marks, redacted, rewritten_by
from stackroom.events.sqlite.cache import packed
from stackroom.events.state import State, encode
from tests.client.homes import sealed
from tests.client.test_cache import history, state_of, tree
from tests.events.commits import PROFILE, Chain
from tests.events.world import K8S

COMMITS = history(40)


@pytest.fixture(autouse=True)
def close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Milestones at every fourth commit, and at most eight of them."""
    monkeypatch.setattr(past, "APART_LEAST", 4)
    monkeypatch.setattr(past, "MILESTONES_MOST", 8)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    opened = Cache.open(tmp_path / "replica.db")
    yield opened
    opened.close()


def save(cache: Cache, upto: int, after: int = 0) -> None:
    cache.save(PROFILE, COMMITS[after:upto], tree(COMMITS[:upto]))


def laid(cache: Cache) -> list[int]:
    with cache.reader() as log:
        return log.milestones(PROFILE)


def assert_past(cache: Cache, seq: int) -> None:
    assert encode(state_at(cache, PROFILE, seq)) == encode(state_of(COMMITS[:seq]))


def test_a_question_lays_what_it_passes(cache: Cache) -> None:
    save(cache, 30)
    assert_past(cache, 14)
    assert laid(cache) == [4, 8, 12]
    assert_past(cache, 3)
    assert_past(cache, 30)
    assert laid(cache) == [4, 8, 12, 16, 20, 24, 28]


def test_they_are_used(cache: Cache) -> None:
    save(cache, 30)
    other = state_of(COMMITS[:8])
    other.aliases["other"] = "thing"
    cache.keep_milestones(PROFILE, [(8, encode(other))], 30, 4)
    assert "other" not in state_at(cache, PROFILE, 7).aliases
    assert "other" in state_at(cache, PROFILE, 9).aliases


def test_the_nearer_of_milestone_and_snapshot_is_used(cache: Cache) -> None:
    save(cache, 30)
    lay(cache, PROFILE)
    marked = state_of(COMMITS[:10])
    marked.aliases["other"] = "thing"
    with cache.writing() as log:
        log.put_snapshot(PROFILE, Snapshot(10, tree(COMMITS[:10]), encode(marked)))
    assert ["other" in state_at(cache, PROFILE, seq).aliases for seq in (9, 10, 11, 12)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_all_that_are_due_are_laid_at_once(cache: Cache) -> None:
    save(cache, 18)
    cache.keep_snapshot(PROFILE, state_of(COMMITS[:18]), tree(COMMITS[:18]))
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8, 12, 16]
    save(cache, 21, after=18)
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8, 12, 16, 20]
    for seq in range(22):
        assert_past(cache, seq)


def test_a_long_way_is_left_to_whoever_asks_first(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "WALKED_AT_ONCE", 10)
    save(cache, 30)
    lay(cache, PROFILE)
    assert laid(cache) == []
    assert_past(cache, 25)
    assert laid(cache) == [4, 8, 12, 16, 20, 24]
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8, 12, 16, 20, 24, 28]


def test_a_longer_history_has_them_farther_apart(cache: Cache) -> None:
    save(cache, 32)
    lay(cache, PROFILE)
    assert len(laid(cache)) == 8
    save(cache, 40, after=32)
    lay(cache, PROFILE)
    assert laid(cache) == [8, 16, 24, 32, 40]


def test_snapshots_that_are_of_no_more_use_go(cache: Cache) -> None:
    save(cache, 30)
    with cache.writing() as log:
        for seq in (5, 15, 25):
            snapshot = Snapshot(seq, tree(COMMITS[:seq]), encode(state_of(COMMITS[:seq])))
            log.put_snapshot(PROFILE, snapshot)
    lay(cache, PROFILE)
    assert cache.log.snapshot(PROFILE, 24) is None
    assert cache.log.snapshot(PROFILE) is not None


def test_history_that_is_missing_is_laid_once_it_is_here(cache: Cache) -> None:
    cache.restart(PROFILE, 10, tree(COMMITS[:10]), encode(state_of(COMMITS[:10])))
    save(cache, 20, after=10)
    lay(cache, PROFILE)
    assert laid(cache) == [12, 16, 20]
    assert_past(cache, 13)
    cache.backfill(PROFILE, COMMITS[:10], tree(COMMITS[:20]))
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8, 12, 16, 20]
    assert_past(cache, 5)


def test_what_is_newer_than_this_program_ends_the_way(cache: Cache) -> None:
    chain = Chain()
    for commit in COMMITS[:9]:
        chain.commit(*commit.events)
    strange = chain.commit(Event("Dreamt", 1, K8S, bytes(16), "{}")).commit
    later = [chain.commit(*commit.events).commit for commit in COMMITS[10:14]]
    cache.save(PROFILE, [*COMMITS[:9], strange, *later], chain.frontier)
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8]
    with pytest.raises(UnknownEvent):
        state_at(cache, PROFILE, 12)


def test_forgotten_with_its_profile(cache: Cache) -> None:
    save(cache, 20)
    lay(cache, PROFILE)
    cache.forget(PROFILE)
    assert laid(cache) == []


def redaction() -> tuple[list[Commit], Commit, list[Commit]]:
    """Eight commits of which #2 wrote a text; #2 without it; and the eight with #9, which took it out."""
    chain = Chain()
    register = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"password": "hunter2"})
    events = [c.events for c in COMMITS[:8]]
    events[1] = (sealed(K8S, register),)
    was = [chain.commit(*each).commit for each in events]
    cleaned, rewritten = redacted(was[1], marks({"hunter2": None}, 9), lambda: b"salt" * 4)
    last = chain.commit(sealed(PROFILE, Redacted("leaked", tuple(rewritten)))).commit
    return was, cleaned, [was[0], cleaned, *was[2:], last]


def test_none_is_left_of_before_a_redaction(cache: Cache) -> None:
    was, cleaned, told = redaction()
    cache.save(PROFILE, was, tree(was))
    lay(cache, PROFILE)
    assert laid(cache) == [4, 8]
    with cache.writing() as log:
        log.redact(PROFILE, [cleaned])
    assert laid(cache) == []
    cache.save(PROFILE, told[8:], tree(told))
    cache.keep_milestones(PROFILE, [(4, encode(state_of(was[:4])))], 8, 4)
    assert laid(cache) == [], "folded before the redaction, and kept after it"


def test_one_that_a_process_left_behind_kept_goes_with_the_redaction(cache: Cache) -> None:
    was, _, told = redaction()
    cache.save(PROFILE, told[:8], tree(told[:8]))
    cache.keep_milestones(PROFILE, [(4, encode(state_of(was[:4])))], 8, 4)
    assert cache.clean(PROFILE, 9, tuple(rewritten_by(told[8:]))) is None
    assert laid(cache) == []
    assert cache.to_scrub()


@given(head=st.integers(0, 10**9), size=st.integers(0, 10**9))
def test_they_stay_within_bounds(head: int, size: int) -> None:
    distance = apart(head, size)
    count = head // distance
    assert distance % past.APART_LEAST == 0
    assert count <= past.MILESTONES_MOST
    assert count <= 1 or count * size <= past.MILESTONE_BYTES
    assert apart(head + 1, size) >= distance


@given(seqs=st.lists(st.integers(0, 40), min_size=1, max_size=8), laying=st.booleans())
def test_every_state_is_the_one_that_the_history_folds_to(
    tmp_path_factory: pytest.TempPathFactory, seqs: list[int], laying: bool
) -> None:
    cache = Cache.open(tmp_path_factory.mktemp("cache") / "replica.db", synchronous="OFF")
    save(cache, 40)
    if laying:
        lay(cache, PROFILE)
    for seq in seqs:
        assert_past(cache, seq)
    cache.close()


def test_an_empty_history(cache: Cache) -> None:
    lay(cache, PROFILE)
    assert encode(state_at(cache, PROFILE, 0)) == encode(State())


def test_large_states_are_farther_apart(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    save(cache, 40)
    cache.keep_snapshot(PROFILE, state_of(COMMITS), tree(COMMITS))
    with cache.reader() as log:
        newest = log.snapshot(PROFILE)
    assert newest is not None
    monkeypatch.setattr(past, "MILESTONE_BYTES", 3 * len(packed(newest.state)))
    for seq in (7, 13, 30):
        assert_past(cache, seq)
    assert laid(cache) == [16]
    lay(cache, PROFILE)
    assert laid(cache) == [16, 32]

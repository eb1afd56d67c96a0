"""The cache of confirmed commits: compared, verified, and never more than a cache."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import structs

from stackroom.client.errors import FileReplaced
from stackroom.client.home.cache import Cache
from stackroom.events import codec
from stackroom.events.errors import (
    Gap,
    IntegrityError,
    LogCorrupt,
    LogError,
    UnknownEvent,
    Unvouched,
)
from stackroom.events.fold import fold
from stackroom.events.history.history import state_at
from stackroom.events.model import (
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ProfileCreated,
    Redacted,
    Rewritten,
)
from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.secrets.redaction import marks, redacted
from stackroom.events.state import State, encode
from tests.client.homes import sealed
from tests.events.commits import PROFILE, Chain
from tests.events.world import K8S


def history(count: int, more: int = 0) -> list[Commit]:
    """A profile with a component whose `n` is the seq of its last change, from #3 on with so much `more`."""
    chain = Chain()
    register = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"n": 2})
    made = [
        chain.commit(sealed(PROFILE, ProfileCreated("team"))),
        chain.commit(sealed(K8S, register)),
    ]
    for seq in range(3, count + 1):
        made.append(chain.commit(sealed(K8S, ComponentUpdated({"/config/n": seq + more}))))
    return [taken.commit for taken in made[:count]]


def tree(commits: Sequence[Commit], grown: Frontier | None = None) -> Frontier:
    """The Merkle tree over commits from the first."""
    grown = grown or Frontier()
    for commit in commits:
        grown = merkle.grow(grown, merkle.leaf_hash(codec.leaf(PROFILE, commit)))
    return grown


def state_of(commits: Sequence[Commit]) -> State:
    return fold(State(), *commits)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replica.db"


@pytest.fixture
def cache(path: Path) -> Iterator[Cache]:
    opened = Cache.open(path)
    yield opened
    opened.close()


def begun(cache: Cache, commits: Sequence[Commit], at: int) -> None:
    """The profile as it is after a snapshot at seq `at`, and what came after it."""
    frontier = tree(commits[:at])
    cache.restart(PROFILE, at, frontier, encode(state_of(commits[:at])))
    cache.save(PROFILE, commits[at:], tree(commits))


class TestSave:
    def test_an_unknown_profile_is_empty(self, cache: Cache) -> None:
        stored = cache.load(PROFILE)
        assert (stored.seq, stored.newer, stored.missing) == (0, None, None)
        assert encode(stored.state) == encode(State())

    def test_then_load_gives_the_folded_state(self, path: Path, cache: Cache) -> None:
        commits = history(9)
        cache.save(PROFILE, commits[:4], tree(commits[:4]))
        cache.save(PROFILE, commits[4:], tree(commits))
        for opened in (cache, Cache.open(path)):
            stored = opened.load(PROFILE)
            assert encode(stored.state) == encode(state_of(commits))
            assert stored.frontier == tree(commits)
            opened.close()

    def test_what_another_process_kept_is_skipped(self, path: Path, cache: Cache) -> None:
        commits = history(6)
        other = Cache.open(path)
        other.save(PROFILE, commits[:4], tree(commits[:4]))
        cache.save(PROFILE, commits[:3], tree(commits[:3]))
        cache.save(PROFILE, commits, tree(commits))
        other.save(PROFILE, commits[4:], tree(commits))
        assert other.load(PROFILE).seq == 6
        other.close()

    def test_another_history_is_not_mixed_with_the_one_that_is_here(self, cache: Cache) -> None:
        commits = history(6)
        cache.save(PROFILE, commits[:4], tree(commits[:4]))
        forged = structs.replace(commits[2], root=bytes(32))
        with pytest.raises(IntegrityError, match="#3"):
            cache.save(PROFILE, [*commits[:2], forged], tree(commits[:3]))
        lost = Chain()
        theirs = [taken.commit for taken in lost.commits(6)]
        with pytest.raises(IntegrityError):
            cache.save(PROFILE, theirs[4:], lost.frontier)
        assert encode(cache.load(PROFILE).state) == encode(state_of(commits[:4]))

    def test_a_gap_is_refused(self, cache: Cache) -> None:
        commits = history(6)
        cache.save(PROFILE, commits[:2], tree(commits[:2]))
        with pytest.raises(Gap):
            cache.save(PROFILE, commits[4:], tree(commits))
        assert cache.load(PROFILE).seq == 2

    def test_an_event_newer_than_this_program_stops_the_state_and_not_the_log(
        self, cache: Cache
    ) -> None:
        chain = Chain()
        newer = structs.replace(sealed(K8S, ComponentUpdated({"/config/n": 9})), version=7)
        commits = [
            chain.commit(sealed(PROFILE, ProfileCreated("team"))).commit,
            chain.commit(newer).commit,
            chain.commit(sealed(K8S, ComponentRegistered("a", "b", "c"))).commit,
        ]
        cache.save(PROFILE, commits, chain.frontier)
        stored = cache.load(PROFILE)
        assert isinstance(stored.newer, UnknownEvent)
        assert (stored.state.seq, stored.seq) == (1, 3)
        cache.keep_snapshot(PROFILE, stored.state, stored.frontier)
        assert cache.log.snapshot(PROFILE) is None, "the state is not that of the head"


class TestSnapshot:
    def test_loading_begins_at_it(self, cache: Cache) -> None:
        commits = history(8)
        cache.save(PROFILE, commits, tree(commits))
        cache.keep_snapshot(PROFILE, state_of(commits[:5]), tree(commits[:5]))
        kept = cache.log.snapshot(PROFILE)
        assert kept is not None
        assert kept.seq == 5
        assert encode(cache.load(PROFILE).state) == encode(state_of(commits))

    def test_what_is_known_already_is_not_decoded_again(self, cache: Cache) -> None:
        commits = history(8)
        cache.save(PROFILE, commits[:6], tree(commits[:6]))
        known = cache.load(PROFILE)
        again = cache.load(PROFILE, known)
        assert again.state is not known.state
        assert again.state.entities[PROFILE] is known.state.entities[PROFILE]
        cache.save(PROFILE, commits[6:], tree(commits))
        newer = cache.load(PROFILE, known)
        assert encode(newer.state) == encode(state_of(commits))
        assert encode(known.state) == encode(again.state) == encode(state_of(commits[:6]))

    def test_takes_the_place_of_the_one_before(self, cache: Cache) -> None:
        commits = history(8)
        cache.save(PROFILE, commits, tree(commits))
        for seq in (3, 8):
            cache.keep_snapshot(PROFILE, state_of(commits[:seq]), tree(commits[:seq]))
        assert cache.log.snapshot(PROFILE, 7) is None
        assert encode(state_of(commits[:4])) == encode(state_at(cache.log, PROFILE, 4))

    def test_none_of_what_is_not_here(self, cache: Cache) -> None:
        commits = history(4)
        cache.save(PROFILE, commits[:3], tree(commits[:3]))
        cache.keep_snapshot(PROFILE, state_of(commits), tree(commits))
        assert cache.log.snapshot(PROFILE) is None


class TestHole:
    def test_restart_leaves_one(self, cache: Cache) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        stored = cache.load(PROFILE)
        assert (stored.seq, stored.missing) == (9, range(1, 7))
        assert encode(stored.state) == encode(state_of(commits))

    def test_restart_does_not_go_back(self, cache: Cache) -> None:
        commits = history(9)
        cache.save(PROFILE, commits, tree(commits))
        cache.restart(PROFILE, 6, tree(commits[:6]), encode(state_of(commits[:6])))
        assert cache.missing(PROFILE) is None

    def test_restart_drops_nothing(self, cache: Cache) -> None:
        commits = history(9)
        cache.save(PROFILE, commits[:6], tree(commits[:6]))
        with pytest.raises(Gap):
            cache.restart(PROFILE, 9, tree(commits), encode(state_of(commits)))
        assert cache.log.commits(PROFILE, 0, 100) == commits[:6]

    def test_backfill_in_pages_closes_it(self, cache: Cache) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        cache.backfill(PROFILE, commits[:2], tree(commits))
        assert cache.missing(PROFILE) == range(3, 7)
        cache.backfill(PROFILE, commits[:4], tree(commits))
        assert cache.missing(PROFILE) == range(5, 7)
        cache.backfill(PROFILE, [], tree(commits))
        cache.backfill(PROFILE, commits[2:9], tree(commits))
        assert cache.missing(PROFILE) is None
        cache.backfill(PROFILE, commits[:1], tree(commits))
        assert cache.log.commits(PROFILE, 0, 100) == commits
        assert encode(state_at(cache.log, PROFILE, 3)) == encode(state_of(commits[:3]))

    def test_a_page_with_a_hole_is_refused(self, cache: Cache) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        with pytest.raises(Gap):
            cache.backfill(PROFILE, [commits[0], *commits[3:6]], tree(commits))
        assert cache.missing(PROFILE) == range(1, 7)

    def test_a_page_for_a_beginning_that_is_no_more_is_left_out(self, cache: Cache) -> None:
        commits = history(9)
        begun(cache, commits, 4)
        cache.backfill(PROFILE, commits[:2], tree(commits))
        cache.forget(PROFILE)
        begun(cache, commits, 8)
        cache.backfill(PROFILE, commits[2:4], tree(commits))
        assert cache.missing(PROFILE) == range(1, 9)
        cache.backfill(PROFILE, commits, tree(commits))
        assert cache.missing(PROFILE) is None

    @pytest.mark.parametrize("at", [0, 2, 6, 7, 9, 10])
    def test_a_page_of_a_hub_that_may_have_another_history_is_refused(
        self, cache: Cache, at: int
    ) -> None:
        commits, others = history(9), history(10, more=1)
        begun(cache, commits, 6)
        for page in (others[:3], others[:6], []):
            with pytest.raises(Gap):
                cache.backfill(PROFILE, page, tree(others[:at]))
        assert (cache.load(PROFILE).seq, cache.missing(PROFILE)) == (9, range(1, 7))

    @pytest.mark.parametrize("at", [7, 8])
    def test_who_stands_behind_the_head_fills_it_and_drops_nothing(
        self, cache: Cache, at: int
    ) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        cache.backfill(PROFILE, commits[:3], tree(commits[:at]))
        tampered = [structs.replace(commits[3], message="another one"), *commits[4:6]]
        with pytest.raises(Gap):
            cache.backfill(PROFILE, tampered, tree(commits[:at]))
        assert (cache.load(PROFILE).seq, cache.missing(PROFILE)) == (9, range(4, 7))
        cache.backfill(PROFILE, commits[3:6], tree(commits[:at]))
        assert cache.missing(PROFILE) is None

    @pytest.mark.parametrize("what", ["message", "author", "root", "events"])
    def test_tampered_backfill_is_found(self, cache: Cache, what: str) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        other = {
            "message": "another one",
            "author": "mallory",
            "root": bytes(32),
            "events": (sealed(K8S, ComponentUpdated({"/config/n": "evil"})),),
        }[what]
        cache.backfill(PROFILE, commits[:3], tree(commits))
        page = [structs.replace(commits[3], **{what: other}), *commits[4:6]]
        with pytest.raises(IntegrityError, match="#4"):
            cache.backfill(PROFILE, page, tree(commits))
        assert cache.load(PROFILE).seq == 0, "it is fetched anew"
        cache.save(PROFILE, commits, tree(commits))
        assert cache.load(PROFILE).seq == 9

    def test_states_since_the_beginning_stay_within_reach(self, cache: Cache) -> None:
        commits = history(12)
        begun(cache, commits, 6)
        cache.keep_snapshot(PROFILE, state_of(commits), tree(commits))
        assert encode(state_at(cache.log, PROFILE, 8)) == encode(state_of(commits[:8]))
        cache.backfill(PROFILE, commits[:6], tree(commits))
        cache.keep_snapshot(PROFILE, state_of(commits), tree(commits))
        assert cache.log.snapshot(PROFILE, 11) is None

    def test_forget(self, cache: Cache) -> None:
        commits = history(9)
        begun(cache, commits, 6)
        cache.forget(PROFILE)
        assert (cache.load(PROFILE).seq, cache.missing(PROFILE)) == (0, None)


class TestFiles:
    def test_a_damaged_one_says_that_it_is_only_a_cache(self, path: Path) -> None:
        path.write_bytes(b"not a database" * 1_000)
        with pytest.raises(LogCorrupt) as raised:
            Cache.open(path)
        assert raised.value.hint.startswith("it is only a cache: stackroom doctor --repair")

    def test_damage_found_later_says_so_too(self, path: Path, cache: Cache) -> None:
        commits = history(400)
        cache.save(PROFILE, commits, tree(commits))
        cache.close()
        data = bytearray(path.read_bytes())
        half = len(data) // 2  # The schema, which is read first, is in the other one.
        data[half:] = bytes(len(data) - half)
        path.write_bytes(data)
        again = Cache.open(path)
        with pytest.raises(LogCorrupt) as raised:
            again.load(PROFILE)
        assert "only a cache" in raised.value.hint
        again.close()

    def test_rebuild_moves_it_aside(self, path: Path) -> None:
        path.write_bytes(b"damaged")
        path.with_name("replica.db-wal").write_bytes(b"damaged")
        aside = Cache.rebuild(path)
        assert aside is not None
        assert aside.read_bytes() == b"damaged"
        opened = Cache.open(path)
        assert opened.load(PROFILE).seq == 0
        opened.close()
        path.write_bytes(b"damaged again")
        second = Cache.rebuild(path)
        assert second is not None
        assert second != aside
        assert Cache.rebuild(path) is None

    @pytest.mark.parametrize("rest", [True, False], ids=["with its wal", "alone"])
    def test_deleted_while_another_process_has_it_open(self, path: Path, rest: bool) -> None:
        """The other process says so and writes nothing; whoever opens the new one is not disturbed."""
        commits = history(6)
        code = """
import sys
from pathlib import Path
from stackroom.client.home.cache import Cache
from stackroom.client.errors import FileReplaced
from stackroom.events.proofs.merkle import Frontier
cache = Cache.open(Path(sys.argv[1]))
print(cache.load(sys.argv[2]).seq, flush=True)
sys.stdin.readline()
print(cache.load(sys.argv[2]).seq, flush=True)
for work in (cache.forget, lambda profile: cache.save(profile, [], Frontier())):
    try:
        work(sys.argv[2])
    except FileReplaced as error:
        print(error, flush=True)
"""
        first = Cache.open(path)
        first.save(PROFILE, commits[:3], tree(commits[:3]))
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path), PROFILE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "3\n"
        first.close()
        path.unlink()
        if rest:
            path.with_name("replica.db-wal").unlink()
            path.with_name("replica.db-shm").unlink()
        again = Cache.open(path)
        again.save(PROFILE, commits, tree(commits))
        out, _ = process.communicate("go\n", timeout=60)
        assert out.startswith("3\n"), "what was opened can be read"
        assert out.count("deleted or replaced") == 2
        assert process.returncode == 0
        again.save(PROFILE, commits, tree(commits))
        assert encode(again.load(PROFILE).state) == encode(state_of(commits))
        again.close()

    def test_deleted_and_not_there_again(self, path: Path, cache: Cache) -> None:
        path.unlink()
        with pytest.raises(FileReplaced):
            cache.forget(PROFILE)

    def test_of_another_program(self, path: Path) -> None:
        import sqlite3

        conn = sqlite3.connect(path)
        conn.execute("CREATE TABLE theirs (a)")
        conn.close()
        with pytest.raises(LogError, match="another program"):
            Cache.open(path)


class TestLog:
    def test_each_question_is_a_moment_of_its_own(self, cache: Cache) -> None:
        commits = history(4)
        log = cache.log
        cache.save(PROFILE, commits[:3], tree(commits[:3]))
        assert [c.seq for c in log.recent(PROFILE, None, 2)] == [3, 2]
        cache.save(PROFILE, commits[3:], tree(commits))
        assert log.head(PROFILE).seq == 4
        assert [c.seq for c in log.touching(PROFILE, [K8S], 3)] == [2, 3]
        answer = log.answers([commits[1].id])[commits[1].id]
        assert answer is not None
        assert answer.seq == 2
        assert log.number_used(PROFILE, "replica-1", 2)
        assert [listed.seq for listed in log.profiles()] == [4]
        assert log.identity().id == "cache"


class Leak(NamedTuple):
    """A history as it was up to #3, as the hub tells it since #4 took a text out, and what #4 rewrote."""

    was: list[Commit]
    told: list[Commit]
    rewritten: tuple[Rewritten, ...]


class TestRedaction:
    """#2 wrote a password, #3 something else, #4 takes the password out of #2."""

    @pytest.fixture
    def leak(self) -> Leak:
        register = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"password": "hunter2"})
        chain = Chain()
        was = [
            chain.commit(sealed(PROFILE, ProfileCreated("team"))).commit,
            chain.commit(sealed(K8S, register)).commit,
            chain.commit(sealed(K8S, ComponentUpdated({"/config/n": 3}))).commit,
        ]
        cleaned, rewritten = redacted(was[1], marks({"hunter2": None}, 4), lambda: b"salt" * 4)
        last = chain.commit(sealed(PROFILE, Redacted("leaked", tuple(rewritten)))).commit
        return Leak(was, [was[0], cleaned, was[2], last], tuple(rewritten))

    def test_what_a_neighbour_kept_is_not_taken_for_what_was_told(
        self, cache: Cache, leak: Leak
    ) -> None:
        cache.save(PROFILE, leak.was, tree(leak.was))
        with pytest.raises(Gap):
            cache.save(PROFILE, leak.told, tree(leak.told))
        assert cache.load(PROFILE).seq == 3
        assert cache.clean(PROFILE, 4, leak.rewritten) == {"hunter2"}
        cache.save(PROFILE, leak.told, tree(leak.told))
        assert b"hunter2" not in encode(cache.load(PROFILE).state)
        assert cache.clean(PROFILE, 4, leak.rewritten) is None

    def test_the_snapshot_at_which_it_begins_may_have_it(self, cache: Cache, leak: Leak) -> None:
        begun(cache, leak.was, 3)
        cache.backfill(PROFILE, leak.told[:2], tree(leak.was))
        with pytest.raises(Gap):
            cache.save(PROFILE, leak.told[3:], tree(leak.told))
        assert cache.clean(PROFILE, 4, leak.rewritten) == set()
        assert cache.load(PROFILE).seq == 0

    def test_what_nothing_vouches_for_is_forgotten_if_the_hub_has_all_of_it(
        self, cache: Cache, leak: Leak
    ) -> None:
        cache.save(PROFILE, leak.told[:3], tree(leak.was))
        with pytest.raises(Gap):
            cache.verify(PROFILE, tree(leak.was[:2]))
        assert (cache.load(PROFILE).seq, cache.unvouched()) == (3, {PROFILE})
        with pytest.raises(Unvouched):
            cache.verify(PROFILE, tree(leak.was))
        assert (cache.load(PROFILE).seq, cache.unvouched()) == (0, set())

    def test_what_was_redacted_once_more_is_none_of_the_older_one(
        self, cache: Cache, leak: Leak
    ) -> None:
        """The hub tells #2 as a later redaction left it, whose commit is yet to come."""
        later, _ = redacted(leak.was[1], marks({"hunter2": None}, 5), lambda: b"SALT" * 4)
        cache.save(PROFILE, [leak.told[0], later, leak.told[2]], tree(leak.was))
        assert cache.clean(PROFILE, 4, leak.rewritten) is None
        cache.save(PROFILE, leak.told[3:], tree(leak.told))
        assert cache.load(PROFILE).seq == 4

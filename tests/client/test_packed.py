"""A history that came packed: whoever asks is told what rows would tell, and what seeks has rows first."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.client.history.past import state_at
from stackroom.client.home.cache import Cache, CacheDamaged
from stackroom.events.audit.verify import verify
from stackroom.events.errors import Gap, HistoryFault, IntegrityError
from stackroom.events.history.block import pack, unpack
from stackroom.events.history.sought import Sought
from stackroom.events.log import LogReader, RunsWanted
from stackroom.events.model import Commit
from stackroom.events.proofs import merkle
from stackroom.events.sqlite.log import open_reader
from stackroom.events.state import encode
from tests.client.test_cache import history, state_of, tree
from tests.events.commits import PROFILE
from tests.events.world import K8S
from tests.sync.test_schema import PROFILE as ELSEWHERE

COMMITS = history(40)


def keep(cache: Cache, begin: int, end: int, *, packed: bool) -> None:
    """Commits `begin` to `end`, of which the first is 1, follow what is here."""
    commits = COMMITS[begin - 1 : end]
    since, frontier = tree(COMMITS[: begin - 1]), tree(COMMITS[:end])
    block = unpack(pack(commits))
    cache.save(PROFILE, block if packed else commits, frontier, tuple(block.leaves(PROFILE)), since)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replica.db"


@pytest.fixture
def cache(path: Path) -> Iterator[Cache]:
    """Rows, blocks, rows, a block, rows."""
    opened = Cache.open(path)
    for begin, end, packed in (
        (1, 3, False), (4, 10, True), (11, 17, True), (18, 20, False), (21, 30, True), (31, 40, False),
    ):  # fmt: skip
        keep(opened, begin, end, packed=packed)
    yield opened
    opened.close()


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Cache]:
    """The same in rows alone."""
    opened = Cache.open(tmp_path / "rows.db")
    keep(opened, 1, 40, packed=False)
    yield opened
    opened.close()


def packed_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        (blocks,) = conn.execute("SELECT count(*) FROM blocks").fetchone()
    return int(blocks)


BY_PLACE: list[Callable[[LogReader], object]] = [
    *(lambda log, n=n: log.commits(PROFILE, n, 5) for n in range(0, 42, 3)),
    lambda log: log.commits(PROFILE, 0, 100),
    lambda log: log.commits(PROFILE, 2, 100, 1_000),
    lambda log: log.commits(PROFILE, 8, 100, 1),
    *(lambda log, n=n: log.recent(PROFILE, n, 7) for n in (None, 41, 40, 31, 30, 22, 18, 17, 5, 2, 1)),
    lambda log: log.recent(PROFILE, None, 100),
    *(lambda log, n=n: log.root(PROFILE, n) for n in range(42)),
    *(lambda log, n=n: log.leaves(PROFILE, n, 9) for n in range(0, 42, 4)),
    *(lambda log, n=n: log.until(PROFILE, COMMITS[n].accepted) for n in range(0, 40, 3)),
    lambda log: log.until(PROFILE, 0),
    lambda log: log.last_number(PROFILE, COMMITS[0].replica),
    *(lambda log, n=n: log.number_used(PROFILE, COMMITS[0].replica, n) for n in (1, 15, 40, 41)),
    lambda log: log.head(PROFILE),
    lambda log: log.commits(ELSEWHERE, 0, 5),
    lambda log: log.recent(ELSEWHERE, None, 5),
]  # fmt: skip

BY_WHAT_THEY_SAY: list[Callable[[LogReader], object]] = [
    lambda log: log.touching(PROFILE, [K8S], 40),
    lambda log: log.runs(PROFILE, RunsWanted()),
    lambda log: log.answers([COMMITS[0].id, COMMITS[12].id, "unknown"]),
    lambda log: log.proposed([COMMITS[4].id, COMMITS[35].id]),
    lambda log: log.weighed(PROFILE, 3, 30),
]


def test_by_their_place_commits_are_found_where_they_are(
    cache: Cache, rows: Cache, path: Path
) -> None:
    for number, ask in enumerate(BY_PLACE):
        assert ask(cache.log) == ask(rows.log), number
    assert packed_in(path) == 3


@pytest.mark.parametrize("ask", BY_WHAT_THEY_SAY)
def test_by_what_they_say_commits_are_found_in_rows(
    cache: Cache, rows: Cache, path: Path, ask: Callable[[LogReader], object]
) -> None:
    assert ask(cache.log) == ask(rows.log)
    assert packed_in(path) == 0


@pytest.mark.parametrize(
    "sought",
    [
        Sought(),
        Sought(after=7, upto=25),
        Sought(upto=0),
        Sought(authors=("ann",), after=12),
        Sought(message="CHANGE 2"),
        Sought(entities=frozenset({K8S})),
        Sought(types=frozenset({"ComponentUpdated"}), paths=("/config/n",)),
    ],
)
@pytest.mark.parametrize("before", [None, 1, 19, 50])
def test_what_is_sought_is_found(
    cache: Cache, rows: Cache, path: Path, sought: Sought, before: int | None
) -> None:
    found = cache.found(PROFILE, sought, before, 9)
    assert found == rows.found(PROFILE, sought, before, 9)
    assert packed_in(path) == (3 if sought.anything else 0)


def test_states_of_now_and_of_the_past(cache: Cache) -> None:
    stored = cache.load(PROFILE)
    assert (stored.seq, stored.frontier) == (40, tree(COMMITS))
    assert encode(stored.state) == encode(state_of(COMMITS))
    assert encode(state_at(cache, PROFILE, 15)) == encode(state_of(COMMITS[:15]))


def test_what_is_here_adds_up_packed_and_spread(cache: Cache, path: Path) -> None:
    for sought in (False, True):
        with cache.reader(sought=sought) as log:
            assert verify(log, PROFILE).seq == 40
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM commits").fetchone() == (40,)
        # What came after the last block is not indexed yet, as ever.
        assert conn.execute("SELECT count(DISTINCT seq) FROM touched").fetchone() == (30,)
        assert conn.execute("SELECT indexed FROM profiles").fetchone() == (30,)


def test_another_process_may_have_kept_some_of_it(cache: Cache, path: Path) -> None:
    other = Cache.open(path)
    keep(other, 31, 40, packed=True)
    keep(other, 11, 17, packed=True)
    assert cache.load(PROFILE).seq == 40
    other.close()


def test_another_history_is_not_mixed_with_it(path: Path) -> None:
    cache = Cache.open(path)
    keep(cache, 1, 10, packed=True)
    commits = COMMITS[10:20]
    block = unpack(pack(commits))
    forged = merkle.Frontier(10, tree(COMMITS[:9]).peaks)
    with pytest.raises(IntegrityError):
        cache.save(PROFILE, block, tree(COMMITS[:20]), (bytes(32), *[bytes(32)] * 9), forged)
    with pytest.raises(Gap):
        cache.save(PROFILE, unpack(pack(COMMITS[12:20])), tree(COMMITS[:20]))
    assert cache.load(PROFILE).seq == 10
    cache.close()


def test_history_that_a_snapshot_left_out_may_come_packed(path: Path) -> None:
    cache = Cache.open(path)
    cache.restart(PROFILE, 25, tree(COMMITS[:25]), encode(state_of(COMMITS[:25])))
    keep(cache, 26, 40, packed=True)
    assert cache.missing(PROFILE) == range(1, 26)
    cache.backfill(PROFILE, unpack(pack(COMMITS[:10])), tree(COMMITS))
    assert cache.missing(PROFILE) == range(11, 26)
    cache.backfill(PROFILE, unpack(pack(COMMITS[15:20])), tree(COMMITS))  # Too far on.
    cache.backfill(PROFILE, unpack(pack(COMMITS[10:20])), tree(COMMITS))
    cache.backfill(
        PROFILE, unpack(pack(COMMITS[20:30])), tree(COMMITS)
    )  # Not all of it is missing.
    assert cache.missing(PROFILE) is None
    assert packed_in(path) == 3
    assert cache.log.commits(PROFILE, 0, 100) == COMMITS
    assert len(cache.log.touching(PROFILE, [K8S], 40)) == 39
    cache.close()


def test_a_history_that_does_not_lead_to_its_snapshot_is_forgotten(path: Path) -> None:
    cache = Cache.open(path)
    wrong = tree(COMMITS[:24] + COMMITS[:1])
    cache.restart(PROFILE, 25, wrong, encode(state_of(COMMITS[:25])))
    with pytest.raises(IntegrityError):
        cache.backfill(PROFILE, unpack(pack(COMMITS[:25])), wrong)
    assert cache.load(PROFILE).seq == 0
    cache.close()


def test_whoever_opens_the_file_as_it_is_reads_it(cache: Cache, path: Path) -> None:
    with open_reader(path) as log:
        assert log.commits(PROFILE, 0, 100) == COMMITS
        assert log.last_number(PROFILE, COMMITS[0].replica) == 40


def test_nothing_of_it_is_left_of_a_profile_that_is_forgotten(cache: Cache, path: Path) -> None:
    cache.forget(PROFILE)
    assert packed_in(path) == 0
    assert cache.log.commits(PROFILE, 0, 100) == []


@pytest.mark.parametrize("damage", ["data = x'00'", "data = (SELECT data FROM blocks LIMIT 1)"])
def test_a_damaged_block_is_a_damaged_cache(cache: Cache, path: Path, damage: str) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"UPDATE blocks SET {damage} WHERE first = 11")
    with pytest.raises(CacheDamaged, match="#11 to #17"):
        cache.log.commits(PROFILE, 0, 100)
    with pytest.raises(CacheDamaged), cache.reader(sought=False) as log:
        log.taken(PROFILE, 10, 100)
    with pytest.raises(HistoryFault), cache.reader(sought=False) as log:
        verify(log, PROFILE)


def test_a_root_within_a_block_that_does_not_fit_is_found(path: Path) -> None:
    cache = Cache.open(path)
    wrong = [*COMMITS[:5], structs.replace(COMMITS[5], root=bytes(32)), *COMMITS[6:25]]
    cache.restart(PROFILE, 25, tree(COMMITS[:25]), encode(state_of(COMMITS[:25])))
    with pytest.raises(IntegrityError, match="#6"):
        cache.backfill(PROFILE, unpack(pack(wrong)), tree(COMMITS[:25]))
    cache.close()


def test_commits_are_made_of_it_one_by_one(cache: Cache) -> None:
    made: list[Commit] = cache.log.commits(PROFILE, 12, 1)
    assert made == [COMMITS[12]]


def test_where_commits_stand_is_told_of_rows_and_unpacks_nothing(cache: Cache) -> None:
    assert cache.seqs_in_rows([COMMITS[1].id, COMMITS[4].id, "unknown"]) == {COMMITS[1].id: 2}
    with cache.reader(sought=False) as log:
        assert log.packed()

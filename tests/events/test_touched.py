"""The index of commits by entity, over several buckets: it finds what looking at each commit finds."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.history.sought import Sought
from stackroom.events.sqlite import write as sqlite_write
from stackroom.events.sqlite.file import connect
from stackroom.events.sqlite.log import LogFile
from stackroom.events.sqlite.rows import BUCKET
from stackroom.events.sqlite.schema import Use, steps
from tests.events.commits import LOG_ID, PROFILE, Chain, event

INDEXED = 2 * BUCKET + 9
COMMITS = INDEXED + 5
"""The last ones are not in the index."""

ENTITIES = [f"00000000-0000-7000-8000-{n:012d}" for n in range(40)]
EDGES = [
    seq + by
    for seq in (1, BUCKET, 2 * BUCKET, INDEXED, COMMITS)
    for by in (-1, 0, 1)
]  # fmt: skip
seqs = st.sampled_from(EDGES) | st.integers(0, COMMITS + 1)
some_entities = st.frozensets(st.sampled_from([*ENTITIES, "another"]), max_size=4)


def entities_of(seq: int) -> list[str]:
    """One that comes often, and one that may come once in a thousand commits."""
    return list(dict.fromkeys((ENTITIES[seq % 7], ENTITIES[min(seq % 997, 39)])))


def touching(entities: frozenset[str], upto: int = COMMITS) -> list[int]:
    seqs = range(1, min(upto, COMMITS) + 1)
    return [seq for seq in seqs if not entities.isdisjoint(entities_of(seq))]


def filled(path: Path, use: Use) -> Path:
    chain = Chain()
    file = LogFile.open(path, new_id=LOG_ID, synchronous="OFF", use=use)
    with file.writing() as log:
        for upto in (INDEXED, COMMITS):
            some = range(chain.frontier.size + 1, upto + 1)
            taken = [chain.commit(*map(event, entities_of(seq))) for seq in some]
            log.append(PROFILE, taken, chain.frontier)
    file.close()
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("touched") / "cache.db", "cache")


@given(entities=some_entities, upto=seqs)
def test_what_touches_entities(cache: Path, entities: frozenset[str], upto: int) -> None:
    file = LogFile.open(cache, new_id=LOG_ID, synchronous="OFF", use="cache")
    with file.reading() as log:
        found = [each.seq for each in log.touching(PROFILE, sorted(entities), upto)]
    file.close()
    assert found == touching(entities, upto)


@given(
    entities=some_entities,
    after=seqs,
    upto=st.none() | seqs,
    before=st.none() | seqs,
    limit=st.integers(1, 300),
)
def test_what_is_sought_by_entities(
    cache: Path,
    entities: frozenset[str],
    after: int,
    upto: int | None,
    before: int | None,
    limit: int,
) -> None:
    sought = Sought(after=after, upto=upto, entities=entities)
    file = LogFile.open(cache, new_id=LOG_ID, synchronous="OFF", use="cache")
    with file.reading() as log:
        found = [each.seq for each in log.found(PROFILE, sought, before, limit)]
    file.close()
    last = min(bound for bound in (upto, before and before - 1, COMMITS) if bound is not None)
    wanted = [seq for seq in touching(entities, last) if seq > after]
    assert found == wanted[::-1][:limit]


@pytest.mark.parametrize("use", ["log", "cache"])
def test_an_older_file_is_indexed_in_buckets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Use
) -> None:
    known = steps(LOG_ID, use)
    before = next(n for n, step in enumerate(known) if step.name == "buckets")
    with monkeypatch.context() as older:
        older.setattr("stackroom.events.sqlite.log.steps", lambda id, use: steps(id, use)[:before])
        older.setattr(sqlite_write, "INDEXED_EVERY", 1_000_000)
        path = filled(tmp_path / "some.db", use)
    with closing(connect(path)) as conn:
        rows = [(1, id[-12:], seq) for seq in range(1, INDEXED + 1) for id in entities_of(seq)]
        conn.execute("BEGIN")
        conn.executemany("INSERT INTO touched VALUES (?, ?, ?)", rows)
        conn.execute("UPDATE profiles SET indexed = ?", (INDEXED,))
        conn.execute("COMMIT")
    file = LogFile.open(path, new_id=LOG_ID, synchronous="OFF", use=use)
    with file.reading() as log:
        for entity in ENTITIES[::13]:
            found = [each.seq for each in log.touching(PROFILE, [entity], COMMITS)]
            assert found == touching(frozenset({entity}))
    file.close()
    with closing(connect(path)) as conn:
        kept = "SELECT profile, entity, seq FROM touched ORDER BY seq, bucket"
        assert sorted(conn.execute(kept)) == sorted(rows)
        assert conn.execute(
            "SELECT count(*) FROM touched WHERE bucket != seq / ?", (BUCKET,)
        ).fetchone() == (0,)

"""The index of runs in a log's file: one row a run, so that runs are found without reading the history.

It follows from the commits, and may be filled in any order: each column remembers by the seq of its event
which report counts. A newer version of these events would bring a step that fills it anew.
"""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from stackroom.events.carriers import REPORTS
from stackroom.events.codec import unseal
from stackroom.events.errors import UnknownEvent
from stackroom.events.log import RunFound, RunsWanted
from stackroom.events.model import Event, RunRecorded, RunReport

CREATE = (
    """
    CREATE TABLE runs (
        profile  INTEGER NOT NULL,
        run      TEXT NOT NULL,
        pipeline TEXT NOT NULL,
        stack    TEXT NOT NULL,
        at       TEXT NOT NULL,
        recorded INTEGER NOT NULL,
        status   TEXT NOT NULL,
        said     INTEGER NOT NULL,
        first    INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        PRIMARY KEY (profile, run)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX runs_in_order ON runs (profile, first)",
    """
    CREATE VIEW v_runs AS
    SELECT p.name AS profile, r.run, r.pipeline, r.stack, r.status, r.first, r.last, r.at AS "commit"
    FROM runs r JOIN profiles p ON p.number = r.profile WHERE r.recorded > 0
    """,
)
STANDING = 'SELECT profile, seq, events FROM commits WHERE events LIKE \'%"type":"Run%\''
NOTE = """
    INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (profile, run) DO UPDATE SET
        pipeline = CASE WHEN excluded.recorded >= recorded THEN excluded.pipeline ELSE pipeline END,
        stack = CASE WHEN excluded.recorded >= recorded THEN excluded.stack ELSE stack END,
        at = CASE WHEN excluded.recorded >= recorded THEN excluded.at ELSE at END,
        recorded = max(recorded, excluded.recorded),
        status = CASE WHEN excluded.said >= said THEN excluded.status ELSE status END,
        said = max(said, excluded.said),
        first = min(first, excluded.first),
        last = max(last, excluded.last)
"""
# `at` of a run that names no commit is the base of the proposal that recorded it.
FIND = """
    SELECT r.run, r.pipeline, r.stack, r.status, r.first, r.last,
        CASE r.at WHEN '' THEN
            (SELECT base FROM commits c WHERE c.profile = r.profile AND c.seq = r.recorded)
        ELSE (SELECT seq FROM commits c WHERE c.id = r.at AND c.profile = r.profile) END
    FROM (
        SELECT * FROM runs
        WHERE profile = (SELECT number FROM profiles WHERE id = :profile) AND recorded > 0
        AND (:stacks IS NULL OR stack IN (SELECT value FROM json_each(:stacks)))
        AND (:pipeline IS NULL OR pipeline = :pipeline)
        AND (:status IS NULL OR status = :status)
        AND (:ending IS NULL OR substr(run, -length(:ending)) = :ending)
        AND first > :after AND first <= :upto
        AND (:place IS NULL OR (first, run) < (:place, :run))
        ORDER BY first DESC, run DESC LIMIT :limit
    ) r
    ORDER BY r.first DESC, r.run DESC
"""

_events = msgspec.json.Decoder(tuple[Event, ...])
_encode = msgspec.json.Encoder().encode


def create(conn: sqlite3.Connection) -> None:
    """The step of the schema. A cache may hold reports already, from when its program did not know them."""
    for statement in CREATE:
        conn.execute(statement)
    for profile, seq, events in conn.execute(STANDING).fetchall():
        note(conn, profile, [(seq, _events.decode(events))])


def note(
    conn: sqlite3.Connection, profile: int, commits: Iterable[tuple[int, tuple[Event, ...]]]
) -> None:
    """Takes the runs in (seq, events) of some commits into the index."""
    rows = [
        (profile, *row)
        for seq, events in commits
        for event in events
        if event.type in REPORTS
        for row in _rows(seq, event)
    ]
    if rows:
        conn.executemany(NOTE, rows)


def find(conn: sqlite3.Connection, profile: str, wanted: RunsWanted) -> list[RunFound]:
    """The runs that are wanted, newest first."""
    place, run = wanted.behind or (None, "")
    upto = wanted.upto if wanted.upto is not None else 2**63 - 1
    asked = {
        "profile": profile,
        "stacks": None if wanted.stacks is None else _encode(wanted.stacks).decode(),
        "pipeline": wanted.pipeline,
        "status": wanted.status,
        "ending": wanted.ending,
        "after": wanted.after,
        "upto": upto if place is None else min(upto, place),
        "place": place,
        "run": run,
        "limit": -1 if wanted.limit is None else wanted.limit,
    }
    return [RunFound(*row) for row in conn.execute(FIND, asked)]


def _rows(seq: int, event: Event) -> Iterator[tuple[object, ...]]:
    try:
        change = unseal(event)
    except UnknownEvent:
        return
    assert isinstance(change, RunReport)
    if isinstance(change, RunRecorded):
        stood = change.pipeline, change.stack, change.commit, seq
        yield event.entity, *stood, change.status, seq, seq, seq
    else:
        said = 0 if change.status is None else seq
        yield event.entity, "", "", "", 0, change.status or "", said, seq, seq

"""The index of runs in a file: filled in whatever order commits come, and for files from before it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from stackroom.events.codec import seal
from stackroom.events.log import RunFound, RunsWanted, Snapshot, Taken
from stackroom.events.model import Change, Event, RunRecorded, RunUpdated
from stackroom.events.sqlite import runs as sqlite_runs
from stackroom.events.sqlite.log import LogFile
from tests.events.commits import LOG_ID, PROFILE, Chain
from tests.events.world import SALT, uid

RUN, STACK = uid(1), uid(11)
REPORTS: list[Change] = [
    RunRecorded("training", STACK, status="running"),
    RunUpdated(url="https://x"),
    RunUpdated("failed"),
]
FOUND = RunFound(RUN, "training", STACK, "failed", 1, 3, 0)


def reported(chain: Chain) -> list[Taken]:
    return [chain.commit(seal(RUN, change, SALT)) for change in REPORTS]


def test_a_cache_that_is_filled_from_behind(tmp_path: Path) -> None:
    chain = Chain()
    events = [seal(RUN, change, SALT) for change in REPORTS]
    taken = [chain.commit(event) for event in events[:2]]
    begun = chain.frontier
    last = chain.commit(events[2])
    with closing(LogFile.open(tmp_path / "cache.db", new_id=LOG_ID, use="cache")) as file:
        with file.writing() as log:
            log.begin(PROFILE, Snapshot(2, begun, b"{}"))
            log.append(PROFILE, [last], chain.frontier)
            assert log.runs(PROFILE, RunsWanted()) == []
            log.backfill(PROFILE, taken)
            assert log.runs(PROFILE, RunsWanted()) == [FOUND]
            log.forget(PROFILE)
            assert log.runs(PROFILE, RunsWanted()) == []


def test_a_file_from_before_there_was_an_index(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    chain = Chain()
    with closing(LogFile.open(path, new_id=LOG_ID)) as file, file.writing() as log:
        log.append(PROFILE, [*reported(chain), chain.commit()], chain.frontier)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP VIEW v_runs")
        conn.execute("DROP TABLE runs")
        sqlite_runs.create(conn)
        assert sqlite_runs.find(conn, PROFILE, RunsWanted()) == [FOUND]
        shown = conn.execute("SELECT pipeline, status, first, last FROM v_runs").fetchall()
        assert shown == [("training", "failed", 1, 3)]


def test_a_report_newer_than_this_program_is_left_alone(tmp_path: Path) -> None:
    chain = Chain()
    newer = chain.commit(Event("RunRecorded", 9, RUN, SALT, "{}"))
    with closing(LogFile.open(tmp_path / "hub.db", new_id=LOG_ID)) as file:
        with file.writing() as log:
            log.append(PROFILE, [newer], chain.frontier)
            assert log.runs(PROFILE, RunsWanted()) == []

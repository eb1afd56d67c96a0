"""A new file is made whole, beside its place, with the schema that its steps come to."""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.client.home import store_file
from stackroom.client.home.cache import Cache
from stackroom.client.home.store import Store
from stackroom.events.sqlite import new_file
from stackroom.events.sqlite import schema as sqlite_schema
from stackroom.events.sqlite.migrations import Step
from tests import new_files
from tests.events.world import uid

REPLICA = uid(7)
TEAM = uid(1)

Open = Callable[[Path], Store | Cache]


def open_store(path: Path) -> Store:
    return Store.open(path, new_replica_id=REPLICA, now=5)


OPENS: list[Open] = [open_store, Cache.open]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture(params=OPENS, ids=["store", "cache"])
def opens(request: pytest.FixtureRequest) -> Open:
    found: Open = request.param
    return found


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(statement).fetchall()


def said(path: Path) -> list[object]:
    """What a file says of itself, and all that is in it."""
    pragmas = ("application_id", "user_version", "page_size", "encoding", "auto_vacuum")
    found: list[object] = [query(path, f"PRAGMA {name}") for name in (*pragmas, "journal_mode")]
    schema = query(path, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    tables = [str(name) for type, name, *_ in schema if type == "table"]
    return [*found, schema, *(query(path, f"SELECT * FROM {name}") for name in tables)]


def without_links(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    patch.setattr(Path, "hardlink_to", refuse)


def test_the_scripts_are_what_the_steps_come_to() -> None:
    assert sqlite_schema.NEW_CACHE.read_text("utf-8") == new_files.cache(), "run make generate"
    assert store_file.NEW.read_text("utf-8") == new_files.store(), "run make generate"


def test_it_is_the_file_that_the_steps_make(
    opens: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(tmp_path / "whole.db").close()
    without_links(monkeypatch)
    opens(tmp_path / "stepwise.db").close()
    assert said(tmp_path / "whole.db") == said(tmp_path / "stepwise.db")
    for name in ("whole.db", "stepwise.db"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["stepwise.db", "whole.db"]


def test_steps_that_came_after_the_script_are_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = store_file.steps

    def more(replica: str) -> tuple[Step, ...]:
        later = Step("later", lambda conn: conn.execute("CREATE TABLE later (x)"))
        return (*known(replica), later)

    monkeypatch.setattr(store_file, "steps", more)
    open_store(path).close()
    assert query(path, "SELECT count(*) FROM later") == [(0,)]
    assert query(path, "SELECT max(number) FROM migrations") == query(path, "PRAGMA user_version")


def test_it_is_on_the_disk_before_it_is_there(
    opens: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    link, flush = Path.hardlink_to, os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("flushed"), flush(file)))

    def linked(self: Path, target: Path) -> None:
        assert query(target, "PRAGMA integrity_check") == [("ok",)]
        done.append("linked")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", linked)
    opens(path).close()
    assert done == ["flushed", "linked"]


def test_who_is_killed_before_leaves_no_file(
    opens: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(new_file, "flush", killed)
        with pytest.raises(KeyboardInterrupt):
            opens(path)
    assert list(path.parent.iterdir()) == []
    opens(path).close()


def test_a_log_that_was_left_beside_is_not_taken_for_its_own(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.put_profile(TEAM, "before", None)
        left = path.with_name("some.db-wal").read_bytes()
    path.unlink()
    path.with_name("some.db-wal").write_bytes(left)
    with closing(open_store(path)) as store:
        assert store.profiles() == []
        assert store.replica == REPLICA


def test_many_that_make_one_file_have_the_same(path: Path) -> None:
    def made(n: int) -> str:
        with closing(Store.open(path, new_replica_id=uid(n))) as store:
            store.put_profile(uid(100 + n), f"of {n}", None)
            return store.replica

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(made, range(16)))) == 1
    with closing(open_store(path)) as store:
        assert len(store.profiles()) == 16
    assert [p.name for p in path.parent.iterdir()] == ["some.db"]

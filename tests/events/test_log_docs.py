"""The snippets of `docs/log.md`, run on a log; and the facts that it states."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.events.codec import seal
from stackroom.events.model import (
    ComponentRegistered,
    ComponentUpdated,
    ProfileCreated,
)
from stackroom.events.proofs.signing import Signer
from stackroom.events.sqlite.file import CHECKPOINT_PAGES
from stackroom.events.sqlite.log import LogFile
from stackroom.events.sqlite.schema import APPLICATION_ID
from stackroom.events.sqlite.upkeep import INDEX_DUE, READY_BYTES, ROUND_PAGES
from tests.events.commits import LOG_ID, NOON, PROFILE, Chain

PAGE = Path(__file__).parents[2] / "docs" / "log.md"
TEXT = PAGE.read_text("utf-8")
K8S = "00000000-0000-7000-8000-000000000011"
SALT = bytes(range(16))


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `hub.db`: a profile of three commits, with text that JSON escapes."""
    chain = Chain()
    odd = 'ü ☃ " \\ \n \x01 \x7f 🚀'
    taken = [
        chain.commit(seal(PROFILE, ProfileCreated("team", description=odd), SALT)),
        chain.commit(seal(K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes"), SALT)),
        chain.commit(
            seal(K8S, ComponentUpdated({"/config/kubernetes_namespace": odd}), SALT),
            seal(K8S, ComponentUpdated({"/config/other": 1}), SALT),
            replica=odd,
            signer=Signer(bytes(32)),
        ),
    ]
    file = LogFile.open(tmp_path / "hub.db", new_id=LOG_ID, now=NOON, synchronous="OFF")
    with file.writing() as log:
        log.append(PROFILE, taken, chain.frontier)
        log.list_profile(PROFILE, "team")
    file.close()
    return tmp_path


def test_queries(folder: Path) -> None:
    history, entity, path, authors = snippets("sql")
    with closing(sqlite3.connect(folder / "hub.db")) as conn:
        assert conn.execute(history).fetchall() == [
            (3, "2027-01-15T08:00:00.030Z", "ann", "change 3", 2, "accepted"),
            (2, "2027-01-15T08:00:00.020Z", "ann", "change 2", 1, "accepted"),
            (1, "2027-01-15T08:00:00.010Z", "ann", "change 1", 1, "accepted"),
        ]
        rows = conn.execute(entity).fetchall()
        types = ["ComponentRegistered", "ComponentUpdated", "ComponentUpdated"]
        assert [row[3] for row in rows] == types
        assert conn.execute(path).fetchall() == [(3, "ann", 'ü ☃ " \\ \n \x01 \x7f 🚀')]
        assert conn.execute(authors).fetchall() == [("ann", 3, "2027-01-15T08:00:00.030Z")]


def test_root_by_hand(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (by_hand,) = snippets("python")
    exec(by_hand, {})
    name, count, root, *verdict = capsys.readouterr().out.split()
    assert (name, count, verdict) == ("team", "3", ["as", "stored"])
    with closing(sqlite3.connect("hub.db")) as conn, conn:
        assert conn.execute("SELECT hex(root) FROM profiles").fetchone() == (root.upper(),)
        conn.execute("DROP TRIGGER commits_are_not_updated")
        conn.execute("UPDATE commits SET author = 'eve' WHERE seq = 2")
    exec(by_hand, {})
    assert "NOT WHAT IS STORED" in capsys.readouterr().out


def test_every_table_is_explained(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "hub.db")) as conn:
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    explained = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(explained) == sorted(name for (name,) in tables)


def test_figures() -> None:
    assert f"`0x{APPLICATION_ID:08X}`" in TEXT
    assert f"every {CHECKPOINT_PAGES:,} pages" in TEXT
    assert f"every {ROUND_PAGES:,} pages" in TEXT
    assert f"once {INDEX_DUE:,} commits" in TEXT
    assert f"zeros up to {READY_BYTES >> 20} MiB" in TEXT

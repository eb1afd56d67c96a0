"""`stackroom demo`: it keeps what it says, ends by itself, and leaves nothing behind."""

from pathlib import Path

import pytest

from stackroom.client import demo
from stackroom.client.commands.exits import Exit
from tests.commands.runner import Person


def test_it_shows_each_step_and_ends_with_0(ada: Person, tmp_path: Path) -> None:
    ran = ada.process("demo", TMPDIR=str(tmp_path)).ok()
    for words in (
        "stack import",
        "saved offline",
        "in conflict #",
        "stackroom conflicts resolve",
        "merged as #",
        "stackroom blame",
        "stackroom diff",
    ):
        assert words in ran.out
    roots = {line.split("root ")[1] for line in ran.out.splitlines() if "  root " in line}
    assert len(roots) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("stackroom-demo")] == []
    assert not ada.home.exists()


def test_for_programs_it_gives_the_root(ada: Person) -> None:
    told = ada.data("demo")
    assert len(told["root"]) == 64
    assert told["steps"] > 10


def test_any_difference_ends_it_with_1(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = demo.proof

    def tampered(path: Path, profile: str) -> demo.Proof:
        found = honest(path, profile)
        return demo.Proof(found.seq, "0" * 64, found.state) if "ben" in path.parts else found

    monkeypatch.setattr(demo, "proof", tampered)
    ran = ada.stackroom("demo").failed(Exit.ERROR, "all three have the same root")
    assert "Done" not in ran.out


def test_a_copy_that_was_tampered_with_is_found(ada: Person) -> None:
    import sqlite3

    ada.stackroom("profile", "create", "mine", "--local", "-m", "true").ok()
    (profile,) = ada.data("profile", "list")
    path = ada.home / "replica.db"
    assert demo.proof(path, profile["id"]).seq == 1
    with sqlite3.connect(path) as file:
        for (name,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute("UPDATE commits SET message = 'false'")
    file.close()
    with pytest.raises(Exception, match="was changed"):
        demo.proof(path, profile["id"])

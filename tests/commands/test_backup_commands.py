"""`hub backup` and `hub restore` as an operator runs them, and what a hub does with a damaged file."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.damaging import cut, pages, root_page, settle, zero

UPDATE = ("component", "update", "orchestrator", "k8s")


@pytest.fixture
def data(team: Hub) -> tuple[str, str]:
    return "--data", str(team.data)


def test_there_and_back(team: Hub, ada: Person, tmp_path: Path, data: tuple[str, str]) -> None:
    file = tmp_path / "hub-1.db"
    made = team.host.data("hub", "backup", str(file), *data)
    (of_team,) = (each for each in made["profiles"] if each["name"] == "team")
    assert of_team["seq"] == 2
    assert of_team["root"] == ada.data("status")["active"]["root"]
    ada.stackroom(*UPDATE, "--gpu=2").ok()
    shown = team.host.stackroom("hub", "backup", str(file), "--force", *data).ok()
    assert "#3 " in shown.out
    assert "people: " in shown.out
    ada.stackroom(*UPDATE, "--gpu=3").ok()
    team.host.stackroom("hub", "restore", str(file), *data).failed(Exit.ERROR, "running already")
    team.down()
    told = team.host.stackroom("hub", "restore", str(file), *data).ok().out
    assert "It had 1 commit that the backup has not." in told
    assert "stackroom hub heal" in told
    team.up()
    status = team.host.data("hub", "status", *data)
    assert status["ready"]
    ran = ada.stackroom("sync")
    assert "from #4 on: it stands at #3" in ran.err
    assert "stackroom hub heal" in ran.err
    assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["gpu"] == 3


def test_a_backup_says_what_belongs_with_it(
    team: Hub, tmp_path: Path, data: tuple[str, str]
) -> None:
    (team.data / "hub.toml").write_text("connections_user = 7\n")
    ran = team.host.stackroom("hub", "backup", str(tmp_path / "b.db"), *data).ok()
    assert "hub.toml (its settings)" in ran.err
    team.host.stackroom("hub", "backup", str(tmp_path / "b.db"), *data).failed(1, "--force")


@pytest.mark.parametrize("how", ["message", "page", "header", "cut"])
def test_a_hub_refuses_to_serve_a_damaged_file(
    team: Hub, ada: Person, tmp_path: Path, data: tuple[str, str], how: str
) -> None:
    team.host.data("hub", "backup", str(tmp_path / "b.db"), *data)
    team.down()
    log = team.data / "hub.db"
    settle(log)
    match how:
        case "message":
            with closing(sqlite3.connect(log)) as conn, conn:
                conn.execute("DROP TRIGGER commits_are_not_updated")
                of_team = "profile = (SELECT number FROM profiles WHERE name = 'team')"
                conn.execute(f"UPDATE commits SET message = 'x' WHERE seq = 2 AND {of_team}")
        case "page":
            zero(log, root_page(log, "commits"))
        case "header":
            zero(log, 1)
        case "cut":
            cut(log, log.stat().st_size - 4096 * (pages(log) // 2))
    ran = team.host.process("hub", "serve", *data, "--port", "0")
    ran.failed(Exit.INTEGRITY, "is damaged", "stackroom hub restore FILE", "stackroom hub heal")
    if how == "message":
        assert "commit #2 of profile 'team' is the first that does not fit" in ran.err
    team.host.stackroom("hub", "up", *data, "--port", "0").failed(Exit.ERROR, "is damaged")
    team.host.stackroom("hub", "restore", str(tmp_path / "b.db"), *data).ok()
    team.up()
    ada.stackroom("sync").ok()
    ada.stackroom(*UPDATE, "--gpu=2").ok()


def test_a_hub_that_was_killed_is_no_damaged_one(
    team: Hub, ada: Person, data: tuple[str, str]
) -> None:
    ada.stackroom(*UPDATE, "--gpu=2").ok()
    os.kill(team.host.data("hub", "status", *data)["pid"], signal.SIGKILL)
    team.up()
    ada.stackroom("sync").ok()
    assert ada.data("status")["active"]["seq"] == 3

"""A damaged cache, met by commands: it is mended from the hub, or stays until that is there."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command
from tests.damaging import flip, pages, root_page, settle, zero

DESCRIBE = ("component", "describe", "orchestrator", "k8s")
UPDATE = ("component", "update", "orchestrator", "k8s")


def cache(person: Person) -> Path:
    path = person.home / "replica.db"
    settle(path)
    return path


@pytest.mark.parametrize("how", ["header", "cut", "snapshots", "commits", "profiles", "json"])
def test_it_is_fetched_anew_and_the_command_goes_on(team: Hub, ada: Person, how: str) -> None:
    for n in range(2, 5):
        ada.stackroom(*UPDATE, f"--gpu={n}").ok()
    path = cache(ada)
    match how:
        case "header":
            zero(path, 1)
        case "cut":
            path.write_bytes(path.read_bytes()[:-9_000])
        case "json":
            with closing(sqlite3.connect(path)) as conn, conn:
                conn.execute("UPDATE commits SET events = replace(events, '}]', '')")
        case table:
            zero(path, root_page(path, table))
    ran = ada.stackroom("log").ok()
    assert "was damaged (kept as" in ran.err
    assert "nothing is lost" in ran.err
    assert ran.out.count("\n") > 3
    assert path.with_name("replica.db.damaged-1").exists()
    assert ada.data(*DESCRIBE)["config"]["gpu"] == 4
    assert "damaged" not in ada.stackroom("status").ok().err


def test_without_the_hub_it_stays_and_what_can_be_read_is_read(team: Hub, ada: Person) -> None:
    path = cache(ada)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE commits SET events = '[{' WHERE seq = 1")
    damaged = path.read_bytes()
    team.down()
    ada.stackroom("log").failed(Exit.ERROR, "is damaged", "until the hub gives it anew")
    ada.stackroom("log", "--offline").failed(Exit.ERROR, "--offline was said")
    ada.stackroom(*UPDATE, "--gpu=7").ok()
    assert not path.with_name("replica.db.damaged-1").exists()
    team.up()
    assert "nothing is lost" in ada.stackroom("log").ok().err
    assert path.with_name("replica.db.damaged-1").read_bytes() != b"" and damaged
    assert ada.data(*DESCRIBE)["config"]["gpu"] == 7
    assert ada.data("status")["active"]["pending"] == 0


def test_one_that_does_not_open_makes_room_at_once(team: Hub, ada: Person) -> None:
    path = cache(ada)
    ada.stackroom(*UPDATE, "--gpu=7", "--offline").ok()
    zero(path, 1)
    team.down()
    ran = ada.stackroom("status").ok()
    assert "the next stackroom sync fetches it anew" in ran.err
    assert ada.data("status")["active"]["pending"] == 1
    team.up()
    ada.stackroom("sync").ok()
    assert ada.data(*DESCRIBE)["config"]["gpu"] == 7


def test_it_stays_while_the_hub_has_less(team: Hub, ada: Person, tmp_path: Path) -> None:
    data = ("--data", str(team.data))
    team.host.data("hub", "backup", str(tmp_path / "b.db"), *data)
    ada.stackroom(*UPDATE, "--gpu=2").ok()
    path = cache(ada)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE commits SET events = '[{' WHERE seq = 1")
    team.down()
    team.host.stackroom("hub", "restore", str(tmp_path / "b.db"), *data).ok()
    team.up()
    ada.stackroom("log").failed(Exit.ERROR, "it stays in its place", "it stands at #2")
    assert not path.with_name("replica.db.damaged-1").exists()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM commits WHERE seq = 3").fetchone() == (1,)


@pytest.mark.parametrize("page", ["header", "commits"])
def test_several_processes_at_once(team: Hub, ada: Person, page: str) -> None:
    path = cache(ada)
    zero(path, 1 if page == "header" else root_page(path, page))
    commands = [
        subprocess.Popen(command("log"), env=ada.environment(), stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60) for process in commands]
    assert [process.returncode for process in commands] == [0, 0, 0], told
    assert len({out for out, _ in told}) == 1
    assert [p.name for p in ada.home.glob("replica.db.damaged*")] == ["replica.db.damaged-1"]


def test_a_local_profile_needs_no_hub(ada: Person) -> None:
    ada.stackroom("profile", "create", "mine", "--local").ok()
    ada.stackroom("component", "register", "orchestrator", "k8s", "-f", "kubernetes").ok()
    before = ada.data("log")
    zero(cache(ada), 1)
    assert "nothing is lost" in ada.stackroom("stack", "list", "--offline").ok().err
    assert ada.data("log") == before


def test_a_command_that_has_acted_does_not_run_twice(team: Hub, ada: Person) -> None:
    """sync meets it after it has spoken with the hub: it is mended, and to be run again."""
    path = cache(ada)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE commits SET events = '[{'")
        conn.execute("DELETE FROM snapshots")
    ran = ada.stackroom("sync")
    ran.failed(Exit.ERROR, "mended now", "run it again")
    assert ada.stackroom("sync").ok()
    assert ada.data(*DESCRIBE)["config"]["ns"] == "ml"


@pytest.mark.parametrize("seed", range(10))
def test_any_damage(team: Hub, ada: Person, seed: int) -> None:
    """Whatever a flipped page does, no command ends as a fault of ours, and nothing is lost."""
    ada.stackroom(*UPDATE, "--gpu=7", "--offline").ok()
    path, random = cache(ada), Random(seed)
    page = random.randint(1, pages(path))
    if seed % 2:
        zero(path, page)
    else:
        flip(path, random, page, 30)
    for words in (("status",), ("log",), DESCRIBE, ("stack", "list"), ("sync",), ("sync",)):
        ran = ada.stackroom(*words)
        assert "fault of stackroom" not in ran.err, (words, ran.err)
    ada.stackroom("doctor", "--repair")
    ada.stackroom("sync").ok()
    assert ada.data(*DESCRIBE)["config"]["gpu"] == 7


def test_damaged_proposals_say_what_to_do(team: Hub, ada: Person) -> None:
    settle(ada.home / "proposals.db")
    zero(ada.home / "proposals.db", 1)
    damaged = (ada.home / "proposals.db").read_bytes()
    ada.stackroom("status").failed(Exit.ERROR, "is damaged", "stackroom doctor --repair")
    assert (ada.home / "proposals.db").read_bytes() == damaged

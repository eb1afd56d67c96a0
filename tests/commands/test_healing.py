"""A hub that is killed, and comes back with an old copy of its file: three clients, three heads."""

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stackroom.client.commands.exits import Exit
from stackroom.events.audit.verify import verify
from stackroom.events.sqlite.log import open_reader
from stackroom.sync.hosting.folder import HubFolder
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def cem(tmp_path: Path) -> Person:
    return Person(tmp_path / "cem", "cem")


@pytest.fixture
def before(team: Hub, cem: Person, tmp_path: Path) -> Path:
    """A copy of the hub's file with the team at #2, as it is while the hub runs."""
    team.join(cem)
    cem.stackroom("sync").ok()
    copy = tmp_path / "before.db"
    with (
        closing(sqlite3.connect(HubFolder(team.data).log)) as here,
        closing(sqlite3.connect(copy)) as there,
    ):
        here.backup(there)
    return copy


def set_back(hub: Hub, copy: Path) -> None:
    """Kills the hub, and starts it with the old file."""
    status = hub.host.data("hub", "status", "--data", str(hub.data))
    os.kill(status["pid"], signal.SIGKILL)
    folder = HubFolder(hub.data)
    while folder.locked():
        pass
    for path in hub.data.glob("hub.db*"):
        path.unlink()
    shutil.copy(copy, folder.log)
    hub.up()


def test_where_nothing_was_lost(team: Hub) -> None:
    ran = team.host.stackroom("hub", "heal", "team", "--yes")
    ran.failed(Exit.ERROR, "Profile 'team' was not healed")
    assert ran.out == ""


def put(person: Person, *settings: str) -> None:
    """An edit of the orchestrator, which reaches the hub."""
    ran = person.stackroom("component", "update", "orchestrator", "k8s", *settings).ok()
    assert "committed" in ran.out, ran.out


def config(person: Person) -> Any:
    return person.data("component", "describe", "orchestrator", "k8s")["config"]


def head(person: Person) -> int:
    return int(person.data("status")["active"]["seq"])


@contextmanager
def watching(person: Person) -> Iterator[None]:
    """The person stays connected."""
    process = subprocess.Popen(
        command("sync", "--watch"),
        env=person.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def offered(host: Person, upto: int) -> list[Any]:
    """What is offered, once it reaches so far."""
    while True:
        offers = host.data("hub", "heal")
        if any(each["seq"] >= upto for each in offers):
            return list(offers)


def test_the_tail_comes_back_as_it_was(
    team: Hub, ada: Person, ben: Person, cem: Person, before: Path
) -> None:
    put(ada, "--gpu=2")
    ben.stackroom("sync").ok()
    put(ada, "--gpu=3")
    lost = ada.data("status")["active"]["root"]
    assert (head(ada), head(ben), head(cem)) == (4, 3, 2)
    set_back(team, before)
    ben.stackroom("sync").failed(Exit.INTEGRITY, "stands at #2", "hub heal")
    assert "here alone" in ben.data("status")["active"]["parted"]
    assert "here alone" in ben.stackroom("status").ok().out
    put_offline = ben.stackroom("component", "update", "orchestrator", "k8s", "--ns=x")
    assert "saved" in put_offline.ok().out
    cem.stackroom("sync").ok()
    with watching(ada):
        (offer,) = offered(team.host, 4)
        assert (offer["user"], offer["head"], offer["common"], offer["forks"]) == (
            "ada", 2, 2, False,
        )  # fmt: skip
        ben.stackroom("hub", "heal", "team", "--yes").failed(Exit.NOT_AUTHORISED, "hub.heal")
        healed = team.host.data("hub", "heal", "team", "--yes")
        assert healed["epoch"] == 2
        assert (healed["profiles"][0]["kept"], healed["profiles"][0]["brought"]) == (2, 0)
        ran = ben.stackroom("sync").ok()
        assert "as #5" in ran.out
    for person in (ada, ben, cem):
        person.stackroom("sync").ok()
        assert head(person) == 5
        assert config(person) == {"gpu": 3, "ns": "x"}
        assert person.data("status")["active"]["parted"] is None
    roots = {person.data("status")["active"]["root"] for person in (ada, ben, cem)}
    assert len(roots) == 1
    assert lost not in roots
    noted = team.host.data("hub", "security-log", "--data", str(team.data))
    assert any(entry["kind"] == "healing" and entry["by"] == "host" for entry in noted)
    check_file(team)


def test_where_the_hub_went_on_the_lost_is_proposed_again(
    team: Hub, ada: Person, ben: Person, cem: Person, before: Path
) -> None:
    put(ada, "--gpu=2")
    put(ada, "--zone=a")
    ben.stackroom("sync").ok()
    set_back(team, before)
    put(cem, "--gpu=7")
    assert head(cem) == 3
    with watching(ben):
        offers = offered(team.host, 4)
        assert offers[0]["forks"] is True
        ran = team.host.stackroom("hub", "heal", "team", "--yes").ok()
        assert "2 commits brought back as proposals" in ran.out
        assert "conflict #4" in ran.out
    for person in (ada, ben, cem):
        assert person.stackroom("sync").code == Exit.CONFLICTS
        assert config(person) == {"gpu": 7, "ns": "ml", "zone": "a"}
    assert len({person.data("status")["active"]["root"] for person in (ada, ben, cem)}) == 1
    cem.stackroom("conflicts", "resolve", "4", "--ours").ok()
    assert config(cem)["gpu"] == 2
    check_file(team)


def test_what_nobody_takes_back_stays_with_its_author(
    team: Hub, ada: Person, ben: Person, cem: Person, before: Path
) -> None:
    put(ada, "--gpu=2")
    ben.stackroom("sync").ok()
    set_back(team, before)
    ada.stackroom("sync").failed(Exit.INTEGRITY)
    assert "given up" in team.host.stackroom("hub", "heal", "team", "--give-up", "--yes").ok().out
    ada.stackroom("sync").ok()
    ben.stackroom("sync").ok()
    assert config(ada) == config(ben) == {"gpu": 1, "ns": "ml"}
    (parked,) = ada.data("pending", "list")
    assert parked["code"] == "given_up"
    assert list((ben.home / "lost").glob("*.json"))
    ada.stackroom("pending", "retry", parked["id"][:13]).ok()
    assert config(ada)["gpu"] == 2
    check_file(team)


def check_file(hub: Hub) -> None:
    """The hub's file adds up."""
    with open_reader(HubFolder(hub.data).log) as log:
        for profile in log.profiles():
            verify(log, profile.id)

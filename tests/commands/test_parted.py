"""A hub whose file was replaced by an older one: what its clients say, with real processes and homes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.signed_note import parse_verifier_key, split
from tests.commands.hubs import Hub
from tests.commands.runner import Person

UPDATE = ("component", "update", "orchestrator", "k8s")


@pytest.fixture
def roll_back(team: Hub, ada: Person, ben: Person) -> Callable[[], None]:
    """Has both get to #4, and puts the hub's file of #2 back."""

    def back() -> None:
        team.down()
        kept = team.folder / "kept"
        shutil.copytree(team.data, kept)
        team.up()
        for n in (2, 3):
            ada.stackroom(*UPDATE, f"--gpu={n}").ok()
        ben.stackroom("sync").ok()
        team.down()
        for file in team.data.glob("hub.db*"):
            file.unlink()
        for file in kept.glob("hub.db*"):
            shutil.copy(file, team.data)
        team.up()

    return back


def test_a_hub_that_lost_commits_ends_with_9(
    team: Hub, ada: Person, ben: Person, roll_back: Callable[[], None]
) -> None:
    roll_back()
    ran = ada.stackroom("sync").failed(
        Exit.INTEGRITY, team.url, "'team'", "from #3 on: it stands at #2", "stackroom hub heal"
    )
    (file,) = (ada.home / "evidence").iterdir()
    assert str(file) in ran.err
    name, public = parse_verifier_key(
        team.host.data("hub", "status", "--data", str(team.data))["key"]
    )
    hub = name.removeprefix("stackroom/")
    assert [checkpoint.verify(n, hub, public).size for n in split(file.read_text())] == [4, 2]
    # What is typed now waits here; what was there can be read.
    assert "saved offline" in ada.stackroom(*UPDATE, "--gpu=9", "--offline").ok().out
    ada.stackroom("sync").failed(Exit.INTEGRITY, "it stands at #2")
    assert [entry["seq"] for entry in ada.data("log")][:2] == [None, 4]


def test_losing_the_copy_loses_no_testimony(
    team: Hub, ben: Person, roll_back: Callable[[], None]
) -> None:
    roll_back()
    for file in ben.home.glob("replica.db*"):
        file.unlink()
    said = "has lost what it had of profile 'team', which was at #4: it stands at #2"
    ben.stackroom("sync").failed(Exit.INTEGRITY, said)
    as_json = ben.stackroom("sync", "--output", "json").failed(Exit.INTEGRITY)
    assert "it stands at #2" in as_json.out + as_json.err


def test_who_comes_anew_is_served(team: Hub, tmp_path: Path, roll_back: Callable[[], None]) -> None:
    roll_back()
    cleo = team.join(Person(tmp_path / "cleo", "cleo"))
    cleo.stackroom("sync").ok()
    assert cleo.data("log")[0]["seq"] == 2

"""`stackroom tag`: names for points of the history, alone and with a hub."""

from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import settled


@pytest.fixture
def home(tmp_path: Path) -> Person:
    """A profile at #6; `ns` was `ml` up to #5, and is `prod`."""
    made = settled(tmp_path)
    made.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod", "-m", "move").ok()
    return made


def ns_at(person: Person, moment: str) -> str:
    stack = person.data("stack", "describe", "prod", "--at", moment)
    return str(stack["components"]["orchestrator"][0]["config"]["ns"])


def test_a_tag_stands_for_its_commit(home: Person) -> None:
    assert (
        home.stackroom("tag", "before", "5").ok().out == "Tag 'before' set to #5: committed as #7\n"
    )
    home.stackroom("tag", "v1.0", "-m", "the release").ok()
    assert ns_at(home, "before") == "ml"
    assert ns_at(home, "v1.0") == "prod"
    assert home.data("show", "before")["seq"] == 5
    differing = home.data("diff", "before", "v1.0")
    assert [(row["path"], row.get("before"), row.get("after")) for row in differing] == [
        ("/config/ns", "ml", "prod")
    ]


def test_the_list_has_the_newest_first(home: Person) -> None:
    assert "There are no tags yet" in home.stackroom("tag", "list").ok().out
    home.stackroom("tag", "old", "5").ok()
    home.stackroom("tag", "set", "list").ok()
    rows = home.data("tag", "list")
    assert [(row["name"], row["seq"], row["author"], row["message"]) for row in rows] == [
        ("list", 7, "ada", ""),
        ("old", 5, "ada", ""),
    ]
    assert rows[0]["time"] > 1_600_000_000_000
    assert "old   #5" in home.stackroom("tag", "list").ok().out


def test_setting_it_again_moves_it_only_when_asked(home: Person) -> None:
    home.stackroom("tag", "v1", "5").ok()
    assert home.stackroom("tag", "v1", "5").ok().out == "Nothing to change.\n"
    home.stackroom("tag", "v1", "6").failed(1, "Tag 'v1' names #5, and not #6", "--move")
    assert home.stackroom("tag", "v1", "6", "--move").ok().out.startswith("Tag 'v1' set to #6: ")
    assert ns_at(home, "v1") == "prod"


def test_a_deleted_tag_comes_back_by_a_revert(home: Person) -> None:
    home.stackroom("tag", "v1", "5").ok()
    home.stackroom("tag", "delete", "v1", "-m", "too early", "--yes").ok()
    home.stackroom("show", "v1").failed(3, "There is no tag 'v1'", "stackroom tag list")
    home.stackroom("tag", "delete", "v1").failed(3, "There is no tag 'v1'", "stackroom tag list")
    home.stackroom("revert", "8").ok()
    assert home.data("tag", "list")[0]["seq"] == 5


def test_the_history_tells_of_tags(home: Person) -> None:
    home.stackroom("tag", "v1", "5", "-m", "the release").ok()
    home.stackroom("tag", "v1", "6", "--move").ok()
    newest, before = home.data("log", "--limit", "2")
    assert [event["type"] for event in newest["events"]] == ["TagUpdated"]
    assert (before["events"][0]["name"], before["message"]) == ("tag 'v1'", "the release")
    assert "~ seq: 5 → 6" in home.stackroom("show", "8").ok().out
    assert before["tags"] == []
    tagged = home.data("log", "--limit", "3")[-1]
    assert (tagged["seq"], tagged["tags"]) == (6, ["v1"])
    assert "v1" in home.stackroom("log").ok().out.splitlines()[3]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("43", "begins with a letter"),
        ("2h", "begins with a letter"),
        ("2026-11-20", "begins with a letter"),
        ("yesterday", "means a time"),
        ("the release", "begins with a letter"),
        ("a/b", "has a '/'"),
    ],
)
def test_what_could_be_taken_for_something_else_is_refused(
    home: Person, name: str, said: str
) -> None:
    home.stackroom("tag", "set", name).failed(1, said)
    assert home.data("tag", "list") == []


def test_a_commit_that_is_not_there(home: Person) -> None:
    home.stackroom("tag", "v1", "7").failed(3, "There is no #7: the profile is at #6")
    home.stackroom("tag", "v1", "v2").failed(3, "There is no tag 'v2'")
    home.stackroom("tag", "v1", "?").failed(2, "neither a commit (43) nor a tag nor a time")


def test_an_unknown_tag_has_the_nearest(home: Person) -> None:
    home.stackroom("tag", "release-1").ok()
    home.stackroom("show", "relaese-1").failed(3, "did you mean 'release-1'?")


def test_a_profile_without_commits(tmp_path: Path) -> None:
    fresh = Person(tmp_path / "eve", "eve")
    fresh.stackroom("tag", "v1").ok()
    assert fresh.data("tag", "list")[0]["seq"] == 1


def test_offline_as_every_edit(team: Hub, ada: Person, ben: Person) -> None:
    out = ada.stackroom("tag", "v1", "--offline").ok()
    assert "saved offline, 1 pending" in out.out
    assert ada.data("show", "v1", "--offline")["seq"] == 2
    out = ada.stackroom("tag", "v2", "--offline").ok()
    assert "What waits for the hub is not in it" in out.err
    ada.stackroom("sync").ok()
    ben.stackroom("sync").ok()
    assert {row["name"]: row["seq"] for row in ben.data("tag", "list")} == {"v1": 2, "v2": 2}


def test_one_name_for_two_commits_is_a_conflict(team: Hub, ada: Person, ben: Person) -> None:
    ada.stackroom("tag", "v1", "1", "--offline").ok()
    ben.stackroom("tag", "v1", "2").ok()
    ada.stackroom("sync")
    assert ada.data("show", "v1")["seq"] == 2
    ada.stackroom("conflicts", "resolve", "4", "--ours").ok()
    assert ada.data("show", "v1")["seq"] == 1
    ben.stackroom("sync").ok()
    assert ben.data("show", "v1")["seq"] == 1


def test_one_name_for_one_commit_is_one_tag(team: Hub, ada: Person, ben: Person) -> None:
    ada.stackroom("tag", "v1", "1", "--offline").ok()
    ben.stackroom("tag", "v1", "1").ok()
    ada.stackroom("sync").ok()
    assert [row["name"] for row in ada.data("tag", "list")] == ["v1"]

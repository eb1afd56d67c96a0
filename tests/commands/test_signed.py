"""Who signed what, by the commands; and a home that was copied, on real files and a real hub."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stackroom.client.home.identity import Renewal
from stackroom.client.home.key_file import KeyFile
from stackroom.client.home.store import Store
from tests.commands.hubs import Hub
from tests.commands.runner import Person

UPDATE = ("component", "update", "orchestrator", "k8s")


def shown(person: Person, seq: int) -> dict[str, Any]:
    return dict(person.data("show", str(seq)))


def key_of(host: Person, name: str) -> list[str]:
    return [key["key"] for key in host.data("user", "describe", name)["keys"]]


def copied(person: Person, home: Path) -> Person:
    """Another machine with a copy of the home."""
    shutil.copytree(person.home, home)
    return Person(home, person.env["STACKROOM_USER"] or "")


class TestSigning:
    def test_a_commit_says_who_signed_it(self, team: Hub, ada: Person) -> None:
        (key,) = key_of(team.host, "ada")
        assert team.host.data("profile", "set", "team")
        team.host.stackroom("sync").ok()
        told = shown(team.host, 2)
        assert (told["signed"], told["key"], told["signature"]) == (True, key, "valid")
        assert f"by key {key} of ada" in team.host.stackroom("show", "2").ok().out
        assert {row["key"] for row in ada.data("log")} == {key}

    def test_a_key_that_is_younger_than_the_people_here_is_no_fault(
        self, team: Hub, tmp_path: Path
    ) -> None:
        host, cleo = team.host, Person(tmp_path / "cleo", "cleo")
        host.stackroom("sync").ok()
        host.stackroom("profile", "set", "team").ok()
        team.join(cleo)
        cleo.stackroom(*UPDATE, "--ns=eu").ok()
        # A write brings the profile alone: cleo and her key are not known here yet.
        host.stackroom("component", "register", "orchestrator", "own", "-f", "local").ok()
        assert shown(host, 3)["signature"] == "unbound"
        (offline,) = host.data("audit", "verify", "--offline")
        assert offline["fault"] is None
        assert offline["authors"]["unbound"] >= 1
        (online,) = host.data("audit", "verify")
        assert (online["fault"], online["authors"]) == (None, {"valid": 4})
        assert shown(host, 3)["signature"] == "valid"

    def test_a_sync_brings_the_people_too(self, team: Hub, tmp_path: Path) -> None:
        host = team.host
        host.stackroom("sync").ok()
        host.stackroom("log", "--profile", "people").ok()
        team.join(Person(tmp_path / "cleo", "cleo"))
        host.stackroom("sync").ok()
        assert "cleo joins" in [row["message"] for row in host.data("log", "--profile", "people")]

    def test_who_may_not_see_people_is_told_that_they_cannot_tell(
        self, team: Hub, ada: Person
    ) -> None:
        assert shown(ada, 2)["signature"] == "unbound"
        assert "without seeing the people" in ada.stackroom("show", "2").ok().out

    def test_a_local_profile_is_signed_and_published_so(self, hub: Hub, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("component", "register", "orchestrator", "k8s", "-f", "local").ok()
        assert "no hub vouches" in ada.stackroom("show", "2").ok().out
        before = shown(ada, 2)["key"]
        hub.join(ada)
        ada.stackroom("profile", "publish", "mine").ok()
        assert [row["key"] for row in ada.data("log")] == [before, before]
        assert key_of(hub.host, "ada") == [before]

    def test_what_waits_from_before_signatures_is_signed_as_it_goes(
        self, team: Hub, ada: Person
    ) -> None:
        ada.stackroom(*UPDATE, "--ns=mine", "--offline").ok()
        with closing(sqlite3.connect(ada.home / "proposals.db")) as store, store:
            store.execute("UPDATE proposals SET key = x'', signature = x''")
        assert not ada.data("log")[0]["signed"]
        ada.stackroom("sync").ok()
        assert shown(ada, 3)["signed"]

    def test_what_waits_is_signed_already(self, team: Hub, ada: Person) -> None:
        ada.stackroom(*UPDATE, "--ns=mine", "--offline").ok()
        pending, committed, *_ = ada.data("log")
        assert (pending["seq"], pending["key"]) == (None, committed["key"])

    def test_the_key_is_its_owners_alone(self, team: Hub, ada: Person) -> None:
        assert (ada.home / "keys.json").stat().st_mode & 0o777 == 0o600

    def test_a_damaged_key_file_says_what_to_do(self, team: Hub, ada: Person) -> None:
        (ada.home / "keys.json").write_text("{")
        ada.stackroom(*UPDATE, "--ns=x").failed(1, "move it away")
        (ada.home / "keys.json").unlink()
        ran = ada.stackroom(*UPDATE, "--ns=x").ok()
        assert "the key of this home was lost" in ran.err.lower()
        assert shown(ada, 3)["signed"]


class TestEndingAKey:
    def test_one_s_own(self, team: Hub, ada: Person) -> None:
        (old,) = key_of(team.host, "ada")
        assert ada.data("user", "revoke-key", "--yes") == {"key": old, "user": "ada"}
        assert key_of(team.host, "ada") == []
        ran = ada.stackroom(*UPDATE, "--ns=mine").ok()
        assert "committed as #3" in ran.out
        assert "the key of this home was ended on the hub" in ran.err.lower()
        (new,) = key_of(team.host, "ada")
        assert (new, shown(ada, 3)["key"]) == (new, new) != (old, old)
        team.host.stackroom("profile", "set", "team").ok()
        team.host.stackroom("sync").ok()
        assert [shown(team.host, seq)["signature"] for seq in (1, 2, 3)] == ["valid"] * 3

    def test_another_s(self, team: Hub, ada: Person, ben: Person) -> None:
        (key,) = key_of(team.host, "ada")
        ben.stackroom("user", "revoke-key", key, "--yes").failed(4, "may not see the people")
        team.host.stackroom("user", "revoke-key", "beef", "--yes").failed(3, "no key 'beef'")
        ran = team.host.stackroom("user", "revoke-key", key[:6], "--yes").ok()
        assert f"Key {key} of ada has ended." in ran.out

    def test_an_account_s_keys_end_with_it(self, team: Hub, ada: Person) -> None:
        team.host.stackroom("user", "delete", "ada", "--yes").ok()
        events = team.host.data("--profile", "people", "log")[0]["events"]
        assert "KeyRevoked" in [event["type"] for event in events]


class TestCopies:
    def test_both_copies_go_on(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        """The one that pushes second becomes another replica, with all that it has."""
        other = copied(ada, tmp_path / "clone")
        was = ada.data("status")["replica"]
        other.stackroom(*UPDATE, "--gpu=2", "--offline", "-m", "more").ok()
        other.stackroom(*UPDATE, "--gpu=3", "--offline", "-m", "yet more").ok()
        ada.stackroom(*UPDATE, "--ns=mine").ok()
        ran = other.stackroom("sync").ok()
        assert "this home was copied, or restored from a backup" in ran.err.lower()
        log = ada.data("log") if ada.stackroom("sync").ok() else []
        assert [(row["message"], row["replica"] == was) for row in log[:3]] == [
            ("yet more", False),
            ("more", False),
            ("", True),
        ]
        status = other.data("status")
        assert (status["renewal"]["was"], status["replica"] == was) == (was, False)
        assert status["active"]["pending"] == 0
        assert "this home was copied" in other.stackroom("status").ok().out
        assert ada.data("status")["renewal"] is None
        assert len(key_of(team.host, "ada")) == 2
        for person in (ada, other):
            assert "new identity" not in person.stackroom(*UPDATE, f"--ns={person.home.name}").err

    def test_a_write_that_collides_is_told_at_once(
        self, team: Hub, ada: Person, tmp_path: Path
    ) -> None:
        other = copied(ada, tmp_path / "clone")
        ada.stackroom(*UPDATE, "--ns=mine").ok()
        ran = other.stackroom(*UPDATE, "--gpu=2").ok()
        assert "merged as #4" in ran.out
        assert "it has taken a new identity" in ran.err

    def test_a_number_that_was_used_for_what_was_refused(
        self, team: Hub, ada: Person, ben: Person, tmp_path: Path
    ) -> None:
        """Nothing is in the log by which the copy could tell: it does when its push collides."""
        other = copied(ada, tmp_path / "clone")
        ben.stackroom("profile", "create", "water").ok()
        ada.stackroom("profile", "rename", "team", "water", "--offline").ok()
        assert ada.data("sync")[0]["parked"][0]["code"] == "name_in_use"
        ran = other.stackroom(*UPDATE, "--gpu=2").ok()
        assert "committed as #3" in ran.out
        assert "it has taken a new identity" in ran.err
        assert other.data("status")["active"]["pending"] == 0

    def test_what_the_copies_say_of_one_value_is_a_conflict(
        self, team: Hub, ada: Person, tmp_path: Path
    ) -> None:
        """Nothing is overwritten for the reason that both went by one name once."""
        other = copied(ada, tmp_path / "clone")
        other.stackroom(*UPDATE, "--ns=theirs", "--offline").ok()
        other.stackroom(*UPDATE, "--ns=theirs-again", "--offline").ok()
        ada.stackroom(*UPDATE, "--ns=mine").ok()
        other.stackroom("sync").failed(5)
        assert ada.stackroom("sync").code == 5
        assert len(ada.data("conflicts", "list")) == 1
        described = ada.data("component", "describe", "orchestrator", "k8s")
        assert described["config"]["ns"] == "mine"

    def test_what_both_have_pending_is_committed_once(
        self, team: Hub, ada: Person, tmp_path: Path
    ) -> None:
        ada.stackroom(*UPDATE, "--ns=mine", "--offline", "-m", "once").ok()
        other = copied(ada, tmp_path / "clone")
        ada.stackroom("sync").ok()
        other.stackroom(*UPDATE, "--gpu=2", "-m", "own").ok()
        ada.stackroom(*UPDATE, "--gpu=3", "-m", "late").ok()
        messages = [row["message"] for row in ada.data("log")]
        assert (messages.count("once"), messages.count("own")) == (1, 1)

    def test_a_home_that_was_restored_from_a_backup(
        self, team: Hub, ada: Person, tmp_path: Path
    ) -> None:
        shutil.copytree(ada.home, tmp_path / "backup")
        ada.stackroom(*UPDATE, "--ns=mine").ok()
        shutil.rmtree(ada.home)
        shutil.copytree(tmp_path / "backup", ada.home)
        assert "merged as #4" in ada.stackroom(*UPDATE, "--gpu=2").ok().out
        assert ada.data("status")["renewal"]["code"] == "replica_copied"

    def test_local_profiles_go_along(self, hub: Hub, ada: Person, tmp_path: Path) -> None:
        """What the copy signed under its old identity is signed anew, and can be published."""
        ada.stackroom("profile", "create", "mine", "--local").ok()
        hub.join(ada)
        ada.stackroom("profile", "create", "team").ok()
        other = copied(ada, tmp_path / "clone")
        for person in (ada, other):
            line = ("component", "register", "orchestrator", person.home.name, "-f", "local")
            person.stackroom("--profile", "team", *line).ok()
        key = other.data("--profile", "team", "log")[0]["key"]
        assert other.data("--profile", "mine", "log")[0]["key"] == key
        other.stackroom("profile", "publish", "mine").ok()
        assert other.data("--profile", "mine", "log")[0]["key"] == key


@pytest.mark.parametrize("moment", ["store", "keys"])
def test_a_crash_amid_the_change_of_identity_loses_nothing(
    team: Hub, ada: Person, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new key is kept before the store names its replica, and the old one goes after that."""
    other = copied(ada, tmp_path / "clone")
    was = ada.data("status")["replica"]
    ada.stackroom(*UPDATE, "--ns=mine").ok()
    take_new_identity = Store.take_new_identity

    def dies(*_: object) -> None:
        raise OSError("the machine is gone")

    def interrupted(store: Store, new: str, renewal: Renewal) -> None:
        if moment == "store":
            monkeypatch.setattr(Store, "_sign_anew", dies)
        else:
            monkeypatch.setattr(KeyFile, "forget", dies)
        take_new_identity(store, new, renewal)

    with monkeypatch.context() as crash:
        crash.setattr(Store, "take_new_identity", interrupted)
        assert other.stackroom(*UPDATE, "--gpu=2").code == 1
    monkeypatch.undo()
    assert (other.data("status")["replica"] == was) == (moment == "store")
    assert other.data("status")["active"]["pending"] == 1
    other.stackroom("sync").ok()
    status = other.data("status")
    assert (status["active"]["pending"], status["renewal"]["code"]) == (0, "replica_copied")
    assert ada.stackroom("sync").ok()
    described = ada.data("component", "describe", "orchestrator", "k8s")
    assert described["config"] == {"ns": "mine", "gpu": 2}

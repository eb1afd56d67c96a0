"""`stackroom profile`: local ones and those on a hub."""

from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person


class TestLocal:
    def test_create_makes_the_first_one_active(self, ada: Person) -> None:
        written = ada.data("profile", "create", "mine", "--local", "-m", "to try things")
        assert (written["outcome"], written["seq"]) == ("committed", 1)
        ada.stackroom("profile", "create", "other", "--local").ok()
        rows = {row["name"]: row for row in ada.data("profile", "list")}
        assert [rows[name]["active"] for name in ("mine", "other")] == [True, False]
        assert rows["mine"]["hub"] is None

    def test_without_a_hub_and_without_local_it_says_what_to_do(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "team").failed(
            Exit.NOT_FOUND, "add --local", "stackroom connect URL --token TOKEN"
        )

    def test_a_name_that_is_taken_is_refused(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("profile", "create", "mine", "--local").failed(Exit.ERROR, "already")
        assert len(ada.data("profile", "list")) == 1

    @pytest.mark.parametrize("name", ["", "a/b", "a\x07b", "x" * 10_000, " a"])
    def test_a_bad_name_is_refused(self, ada: Person, name: str) -> None:
        ran = ada.stackroom("profile", "create", name, "--local").failed(Exit.ERROR, "ame")
        assert len(ran.err) < 400
        assert [row["name"] for row in ada.data("profile", "list")] == ["default"]

    def test_set_and_the_nearest_name(self, ada: Person) -> None:
        for name in ("mine", "other"):
            ada.stackroom("profile", "create", name, "--local").ok()
        ada.stackroom("profile", "set", "other").ok()
        assert ada.data("status")["active"]["name"] == "other"
        ran = ada.stackroom("profile", "set", "othr")
        ran.failed(Exit.NOT_FOUND, "no profile 'othr'", "did you mean 'other'?")

    def test_describe_update_rename(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local", "--description", "a").ok()
        args = ("--description", "b", "--setting", "merge=entity", "-m", "stricter")
        ada.stackroom("profile", "update", "mine", *args).ok()
        ada.stackroom("profile", "rename", "mine", "ours").ok()
        assert [row["name"] for row in ada.data("profile", "list")] == ["ours"]
        found = ada.data("profile", "describe")
        assert (found["name"], found["description"], found["seq"]) == ("ours", "b", 3)
        assert found["settings"] == {"merge": "entity"}
        ada.stackroom("profile", "update", "ours", "--unset", "merge").ok()
        assert ada.data("profile", "describe", "ours")["settings"] == {}

    def test_an_update_of_nothing(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("profile", "update", "mine").failed(Exit.USAGE, "Nothing to change")
        assert ada.data("profile", "update", "mine", "--description", "") == {
            "outcome": "unchanged",
            "profile": ada.data("profile", "list")[0]["id"],
            "id": None,
            "seq": None,
            "pending": 0,
            "sentence": "",
            "code": "",
        }

    def test_delete_needs_a_yes(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("profile", "delete", "mine").failed(Exit.USAGE, "--yes")
        assert len(ada.data("profile", "list")) == 1
        ada.stackroom("profile", "delete", "mine", "--yes").ok()
        ada.stackroom("stack", "list").failed(Exit.NOT_FOUND, "no profile")

    def test_a_deleted_profile_keeps_its_history_and_takes_nothing_more(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("profile", "delete", "mine", "--yes").ok()
        assert len(ada.data("--profile", "mine", "log")) == 2
        register = ("component", "register", "orchestrator", "k8s", "--flavor", "local")
        ada.stackroom("--profile", "mine", *register).failed(Exit.ERROR, "deleted")

    def test_a_deleted_cache_costs_nothing(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        register = ("component", "register", "orchestrator", "k8s", "--flavor", "local")
        ada.stackroom(*register).ok()
        before = ada.data("status")["active"]
        for file in ada.home.glob("replica.db*"):
            file.unlink()
        assert ada.data("status")["active"] == before


class TestOnAHub:
    def test_others_see_it(self, team: Hub, ada: Person, ben: Person) -> None:
        ada.stackroom("profile", "rename", "team", "platform", "-m", "a better name").ok()
        assert [row["name"] for row in ada.data("profile", "list")] == ["platform"]
        ada.stackroom("revert", "3").ok()
        assert [row["name"] for row in ada.data("profile", "list")] == ["team"]
        ada.stackroom("revert", "4", "--offline").ok()
        assert [row["name"] for row in ada.data("profile", "list")] == ["platform"]
        ada.stackroom("sync").ok()
        ben.stackroom("sync").ok()
        assert [row["name"] for row in ben.data("profile", "list")] == ["platform"]
        roots = [person.data("profile", "describe")["root"] for person in (ada, ben)]
        assert roots[0] == roots[1]

    def test_a_name_that_another_took_is_refused_with_nothing_left(
        self, hub: Hub, ada: Person, ben: Person
    ) -> None:
        hub.join(ada), hub.join(ben)
        ada.stackroom("profile", "create", "team").ok()
        ran = ben.stackroom("profile", "create", "team")
        ran.failed(Exit.ERROR, "already", "Hint: stackroom profile list")
        found = [(row["name"], row["parked"]) for row in ben.data("profile", "list")]
        assert found == [("team", 0)]

    def test_created_offline_and_refused_later_it_is_parked(
        self, hub: Hub, ada: Person, ben: Person
    ) -> None:
        hub.join(ada), hub.join(ben)
        written = ben.data("--offline", "profile", "create", "team")
        assert (written["outcome"], written["pending"]) == ("saved", 1)
        ada.stackroom("profile", "create", "team").ok()
        ben.stackroom("sync").ok()
        mine = next(row for row in ben.data("profile", "list") if row["parked"])
        (parked,) = ben.data("--profile", mine["id"], "pending", "list")
        assert (parked["state"], parked["code"]) == ("parked", "name_in_use")
        ben.stackroom("--profile", mine["id"], "pending", "drop", "1", "--yes").ok()
        assert [row["parked"] for row in ben.data("profile", "list")] == [0]

    def test_deleted_it_is_not_listed_any_more(self, team: Hub, ada: Person) -> None:
        ada.stackroom("profile", "delete", "team", "--yes").ok()
        assert ada.data("profile", "list") == []

    def test_deleted_offline_it_is_deleted_once_that_is_pushed(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ada.stackroom("--offline", "profile", "delete", "team", "--yes").ok()
        ada.stackroom("sync").ok()
        ben.stackroom("sync").ok()
        assert ada.data("profile", "list") == ben.data("profile", "list") == []

    def test_work_in_a_profile_that_another_deleted_is_parked_and_found(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom("--offline", "component", "update", "orchestrator", "k8s", "--ns=x").ok()
        ada.stackroom("profile", "delete", "team", "--yes").ok()
        ben.stackroom("sync").ok()
        (held,) = ben.data("status")["profiles"]
        assert (held["name"], held["deleted"], held["parked"]) == ("team", True, 1)
        (parked,) = ben.data("--profile", "team", "pending", "list")
        assert parked["code"] == "profile_deleted"


class TestPublish:
    def test_the_whole_history_goes_along_under_the_same_numbers(
        self, hub: Hub, ada: Person, ben: Person
    ) -> None:
        ada.stackroom("profile", "create", "mine", "--local", "-m", "first").ok()
        register = ("component", "register", "orchestrator", "k8s", "--flavor", "local")
        ada.stackroom(*register, "-m", "second").ok()
        before = [(c["seq"], c["id"], c["message"]) for c in ada.data("log")]
        hub.join(ada)
        shown = ada.data("profile", "publish", "mine")
        assert [p["outcome"] for p in shown["pushed"]] == ["committed", "committed"]
        hub.join(ben)
        assert [(c["seq"], c["id"], c["message"]) for c in ben.data("log")] == before
        assert ada.data("profile", "describe")["root"] == ben.data("profile", "describe")["root"]

    def test_a_name_that_is_taken_there_changes_nothing(self, team: Hub, tmp_path: Path) -> None:
        cleo = Person(tmp_path / "cleo", "cleo")
        cleo.stackroom("profile", "create", "team", "--local").ok()
        mine = cleo.data("profile", "list")[0]["id"]
        team.join(cleo)
        ran = cleo.stackroom("profile", "publish", mine)
        ran.failed(Exit.ERROR, "already", "stackroom profile rename team NEW_NAME")
        rows = {row["id"]: row["hub"] for row in cleo.data("profile", "list")}
        assert rows[mine] is None

    def test_it_needs_the_hub(self, hub: Hub, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        hub.join(ada)
        hub.down()
        ada.stackroom("profile", "publish", "mine").failed(Exit.UNREACHABLE)
        assert ada.data("profile", "list")[0]["hub"] is None

"""`stackroom sync`, `pending`, and what a write says: two people, one hub, with and without it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from stackroom.client.commands.exits import Exit
from stackroom.client.commands.together.watch import _Watch
from stackroom.client.connection.carrier import Became
from stackroom.client.replica.effects import Present
from stackroom.sync.protocol import Person as Someone
from stackroom.sync.protocol import Presence
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command

UPDATE = ("component", "update", "orchestrator", "k8s")


def diverge(hub: Hub, ada: Person, ben: Person) -> None:
    """Ada's `ns` is committed as #3; Ben, who has not seen it, waits with three changes.

    Of them one commits, one merges, and one is in conflict.
    """
    register = ("component", "register", "artifact_store", "s3", "--flavor", "s3")
    ben.stackroom("--offline", *register, "--path=s3://a", "-m", "a bucket").ok()
    ben.stackroom("--offline", *UPDATE, "--gpu=4", "-m", "more").ok()
    ben.stackroom("--offline", *UPDATE, "--ns=ben", "-m", "mine").ok()
    ada.stackroom(*UPDATE, "--ns=ada", "-m", "hers").ok()


@contextmanager
def watched(who: Person) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[dict[str, Any]]]]:
    """A `sync --watch` of somebody that is connected, and what it tells from then on."""
    with subprocess.Popen(
        command("sync", "--watch", "--output", "json"),
        env=who.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watching:
        try:
            assert watching.stdout is not None
            lines = map(msgspec.json.decode, watching.stdout)
            assert next(lines)["event"] == "connected"
            yield watching, lines
        finally:
            watching.kill()


class TestWrites:
    def test_with_the_hub_a_write_is_committed(self, team: Hub, ada: Person) -> None:
        written = ada.data(*UPDATE, "--ns=prod")
        assert (written["outcome"], written["seq"], written["pending"]) == ("committed", 3, 0)
        assert "committed as #4" in ada.stackroom(*UPDATE, "--ns=dev").ok().out

    def test_without_it_a_write_is_saved(self, team: Hub, ada: Person) -> None:
        team.down()
        written = ada.data(*UPDATE, "--ns=prod")
        assert (written["outcome"], written["seq"], written["pending"]) == ("saved", None, 1)
        assert "saved offline, 2 pending" in ada.stackroom(*UPDATE, "--gpu=2").ok().out
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"] == {
            "ns": "prod",
            "gpu": 2,
        }

    @pytest.mark.parametrize("offline", [("--offline",), ()])
    def test_offline_stays_off_the_network(
        self, team: Hub, ada: Person, offline: tuple[str, ...]
    ) -> None:
        env = {} if offline else {"STACKROOM_OFFLINE": "1"}
        ran = ada.stackroom(*offline, *UPDATE, "--ns=x", "--output", "json", **env).ok()
        assert ran.json["outcome"] == "saved"

    def test_what_waited_goes_out_with_the_next_write(self, team: Hub, ada: Person) -> None:
        ada.stackroom("--offline", *UPDATE, "--ns=prod").ok()
        written = ada.data(*UPDATE, "--gpu=2")
        assert (written["seq"], written["pending"]) == (4, 0)

    def test_what_others_changed_elsewhere_is_merged(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ada.stackroom(*UPDATE, "--ns=prod").ok()
        written = ben.data(*UPDATE, "--gpu=2")
        assert (written["outcome"], written["seq"]) == ("merged", 4)

    def test_a_write_that_conflicts_says_so_and_keeps_both(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ada.stackroom(*UPDATE, "--ns=ada").ok()
        ran = ben.stackroom(*UPDATE, "--ns=ben").ok()
        assert "in conflict #4" in ran.out
        assert "stackroom conflicts show 4" in ran.err
        assert ben.data("component", "describe", "orchestrator", "k8s")["config"]["ns"] == "ada"

    def test_a_hub_that_no_longer_lets_us_in_loses_nothing(self, team: Hub, ada: Person) -> None:
        (ada.home / "credentials.json").write_text(msgspec.json.encode({team.url: "x"}).decode())
        ran = ada.stackroom(*UPDATE, "--ns=prod", "--output", "json").ok()
        assert ran.json["outcome"] == "saved"
        assert "Not sent" in ran.err
        ada.stackroom("sync").failed(Exit.NOT_AUTHORISED)
        assert len(ada.data("pending", "list")) == 1


class TestSync:
    def test_it_receives_and_pushes(self, team: Hub, ada: Person, ben: Person) -> None:
        ada.stackroom(*UPDATE, "--ns=prod").ok()
        ben.stackroom("--offline", *UPDATE, "--gpu=2").ok()
        (done,) = ben.data("sync")
        assert (done["name"], done["seq"], done["received"], done["pending"]) == ("team", 4, 1, 0)
        assert [(p["outcome"], p["seq"]) for p in done["pushed"]] == [("merged", 4)]
        assert "nothing new" in ben.stackroom("sync").ok().out

    def test_both_end_with_the_same_root(self, team: Hub, ada: Person, ben: Person) -> None:
        diverge(team, ada, ben)
        for person in (ben, ada):
            person.stackroom("sync").failed(Exit.CONFLICTS)
        roots = {person.data("status")["active"]["root"] for person in (ada, ben)}
        assert len(roots) == 1

    def test_an_open_conflict_ends_it_with_5(self, team: Hub, ada: Person, ben: Person) -> None:
        diverge(team, ada, ben)
        ran = ben.stackroom("sync").failed(Exit.CONFLICTS)
        assert "your change is in conflict #6" in ran.out
        shown = ada.stackroom("sync", "--output", "json").failed(Exit.CONFLICTS)
        assert shown.json[0]["conflicts"] == [6]

    def test_without_the_hub_it_ends_with_6(self, team: Hub, ada: Person) -> None:
        team.down()
        ran = ada.stackroom("sync").failed(Exit.UNREACHABLE, "Hint: ")
        assert ran.out == ""

    def test_it_comes_back_with_the_hub(self, team: Hub, ada: Person) -> None:
        team.down()
        ada.stackroom(*UPDATE, "--ns=prod").ok()
        team.up()
        (done,) = ada.data("sync")
        assert [p["seq"] for p in done["pushed"]] == [3]

    def test_without_any_hub_it_says_what_to_do(self, ada: Person) -> None:
        ada.stackroom("sync").failed(Exit.NOT_FOUND, "stackroom connect URL --token TOKEN")

    def test_a_local_profile_has_nothing_to_sync_with(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ran = ada.stackroom("sync", "--profile", "mine")
        ran.failed(Exit.NOT_FOUND, "stackroom profile publish mine")

    def test_offline_and_sync_exclude_each_other(self, team: Hub, ada: Person) -> None:
        ada.stackroom("--offline", "sync").failed(Exit.USAGE)


class TestPlan:
    def test_it_foresees_what_happens(self, team: Hub, ada: Person, ben: Person) -> None:
        diverge(team, ada, ben)
        (planned,) = ben.data("sync", "--plan")
        assert (planned["seq"], planned["head"], planned["receive"]) == (2, 3, 1)
        foreseen = [p["outcome"] for p in planned["proposals"]]
        assert foreseen == ["commit", "merge", "conflict"]
        assert "theirs ada (#3), yours ben" in planned["proposals"][2]["why"]
        ran = ben.stackroom("sync", "--output", "json").failed(Exit.CONFLICTS)
        happened = [p["outcome"] for p in ran.json[0]["pushed"]]
        assert happened == ["committed", "merged", "conflict"]

    def test_it_changes_nothing(self, team: Hub, ada: Person, ben: Person) -> None:
        diverge(team, ada, ben)
        before = ben.data("status"), ben.data("pending", "list")
        ben.stackroom("sync", "--plan").ok()
        assert (ben.data("status"), ben.data("pending", "list")) == before
        (done,) = ada.data("sync")
        assert (done["seq"], done["received"]) == (3, 0)

    def test_for_people(self, team: Hub, ada: Person, ben: Person) -> None:
        diverge(team, ada, ben)
        shown = ben.stackroom("sync", "--plan").ok().out
        for words in ("1 to receive", "would be committed", "would be merged", "in conflict"):
            assert words in shown

    def test_what_would_be_refused(self, team: Hub, ada: Person, ben: Person) -> None:
        ben.stackroom("--offline", *UPDATE, "--gpu=2").ok()
        ada.stackroom("profile", "delete", "team", "--yes").ok()
        (planned,) = ben.data("sync", "--plan")
        assert [p["outcome"] for p in planned["proposals"]] == ["refuse"]

    def test_it_needs_the_hub(self, team: Hub, ada: Person) -> None:
        team.down()
        ada.stackroom("sync", "--plan").failed(Exit.UNREACHABLE)


class TestWatch:
    def test_it_tells_what_others_do_until_it_is_interrupted(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        with watched(ben) as (watching, lines):
            ada.stackroom(*UPDATE, "--ns=prod", "-m", "to prod").ok()
            heard = [next(lines)]
            while heard[-1]["event"] != "commit":
                heard.append(next(lines))
            assert {each["name"] for each in heard if "name" in each} <= {"team", "people"}
            commit = heard[-1]
            assert (commit["name"], commit["seq"], commit["who"]) == ("team", 3, "ada")
            assert commit["sentence"] == "to prod"
            watching.send_signal(signal.SIGINT)
            _, err = watching.communicate(timeout=30)
        assert watching.returncode == Exit.INTERRUPTED
        assert b"Traceback" not in err
        assert ben.data("component", "list")[0]["config"]["ns"] == "prod"

    def test_a_home_joins_and_leaves_once_and_ones_own_never(self) -> None:
        store = SimpleNamespace(replica="own")
        app: Any = SimpleNamespace(workspace=SimpleNamespace(store=store))
        watch = _Watch(app, "ws://hub", {"p": "team"})

        def heard(joined: str = "", left: str = "", profile: str = "p") -> list[tuple[str, str]]:
            came = tuple(Someone(replica, f"{replica}'s", 0) for replica in joined.split())
            presence = Presence(profile, came, tuple(left.split()))
            return [(each.event, each.who) for each in watch.heard(Present(presence))]

        assert heard("own ann ann ben") == [("joined", "ann's"), ("joined", "ben's")]
        assert heard("own") == heard("ann") == []
        assert heard("ann", profile="other") == [("joined", "ann's")]
        assert heard(left="ann") == [("left", "ann's")]
        assert heard("ann") == [("joined", "ann's")]
        watch.heard(Became("other"))
        assert heard("other") == []

    def test_commands_of_this_home_are_not_told(self, team: Hub, ada: Person, ben: Person) -> None:
        with watched(ben) as (_, lines):
            for number in range(3):
                ben.stackroom(*UPDATE, f"--ns={number}").ok()
            ada.stackroom(*UPDATE, "--zone=last").ok()
            heard = [next(lines)]
            while heard[-1].get("who") != "ada" or heard[-1]["event"] != "commit":
                heard.append(next(lines))
        assert {each["who"] for each in heard if each["event"] in ("joined", "left")} == {"ada"}

    def test_plan_and_watch_exclude_each_other(self, ada: Person) -> None:
        ada.stackroom("sync", "--plan", "--watch").failed(Exit.USAGE)


class TestPending:
    def test_list_and_show(self, team: Hub, ben: Person, ada: Person) -> None:
        diverge(team, ada, ben)
        rows = ben.data("pending", "list")
        assert [(r["number"], r["state"], r["message"]) for r in rows] == [
            (1, "pending", "a bucket"),
            (2, "pending", "more"),
            (3, "pending", "mine"),
        ]
        assert rows[0]["changes"] == ["artifact_store/s3"]
        for name in ("2", rows[1]["id"], rows[1]["id"][:30]):
            assert ben.data("pending", "show", name)["row"] == rows[1]
        shown = ben.stackroom("pending", "show", "2").ok().out
        assert "ComponentUpdated" in shown
        assert "/config/gpu" in shown

    def test_nothing_pending(self, team: Hub, ada: Person) -> None:
        assert ada.stackroom("pending", "list").ok().out == "Nothing is pending.\n"
        ada.stackroom("pending", "show", "9").failed(Exit.NOT_FOUND, "stackroom pending list")
        ada.stackroom("pending", "retry").failed(Exit.NOT_FOUND, "nothing is parked".capitalize())

    def test_drop_takes_one_back_for_good(self, team: Hub, ada: Person) -> None:
        ada.stackroom("--offline", *UPDATE, "--ns=x").ok()
        ada.stackroom("--offline", *UPDATE, "--gpu=9").ok()
        first, second = (row["number"] for row in ada.data("pending", "list"))
        ada.stackroom("pending", "drop", str(first)).failed(Exit.USAGE, "--yes")
        assert len(ada.data("pending", "list")) == 2
        ada.stackroom("pending", "drop", str(first), "--yes").ok()
        assert [row["number"] for row in ada.data("pending", "list")] == [second]
        config = ada.data("component", "describe", "orchestrator", "k8s")["config"]
        assert config == {"ns": "ml", "gpu": 9}

    def test_export_has_everything_in_it(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        ada.stackroom("--offline", *UPDATE, "--ns=x", "-m", "why").ok()
        file = tmp_path / "mine.json"
        ada.stackroom("pending", "export", "3", "--file", str(file)).ok()
        written = msgspec.json.decode(file.read_bytes())
        assert written == ada.stackroom("pending", "export").ok().json
        (carried,) = written["proposals"]
        proposal = carried["proposal"]
        assert (written["user"], written["name"], carried["state"]) == ("ada", "team", "pending")
        assert (proposal["number"], proposal["message"]) == (3, "why")
        assert msgspec.json.decode(proposal["events"][0]["body"]) == {"set": {"/config/ns": "x"}}
        assert len(ada.data("pending", "list")) == 1

    def test_retry_proposes_a_refused_change_again(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom("--offline", *UPDATE, "--gpu=2").ok()
        ada.stackroom("profile", "delete", "team", "--yes").ok()
        ben.stackroom("sync").ok()
        ran = ben.stackroom("--profile", "team", "pending", "retry", "1", "--output", "json")
        ran.failed(Exit.ERROR, "refused it again")
        assert ran.json[0]["outcome"] == "parked"
        (row,) = ben.data("--profile", "team", "pending", "list")
        assert (row["number"], row["state"]) == (2, "parked")

    def test_what_waits_is_not_to_be_retried(self, team: Hub, ada: Person) -> None:
        ada.stackroom("--offline", *UPDATE, "--ns=x").ok()
        ada.stackroom("pending", "retry", "3").failed(Exit.USAGE, "not parked")


class TestFreshness:
    def test_a_table_says_how_fresh_it_is_and_json_does_not(self, team: Hub, ada: Person) -> None:
        ada.stackroom("--offline", *UPDATE, "--ns=x").ok()
        ran = ada.stackroom("component", "list").ok()
        assert f"(hub {team.url}), 1 pending" in ran.err
        assert ada.stackroom("component", "list", "--output", "json").ok().err == ""

"""`stackroom restore`, and `revert --since`: new commits that bring back what was."""

from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import settled


@pytest.fixture
def home(tmp_path: Path) -> Person:
    """At #5, tag `v1` at #5 (#6)."""
    made = settled(tmp_path)
    made.stackroom("tag", "v1").ok()
    return made


def run(person: Person, *lines: str) -> None:
    for line in lines:
        person.stackroom(*line.split()).ok()


class TestRestore:
    def test_a_deleted_stack_comes_back_with_its_identity(self, home: Person) -> None:
        before = home.data("stack", "describe", "prod")
        run(home, "stack delete prod --yes")
        out = home.stackroom("restore", "prod", "-m", "by mistake").ok().out
        assert out == "Stack 'prod' restored as of #6: committed as #8\n"
        assert home.data("stack", "describe", "prod") == before
        assert [row["seq"] for row in home.data("log", "prod", "--type", "StackRegistered")] == [
            8,
            5,
        ]

    def test_its_components_come_back_when_asked(self, home: Person) -> None:
        before = home.data("stack", "describe", "prod")
        run(
            home,
            "stack delete prod --yes",
            "component delete orchestrator k8s --yes",
            "component update artifact-store s3 --path=s3://new",
        )
        home.stackroom("restore", "prod").failed(
            1, "were deleted, too: orchestrator/k8s", "--with-components"
        )
        run(home, "restore prod --with-components")
        after = home.data("stack", "describe", "prod")
        assert after["id"] == before["id"]
        assert after["components"]["orchestrator"] == before["components"]["orchestrator"]
        assert after["components"]["artifact_store"][0]["config"] == {"path": "s3://new"}

    def test_as_it_was_at_a_moment(self, home: Person) -> None:
        run(
            home,
            "component update orchestrator k8s --ns=prod --unset gpu --region=eu",
            "component rename orchestrator k8s gke",
        )
        for name in ("k8s", "gke"):
            shown = home.data("restore", f"orchestrator/{name}", "--at", "v1", "--dry-run")
            assert [row["place"] for row in shown] == [
                "config.gpu", "config.ns", "config.region", "name",
            ]  # fmt: skip
        run(home, "restore orchestrator/gke --at v1")
        restored = home.data("component", "describe", "orchestrator", "k8s")
        assert restored["config"] == {"ns": "ml", "gpu": 1}
        assert home.data("log", "--limit", "1")[0]["message"] == "restore orchestrator/gke as of #5"
        again = home.stackroom("restore", "orchestrator/k8s", "--at", "v1").ok().out
        assert again == "Nothing to change.\n"

    def test_under_another_name(self, home: Person) -> None:
        run(home, "stack delete prod --yes", "stack register prod -o local")
        home.stackroom("restore", "prod", "--at", "v1").failed(
            1, "There is another stack 'prod' now", "--as NAME"
        )
        run(home, "restore prod --at v1 --as prod-before")
        then = home.data("stack", "describe", "prod", "--at", "v1")
        assert home.data("stack", "describe", "prod-before")["id"] == then["id"]

    def test_what_cannot_be_restored(self, home: Person) -> None:
        home.stackroom("restore", "prod").failed(2, "'prod' is there", "--at")
        home.stackroom("restore", "nosuch").failed(3, "There is no stack 'nosuch'")
        home.stackroom("restore", "prod", "--at", "2").failed(3, "There is no stack 'prod'")
        home.stackroom("restore", "prod", "--at", "99").failed(3, "There is no #99")
        home.stackroom("restore", "orchestrator/k8s", "--at", "v1", "--with-components").failed(
            2, "goes with a stack"
        )

    def test_offline_and_checked_as_every_edit(self, team: Hub, ada: Person, ben: Person) -> None:
        run(ada, "stack register prod -o k8s", "stack delete prod --yes")
        run(ben, "sync")
        assert "saved offline" in ada.stackroom("restore", "prod", "--offline").ok().out
        run(ben, "component delete orchestrator k8s --yes")
        ada.stackroom("sync")
        assert [row["kind"] for row in ada.data("log", "--limit", "1")] == ["conflict"]
        run(ada, "conflicts resolve 6 --ours")
        assert (
            ada.data("stack", "describe", "prod")["components"]["orchestrator"][0]["name"] == "k8s"
        )

    def test_a_deletion_that_waits_for_the_hub(self, team: Hub, ada: Person) -> None:
        run(ada, "stack register prod -o k8s", "stack delete prod --yes --offline")
        run(ada, "restore prod --offline", "sync")
        assert ada.data("stack", "list")[0]["name"] == "prod"
        run(ada, "stack register x -o k8s --offline", "stack delete x --yes --offline")
        ada.stackroom("restore", "x", "--offline").failed(1, "in what waits for the hub")


class TestRevertSince:
    def test_all_since_a_tag(self, home: Person) -> None:
        then = home.data("stack", "list"), home.data("component", "list")
        run(
            home,
            "component update orchestrator k8s --ns=prod",
            "stack register other -o local",
            "stack delete prod --yes",
            "component delete orchestrator k8s --yes",
            "component register orchestrator k8s --flavor tekton",
            "stack register prod -o k8s",
        )
        shown = home.data("revert", "--since", "v1", "--dry-run")
        assert {row["name"] for row in shown} == {"k8s", "other", "prod"}
        home.stackroom("revert", "--since", "v1").failed(2, "add --yes")
        out = home.stackroom("revert", "--since", "v1", "--yes").ok().out
        assert out == "All since #5 reverted: committed as #13\n"
        assert (home.data("stack", "list"), home.data("component", "list")) == then
        assert [row["name"] for row in home.data("tag", "list")] == ["v1"]
        assert home.data("log", "--limit", "1")[0]["message"] == "revert all since #5"
        again = home.stackroom("revert", "--since", "v1", "--yes").ok().out
        assert again == "Nothing to change.\n"

    def test_a_time(self, home: Person) -> None:
        run(home, "revert --since 2001-01-01 --yes")
        assert home.data("component", "list") == []

    def test_one_or_all(self, home: Person) -> None:
        home.stackroom("revert").failed(2, "one commit, or all --since a moment")
        home.stackroom("revert", "3", "--since", "2").failed(2, "one commit, or all")

    def test_one_commit_only_shown(self, home: Person) -> None:
        run(home, "component update orchestrator k8s --ns=prod")
        (row,) = home.data("revert", "7", "--dry-run")
        assert (row["before"], row["after"]) == ("prod", "ml")
        assert home.data("log", "--limit", "1")[0]["seq"] == 7

    def test_a_conflict_like_every_edit(self, team: Hub, ada: Person, ben: Person) -> None:
        update = "component update orchestrator k8s"
        run(ada, f"{update} --ns=a")
        run(ben, "sync")
        run(ada, "revert --since 2 --yes --offline")
        run(ben, f"{update} --ns=b")
        ada.stackroom("sync")
        assert [row["kind"] for row in ada.data("log", "--limit", "1")] == ["conflict"]
        run(ada, "conflicts resolve 5 --ours")
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["ns"] == "ml"

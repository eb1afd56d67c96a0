"""`stackroom run`: recorded, seen again, offline and with a hub; and which runs used a value."""

from pathlib import Path
from typing import Any

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import settled

UPDATE = ("component", "update", "orchestrator", "k8s", "--no-validate")
RECORD = ("run", "record", "--pipeline", "training", "--stack", "prod")


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return settled(tmp_path)


def config(shown: Any) -> Any:
    """The orchestrator's configuration in the stack as a run had it."""
    return shown["stack_then"]["components"]["orchestrator"][0]["config"]


class TestRecord:
    def test_a_run_keeps_the_stack_as_it_was(self, ada: Person) -> None:
        done = ada.stackroom(*RECORD, "--id", "nightly-1").ok()
        assert "Run nightly-1 of 'training' on stack 'prod' recorded: committed as #6" in done.out
        ada.stackroom(*UPDATE, "--ns=other").ok()
        ada.stackroom("stack", "rename", "prod", "live").ok()
        shown = ada.data("run", "show", "nightly-1")
        assert config(shown) == {"ns": "ml", "gpu": 1}
        assert (shown["at"], shown["stack"]["name"], shown["stack_then"]["name"]) == (
            5,
            "live",
            "prod",
        )
        text = ada.stackroom("run", "show", "nightly-1").ok().out
        for part in (
            "run 'nightly-1'",
            "training",
            "live, as of #5",
            "completed",
            "ns=ml",
            "s3://acme",
        ):
            assert part in text

    def test_it_names_the_last_change_of_the_stack_or_of_a_component_in_it(
        self, ada: Person
    ) -> None:
        ada.stackroom("component", "update", "orchestrator", "local", "--a=1", "--no-validate").ok()
        assert at(ada, *RECORD) == 5
        ada.stackroom(*UPDATE, "--ns=other").ok()
        assert at(ada, *RECORD) == 8
        ada.stackroom("stack", "update", "prod", "--description", "x").ok()
        assert at(ada, *RECORD) == 10

    def test_at_an_earlier_commit(self, ada: Person) -> None:
        ada.stackroom(*UPDATE, "--ns=other").ok()
        run = ada.data(*RECORD, "--at-commit", "5")["run"]
        shown = ada.data("run", "show", run)
        assert (shown["at"], config(shown)["ns"]) == (5, "ml")
        ada.stackroom(*RECORD, "--at-commit", "4").failed(3, "here is no stack 'prod'")

    def test_the_stack_in_use_here_is_meant(self, ada: Person) -> None:
        ada.stackroom("run", "record", "--pipeline", "p").failed(3, "o stack is in use")
        ada.stackroom("stack", "set", "prod").ok()
        run = ada.data("run", "record", "--pipeline", "p")["run"]
        assert ada.data("run", "show", run)["stack"]["name"] == "prod"

    def test_the_same_id_again_says_how_it_goes_on(self, ada: Person) -> None:
        ada.stackroom(*RECORD, "--id", "n", "--status", "running", "-l", "a=1").ok()
        ada.stackroom(*UPDATE, "--ns=other").ok()
        ada.stackroom(
            *RECORD, "--id", "n", "--status", "failed", "--url", "https://ci.example/1"
        ).ok()
        shown = ada.data("run", "show", "n")
        assert (shown["at"], shown["status"], shown["url"]) == (5, "failed", "https://ci.example/1")
        assert shown["labels"] == {"a": "1"}
        assert [r["status"] for r in shown["reports"]] == ["running", "failed"]
        ada.stackroom("run", "update", "n", "--status", "completed", "--label", "b=2").ok()
        shown = ada.data("run", "show", "n")
        assert (shown["status"], shown["labels"]) == ("completed", {"a": "1", "b": "2"})

    def test_an_id_of_its_own(self, ada: Person) -> None:
        id = "0E5C8A0A-1111-7222-8333-444455556666"
        assert ada.data(*RECORD, "--id", id)["run"] == id.lower()
        for named in (id, id.lower(), id.lower()[-8:]):
            assert ada.data("run", "show", named)["id"] == id.lower()
        ada.data(*RECORD, "--id", "0e5c8a0a-1111-7222-8333-544455556666")
        ada.stackroom("run", "show", "5556666").failed(3, "ends several ids")
        ada.stackroom("run", "show", "nope").failed(
            3, "here is no run 'nope'", "stackroom run list"
        )

    def test_what_makes_no_sense(self, ada: Person) -> None:
        ada.stackroom(*RECORD, "--url", "file:///etc/passwd").failed(
            1, "no address of http or https"
        )
        ada.stackroom(*RECORD, "--status", "fine").failed(2, "'fine' is not one of")
        ada.stackroom("run", "record", "--pipeline", "a/b", "--stack", "prod").failed(
            1, "has a '/'"
        )
        ada.stackroom("run", "update", "nope", "--status", "failed").failed(3, "here is no run")
        ada.stackroom("run", "update", "nope").failed(2, "othing to say")
        ada.stackroom(*RECORD, "--url", "https://me:hunter2@x.example/").failed(1, "plain text")
        assert ada.data("run", "list") == []
        assert "No run was recorded" in ada.stackroom("run", "list").ok().out
        assert "No run fits." in ada.stackroom("run", "list", "--stack", "prod").ok().out


class TestList:
    def test_filters(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "dev", "-o", "local").ok()
        for pipeline, stack, status in (
            ("training", "prod", "completed"),
            ("scoring", "prod", "failed"),
            ("training", "dev", "running"),
        ):
            ada.stackroom(
                "run", "record", "--pipeline", pipeline, "--stack", stack, "--status", status
            ).ok()

        def found(*options: str) -> list[tuple[str, str]]:
            return [(r["pipeline"], r["stack"]["name"]) for r in ada.data("run", "list", *options)]

        assert found() == [("training", "dev"), ("scoring", "prod"), ("training", "prod")]
        assert found("--stack", "prod") == [("scoring", "prod"), ("training", "prod")]
        assert found("--pipeline", "training", "--limit", "1") == [("training", "dev")]
        assert found("--status", "failed") == [("scoring", "prod")]
        assert found("--since", "7") == [("training", "dev"), ("scoring", "prod")]
        assert found("--since", "7", "--until", "8") == [("scoring", "prod")]
        table = ada.stackroom("run", "list").ok().out
        assert "training" in table
        assert "#5" in table
        ada.stackroom("run", "list", "--stack", "nope").failed(3, "here is no stack 'nope'")
        ada.stackroom("stack", "delete", "dev", "--yes").ok()
        assert found("--stack", "dev") == [("training", "dev")]

    def test_the_log_says_what_a_run_is(self, ada: Person) -> None:
        ada.stackroom(*RECORD, "--id", "n").ok()
        ada.stackroom("run", "update", "n", "--status", "failed").ok()
        rows = ada.data("log", "--limit", "2")
        assert [row["kind"] for row in rows] == ["run", "run"]
        assert rows[1]["events"][0]["name"] == "run of training on prod"
        assert "It changed no value" in ada.stackroom("show", "6").ok().out
        ada.stackroom("revert", "6").failed(1, "that a pipeline ran stays a fact")

    def test_export_as_it_was(self, ada: Person) -> None:
        ada.stackroom(*RECORD, "--id", "n").ok()
        ada.stackroom(*UPDATE, "--ns=other").ok()
        yaml = ada.stackroom("run", "show", "n", "--format", "zenml-0.98").ok().out
        assert "stack_name: prod" in yaml or "name: prod" in yaml
        assert "ns: ml" in yaml


class TestBlame:
    def used(self, ada: Person, entity: str = "orchestrator/k8s") -> dict[str, int]:
        return {
            line["place"]: line["runs"]["count"] for line in ada.data("blame", entity, "--runs")
        }

    def test_which_runs_used_a_value(self, ada: Person) -> None:
        ada.stackroom(*RECORD, "--id", "before").ok()
        ada.stackroom(*UPDATE, "--ns=other").ok()
        ada.stackroom(*RECORD, "--id", "after").ok()
        used = self.used(ada)
        assert (used["config.ns"], used["config.gpu"]) == (1, 2)
        lines = {each["place"]: each for each in ada.data("blame", "orchestrator/k8s", "--runs")}
        (run,) = lines["config.ns"]["runs"]["newest"]
        assert run["id"] == ada.data("run", "show", "after")["id"]
        text = ada.stackroom("blame", "orchestrator/k8s", "--runs").ok().out
        assert "1, last training (completed)" in text
        assert ada.data("blame", "orchestrator/k8s")[0]["runs"] is None

    def test_only_while_the_component_was_in_the_stack(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod", "-o", "local").ok()
        ada.stackroom(*RECORD).ok()
        assert self.used(ada)["config.ns"] == 0
        ada.stackroom("stack", "update", "prod", "-o", "k8s").ok()
        ada.stackroom(*RECORD).ok()
        assert self.used(ada)["config.ns"] == 1
        ada.stackroom("stack", "delete", "prod", "--yes").ok()
        assert self.used(ada)["config.ns"] == 1

    def test_of_a_stack(self, ada: Person) -> None:
        ada.stackroom(*RECORD).ok()
        ada.stackroom("stack", "update", "prod", "--description", "x").ok()
        ada.stackroom(*RECORD).ok()
        used = self.used(ada, "prod")
        assert (used["description"], used["name"]) == (1, 2)
        assert set(self.used(ada, "profile").values()) == {0}


def at(ada: Person, *line: str) -> int:
    """The commit that a run names which `line` records."""
    return int(ada.data("run", "show", ada.data(*line)["run"])["at"])


class TestWithAHub:
    @pytest.fixture
    def ada(self, tmp_path: Path) -> Person:
        return Person(tmp_path / "ada", "ada")

    @pytest.fixture
    def ben(self, tmp_path: Path) -> Person:
        return Person(tmp_path / "ben", "ben")

    @pytest.fixture
    def shared(self, team: Hub, ada: Person, ben: Person) -> Hub:
        """Both have the stack `prod` of `orchestrator/k8s`; head #3."""
        ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
        ben.stackroom("sync").ok()
        return team

    def test_offline_upon_a_change_that_waits(self, shared: Hub, ada: Person, ben: Person) -> None:
        ben.stackroom(*UPDATE, "--ns=ben", "--offline").ok()
        done = ben.stackroom(*RECORD, "--id", "train", "--status", "running", "--offline").ok()
        assert "saved offline, 2 pending" in done.out
        ben.stackroom("run", "update", "train", "--status", "completed", "--offline").ok()
        (row,) = ben.data("run", "list")
        assert (row["at"], row["pending"], row["status"]) == (None, True, "completed")
        shown = ben.stackroom("run", "show", "train").ok().out
        assert "as of a commit that waits for the hub" in shown
        assert "ns=ben" in shown
        ada.stackroom("component", "register", "orchestrator", "other", "--flavor", "local").ok()
        ben.stackroom("sync").ok()
        ada.stackroom("sync").ok()
        shown = ada.data("run", "show", "train")
        assert (shown["at"], config(shown)["ns"], shown["pending"]) == (5, "ben", False)
        assert [(r["seq"], r["author"]) for r in shown["reports"]] == [(6, "ben"), (7, "ben")]
        said = ada.stackroom("run", "show", "train").ok().err
        assert "what others changed between #3 and #5 was not there yet" in said

    def test_on_a_stack_that_was_deleted_meanwhile(
        self, shared: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom(*RECORD, "--id", "train", "--offline").ok()
        ada.stackroom("stack", "delete", "prod", "--yes").ok()
        ben.stackroom("sync").ok()
        assert ben.data("pending", "list") == []
        shown = ben.data("run", "show", "train")
        assert (shown["at"], shown["stack"]["name"]) == (3, "prod")

    def test_a_change_of_the_same_stack_is_no_conflict(
        self, shared: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom(*RECORD, "--offline").ok()
        ada.stackroom(*UPDATE, "--ns=ada").ok()
        ben.stackroom("sync").ok()
        assert ben.data("conflicts", "list") == []
        assert ben.data("run", "list")[0]["at"] == 3

    def test_who_may(self, shared: Hub, tmp_path: Path) -> None:
        eve = shared.join(Person(tmp_path / "eve", "eve"), "--role", "viewer")
        eve.stackroom(*RECORD).failed(4, "run.record")
        host = shared.host
        host.stackroom(
            "role", "create", "runner", "--permission", "profile.read", "--permission", "run.record"
        ).ok()
        host.stackroom("user", "create", "ci", "--service").ok()
        host.stackroom("role", "assign", "runner", "--user", "ci").ok()
        token = host.data("token", "create", "pipelines", "--user", "ci")["token"]
        ci = Person(tmp_path / "ci", "ci")
        ci.stackroom("connect", shared.url, "--token", token).ok()
        assert ci.data(*RECORD)["outcome"] == "committed"
        ci.stackroom(*UPDATE, "--ns=x").failed(4, "profile.write")

"""`stackroom conflicts`: seen, told apart and decided, with the hub and without it."""

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person

UPDATE = ("component", "update", "orchestrator", "k8s")


@pytest.fixture
def torn(team: Hub, ada: Person, ben: Person) -> Hub:
    """Conflict #4: Ada's `ns` and `gpu` stand as #3, Ben's lost."""
    ben.stackroom("--offline", *UPDATE, "--ns=ben", "--gpu=8", "--zone=b", "-m", "mine").ok()
    ada.stackroom(*UPDATE, "--ns=ada", "--gpu=4", "-m", "hers").ok()
    for person in (ben, ada):
        person.stackroom("sync").failed(Exit.CONFLICTS)
    return team


def config(person: Person) -> object:
    return person.data("component", "describe", "orchestrator", "k8s")["config"]


class TestSeeing:
    def test_list_and_its_exit_code(self, torn: Hub, ada: Person) -> None:
        (conflict,) = ada.data("conflicts", "list")
        assert (conflict["seq"], len(conflict["differences"])) == (4, 2)
        ada.stackroom("conflicts", "list").ok()
        ada.stackroom("conflicts", "list", "--exit-code").failed(Exit.CONFLICTS)

    def test_none(self, team: Hub, ada: Person) -> None:
        assert ada.stackroom("conflicts", "list", "--exit-code").ok().out == "No open conflicts.\n"

    def test_show_has_both_sides_their_authors_and_the_base(self, torn: Hub, ada: Person) -> None:
        shown = ada.stackroom("conflicts", "show", "4").ok().out
        row = next(line for line in shown.splitlines() if "config.ns" in line)
        assert row.split() == [
            "orchestrator/k8s",
            "config.ns",
            "ml",
            "ada",
            "(ada,",
            "#3)",
            "ben",
            "(ben)",
        ]
        assert "ben proposed: 'mine' on top of #2" in shown
        for decision in ("--ours", "--theirs", "--set", "--take"):
            assert decision in shown

    def test_it_is_named_by_seq_or_by_its_id(self, torn: Hub, ada: Person) -> None:
        (conflict,) = ada.data("conflicts", "list")
        for name in ("4", "#4", conflict["id"], conflict["id"][:20]):
            assert ada.data("conflicts", "show", name) == conflict
        ada.stackroom("conflicts", "show", "3").failed(
            Exit.NOT_FOUND, "no open conflict '3'", "stackroom conflicts list"
        )


class TestDeciding:
    @pytest.mark.parametrize(
        ("decision", "expected"),
        [
            (["--theirs"], {"ns": "ada", "gpu": 4}),
            (["--ours"], {"ns": "ben", "gpu": 8, "zone": "b"}),
            (["--ours", "--take", "gpu=theirs"], {"ns": "ben", "gpu": 4, "zone": "b"}),
            (["--theirs", "--take", "config.gpu=ours"], {"ns": "ada", "gpu": 8}),
            (["--theirs", "--set", "ns=both"], {"ns": "both", "gpu": 4}),
            (["--set", "ns=x", "--set", "/config/gpu=1"], {"ns": "x", "gpu": 1, "zone": "b"}),
            (
                ["--set", "orchestrator/k8s:ns=[a, 1]", "--ours"],
                {"ns": ["a", 1], "gpu": 8, "zone": "b"},
            ),
        ],
        ids=" ".join,
    )
    def test_every_way_to_decide(
        self, torn: Hub, ada: Person, ben: Person, decision: list[str], expected: object
    ) -> None:
        written = ada.data("conflicts", "resolve", "4", *decision, "-m", "settled")
        assert (written["outcome"], written["seq"]) == ("committed", 5)
        ben.stackroom("sync").ok()
        assert config(ada) == config(ben) == expected
        assert ben.data("conflicts", "list") == []
        assert ben.data("log")[0]["message"] == "settled"

    def test_the_commit_says_what_it_decided_and_how(self, torn: Hub, ada: Person) -> None:
        ada.stackroom("conflicts", "resolve", "4", "--theirs").ok()
        assert "conflict #4: theirs" in ada.stackroom("show", "5").ok().out
        (ended,) = ada.data("show", "5")["decided"]
        assert (ended["kind"], ended["seq"], ended["choice"]) == ("conflict", 4, "theirs")
        assert ada.data("show", "4")["decided"] == []

    def test_the_log_says_which_conflict_it_was(self, torn: Hub, ada: Person, ben: Person) -> None:
        ada.stackroom("conflicts", "resolve", "4", "--theirs", "--offline").ok()
        for seq in (None, 5):
            (row,) = ada.data("log", "--limit", "1")
            assert (row["seq"], row["events"][0]["name"]) == (seq, "conflict #4")
            ada.stackroom("sync").ok()
        assert " conflict #4 " in ada.stackroom("log", "--limit", "1").ok().out
        ben.stackroom("sync").ok()
        assert ben.data("log", "--limit", "1")[0]["events"][0]["name"] == "conflict #4"

    def test_it_works_offline(self, torn: Hub, ada: Person, ben: Person) -> None:
        torn.down()
        assert ben.data("conflicts", "resolve", "4", "--ours")["outcome"] == "saved"
        assert ben.data("conflicts", "list") == []
        torn.up()
        ben.stackroom("sync").ok()
        ada.stackroom("sync").ok()
        assert config(ada) == {"ns": "ben", "gpu": 8, "zone": "b"}

    def test_nothing_contended_is_decided_by_omission(self, torn: Hub, ada: Person) -> None:
        ada.stackroom("conflicts", "resolve", "4").failed(Exit.USAGE, "config.ns", "config.gpu")
        ran = ada.stackroom("conflicts", "resolve", "4", "--set", "ns=x")
        ran.failed(Exit.USAGE, "config.gpu")
        assert "config.ns" not in ran.err

    @pytest.mark.parametrize(
        "decision",
        [
            ["--ours", "--take", "zones=theirs"],
            ["--ours", "--take", "ns=mine"],
            ["--ours", "--take", "ns"],
            ["--ours", "--set", "ns"],
            ["--ours", "--set", "ns=[1"],
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_meant_is_a_usage_error(
        self, torn: Hub, ada: Person, decision: list[str]
    ) -> None:
        ada.stackroom("conflicts", "resolve", "4", *decision).failed(Exit.USAGE)
        assert len(ada.data("conflicts", "list")) == 1

    def test_decided_twice_differently_is_a_conflict_again(
        self, torn: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom("--offline", "conflicts", "resolve", "4", "--ours").ok()
        ada.stackroom("conflicts", "resolve", "4", "--theirs").ok()
        ben.stackroom("sync").failed(Exit.CONFLICTS)
        (conflict,) = ben.data("conflicts", "list")
        number = str(conflict["seq"])
        ben.stackroom("conflicts", "show", number).ok()
        ben.stackroom("conflicts", "resolve", number, "--theirs").ok()
        assert config(ben) == {"ns": "ada", "gpu": 4}


class TestOtherKinds:
    def test_an_edit_of_what_another_deleted_can_bring_it_back(
        self, team: Hub, ada: Person, ben: Person
    ) -> None:
        ben.stackroom("--offline", *UPDATE, "--ns=ben").ok()
        ada.stackroom("component", "delete", "orchestrator", "k8s", "--yes").ok()
        ben.stackroom("sync").failed(Exit.CONFLICTS)
        shown = ben.stackroom("conflicts", "show", "4").ok().out
        assert "orchestrator/k8s" in shown
        ben.stackroom("conflicts", "resolve", "4", "--ours").ok()
        assert config(ben) == {"ns": "ben", "gpu": 1}

    def test_one_name_for_two_things(self, team: Hub, ada: Person, ben: Person) -> None:
        register = ("component", "register", "artifact_store", "s3", "--flavor", "s3")
        ben.stackroom("--offline", *register, "--path=s3://ben").ok()
        ada.stackroom(*register, "--path=s3://ada").ok()
        ben.stackroom("sync").failed(Exit.CONFLICTS)
        ben.stackroom("conflicts", "resolve", "4", "--set", "name=s3-ben").ok()
        paths = {
            row["name"]: row["config"]["path"]
            for row in ben.data("component", "list", "artifact_store")
        }
        assert paths == {"s3": "s3://ada", "s3-ben": "s3://ben"}

    def test_a_stack_of_another_orchestrator(self, team: Hub, ada: Person, ben: Person) -> None:
        for name in ("eu", "us"):
            register = ("component", "register", "orchestrator", name, "--flavor", "local")
            ada.stackroom(*register).ok()
        ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
        ben.stackroom("sync").ok()
        ben.stackroom("--offline", "stack", "update", "prod", "-o", "us").ok()
        ada.stackroom("stack", "update", "prod", "-o", "eu").ok()
        ran = ben.stackroom("sync").failed(Exit.CONFLICTS)
        number = ran.out.split("conflict #")[1].split(":")[0]
        shown = ben.stackroom("conflicts", "show", number).ok().out
        row = next(line for line in shown.splitlines() if "components.orchestrator" in line)
        assert [word for word in ("k8s", "eu", "us") if word in row] == ["k8s", "eu", "us"]
        ben.stackroom("conflicts", "resolve", number, "--set", "orchestrator=k8s").ok()
        members = ben.data("stack", "describe", "prod")["components"]["orchestrator"]
        assert [member["name"] for member in members] == ["k8s"]
        ben.stackroom("conflicts", "list", "--exit-code").ok()

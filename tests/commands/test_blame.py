"""`stackroom blame`: each value with who, when and why; one path; what was there before; at a moment."""

from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import person


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """`ns` was ml (#2), prod (#5), ml again (#6), and `gpu` was there from #2 to #5. Only to be read."""
    made = person(tmp_path_factory.mktemp("home"))
    for line in (
        "component register orchestrator k8s --flavor cluster --ns=ml --gpu=1 -m first",
        "component register artifact-store s3 -f s3 --path=s3://acme -m store",
        "stack register prod -o k8s -a s3 -m begin",
        "component update orchestrator k8s --ns=prod --unset gpu -m move",
        "component update orchestrator k8s --ns=ml -m back",
        "tag v1 5",
    ):
        made.stackroom(*line.split()).ok()
    return made


def test_one_path(home: Person) -> None:
    (row,) = home.data("blame", "orchestrator/k8s", "--path", "config.ns")
    assert (row["value"], row["seq"], row["author"], row["message"]) == ("ml", 6, "ada", "back")
    assert (row["entity"], row["gone"], row["history"]) == ("orchestrator/k8s", False, [])
    below = home.data("blame", "prod", "--path", "components")
    assert [row["place"] for row in below] == [
        "components.orchestrator.k8s", "components.artifact_store.s3",
    ]  # fmt: skip
    home.stackroom("blame", "orchestrator/k8s", "--path", "config.gpu").failed(
        3, "orchestrator/k8s has nothing at config.gpu", "add --history"
    )


def test_what_was_there_before(home: Person) -> None:
    rows = {r["place"]: r for r in home.data("blame", "orchestrator/k8s", "--history")}
    assert [(was["value"], was["seq"], was["message"]) for was in rows["config.ns"]["history"]] == [
        ("prod", 5, "move"), ("ml", 2, "first"),
    ]  # fmt: skip
    assert rows["flavor"]["history"] == []
    gone = rows["config.gpu"]
    assert (gone["gone"], gone["value"], gone["seq"], gone["message"]) == (True, None, 5, "move")
    assert [(was["value"], was["seq"]) for was in gone["history"]] == [(1, 2)]


def test_what_was_there_before_for_people(home: Person) -> None:
    shown = home.stackroom("blame", "orchestrator/k8s", "--history", "--path", "config.ns").ok().out
    lines = [line.split() for line in shown.splitlines()[1:]]
    assert [(line[0], line[1], line[2]) for line in lines] == [
        ("config.ns", "ml", "#6"), ("before", "prod", "#5"), ("before", "ml", "#2"),
    ]  # fmt: skip


def test_a_stack_with_its_components(home: Person) -> None:
    rows = home.data("blame", "prod", "--with-components")
    assert {row["entity"] for row in rows} == {
        "stack 'prod'", "orchestrator/k8s", "artifact_store/s3",
    }  # fmt: skip
    shown = home.stackroom("blame", "prod", "--with-components").ok().out
    assert shown.startswith("OF ")
    home.stackroom("blame", "orchestrator/k8s", "--with-components").failed(2, "goes with a stack")


def test_at_a_moment(home: Person) -> None:
    (row,) = home.data(
        "blame", "orchestrator/k8s", "--path", "config.ns", "--at", "v1", "--history"
    )
    assert (row["value"], row["seq"]) == ("prod", 5)
    assert [was["seq"] for was in row["history"]] == [2]
    home.stackroom("blame", "prod", "--at", "3").failed(3, "There is no stack 'prod'")


def test_what_waits_for_the_hub(team: Hub, ada: Person) -> None:
    update = ("component", "update", "orchestrator", "k8s")
    ada.stackroom(*update, "--ns=mine", "-m", "soon", "--offline").ok()
    (row,) = ada.data("blame", "orchestrator/k8s", "--path", "config.ns", "--history")
    assert (row["value"], row["seq"], row["message"]) == ("mine", None, "soon")
    assert [(was["value"], was["seq"]) for was in row["history"]] == [("ml", 2)]


def test_a_stack_that_came_back(tmp_path: Path) -> None:
    home = person(tmp_path)
    home.stackroom("stack", "register", "prod", "--label", "a=1").ok()
    home.stackroom("stack", "delete", "prod", "--yes").ok()
    home.stackroom("revert", "3").ok()
    (row,) = home.data("blame", "prod", "--path", "labels.a", "--history")
    assert [was.get("value", "(none)") for was in row["history"]] == ["(none)", "1"]

"""`--at` on every command that reads: what was there then, by a seq, a tag, or a time."""

from pathlib import Path

import pytest

from tests.commands.runner import Person
from tests.commands.team import person

MOMENTS = ("7", "#7", "before")


@pytest.fixture
def home(tmp_path: Path) -> Person:
    """At #7 (`before`), stack `prod` is in use, with `k8s` and `s3`; since, all of it was changed."""
    made = person(tmp_path)
    for line in (
        "flavor register orchestrator batch --source acme.Batch",
        "component register orchestrator k8s --flavor batch --ns=ml",
        "component register artifact-store s3 -f s3 --path=s3://acme",
        "stack register prod -o k8s -a s3",
        "profile update team --description then",
        "stack set prod --default",
        "stack set prod",
        "tag before",
        "component update orchestrator k8s --ns=prod",
        "component rename orchestrator k8s gke",
        "stack rename prod live",
        "flavor update orchestrator batch --source acme.v2.Batch",
        "component register orchestrator local --flavor local",
        "stack register other -o local -a s3",
        "profile update team --description now",
        "profile rename team crew",
    ):
        made.stackroom(*line.split()).ok()
    return made


@pytest.mark.parametrize("at", MOMENTS)
def test_stacks(home: Person, at: str) -> None:
    assert [row["name"] for row in home.data("stack", "list", "--at", at)] == ["prod"]
    assert home.data("stack", "list", "--at", at)[0]["active"]
    then = home.data("stack", "describe", "--at", at)
    assert (then["name"], then["components"]["orchestrator"][0]["config"]) == ("prod", {"ns": "ml"})
    assert home.data("stack", "describe", "prod", "--at", at) == then
    assert home.data("stack", "get", "--at", at)["name"] == "prod"
    exported = home.stackroom("stack", "export", "prod", "--at", at).ok().out
    assert "ns: ml" in exported
    assert home.data("stack", "get")["name"] == "live"


@pytest.mark.parametrize("at", MOMENTS)
def test_components(home: Person, at: str) -> None:
    rows = home.data("component", "list", "--at", at)
    assert [(row["type"], row["name"]) for row in rows] == [
        ("artifact_store", "s3"),
        ("orchestrator", "k8s"),
    ]
    assert home.data("orchestrator", "list", "--at", at) == rows[1:]
    then = home.data("component", "describe", "orchestrator", "k8s", "--at", at)
    assert (then["config"], [ref["name"] for ref in then["stacks"]]) == ({"ns": "ml"}, ["prod"])
    assert home.data("component", "describe", "orchestrator", "--at", at) == then
    assert home.data("component", "get", "orchestrator", "--at", at) == then
    home.stackroom("component", "describe", "orchestrator", "gke", "--at", at).failed(3, "gke")


@pytest.mark.parametrize("at", MOMENTS)
def test_flavors_and_the_profile(home: Person, at: str) -> None:
    (flavor,) = home.data("flavor", "list", "--custom", "--at", at)
    assert flavor["source"] == "acme.Batch"
    assert home.data("flavor", "describe", "orchestrator", "batch", "--at", at) == flavor
    then = home.data("profile", "describe", "--at", at)
    assert (then["seq"], then["name"], then["description"]) == (7, "team", "then")
    assert (then["components"], then["default_stack"]) == (2, "prod")
    assert then["root"] == home.data("show", at)["root"]
    now = home.data("profile", "describe")
    assert (now["seq"], now["name"], now["components"]) == (16, "crew", 3)
    assert now["root"] == home.data("show", "16")["root"]


def test_people_are_told_of_which_moment_it_is(home: Person) -> None:
    shown = home.stackroom("stack", "list", "--at", "before").ok()
    assert "as it was after #7" in shown.err
    assert "as it was" not in home.stackroom("stack", "list").ok().err


@pytest.mark.parametrize(
    ("at", "code", "said"),
    [
        ("99", 3, "There is no #99"),
        ("2001-01-01", 3, "before the first commit"),
        ("nosuch", 3, "There is no tag 'nosuch'"),
        ("3:4", 2, "neither a commit (43) nor a tag nor a time"),
    ],
)
def test_moments_that_are_none(home: Person, at: str, code: int, said: str) -> None:
    for words in (("stack", "list"), ("component", "list"), ("profile", "describe")):
        home.stackroom(*words, "--at", at).failed(code, said)


def test_a_stack_that_was_not_there_yet(home: Person) -> None:
    home.stackroom("stack", "describe", "other", "--at", "7").failed(3, "There is no stack 'other'")
    home.stackroom("stack", "get", "--at", "2").failed(3, "is not there at #2")
    home.stackroom("component", "get", "orchestrator", "--at", "2").failed(3, "is not there at #2")

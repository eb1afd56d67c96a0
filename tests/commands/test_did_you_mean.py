"""What is misspelt has the nearest right name as its hint: names, types, commands, options, codes."""

import pytest

from tests.commands.runner import Person


@pytest.fixture
def mine(ada: Person) -> Person:
    ada.stackroom("profile", "create", "mine", "--local").ok()
    ada.stackroom("orchestrator", "register", "k8s-prod", "-f", "kubernetes").ok()
    ada.stackroom("artifact-store", "register", "s3-prod", "-f", "s3", "--path=s3://x").ok()
    ada.stackroom("flavor", "register", "orchestrator", "batchy", "--source", "a.B").ok()
    ada.stackroom("stack", "register", "prod", "-o", "k8s-prod", "-a", "s3-prod").ok()
    return ada


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("stack describe prodd", "prod"),
        ("stack set pord", "prod"),
        ("stack export prodd", "prod"),
        ("stack update prod -o k8s-pord", "k8s-prod"),
        ("stack update prod --component orchestartor=k8s-prod", "orchestrator"),
        ("stack register new --component artefact-store=s3-prod", "artifact-store"),
        ("stack remove-component prod orchestartor", "orchestrator"),
        ("stack remove-component prod orchestrator=k8s-pord", "k8s-prod"),
        ("component describe orchestrator k8s-prd", "k8s-prod"),
        ("component describe orchestartor k8s-prod", "orchestrator"),
        ("component rename artifact-stroe s3-prod x", "artifact-store"),
        ("orchestrator delete k8s-prd --yes", "k8s-prod"),
        ("flavor describe orchestrator bathcy", "batchy"),
        ("flavor delete orchestartor batchy --yes", "orchestrator"),
        ("profile set mien", "mine"),
        ("--profile mien stack list", "mine"),
        ("blame prodd", "prod"),
        ("log orchestrator/k8s-prd", "k8s-prod"),
        ("explain name_in_usee", "name_in_use"),
    ],
)
def test_a_name(mine: Person, line: str, right: str) -> None:
    mine.stackroom(*line.split()).failed(3, f"did you mean '{right}'?")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("stac list", "Hint: stackroom stack"),
        ("stack descibe prod", "Hint: stackroom stack describe"),
        ("orchestartor list", "Hint: stackroom orchestrator"),
        ("orchestrator flavour list", "Hint: stackroom orchestrator flavor"),
        ("stack delete prod --yess", "--yes"),
    ],
)
def test_a_command_or_option(mine: Person, line: str, right: str) -> None:
    mine.stackroom(*line.split()).failed(2, right)


def test_a_type_of_which_there_are_none(mine: Person) -> None:
    for group in ("component", "flavor"):
        told = mine.stackroom(group, "list", "orchestartor").ok().out
        assert told == "There are none of type 'orchestartor': did you mean 'orchestrator'?\n"
    assert "There are no components yet" in mine.stackroom("component", "list", "lake").ok().out
    assert mine.data("component", "list", "orchestartor") == []


def test_a_type_that_is_perhaps_misspelt_is_noted_once(mine: Person) -> None:
    register = ("component", "register", "orchestartor")
    noted = mine.stackroom(*register, "one", "-f", "x").ok().err
    assert "did you mean 'orchestrator'?" in noted
    assert "did you mean" not in mine.stackroom(*register, "two", "-f", "x").ok().err
    assert "did you mean" not in mine.stackroom("component", "register", "lake", "l", "-f", "x").err

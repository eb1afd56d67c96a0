"""A group for each component type: the commands of `component` and `flavor`, the type filled in."""

from pathlib import Path

import click
import pytest

from stackroom.client.commands.app import root
from stackroom.client.component_types import TYPES, ComponentType
from tests.commands.runner import Person
from tests.commands.team import person, settled


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return settled(tmp_path)


def commands_of(*path: str) -> dict[str, list[str]]:
    """The commands of a group, each with the names of what it takes."""
    group: click.Command = root
    for name in path:
        assert isinstance(group, click.Group)
        found = group.get_command(click.Context(group), name)
        assert found is not None, path
        group = found
    assert isinstance(group, click.Group)
    return {
        name: [p.name or "" for p in command.params if p.name != "type"]
        for name, command in group.commands.items()
    }


@pytest.mark.parametrize("known", TYPES, ids=lambda known: known.type)
def test_each_type_has_what_component_and_flavor_have(known: ComponentType) -> None:
    own = commands_of(known.dashed)
    del own["flavor"]
    assert own == commands_of("component")
    assert commands_of(known.dashed, "flavor") == commands_of("flavor")


@pytest.mark.parametrize("known", TYPES, ids=lambda known: known.type)
def test_a_component_from_its_registration_to_its_end(known: ComponentType, tmp_path: Path) -> None:
    who = person(tmp_path)
    group = known.dashed
    who.stackroom(group, "register", "one", "--flavor", "x", "--size=1", "--other=2").ok()
    who.stackroom(group, "update", "one", "--size=3", "-m", "three").ok()
    who.stackroom(group, "remove-attribute", "one", "--other").ok()
    who.stackroom(group, "copy", "one", "two").ok()
    who.stackroom(group, "rename", "two", "three").ok()
    listed = who.data(group, "list")
    assert [(c["type"], c["name"], c["config"]) for c in listed] == [
        (known.type, "one", {"size": 3}),
        (known.type, "three", {"size": 3}),
    ]
    who.stackroom(group, "delete", "three", "--yes").ok()
    assert [c["name"] for c in who.data("component", "list", known.type)] == ["one"]


def test_a_list_holds_only_its_type(ada: Person) -> None:
    ada.stackroom("alerter", "register", "slack", "--flavor", "mine").ok()
    assert [c["name"] for c in ada.data("alerter", "list")] == ["slack"]


def test_flavors_of_a_type(ada: Person) -> None:
    ada.stackroom("step-operator", "flavor", "register", "gpu", "--source", "acme.Gpu").ok()
    (found,) = ada.data("step-operator", "flavor", "list", "--custom")
    assert (found["type"], found["name"]) == ("step_operator", "gpu")
    assert ada.data("orchestrator", "flavor", "list", "--custom") == []


def test_the_component_of_the_stack_in_use(ada: Person) -> None:
    ada.stackroom("artifact-store", "register", "bucket", "--flavor", "s3", "--path=s3://x").ok()
    ada.stackroom("stack", "register", "mine", "-o", "k8s", "-a", "bucket").ok()
    ada.stackroom("stack", "set", "mine").ok()
    assert "k8s" in ada.stackroom("orchestrator", "get").ok().out
    assert ada.data("artifact-store", "describe")["name"] == "bucket"
    ada.stackroom("alerter", "get").failed(3, "has no alerter")


def test_a_typo_is_pointed_at_the_group(ada: Person) -> None:
    ada.stackroom("orchestratr", "list").failed(2, "stackroom orchestrator")


def test_a_type_of_the_teams_own_has_a_group_from_its_first_component_on(ada: Person) -> None:
    ada.stackroom("feature-gate", "list").failed(2, "no command 'feature-gate'")
    ada.stackroom("component", "register", "feature_gate", "one", "-f", "mine", "--a=1").ok()
    ada.stackroom("feature-gate", "update", "one", "--a=2").ok()
    ada.stackroom("feature-gate", "flavor", "register", "other").ok()
    (row,) = ada.data("feature-gate", "list")
    assert (row["type"], row["config"]) == ("feature_gate", {"a": 2})
    ada.stackroom("feature-gate", "nope").failed(2, "no command 'nope'")
    ada.stackroom("feature-gates-x", "list").failed(2, "no command 'feature-gates-x'")


def test_a_misspelt_command_makes_no_home(tmp_path: Path) -> None:
    who = Person(tmp_path / "who", "who")
    who.stackroom("stac", "list").failed(2, "no command 'stac'")
    assert not who.home.exists()

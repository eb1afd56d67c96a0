"""What an import will do, as a plan; and that nothing of a file is lost on its way through a state."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from stackroom.client.definitions import planning
from stackroom.client.definitions.exporting import FORMATS, stack_file
from stackroom.client.definitions.importing import definitions
from stackroom.client.definitions.planning import DefinedTwice, OnConflict, Plan, merged
from stackroom.client.errors import NotFound
from stackroom.client.zenml import Form, StackFile, parse_stack, render_stack
from stackroom.events.deciding.check import Accepted
from stackroom.events.model import ComponentUpdated, StackRegistered, StackUpdated
from stackroom.events.state import Component, Stack, State, encode
from tests.events.world import World, started, uid

SAMPLES = sorted((Path(__file__).parents[1] / "zenml" / "samples").rglob("*.yaml"))
WRITTEN_BY_ZENML = [path for path in SAMPLES if path.parent.name.startswith("zenml-")]

FILE = """\
components:
  artifact_store:
  - configuration: {path: s3://b}
    flavor: s3
    name: s3
    type: artifact_store
  orchestrator:
  - configuration: {ns: ml, gpu: 1}
    flavor: kubernetes
    name: k8s
    type: orchestrator
stack_name: prod
zenml_version: 0.98.0
"""
"""What the stack of `started()` is, as a file."""


_BLOCKS = count(5)
"""Every plan makes ids of its own."""


def ids() -> Iterator[str]:
    return (uid(n) for n in count(next(_BLOCKS) * 100))


def plan(
    file: StackFile,
    state: State,
    *,
    name: str = "",
    on_conflict: OnConflict = "fail",
    suffix: str = "",
) -> Plan:
    fresh = ids()
    wanted = merged([definitions(file, name=name)])
    return planning.plan(wanted, state, lambda: next(fresh), on_conflict=on_conflict, suffix=suffix)


def carry_out(world: World, made: Plan) -> None:
    assert isinstance(world.do("ann", *made.changes), Accepted)


def components(made: Plan) -> list[planning.Step]:
    return [step for step in made.steps if step.kind == "component"]


def the_stack(made: Plan) -> planning.Step:
    (step,) = (step for step in made.steps if step.kind == "stack")
    return step


def taken(made: Plan) -> list[tuple[str, list[str]]]:
    return [(step.name, [d.path for d in step.divergences]) for step in made.taken]


def imported(text: str | bytes) -> tuple[World, StackFile]:
    """A profile into which that file was imported."""
    world, file = started(), parse_stack(text)
    carry_out(world, plan(file, world.state))
    return world, file


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_an_export_says_what_the_import_said(path: Path) -> None:
    world, file = imported(path.read_bytes())
    _, stack = world.state.find(Stack, file.name) or pytest.fail("no stack")
    out = stack_file(world.state, stack)
    again = parse_stack(render_stack(out, form=out.form))
    assert again.form == file.form
    assert again.zenml_version == file.zenml_version
    assert again.extra == file.extra
    assert sorted(again.components, key=lambda c: c.type) == sorted(
        file.components, key=lambda c: c.type
    )


@pytest.mark.parametrize("path", WRITTEN_BY_ZENML, ids=named)
def test_an_export_of_what_zenml_wrote_is_the_same_bytes(path: Path) -> None:
    world, file = imported(path.read_bytes())
    _, stack = world.state.find(Stack, file.name) or pytest.fail("no stack")
    out = stack_file(world.state, stack)
    assert render_stack(out, form=out.form).encode() == path.read_bytes()


@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_a_second_import_changes_nothing(path: Path) -> None:
    world, file = imported(path.read_bytes())
    again = plan(file, world.state)
    assert again.changes == []
    assert {step.action for step in again.steps} == {"reuse"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_an_export_in_another_form_is_what_is_there_already(path: Path, format: str) -> None:
    world, file = imported(path.read_bytes())
    _, stack = world.state.find(Stack, file.name) or pytest.fail("no stack")
    out = stack_file(world.state, stack, format)
    assert out.form is FORMATS[format][0]
    again = plan(parse_stack(render_stack(out, form=out.form)), world.state)
    assert not [step for step in components(again) if step.changes]


def test_a_stack_made_here_is_exported_as_todays_zenml_has_it() -> None:
    world = started()
    _, stack = world.state.find(Stack, "prod") or pytest.fail("no stack")
    out = stack_file(world.state, stack)
    assert parse_stack(render_stack(out, form=out.form)) == parse_stack(FILE)
    assert not plan(parse_stack(FILE), world.state).changes


def test_a_format_asked_for_keeps_the_version_of_a_file_in_that_form() -> None:
    world, _ = imported(FILE.replace("0.98.0", "0.97.1").replace("prod", "other"))
    _, stack = world.state.find(Stack, "other") or pytest.fail("no stack")
    assert stack_file(world.state, stack, "zenml-0.98").zenml_version == "0.97.1"
    assert stack_file(world.state, stack, "zenml-0.12").zenml_version == "0.12.0"


@pytest.mark.parametrize(
    "kept", [None, "D", {}, {"form": 3}, {"form": "Z", "version": 1}, {"version": "0.12.0"}]
)
def test_what_no_import_wrote_is_no_form(kept: object) -> None:
    world = started()
    world.do("ann", (uid(21), StackUpdated({"/extra/zenml": kept})))  # type: ignore[dict-item]
    _, stack = world.state.find(Stack, "prod") or pytest.fail("no stack")
    assert stack_file(world.state, stack).form is Form.LIST


def test_unknown_keys_are_kept_and_come_back() -> None:
    text = FILE.replace("stack_name: prod", "owner: {team: [a, b]}\nstack_name: other").replace(
        "    name: s3\n", "    labels: {a: b}\n    name: s4\n"
    )
    world, file = imported(text)
    assert file.extra == {"owner": {"team": ["a", "b"]}}
    _, component = world.state.find(Component, "s4", "artifact_store") or pytest.fail(
        "no component"
    )
    assert component.extra == {"labels": {"a": "b"}}
    _, stack = world.state.find(Stack, "other") or pytest.fail("no stack")
    out = stack_file(world.state, stack)
    assert parse_stack(render_stack(out, form=out.form)) == file


def test_keys_that_were_not_there_before_are_added_to_what_is_reused() -> None:
    world = started()
    file = parse_stack(FILE.replace("    name: s3\n", "    name: s3\n    user: ann\n"))
    made = plan(file, world.state)
    assert [step.action for step in components(made)] == ["reuse", "reuse"]
    assert made.changes
    carry_out(world, made)
    assert not plan(file, world.state).changes


def test_another_name_for_the_stack() -> None:
    world = started()
    made = plan(parse_stack(FILE), world.state, name="staging")
    assert (the_stack(made).action, the_stack(made).name) == ("create", "staging")
    assert [step.action for step in components(made)] == ["reuse", "reuse"]


DIFFERENT = FILE.replace("ns: ml, gpu: 1", "ns: prod, context: c")


def test_a_taken_name_is_told_with_the_keys_that_differ() -> None:
    world = started()
    before = encode(world.state)
    made = plan(parse_stack(DIFFERENT), world.state)
    assert taken(made) == [("k8s", ["/config/context", "/config/gpu", "/config/ns"])]
    assert encode(world.state) == before


def test_replace_takes_the_files_values() -> None:
    world = started()
    made = plan(parse_stack(DIFFERENT), world.state, on_conflict="replace")
    assert not made.taken
    carry_out(world, made)
    _, component = world.state.find(Component, "k8s", "orchestrator") or pytest.fail("no component")
    assert component.config == {"ns": "prod", "context": "c"}
    assert not plan(parse_stack(DIFFERENT), world.state).changes


def test_rename_imports_beside_what_there_is() -> None:
    world = started()
    file = parse_stack(DIFFERENT)
    made = plan(file, world.state, on_conflict="rename", suffix="_b")
    assert [(s.action, s.name) for s in components(made)] == [
        ("reuse", "s3"),
        ("create", "k8s_b"),
    ]
    assert (the_stack(made).action, the_stack(made).name) == ("create", "prod_b")
    carry_out(world, made)
    assert not plan(file, world.state, on_conflict="rename", suffix="_b").changes


def test_a_stack_of_other_components_is_taken_or_replaced() -> None:
    world = started()
    file = parse_stack(FILE.replace("name: k8s", "name: k9s"))
    assert taken(plan(file, world.state)) == [("prod", ["/components/orchestrator"])]
    carry_out(world, plan(file, world.state, on_conflict="replace"))
    _, stack = world.state.find(Stack, "prod") or pytest.fail("no stack")
    k9s, _ = world.state.find(Component, "k9s", "orchestrator") or pytest.fail("no component")
    assert stack.components["orchestrator"] == [k9s]


def test_the_order_of_a_type_matters_since_the_first_is_the_default() -> None:
    two = FILE.replace(
        "stack_name",
        "  - {name: b, flavor: local, configuration: {}, type: orchestrator}\nstack_name",
    ).replace("prod", "two")
    world, _ = imported(two)
    swapped = parse_stack(two)
    by_name = sorted(swapped.components, key=lambda c: c.name)
    other = StackFile(swapped.form, "two", tuple(by_name))
    assert taken(plan(other, world.state)) == [("two", ["/components/orchestrator"])]


def test_a_component_that_is_listed_twice_alike_is_one() -> None:
    file = parse_stack(FILE)
    twice = StackFile(file.form, "two", (*file.components, file.components[0]))
    made = plan(twice, started().state)
    assert len(components(made)) == 2
    (registered,) = the_stack(made).changes
    assert isinstance(registered, StackRegistered)
    assert {type: len(ids) for type, ids in registered.components.items()} == {
        "artifact_store": 1,
        "orchestrator": 1,
    }


def test_two_components_of_one_name_are_refused() -> None:
    file, other = parse_stack(FILE), parse_stack(DIFFERENT)
    both = StackFile(file.form, "two", (*file.components, *other.components))
    with pytest.raises(DefinedTwice, match="'k8s'"):
        plan(both, started().state)


def test_values_that_differ_only_in_kind_differ() -> None:
    world = started()
    world.do("ann", (uid(11), ComponentUpdated({"/config/gpu": True})))
    assert taken(plan(parse_stack(FILE), world.state)) == [("k8s", ["/config/gpu"])]


def test_a_decision_about_one_entity_goes_before_the_policy() -> None:
    world = started()
    fresh = ids()
    wanted = merged([definitions(parse_stack(DIFFERENT))])
    called: planning.Called = ("component", "orchestrator", "k8s")
    made = planning.plan(wanted, world.state, lambda: next(fresh), decisions={called: "reuse"})
    assert not made.taken
    assert made.changes == []


def test_reuse_takes_what_stands() -> None:
    world = started()
    before = encode(world.state)
    made = plan(parse_stack(DIFFERENT), world.state, on_conflict="reuse")
    assert made.changes == []
    assert encode(world.state) == before


def test_rename_without_a_suffix_counts() -> None:
    world = started()
    file = parse_stack(DIFFERENT)
    carry_out(world, plan(file, world.state, on_conflict="rename"))
    other = parse_stack(DIFFERENT.replace("context: c", "context: d"))
    made = plan(other, world.state, on_conflict="rename")
    assert [(s.asked, s.name) for s in components(made)] == [("s3", "s3"), ("k8s", "k8s_3")]
    assert the_stack(made).name == "prod_3"


def test_prune_deletes_what_is_not_wanted_users_first() -> None:
    world = started()
    fresh = ids()
    made = planning.plan(planning.Definitions(), world.state, lambda: next(fresh), prune=True)
    assert {step.action for step in made.steps} == {"delete"}
    kinds = [step.kind for step in made.steps]
    assert kinds.index("stack") < kinds.index("component")
    carry_out(world, made)
    assert not list(world.state.all(Stack))
    assert not list(world.state.all(Component))


def test_a_member_that_nobody_defines() -> None:
    stack = planning.StackDefinition("new", {"orchestrator": ["nope"]}, origin="new.yaml")
    wanted = planning.Definitions(stacks=(stack,))
    with pytest.raises(NotFound, match=r"'new' \(new.yaml\) uses orchestrator 'nope'"):
        planning.plan(wanted, started().state, lambda: uid(1))

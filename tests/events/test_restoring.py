"""The way back to an earlier state: random histories, each step by the rules, and the very state at the end."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.composing.restoring import CONFIGURATION, entities, towards
from stackroom.events.deciding.check import Accepted, Converged
from stackroom.events.fold import same_definition
from stackroom.events.model import (
    Change,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    DefaultStackSet,
    FlavorDeleted,
    FlavorRegistered,
    ProfileRenamed,
    ProfileUpdated,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
    TagRegistered,
)
from stackroom.events.state import Component, Flavor, Profile, State
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, World, started, uid
from tests.simulation.edits import Editor

NEW, OTHER = uid(31), uid(32)
Steps = list[list[tuple[str, Change]]]

CASES: dict[str, Steps] = {
    "nothing": [],
    "a value": [[(K8S, ComponentUpdated({"/config/ns": "x"}))]],
    "a map within a map": [[(K8S, ComponentUpdated({"/config/m": {"a": {"b": 1}}}))]],
    "one and true": [[(K8S, ComponentUpdated({"/config/gpu": True}))]],
    "a stack deleted": [[(PROD, StackDeleted())]],
    "a stack deleted with its components": [
        [(PROD, StackDeleted())], [(K8S, ComponentDeleted()), (S3, ComponentDeleted())],
    ],
    "a component replaced by one of its name": [
        [(PROD, StackUpdated(unset=("/components/orchestrator",)))],
        [(K8S, ComponentDeleted()), (NEW, ComponentRegistered("k8s", "orchestrator", "x"))],
        [(PROD, StackUpdated({"/components/orchestrator": [NEW]}))],
    ],
    "two that changed their names": [
        [(K8S, ComponentRenamed("other"))],
        [(LOCAL, ComponentRenamed("k8s"))],
        [(K8S, ComponentRenamed("local"))],
    ],
    "a stack registered in the place of another": [
        [(PROD, StackDeleted()), (NEW, StackRegistered("prod", {"orchestrator": [LOCAL]}))],
        [(PROFILE, DefaultStackSet(NEW))],
    ],
    "the default, and its end": [
        [(NEW, StackRegistered("x")), (PROFILE, DefaultStackSet(NEW))],
    ],
    "a flavor and its user": [
        [(NEW, FlavorRegistered("own", "orchestrator")), (K8S, ComponentUpdated({"/flavor": "own"}))],
    ],
    "the profile": [
        [(PROFILE, ProfileUpdated({"/description": "x", "/settings/a": 1})), (PROFILE, ProfileRenamed("y"))],
    ],
    "the order of members": [
        [(PROD, StackUpdated({"/components/orchestrator": [LOCAL, K8S]}))],
    ],
    "a tag, which stays": [[(NEW, TagRegistered("v1", 3))]],
}  # fmt: skip


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES)
def test_all_of_it(steps: Steps) -> None:
    world = started()
    then = world.state.copy()
    for step in steps:
        assert isinstance(world.do("ann", *step), Accepted)
    restore(world, then)


def test_a_default_that_was_deleted_comes_back() -> None:
    world = started()
    world.do("ann", (PROFILE, DefaultStackSet(PROD)))
    then = world.state.copy()
    world.do("ann", (PROFILE, DefaultStackSet(None)))
    world.do("ann", (PROD, StackDeleted()))
    restore(world, then)


def test_a_flavor_deleted() -> None:
    world = started()
    world.do("ann", (NEW, FlavorRegistered("own", "orchestrator")))
    then = world.state.copy()
    world.do("ann", (NEW, FlavorDeleted()))
    restore(world, then)


def restore(world: World, then: State) -> None:
    tags = {id for id, e in world.state.entities.items() if e.kind == "tag"}
    changes = towards(world.state, then)
    if changes:
        outcome = world.do("ann", *changes)
        assert isinstance(outcome, Accepted | Converged), outcome
    stands = {id for id, e in configured(world.state).items() if not named_flavor(world.state, e)}
    assert stands == {id for id, e in configured(then).items() if not named_flavor(then, e)}
    for id, entity in configured(then).items():
        assert same_definition(entity, world.state.entities[id])
    assert tags == {id for id, e in world.state.entities.items() if e.kind == "tag"}
    assert towards(world.state, then) == []


def named_flavor(state: State, entity: object) -> bool:
    """Whether it is a flavor that components name: such a one stays, as it could not be deleted by hand."""
    return isinstance(entity, Flavor) and any(
        (c.component_type, c.flavor) == (entity.component_type, entity.name)
        for _, c in state.all(Component)
    )


def configured(state: State) -> dict[str, object]:
    kinds = (*CONFIGURATION, Profile)
    return {id: entity for id, entity in state.entities.items() if isinstance(entity, kinds)}


@given(seed=st.integers(0, 10**6), before=st.integers(0, 12), after=st.integers(1, 15))
def test_of_any_history(seed: int, before: int, after: int) -> None:
    world, count = started(), 500

    def new_id() -> str:
        nonlocal count
        count += 1
        return uid(count)

    editor = Editor(Random(seed), new_id)
    for _ in range(before):
        _edited(world, editor)
    then = world.state.copy()
    for _ in range(after):
        _edited(world, editor)
    restore(world, then)


def _edited(world: World, editor: Editor) -> None:
    if changes := editor.edit(world.state, lambda id: None):
        world.do("ann", *changes)


def test_some_of_it() -> None:
    world = started()
    then = world.state.copy()
    world.do("ann", (PROD, StackDeleted()))
    world.do("ann", (K8S, ComponentDeleted()))
    world.do("ann", (S3, ComponentUpdated({"/config/path": "y"})))
    assert [id for id, _ in entities(world.state, then, {PROD, K8S})] == [K8S, PROD]
    assert isinstance(world.do("ann", *entities(world.state, then, {PROD, K8S})), Accepted)
    assert same_definition(world.state.entities[PROD], then.entities[PROD])
    assert world.state.entities[S3].config == {"path": "y"}  # type: ignore[union-attr]


def test_a_name_of_before_that_another_has() -> None:
    world = started()
    then = world.state.copy()
    world.do("ann", (PROD, StackRenamed("live")))
    world.do("ann", (NEW, StackRegistered("prod")))
    outcome = world.do("ann", *entities(world.state, then, {PROD}))
    assert "name_in_use" in str(outcome)

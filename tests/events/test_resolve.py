"""Every kind of conflict, resolved in every way: what stands afterwards, and that nothing stays open."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import UNSET

from stackroom.events.composing.resolve import Place, Side, Undecided, resolve
from stackroom.events.deciding.check import Accepted, Conflicted
from stackroom.events.fold import DEFAULT_STACK, NAME
from stackroom.events.model import (
    Change,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    DefaultStackSet,
    StackDeleted,
    StackRegistered,
    StackUpdated,
)
from stackroom.events.state import AnyEntity, Component, Gone, Stack, State
from stackroom.events.values import Maybe, pointer
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, World, started, uid

Changes = list[tuple[str, Change]]
NEW, OTHER, THIRD = uid(31), uid(32), uid(33)


def up(**config: Any) -> ComponentUpdated:
    return ComponentUpdated({pointer("config", key): value for key, value in config.items()})


def clash(bob: Changes, *ann: Changes) -> tuple[World, str, State]:
    """Bob commits; Ann, who has not seen it, loses. The world, the conflict, and the state at Ann's base."""
    world = started()
    before = world.state.copy()
    assert isinstance(world.do("bob", *bob), Accepted)
    for changes in ann:
        assert isinstance(world.do("ann", *changes, base=before.seq), Conflicted)
    (id,) = world.state.conflicts
    return world, id, before


def end(
    bob: Changes,
    *ann: Changes,
    side: Side,
    takes: Mapping[Place, Side] | None = None,
    edits: Mapping[Place, Maybe] | None = None,
) -> World:
    """Bob and Ann clash, and Cy, who sees all of it, decides."""
    world, id, before = clash(bob, *ann)
    changes = resolve(world.state, id, side, takes=takes, edits=edits, revive=before.entities.get)
    outcome = world.do("cy", *changes)
    assert isinstance(outcome, Accepted), outcome
    assert not world.state.conflicts
    gone = world.state.gone[id]
    assert isinstance(gone, Gone)
    assert gone.choice == ("edited" if takes or edits else side)
    return world


def component(world: World, id: str) -> Component:
    entity: AnyEntity | None = world.state.get(id)
    assert isinstance(entity, Component)
    return entity


def stack(world: World, id: str) -> Stack:
    entity = world.state.get(id)
    assert isinstance(entity, Stack)
    return entity


@pytest.mark.parametrize(("side", "ns", "more"), [("ours", "a", 1), ("theirs", "b", UNSET)])
def test_edit_edit(side: Side, ns: str, more: Maybe) -> None:
    world = end([(K8S, up(ns="b"))], [(K8S, up(ns="a", more=1))], side=side)
    config = component(world, K8S).config
    assert (config["ns"], config.get("more", UNSET)) == (ns, more)


def test_path_by_path() -> None:
    takes: dict[Place, Side] = {(K8S, "/config/ns"): "theirs"}
    bob, ann = [(K8S, up(ns="b", gpu=2))], [(K8S, up(ns="a", gpu=3, more=1))]
    world = end(bob, ann, side="ours", takes=takes)
    assert component(world, K8S).config == {"ns": "b", "gpu": 3, "more": 1}


def test_edited() -> None:
    edits = {(K8S, "/config/ns"): "c"}
    world = end([(K8S, up(ns="b"))], [(K8S, up(ns="a", more=1))], side="ours", edits=edits)
    assert component(world, K8S).config == {"ns": "c", "gpu": 1, "more": 1}
    world = end([(K8S, up(ns="b"))], [(K8S, up(ns="a", more=1))], side="theirs", edits=edits)
    assert component(world, K8S).config == {"ns": "c", "gpu": 1}


def test_an_update_of_a_deleted_one() -> None:
    bob: Changes = [(LOCAL, ComponentDeleted())]
    world = end(bob, [(LOCAL, up(x=1))], side="ours")
    assert component(world, LOCAL).config == {"x": 1}
    world = end(bob, [(LOCAL, up(x=1))], side="theirs")
    assert world.state.get(LOCAL) is None


def test_use_of_a_deleted_one() -> None:
    bob: Changes = [(LOCAL, ComponentDeleted())]
    ann: Changes = [(PROD, StackUpdated({"/components/orchestrator": [LOCAL]}))]
    world = end(bob, ann, side="ours")
    assert stack(world, PROD).components["orchestrator"] == [LOCAL]
    world = end(bob, ann, side="theirs")
    assert stack(world, PROD).components["orchestrator"] == [K8S]


def test_a_deletion_of_an_updated_one() -> None:
    world = end([(LOCAL, up(x=1))], [(LOCAL, ComponentDeleted())], side="ours")
    assert world.state.get(LOCAL) is None
    world = end([(LOCAL, up(x=1))], [(LOCAL, ComponentDeleted())], side="theirs")
    assert component(world, LOCAL).config == {"x": 1}


def test_a_deletion_of_one_in_use_since() -> None:
    bob: Changes = [(PROD, StackUpdated({"/components/orchestrator": [LOCAL]}))]
    world = end(bob, [(LOCAL, ComponentDeleted())], side="ours")
    assert world.state.get(LOCAL) is None
    assert "orchestrator" not in stack(world, PROD).components


def test_a_deletion_of_the_new_default_stack() -> None:
    world = end([(PROFILE, DefaultStackSet(PROD))], [(PROD, StackDeleted())], side="ours")
    assert world.state.get(PROD) is None
    profile = world.state.profile
    assert profile is not None and profile.default_stack is None


def test_a_deleted_stack_becomes_default() -> None:
    world = end([(PROD, StackDeleted())], [(PROFILE, DefaultStackSet(PROD))], side="ours")
    profile = world.state.profile
    assert profile is not None and profile.default_stack == PROD
    assert stack(world, PROD).name == "prod"


THEIRS = ComponentRegistered("air", "orchestrator", "airflow", {"home": "/b", "x": 1})
OURS = ComponentRegistered("air", "orchestrator", "airflow", {"home": "/a", "y": 2})
USE: Changes = [(THIRD, StackRegistered("s", {"orchestrator": [OTHER]}))]


def test_name_ours_gives_the_standing_one_our_definition() -> None:
    world = end([(NEW, THEIRS)], [(OTHER, OURS)], USE, side="ours")
    assert component(world, NEW).config == {"home": "/a", "y": 2}
    assert stack(world, THIRD).components == {"orchestrator": [NEW]}
    assert world.state.resolve(OTHER) == NEW


def test_name_theirs_points_our_id_at_theirs() -> None:
    world = end([(NEW, THEIRS)], [(OTHER, OURS)], USE, side="theirs")
    assert component(world, OTHER).config == {"home": "/b", "x": 1}
    assert world.state.get(THIRD) is None


def test_name_edited_keeps_both() -> None:
    edits = {(NEW, NAME): "air-too"}
    world = end([(NEW, THEIRS)], [(OTHER, OURS)], USE, side="ours", edits=edits)
    assert component(world, NEW).config == {"home": "/b", "x": 1}
    assert (component(world, OTHER).name, component(world, NEW).name) == ("air-too", "air")
    assert stack(world, THIRD).components == {"orchestrator": [OTHER]}


def test_two_renames_to_one_name_need_a_decision() -> None:
    bob: Changes = [(NEW, THEIRS)]
    ann: Changes = [(LOCAL, ComponentRenamed("air"))]
    world, id, before = clash(bob, ann)
    with pytest.raises(Undecided, match="called 'air'"):
        resolve(world.state, id, "ours", revive=before.entities.get)
    world = end(bob, ann, side="ours", edits={(NEW, NAME): "air-too"})
    assert component(world, LOCAL).name == "air-too"


def test_default_stack_ours() -> None:
    bob: Changes = [(NEW, StackRegistered("x")), (PROFILE, DefaultStackSet(NEW))]
    world = end(bob, [(PROFILE, DefaultStackSet(PROD))], side="ours")
    profile = world.state.profile
    assert profile is not None and profile.written(DEFAULT_STACK)[0] == world.state.seq
    assert profile.default_stack == PROD


def test_a_resolution_that_lost_is_resolved_in_turn() -> None:
    world, id, before = clash([(K8S, up(ns="b"))], [(K8S, up(ns="a"))])
    seen = world.state.seq
    ours = resolve(world.state, id, "ours", revive=before.entities.get)
    world.do("bob", (K8S, up(ns="c")))
    assert isinstance(world.do("cy", *ours, base=seen), Conflicted)
    assert len(world.state.conflicts) == 2
    (second,) = world.state.conflicts - {id}
    again = resolve(world.state, second, "ours", revive=before.entities.get)
    assert isinstance(world.do("dee", *again), Accepted)
    assert not world.state.conflicts
    assert component(world, K8S).config["ns"] == "a"


def test_what_is_no_conflict_is_a_key_error() -> None:
    world = started()
    with pytest.raises(KeyError):
        resolve(world.state, S3, "ours", revive=world.state.entities.get)

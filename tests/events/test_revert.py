"""Undoing a commit: what stood before stands again, and nobody else's work is lost on the way."""

from dataclasses import dataclass

import pytest
from msgspec import UNSET

from stackroom.events.codec import seal
from stackroom.events.composing.revert import Reversal, revert
from stackroom.events.deciding.check import Accepted
from stackroom.events.fold import same_definition
from stackroom.events.model import (
    Change,
    Commit,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    ConflictOpened,
    DefaultStackSet,
    FlavorDeleted,
    FlavorRegistered,
    ProfileCreated,
    ProfileUpdated,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
    TagRegistered,
    TagUpdated,
)
from stackroom.events.state import State
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, SALT, World, started, uid

NEW, OTHER, THIRD = uid(31), uid(32), uid(33)


@dataclass
class Done:
    """A commit, and the state that it met."""

    before: State
    commit: Commit


def commit(world: World, *changes: tuple[str, Change], by: str = "ann") -> Done:
    """Has the world take `changes` as one commit."""
    before = world.state.copy()
    assert isinstance(world.do(by, *changes), Accepted)
    seq = world.state.seq
    events = tuple(seal(id, change, SALT) for id, change in changes)
    made = Commit(seq, uid(900 + seq), by, seq, seq - 1, by, "", 0, 0, events, b"")
    return Done(before, made)


def undone(world: World, done: Done) -> Reversal:
    """Reverts the commit in the world, by somebody else; nothing may stand in the way."""
    reversal = revert(done.before, done.commit, world.state)
    assert reversal.since == ()
    assert isinstance(world.do("ben", *reversal.changes), Accepted)
    return reversal


def assert_same(state: State, before: State) -> None:
    """Both say the same, whoever wrote it."""
    assert state.entities.keys() == before.entities.keys()
    for id, entity in before.entities.items():
        assert same_definition(state.entities[id], entity), id


CASES: dict[str, list[tuple[str, Change]]] = {
    "a value set": [(K8S, ComponentUpdated({"/config/ns": "prod"}))],
    "a value added": [(K8S, ComponentUpdated({"/config/new": None}))],
    "a value removed": [(K8S, ComponentUpdated(unset=("/config/ns",)))],
    "a value in new maps": [(K8S, ComponentUpdated({"/config/a/b/c": 1}))],
    "two values in a new map": [(K8S, ComponentUpdated({"/config/a/b": 1, "/config/a/c": 2}))],
    "a map for a value": [(K8S, ComponentUpdated({"/config/ns": {"a": 1}}))],
    "a path and a path in it": [
        (K8S, ComponentUpdated({"/config/m": {"a": 1}})),
        (K8S, ComponentUpdated({"/config/m/b": 2})),
        (K8S, ComponentUpdated(unset=("/config/m/a",))),
    ],
    "the same path twice": [
        (K8S, ComponentUpdated({"/config/ns": "a"})),
        (K8S, ComponentUpdated({"/config/ns": "b"})),
    ],
    "flavor and label": [(K8S, ComponentUpdated({"/flavor": "tekton", "/labels/team": "ml"}))],
    "a component renamed": [(K8S, ComponentRenamed("k9s"))],
    "two names exchanged": [
        (K8S, ComponentRenamed("tmp")),
        (LOCAL, ComponentRenamed("k8s")),
        (K8S, ComponentRenamed("local")),
    ],
    "a component registered": [(NEW, ComponentRegistered("new", "alerter", "slack"))],
    "a component deleted": [(LOCAL, ComponentDeleted())],
    "a stack deleted": [(PROD, StackDeleted())],
    "a stack and its component deleted": [(PROD, StackDeleted()), (K8S, ComponentDeleted())],
    "a stack imported": [
        (NEW, ComponentRegistered("new", "orchestrator", "local")),
        (OTHER, StackRegistered("dev", {"orchestrator": [NEW], "artifact_store": [S3]})),
    ],
    "the only orchestrator replaced": [
        (PROD, StackUpdated({"/components/orchestrator": [LOCAL]})),
    ],
    "a member added": [(PROD, StackUpdated({f"/components/orchestrator/{LOCAL}": True}))],
    "the last of a type removed": [
        (PROD, StackUpdated(unset=(f"/components/artifact_store/{S3}",)))
    ],
    "a component replaced by one of its name": [
        (PROD, StackUpdated(unset=(f"/components/orchestrator/{K8S}",))),
        (K8S, ComponentDeleted()),
        (NEW, ComponentRegistered("k8s", "orchestrator", "tekton")),
        (PROD, StackUpdated({f"/components/orchestrator/{NEW}": True})),
    ],
    "a stack renamed and described": [
        (PROD, StackRenamed("live")),
        (PROD, StackUpdated({"/description": "what users see"})),
    ],
    "the default stack set": [(PROFILE, DefaultStackSet(PROD))],
    "the profile described": [(PROFILE, ProfileUpdated({"/description": "a", "/settings/k": 1}))],
    "a tag set and moved": [(NEW, TagRegistered("v1", 3)), (NEW, TagUpdated({"/seq": 4}))],
    "a flavor registered": [
        (NEW, FlavorRegistered("mine", "orchestrator", "a.B", None, {"type": "object"}))
    ],
}


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_what_stood_before_stands_again(changes: list[tuple[str, Change]]) -> None:
    world = started()
    done = commit(world, *changes)
    undone(world, done)
    assert_same(world.state, done.before)


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_undoing_twice_changes_nothing_more(changes: list[tuple[str, Change]]) -> None:
    world = started()
    done = commit(world, *changes)
    undone(world, done)
    assert revert(done.before, done.commit, world.state) == Reversal((), (), ())


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_the_reversal_can_be_reverted(changes: list[tuple[str, Change]]) -> None:
    world = started()
    done = commit(world, *changes)
    after = world.state.copy()
    reversal = revert(done.before, done.commit, world.state)
    again = commit(world, *reversal.changes, by="ben")
    undone(world, again)
    assert_same(world.state, after)


def test_only_the_entities_of_the_commit_are_looked_at() -> None:
    world = started()
    done = commit(world, (K8S, ComponentUpdated({"/config/ns": "prod"})))
    alone = State()
    alone.put(K8S, done.before.entities[K8S])
    assert revert(alone, done.commit, world.state) == revert(done.before, done.commit, world.state)


def test_neither_state_is_changed() -> None:
    world = started()
    done = commit(world, (LOCAL, ComponentDeleted()), (K8S, ComponentRenamed("local")))
    now, seq = dict(world.state.entities), world.state.seq
    revert(done.before, done.commit, world.state)
    assert world.state.entities == now
    assert world.state.seq == seq


def test_other_paths_that_changed_since_are_left_alone() -> None:
    world = started()
    done = commit(world, (K8S, ComponentUpdated({"/config/ns": "prod"})))
    commit(world, (K8S, ComponentUpdated({"/config/gpu": 4})), by="cem")
    undone(world, done)
    assert world.state.entities[K8S].config == {"ns": "ml", "gpu": 4}  # type: ignore[union-attr]


def test_a_map_that_others_use_since_stays() -> None:
    world = started()
    done = commit(world, (K8S, ComponentUpdated({"/config/a/b": 1})))
    commit(world, (K8S, ComponentUpdated({"/config/a/c": 2})), by="cem")
    undone(world, done)
    assert world.state.entities[K8S].config["a"] == {"c": 2}  # type: ignore[union-attr]


def test_a_value_that_changed_since_is_listed_and_overwritten_only_on_purpose() -> None:
    world = started()
    done = commit(world, (K8S, ComponentUpdated({"/config/ns": "prod", "/config/gpu": 2})))
    commit(world, (K8S, ComponentUpdated({"/config/ns": "live"})), by="cem")
    reversal = revert(done.before, done.commit, world.state)
    (since,) = reversal.since
    assert (since.entity, since.path, since.wrote, since.now) == (
        K8S,
        "/config/ns",
        "prod",
        "live",
    )
    world.do("ben", *reversal.changes)
    assert world.state.entities[K8S].config == {"ns": "ml", "gpu": 1}  # type: ignore[union-attr]


def test_what_was_deleted_since_is_listed_and_stays_deleted() -> None:
    world = started()
    done = commit(world, (LOCAL, ComponentUpdated({"/config/a": 1})))
    commit(world, (LOCAL, ComponentDeleted()), by="cem")
    reversal = revert(done.before, done.commit, world.state)
    assert [(s.path, s.now) for s in reversal.since] == [("/config/a", UNSET)]
    assert reversal.changes == ()


def test_a_registered_component_that_changed_since_is_listed() -> None:
    world = started()
    done = commit(world, (NEW, ComponentRegistered("new", "alerter", "slack")))
    commit(world, (NEW, ComponentUpdated({"/config/a": 1})), by="cem")
    reversal = revert(done.before, done.commit, world.state)
    assert [(s.entity, s.path) for s in reversal.since] == [(NEW, "")]
    assert reversal.changes == ((NEW, ComponentDeleted()),)


def test_a_removed_default_comes_back_as_the_default() -> None:
    world = started()
    commit(world, (PROD, StackUpdated({f"/components/orchestrator/{LOCAL}": True})))
    done = commit(world, (PROD, StackUpdated(unset=(f"/components/orchestrator/{K8S}",))))
    undone(world, done)
    assert world.state.entities[PROD].components["orchestrator"] == [K8S, LOCAL]  # type: ignore[union-attr]


def test_a_member_that_somebody_added_since_stays() -> None:
    world = started()
    done = commit(world, (PROD, StackUpdated(unset=(f"/components/orchestrator/{K8S}",))))
    commit(world, (PROD, StackUpdated({f"/components/orchestrator/{LOCAL}": True})), by="cem")
    undone(world, done)
    assert world.state.entities[PROD].components["orchestrator"] == [LOCAL, K8S]  # type: ignore[union-attr]


def test_what_is_in_use_since_is_refused_by_the_usual_check() -> None:
    world = started()
    done = commit(world, (NEW, ComponentRegistered("new", "orchestrator", "local")))
    commit(world, (PROD, StackUpdated({f"/components/orchestrator/{NEW}": True})), by="cem")
    reversal = revert(done.before, done.commit, world.state)
    outcome = world.do("ben", *reversal.changes)
    assert outcome.refusal.code == "in_use"  # type: ignore[union-attr]


def test_a_profiles_creation_is_kept() -> None:
    world = World()
    done = commit(world, (PROFILE, ProfileCreated("team")))
    assert revert(done.before, done.commit, world.state) == Reversal((), (), ("profile",))


def test_a_conflict_is_kept() -> None:
    world = started()
    base = world.state.seq
    world.do("ann", (K8S, ComponentUpdated({"/config/ns": "a"})))
    before = world.state.copy()
    world.do("ben", (K8S, ComponentUpdated({"/config/ns": "b"})), base=base)
    (conflict,) = world.state.conflicts
    held = world.state.entities[conflict]
    opened = ConflictOpened(held.held[0], held.overlaps)  # type: ignore[union-attr]
    events = (seal(conflict, opened, SALT),)
    made = Commit(7, conflict, "ben", 1, base, "ben", "", 0, 0, events, b"")
    assert revert(before, made, world.state) == Reversal((), (), ("conflict",))


def test_neighbouring_updates_of_an_entity_become_one_event() -> None:
    world = started()
    done = commit(
        world,
        (K8S, ComponentUpdated({"/config/ns": "a", "/config/gpu": 3}, ("/labels/none",))),
        (K8S, ComponentUpdated({"/labels/team": "ml"})),
    )
    reversal = undone(world, done)
    assert len(reversal.changes) == 1


def test_converged_registrations_are_nothing_to_undo() -> None:
    world = started()
    base = world.state.seq
    slack = ComponentRegistered("new", "alerter", "slack")
    world.do("ann", (NEW, slack))
    before = world.state.copy()
    world.do("ben", (OTHER, slack), base=base)
    events = (seal(OTHER, slack, SALT),)
    made = Commit(7, uid(907), "ben", 1, base, "ben", "", 0, 0, events, b"")
    assert world.state.resolve(OTHER) == NEW
    assert revert(before, made, world.state).changes == ()


def test_a_deleted_flavor_comes_back_whole() -> None:
    world = started()
    registered = FlavorRegistered("mine", "orchestrator", "a.B", "kube", {"type": "object"})
    commit(world, (THIRD, registered))
    done = commit(world, (THIRD, FlavorDeleted()))
    assert undone(world, done).changes == ((THIRD, registered),)

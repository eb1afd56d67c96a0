"""The table of outcomes, a row for each case of `docs/rules.md`."""

from typing import Any

import pytest

from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.model import (
    Change,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    ConflictOpened,
    ConflictResolved,
    DefaultStackSet,
    FlavorDeleted,
    FlavorRegistered,
    Held,
    ProfileCreated,
    ProfileDeleted,
    ProfileUpdated,
    Proposal,
    StackDeleted,
    StackRegistered,
    StackUpdated,
    TagDeleted,
    TagRegistered,
    TagUpdated,
)
from stackroom.events.state import Component, Conflict, Stack
from stackroom.events.values import pointer
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, World, started, uid

Changes = list[tuple[str, Change]]


def up(**config: Any) -> ComponentUpdated:
    return ComponentUpdated({pointer("config", key): value for key, value in config.items()})


NEW, OTHER, TAG = uid(31), uid(32), uid(6)
K8S_PATH = pointer("components", "orchestrator", K8S)
AIRFLOW = ComponentRegistered("airflow", "orchestrator", "airflow", {"home": "/a"})
AIRFLOW_TOO = ComponentRegistered("airflow", "orchestrator", "airflow", {"home": "/b"})
REPLACE = StackUpdated({"/components/orchestrator": [LOCAL]})
UNUSE = StackUpdated(unset=("/components/orchestrator",))

CASES: list[tuple[str, Changes, Changes, str]] = [
    # what bob committed since ann's base, what ann proposes, the outcome
    ("nobody else", [], [(K8S, up(ns="a"))], "accepted"),
    ("another entity", [(S3, up(path="x"))], [(K8S, up(ns="a"))], "accepted"),
    ("another path", [(K8S, up(gpu=2))], [(K8S, up(ns="a"))], "merged"),
    ("same path, same value", [(K8S, up(ns="a"))], [(K8S, up(ns="a"))], "converged"),
    ("same path, other value", [(K8S, up(ns="b"))], [(K8S, up(ns="a"))], "edit/edit"),
    ("1 and true differ", [(K8S, up(ns=1))], [(K8S, up(ns=True))], "edit/edit"),
    ("one of two the same", [(K8S, up(ns="a"))], [(K8S, up(ns="a", q=1))], "merged"),
    ("inside what was replaced", [(K8S, up(m={"a": 1}))], [(K8S, ComponentUpdated({"/config/m/b": 2}))], "edit/edit"),
    ("a prefix, same value", [(K8S, ComponentUpdated({"/config/m/b": 2}))], [(K8S, up(m={"b": 2}))], "converged"),
    ("both unset", [(K8S, ComponentUpdated(unset=("/config/ns",)))], [(K8S, ComponentUpdated(unset=("/config/ns",)))], "converged"),
    ("set and unset", [(K8S, ComponentUpdated(unset=("/config/ns",)))], [(K8S, up(ns="a"))], "edit/edit"),
    ("both renamed alike", [(K8S, ComponentRenamed("k"))], [(K8S, ComponentRenamed("k"))], "converged"),
    ("both renamed", [(K8S, ComponentRenamed("k"))], [(K8S, ComponentRenamed("l"))], "edit/edit"),
    ("adding different components", [(PROD, StackUpdated({pointer("components", "alerter", NEW): True}))], [(PROD, StackUpdated({pointer("components", "orchestrator", LOCAL): True}))], "rejected unknown_reference by bob"),
    ("replacing the only orchestrator", [(NEW, AIRFLOW), (PROD, StackUpdated({"/components/orchestrator": [NEW]}))], [(PROD, REPLACE)], "edit/edit"),
    ("replacing alike", [(PROD, REPLACE)], [(PROD, REPLACE)], "converged"),
    ("adding beside a replacement", [(PROD, REPLACE)], [(NEW, AIRFLOW), (PROD, StackUpdated({pointer("components", "orchestrator", NEW): True}))], "edit/edit"),
    ("adding two of a type", [(NEW, AIRFLOW), (PROD, StackUpdated({pointer("components", "orchestrator", NEW): True}))], [(PROD, StackUpdated({pointer("components", "orchestrator", LOCAL): True}))], "merged"),
    ("update of a deleted one", [(LOCAL, ComponentDeleted())], [(LOCAL, up(a=1))], "edit/delete"),
    ("deletion of an updated one", [(LOCAL, up(a=1))], [(LOCAL, ComponentDeleted())], "edit/delete"),
    ("deletion of one in use since", [(PROD, REPLACE)], [(LOCAL, ComponentDeleted())], "edit/delete"),
    ("use of a deleted one", [(LOCAL, ComponentDeleted())], [(PROD, REPLACE)], "edit/delete"),
    ("both deleted", [(LOCAL, ComponentDeleted())], [(LOCAL, ComponentDeleted())], "converged"),
    ("name taken, same definition", [(NEW, AIRFLOW)], [(OTHER, AIRFLOW)], "converged"),
    ("name taken, other definition", [(NEW, AIRFLOW)], [(OTHER, AIRFLOW_TOO)], "name"),
    ("renamed to a taken name", [(NEW, AIRFLOW)], [(LOCAL, ComponentRenamed("airflow"))], "name"),
    ("default stack, both", [(NEW, StackRegistered("x")), (PROFILE, DefaultStackSet(NEW))], [(PROFILE, DefaultStackSet(PROD))], "edit/edit"),
    ("default stack deleted", [(PROD, StackDeleted())], [(PROFILE, DefaultStackSet(PROD))], "edit/delete"),
    ("became the default", [(PROFILE, DefaultStackSet(PROD))], [(PROD, StackDeleted())], "edit/delete"),
    ("flavor in use since", [(NEW, ComponentRegistered("n", "orchestrator", "own"))], [(uid(5), FlavorDeleted())], "edit/delete"),
    ("profile deleted", [(PROFILE, ProfileDeleted())], [(K8S, up(ns="a"))], "rejected profile_deleted"),
    # tags: `v1` names #3
    ("one name for one commit", [(NEW, TagRegistered("v2", 4))], [(OTHER, TagRegistered("v2", 4))], "converged"),
    ("one name for two commits", [(NEW, TagRegistered("v2", 4))], [(OTHER, TagRegistered("v2", 5))], "name"),
    ("two names for one commit", [(NEW, TagRegistered("v2", 4))], [(OTHER, TagRegistered("v3", 4))], "accepted"),
    ("a tag moved alike", [(TAG, TagUpdated({"/seq": 4}))], [(TAG, TagUpdated({"/seq": 4}))], "converged"),
    ("a tag moved", [(TAG, TagUpdated({"/seq": 4}))], [(TAG, TagUpdated({"/seq": 5}))], "edit/edit"),
    ("a tag moved that was deleted", [(TAG, TagDeleted())], [(TAG, TagUpdated({"/seq": 4}))], "edit/delete"),
    ("a tag deleted that was moved", [(TAG, TagUpdated({"/seq": 4}))], [(TAG, TagDeleted())], "edit/delete"),
    ("a tag deleted by both", [(TAG, TagDeleted())], [(TAG, TagDeleted())], "converged"),
    ("a tag made anew by both", [(TAG, TagDeleted()), (NEW, TagRegistered("v1", 4))], [(TAG, TagDeleted()), (OTHER, TagRegistered("v1", 4))], "converged"),
    ("a name in use", [], [(NEW, TagRegistered("v1", 4))], "rejected name_in_use"),
    ("deleted, and made anew", [], [(TAG, TagDeleted()), (NEW, TagRegistered("v1", 4))], "accepted"),
    ("a commit that is not there", [], [(NEW, TagRegistered("v2", 8))], "rejected unknown_commit"),
    ("a commit that its author had not seen", [(K8S, up(a=1))], [(NEW, TagRegistered("v2", 8))], "rejected unknown_commit"),
    ("moved to one that is not there", [], [(TAG, TagUpdated({"/seq": 8}))], "rejected unknown_commit"),
    ("a tag for nothing", [], [(NEW, TagRegistered("v2", 0))], "rejected invalid_value"),
    ("moved to what is no number", [], [(TAG, TagUpdated({"/seq": True}))], "rejected invalid_value"),
    ("a tag like a seq", [], [(NEW, TagRegistered("43", 4))], "rejected invalid_name"),
    ("a tag like a time", [], [(NEW, TagRegistered("2h", 4))], "rejected invalid_name"),
    ("a tag like a day", [], [(NEW, TagRegistered("Yesterday", 4))], "rejected invalid_name"),
    ("a tag with a blank", [], [(NEW, TagRegistered("the release", 4))], "rejected invalid_name"),
    # regardless of others
    ("unknown entity", [], [(NEW, up(a=1))], "rejected unknown_entity"),
    ("unknown reference", [], [(PROD, StackUpdated({"/components/orchestrator": [NEW]}))], "rejected unknown_reference"),
    ("wrong type", [], [(PROD, StackUpdated({"/components/orchestrator": [S3]}))], "rejected wrong_type"),
    ("not a component", [], [(PROD, StackUpdated({"/components/orchestrator": [PROD]}))], "rejected wrong_type"),
    ("default is no stack", [], [(PROFILE, DefaultStackSet(K8S))], "rejected wrong_type"),
    ("name in use", [], [(NEW, ComponentRegistered("k8s", "orchestrator", "x"))], "rejected name_in_use"),
    ("same name, other type", [], [(NEW, ComponentRegistered("k8s", "step_operator", "x"))], "accepted"),
    ("rename to one in use", [], [(LOCAL, ComponentRenamed("k8s"))], "rejected name_in_use"),
    ("rename to the same", [], [(LOCAL, ComponentRenamed("local"))], "accepted"),
    ("id in use", [], [(K8S, AIRFLOW)], "rejected id_in_use"),
    ("in use by a stack", [], [(K8S, ComponentDeleted())], "rejected in_use"),
    ("removed from the stack first", [], [(PROD, UNUSE), (K8S, ComponentDeleted())], "accepted"),
    ("deleted with its stack", [], [(PROD, StackDeleted()), (K8S, ComponentDeleted())], "accepted"),
    ("wrong kind", [], [(K8S, StackDeleted())], "rejected wrong_kind"),
    ("path not for updates", [], [(K8S, ComponentUpdated({"/name": "x"}))], "rejected invalid_path"),
    ("path is no pointer", [], [(K8S, ComponentUpdated({"config": "x"}))], "rejected invalid_path"),
    ("leaf cannot be unset", [], [(K8S, ComponentUpdated(unset=("/flavor",)))], "rejected invalid_path"),
    ("label is text", [], [(K8S, ComponentUpdated({"/labels/a": 1}))], "rejected invalid_value"),
    ("integer too large", [], [(K8S, up(a=2**64))], "rejected invalid_value"),
    ("not a number", [], [(K8S, up(a=float("nan")))], "rejected invalid_value"),
    ("empty update", [], [(K8S, ComponentUpdated())], "rejected empty"),
    ("name with a slash", [], [(NEW, ComponentRegistered("a/b", "alerter", "x"))], "rejected invalid_name"),
    ("name with control characters", [], [(NEW, ComponentRegistered("a\x1b[31m", "alerter", "x"))], "rejected invalid_name"),
    ("name of 10,000 letters", [], [(NEW, ComponentRegistered("a" * 10_000, "alerter", "x"))], "rejected invalid_name"),
    ("empty name", [], [(NEW, ComponentRegistered(" ", "alerter", "x"))], "rejected invalid_name"),
    ("odd type", [], [(NEW, ComponentRegistered("a", "Artifact-Store", "x"))], "rejected invalid_type"),
    ("second profile", [], [(uid(2), ProfileCreated("again"))], "rejected already_created"),
    ("conflict by hand", [], [(NEW, ConflictOpened(Held("", "", Proposal(NEW, 1, 0, "", 0, ())), ()))], "rejected reserved"),
    ("no such conflict", [], [(NEW, ConflictResolved("ours"))], "rejected unknown_entity"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("bob", "ann", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_outcome(bob: Changes, ann: Changes, wanted: str) -> None:
    world = started()
    world.do("ann", (uid(5), FlavorRegistered("own", "orchestrator")))
    world.do("ann", (TAG, TagRegistered("v1", 3)))
    base = world.state.seq
    if wanted.endswith("by bob"):
        assert told(world.do("bob", *bob)) == wanted.removesuffix(" by bob")
        return
    if bob:
        assert isinstance(world.do("bob", *bob), Accepted)
    assert told(world.do("ann", *ann, base=base)) == wanted


def told(outcome: Outcome) -> str:
    match outcome:
        case Accepted(merged, _):
            return "merged" if merged else "accepted"
        case Converged():
            return "converged"
        case Conflicted(overlaps, joins):
            kinds = sorted({o.kind for o in overlaps})
            return "joins" if joins else " ".join(kinds)
        case Requested(_, joins):
            return "joins" if joins else "requested"
        case Rejected(refusal):
            assert refusal.sentence
            return f"rejected {refusal.code}"


def test_a_conflict_says_both_values_and_where() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="b")))
    outcome = world.do("ann", (K8S, up(ns="a")), base=base)
    assert isinstance(outcome, Conflicted)
    (overlap,) = outcome.overlaps
    assert (overlap.entity, overlap.path, overlap.seq) == (K8S, "/config/ns", 6)
    assert (overlap.theirs, overlap.ours) == ("b", "a")
    (conflict,) = [c for _, c in world.state.all(Conflict)]
    assert conflict.held[0].author == "ann"
    assert component(world, K8S).config["ns"] == "b"


def test_proposals_of_one_replica_do_not_conflict_with_each_other() -> None:
    world = started()
    base = world.state.seq
    assert told(world.do("ann", (K8S, up(ns="a")), base=base)) == "accepted"
    assert told(world.do("ann", (K8S, up(ns="b")), base=base)) == "accepted"


def test_what_builds_on_an_own_conflict_joins_it_and_the_rest_goes_through() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (NEW, AIRFLOW), (K8S, up(ns="b")))
    assert told(world.do("ann", (OTHER, AIRFLOW_TOO), (K8S, up(q=7)), base=base)) == "name"
    uses = StackUpdated({"/components/orchestrator": [OTHER]})
    assert told(world.do("ann", (PROD, uses), base=base)) == "joins"
    assert told(world.do("ann", (K8S, up(q=8)), base=base)) == "joins"
    assert told(world.do("ann", (S3, up(path="z")), base=base)) == "accepted"
    (conflict,) = [c for _, c in world.state.all(Conflict)]
    assert len(conflict.held) == 3


def test_after_seeing_the_conflict_an_edit_stands_on_its_own() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="b")))
    world.do("ann", (K8S, up(ns="a")), base=base)
    assert told(world.do("ann", (K8S, up(ns="c")))) == "accepted"


def test_later_proposals_are_pointed_at_the_entity_that_stands() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (NEW, AIRFLOW))
    assert told(world.do("ann", (OTHER, AIRFLOW), base=base)) == "converged"
    uses = StackUpdated({"/components/orchestrator": [OTHER]})
    assert told(world.do("ann", (PROD, uses), base=base)) == "accepted"
    assert told(world.do("ann", (OTHER, up(home="/c")), base=base)) == "edit/edit"
    assert told(world.do("ann", (OTHER, up(home="/c")))) == "accepted"
    stack = world.state.get(PROD)
    assert isinstance(stack, Stack) and stack.components["orchestrator"] == [NEW]
    assert component(world, OTHER).config == {"home": "/c"}


def test_a_member_spoken_of_by_another_id_is_the_same_member() -> None:
    """One adds it to a stack by the id that it gave to it, the other takes it out by the one that stands."""
    world = started()
    world.do("bob", (NEW, AIRFLOW))
    base = world.state.seq
    assert told(world.do("ann", (OTHER, AIRFLOW), base=base - 1)) == "converged"
    add, remove = (pointer("components", "orchestrator", id) for id in (OTHER, NEW))
    assert told(world.do("ann", (PROD, StackUpdated({add: True})))) == "accepted"
    stack = world.state.get(PROD)
    assert isinstance(stack, Stack) and stack.components["orchestrator"] == [K8S, NEW]
    assert stack.written(remove)[0] == world.state.seq
    gone = StackUpdated(unset=(remove,))
    assert told(world.do("bob", (PROD, gone), base=base)) == "edit/edit"


def test_two_people_importing_the_same_stack_converge() -> None:
    world = started()
    base = world.state.seq
    one = [(uid(41), AIRFLOW), (uid(42), StackRegistered("s", {"orchestrator": [uid(41)]}))]
    two = [(uid(51), AIRFLOW), (uid(52), StackRegistered("s", {"orchestrator": [uid(51)]}))]
    assert told(world.do("bob", *one)) == "accepted"
    assert told(world.do("ann", *two, base=base)) == "converged"
    assert sum(s.name == "s" for _, s in world.state.all(Stack)) == 1


def test_a_profile_may_treat_merges_as_conflicts() -> None:
    world = started()
    world.do("ann", (PROFILE, ProfileUpdated({"/settings/merge": "entity"})))
    base = world.state.seq
    world.do("bob", (K8S, up(gpu=2)))
    assert told(world.do("ann", (K8S, up(ns="a")), base=base)) == "edit/edit"


def test_a_resolution_is_checked_like_any_commit() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="b")))
    world.do("ann", (K8S, up(ns="a")), base=base)
    (id,) = world.state.conflicts
    seen = world.state.seq
    assert told(world.do("bob", (K8S, up(ns="a")), (id, ConflictResolved("ours")))) == "accepted"
    again = [(K8S, up(ns="a")), (id, ConflictResolved("ours"))]
    assert told(world.do("cy", *again, base=seen)) == "converged"
    assert told(world.do("cy", (id, ConflictResolved("theirs")), base=seen)) == "edit/edit"
    assert told(world.do("dee", (id, ConflictResolved("ours")))) == "rejected conflict_closed"


def test_a_deleted_entity_comes_back_with_its_id() -> None:
    world = started()
    world.do("ann", (LOCAL, ComponentDeleted()))
    back = ComponentRegistered("local", "orchestrator", "local")
    assert told(world.do("bob", (LOCAL, back))) == "accepted"
    assert component(world, LOCAL).name == "local"


def test_a_base_beyond_the_head_is_refused() -> None:
    assert told(started().do("ann", (K8S, up(ns="a")), base=99)) == "rejected base_ahead"


def component(world: World, id: str) -> Component:
    entity = world.state.get(id)
    assert isinstance(entity, Component)
    return entity

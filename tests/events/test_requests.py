"""What is protected, what becomes a change request, and how one ends: the tables of docs/rules.md."""

from typing import Any

import pytest
from msgspec import structs

from stackroom.events import limits
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.check import Outcome, Rejected, Requested, check_changes
from stackroom.events.model import (
    Change,
    ChangeRequested,
    ComponentDeleted,
    ComponentRenamed,
    ComponentUpdated,
    ConflictResolved,
    DefaultStackSet,
    FlavorRegistered,
    FlavorUpdated,
    Held,
    ProfileDeleted,
    ProfileRenamed,
    ProfileUpdated,
    Proposal,
    RequestApproved,
    RequestClosed,
    RequestJoined,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
)
from stackroom.events.people.people import BUILT_IN
from stackroom.events.people.permissions import PERMISSIONS, Who
from stackroom.events.state import Component, Request, Stack, decode, encode
from stackroom.events.values import pointer
from tests.events.test_check import AIRFLOW, NEW, OTHER, UNUSE, Changes, told, up
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, World, started, uid

EVERYTHING = frozenset(PERMISSIONS)
FLAVOR, DEV = uid(5), uid(22)
PROTECT, UNPROTECT = StackUpdated({"/protected": True}), StackUpdated({"/protected": False})
GUARD, UNGUARD = ComponentUpdated({"/protected": True}), ComponentUpdated({"/protected": False})
ADD_LOCAL = StackUpdated({pointer("components", "orchestrator", LOCAL): True})


def protected() -> World:
    """Stack `prod` (of k8s and s3) is protected; `dev` (of k8s) and component `local` are not."""
    world = started(EVERYTHING)
    world.do("ann", (FLAVOR, FlavorRegistered("kubernetes", "orchestrator")))
    world.do("ann", (DEV, StackRegistered("dev", {"orchestrator": [K8S]})))
    assert told(world.do("ann", (PROD, PROTECT))) == "accepted"
    return world


CASES: list[tuple[str, Changes, str]] = [
    ("a write of the stack", [(PROD, StackUpdated({"/description": "x"}))], "requested"),
    ("a component added to it", [(PROD, ADD_LOCAL)], "requested"),
    ("a component taken out of it", [(PROD, UNUSE)], "requested"),
    ("its name", [(PROD, StackRenamed("live"))], "requested"),
    ("its deletion", [(PROD, StackDeleted())], "requested"),
    ("a component of it", [(K8S, up(ns="x"))], "requested"),
    ("the name of one", [(S3, ComponentRenamed("s4"))], "requested"),
    ("first out, then changed", [(PROD, UNUSE), (K8S, up(ns="x"))], "requested"),
    ("first unprotected, then changed", [(PROD, UNPROTECT), (PROD, ADD_LOCAL)], "requested"),
    ("its protection removed", [(PROD, UNPROTECT)], "requested"),
    ("the profile deleted", [(PROFILE, ProfileDeleted())], "requested"),
    ("one of several changes", [(LOCAL, up(a=1)), (S3, up(path="x"))], "requested"),
    ("what is not in it", [(LOCAL, up(a=1))], "accepted"),
    ("another stack that shares a component", [(DEV, ADD_LOCAL)], "accepted"),
    ("a write that changes nothing", [(K8S, up(ns="ml"))], "accepted"),
    ("protected again", [(PROD, PROTECT)], "accepted"),
    ("a component of it protected, too", [(K8S, GUARD)], "accepted"),
    ("protected and changed in one", [(DEV, PROTECT), (DEV, ADD_LOCAL)], "accepted"),
    ("a new one, protected", [(NEW, structs.replace(AIRFLOW, protected=True))], "accepted"),
    ("a flavor", [(FLAVOR, FlavorUpdated({"/source": "x"}))], "accepted"),
    ("the profile's description", [(PROFILE, ProfileUpdated({"/description": "x"}))], "accepted"),
    ("the profile's name", [(PROFILE, ProfileRenamed("x"))], "accepted"),
    ("the default stack", [(PROFILE, DefaultStackSet(PROD))], "accepted"),
    ("protection that is no truth", [(PROD, StackUpdated({"/protected": 1}))], "rejected invalid_value"),
    ("protection unset", [(PROD, StackUpdated(unset=("/protected",)))], "rejected invalid_path"),
    ("a component in use", [(K8S, ComponentDeleted())], "rejected in_use"),
    ("a request by hand", [(NEW, ChangeRequested(Held("", "", Proposal(NEW, 1, 0, "", 0, ())), ()))], "rejected reserved"),
    ("a joining by hand", [(NEW, RequestJoined(Held("", "", Proposal(NEW, 1, 0, "", 0, ()))))], "rejected reserved"),
    ("approval of nothing", [(NEW, RequestApproved())], "rejected unknown_entity"),
    ("approval of an entity", [(PROD, RequestApproved())], "rejected unknown_entity"),
    ("approval amid changes", [(LOCAL, up(a=1)), (NEW, RequestApproved())], "rejected reserved"),
    ("rejection of nothing", [(NEW, RequestClosed("rejected"))], "rejected unknown_entity"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_protected(changes: Changes, wanted: str) -> None:
    assert told(protected().do("bob", *changes)) == wanted


def test_what_a_request_holds_changes_nothing_yet_and_says_what_it_touches() -> None:
    world = protected()
    outcome = world.do("bob", (K8S, up(ns="x")), (PROD, ADD_LOCAL))
    assert outcome == Requested((K8S, PROD))
    ((_, request),) = world.state.all(Request)
    assert (request.opened, request.protected, request.held[0].author) == (9, (K8S, PROD), "bob")
    assert config(world, K8S)["ns"] == "ml"
    assert encode(decode(encode(world.state))) == encode(world.state)
    assert decode(encode(world.state)).requests == world.state.requests


def test_a_component_is_protected_by_itself() -> None:
    world = started(EVERYTHING)
    assert told(world.do("ann", (LOCAL, GUARD))) == "accepted"
    assert told(world.do("ann", (LOCAL, up(a=1)))) == "requested"
    assert told(world.do("ann", (LOCAL, ComponentDeleted()))) == "requested"
    assert told(world.do("ann", (LOCAL, UNGUARD))) == "requested"
    assert told(world.do("ann", (K8S, up(ns="x")))) == "accepted"


def test_without_rights_to_ask_for_nothing_is_enforced() -> None:
    world = protected()
    world.rights = None
    assert told(world.do("bob", (K8S, up(ns="x")))) == "accepted"
    assert told(world.do("bob", (PROD, UNPROTECT))) == "accepted"
    assert not world.state.protected


RIGHTS: list[tuple[str, Change, set[str]]] = [
    ("protects", PROTECT, {"profile.protect"}),
    ("unprotects", UNPROTECT, {"profile.protect"}),
    ("protects and describes", StackUpdated({"/protected": True, "/description": ""}), {"profile.protect", "profile.write"}),
    ("registers one protected", StackRegistered("x", protected=True), {"profile.protect", "profile.write"}),
    ("registers one", StackRegistered("x"), {"profile.write"}),
    ("sets a policy and describes", ProfileUpdated({"/settings/merge": "entity", "/description": ""}), {"profile.protect", "profile.write"}),
    ("approves", RequestApproved(), {"profile.approve"}),
    ("rejects", RequestClosed("rejected"), {"profile.approve"}),
    ("withdraws", RequestClosed("withdrawn"), {"profile.write"}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "wanted"), [r[1:] for r in RIGHTS], ids=[r[0] for r in RIGHTS])
def test_what_is_needed(change: Change, wanted: set[str]) -> None:
    """Each of the permissions is needed, and together they are enough."""
    state = protected().state
    for rights in (wanted, *(wanted - {one} for one in wanted)):
        outcome = check_changes(
            state, state.seq, [(PROD, change)], Who("z", "z", frozenset(rights))
        )
        refused = isinstance(outcome, Rejected) and outcome.refusal.code == "not_allowed"
        assert refused == (rights != wanted)


def test_an_editor_asks_and_a_maintainer_approves() -> None:
    world = protected()
    world.rights = BUILT_IN["editor"]
    assert told(world.do("bob", (K8S, up(ns="x")))) == "requested"
    assert told(approve(world, "cy")) == "rejected not_allowed"
    world.rights = BUILT_IN["maintainer"]
    assert told(approve(world, "cy")) == "accepted"
    assert config(world, K8S)["ns"] == "x"
    assert not world.state.requests


def test_an_approval_needs_no_right_but_that_to_approve() -> None:
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    world.rights = frozenset({"profile.approve"})
    assert told(approve(world, "cy")) == "accepted"


@pytest.mark.parametrize("who", ["bob", "BOB"])
def test_nobody_approves_their_own(who: str) -> None:
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    assert told(approve(world, who)) == "rejected own_request"


def test_nobody_approves_what_they_joined() -> None:
    """Two replicas of one person, and what a third had built upon, are still that person's."""
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    ((id, request),) = world.state.all(Request)
    held = structs.replace(request.held[0], author="cy")
    world.state.put(id, Request("", request.stamps, (*request.held, held), request.protected))
    assert told(approve(world, "cy")) == "rejected own_request"


def test_an_approval_is_what_the_request_holds_and_nothing_else() -> None:
    world = protected()
    world.do("bob", (K8S, up(ns=1)), (S3, up(path="y")))
    ((id, request),) = world.state.all(Request)
    first, second = held_changes(request.held)
    for carried in (
        [],
        [first],
        [second, first],
        [first, second, (LOCAL, up(a=1))],
        [(K8S, up(ns=True)), second],
        [(K8S, up(ns=1.0)), second],
        [(LOCAL, first[1]), second],
    ):
        outcome = world.do("cy", (id, RequestApproved()), *carried)
        assert told(outcome) == "rejected request_changed", carried
    assert told(world.do("cy", (id, RequestApproved()), first, second)) == "accepted"


def test_what_others_changed_since_outdates_a_request() -> None:
    world = protected()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="x")), base=base)
    world.do("cy", (K8S, up(ns="y")), base=base)
    first, second = sorted(i for i, _ in world.state.all(Request))
    assert told(approve(world, "dee", second)) == "accepted"
    outcome = approve(world, "dee", first)
    assert told(outcome) == "rejected request_outdated"
    assert isinstance(outcome, Rejected)
    assert outcome.refusal.sentence == "component 'k8s' was changed in #11, after this was proposed"
    assert first in world.state.requests
    assert config(world, K8S)["ns"] == "y"


def test_what_its_own_author_changed_since_outdates_a_request() -> None:
    """Whoever asks for one value, and then writes another beside the request, has thought better of it."""
    world = protected()
    base = world.state.seq
    world.do("bob", (LOCAL, up(b=0)), base=base)
    asked: Changes = [(PROD, ADD_LOCAL), (LOCAL, up(a=1, b=1))]
    assert told(world.do("bob", *asked, base=base)) == "requested"
    assert told(world.do("bob", (LOCAL, up(a=2)))) == "accepted"
    assert told(approve(world, "cy")) == "rejected request_outdated"
    assert config(world, LOCAL) == {"a": 2, "b": 0}


def test_what_its_own_author_wrote_before_is_not_in_its_way() -> None:
    world = protected()
    base = world.state.seq
    world.do("bob", (LOCAL, up(a=0)), base=base)
    world.do("bob", (PROD, ADD_LOCAL), (LOCAL, up(a=1)), base=base)
    assert told(approve(world, "cy")) == "accepted"
    assert config(world, LOCAL) == {"a": 1}


def test_a_later_request_for_the_same_is_not_in_its_way() -> None:
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    world.do("bob", (K8S, up(ns="y")))
    first, second = sorted(i for i, _ in world.state.all(Request))
    assert told(approve(world, "cy", first)) == "accepted"
    assert told(approve(world, "cy", second)) == "rejected request_outdated"
    assert config(world, K8S)["ns"] == "x"


def test_what_its_author_proposed_later_into_a_conflict_is_not_in_its_way() -> None:
    world = started(EVERYTHING)
    base = world.state.seq
    world.do("cy", (LOCAL, up(a=1)))
    assert told(world.do("bob", (LOCAL, up(a=2)), base=base)) == "edit/edit"
    world.do("ann", (K8S, GUARD))
    assert told(world.do("bob", (K8S, up(ns="x")), base=base)) == "requested"
    assert told(world.do("bob", (LOCAL, up(a=3)), (K8S, up(ns="y")), base=base)) == "joins"
    assert told(approve(world, "dee")) == "merged"
    assert config(world, K8S)["ns"] == "x"


def test_what_was_deleted_since_outdates_a_request() -> None:
    world = protected()
    world.do("bob", (PROD, ADD_LOCAL))
    world.do("cy", (LOCAL, ComponentDeleted()))
    assert told(approve(world, "dee")) == "rejected request_outdated"


def test_others_other_changes_do_not() -> None:
    world = protected()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="x")), base=base)
    world.do("cy", (K8S, up(gpu=2)), base=base)
    first, second = sorted(i for i, _ in world.state.all(Request))
    assert told(approve(world, "dee", second)) == "accepted"
    assert told(approve(world, "dee", first)) == "merged"
    assert config(world, K8S) == {"ns": "x", "gpu": 2}


def test_what_builds_on_a_request_joins_it_and_is_approved_with_it() -> None:
    world = protected()
    base = world.state.seq
    uses = StackUpdated({pointer("components", "orchestrator", NEW): True})
    assert told(world.do("bob", (NEW, AIRFLOW), (PROD, uses), base=base)) == "requested"
    assert told(world.do("bob", (NEW, up(home="/b")), base=base)) == "joins"
    assert told(world.do("bob", (S3, up(path="y")), base=base)) == "requested"
    assert told(world.do("bob", (LOCAL, up(a=1)), base=base)) == "accepted"
    ((id, request), _) = world.state.all(Request)
    assert len(request.held) == 2
    assert told(approve(world, "cy", id)) == "accepted"
    assert config(world, NEW) == {"home": "/b"}
    stack = world.state.get(PROD)
    assert isinstance(stack, Stack) and stack.components["orchestrator"] == [K8S, NEW]


def test_an_approval_of_what_has_grown_meanwhile_is_looked_at_again() -> None:
    world = protected()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="x")), base=base)
    ((id, request),) = world.state.all(Request)
    seen = held_changes(request.held)
    world.do("bob", (K8S, up(ns="y")), base=base)
    assert told(world.do("cy", (id, RequestApproved()), *seen)) == "rejected request_changed"


def test_a_conflict_comes_first() -> None:
    world = protected()
    base = world.state.seq
    world.rights = None
    world.do("cy", (K8S, up(ns="y")))
    world.rights = EVERYTHING
    assert told(world.do("bob", (K8S, up(ns="x")), base=base)) == "edit/edit"
    assert told(world.do("bob", (K8S, up(ns="z")), base=base)) == "joins"
    assert len(world.state.conflicts) == 1
    assert not world.state.requests


def test_what_converges_stays_converged() -> None:
    world = protected()
    base = world.state.seq
    world.rights = None
    world.do("cy", (K8S, up(ns="y")))
    world.rights = EVERYTHING
    assert told(world.do("bob", (K8S, up(ns="y")), base=base)) == "converged"


def test_resolving_a_conflict_by_changing_what_is_protected_needs_approval() -> None:
    world = started(EVERYTHING)
    base = world.state.seq
    world.do("cy", (K8S, up(ns="y")))
    world.do("bob", (K8S, up(ns="x")), base=base)
    world.do("ann", (PROD, PROTECT))
    (conflict,) = world.state.conflicts
    assert (
        told(world.do("bob", (K8S, up(ns="x")), (conflict, ConflictResolved("ours"))))
        == "requested"
    )
    assert world.state.conflicts == {conflict}
    assert told(approve(world, "dee")) == "accepted"
    assert not world.state.conflicts
    assert config(world, K8S)["ns"] == "x"


def test_keeping_what_stands_needs_none() -> None:
    world = started(EVERYTHING)
    base = world.state.seq
    world.do("cy", (K8S, up(ns="y")))
    world.do("bob", (K8S, up(ns="x")), base=base)
    world.do("ann", (PROD, PROTECT))
    (conflict,) = world.state.conflicts
    assert told(world.do("bob", (conflict, ConflictResolved("theirs")))) == "accepted"


def test_a_request_ends_once() -> None:
    world = protected()
    base = world.state.seq
    world.do("bob", (K8S, up(ns="x")))
    ((id, request),) = world.state.all(Request)
    carried = held_changes(request.held)
    seen = world.state.seq
    assert told(world.do("cy", (id, RequestClosed("withdrawn")))) == "rejected not_its_author"
    assert told(world.do("cy", (id, RequestClosed("rejected")))) == "accepted"
    assert world.state.gone[id].choice == "rejected"
    assert told(world.do("dee", (id, RequestClosed("rejected")), base=seen)) == "converged"
    assert told(world.do("dee", (id, RequestClosed("rejected")))) == "rejected request_closed"
    assert (
        told(world.do("bob", (id, RequestClosed("withdrawn")), base=seen))
        == "rejected request_closed"
    )
    assert (
        told(world.do("dee", (id, RequestApproved()), *carried, base=seen))
        == "rejected request_closed"
    )
    # What had built on it, unseen by its author, is an edit of what stands.
    assert told(world.do("bob", (K8S, up(ns="z")), base=base)) == "requested"


def test_its_author_withdraws_it() -> None:
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    ((id, _),) = world.state.all(Request)
    again: Any = (K8S, up(ns="z"))
    assert told(world.do("bob", (id, RequestClosed("withdrawn")))) == "accepted"
    assert not world.state.requests
    assert told(world.do("bob", again)) == "requested"


def test_a_request_is_no_larger_than_its_approval_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EVENTS_PER_PROPOSAL", 3)
    world = protected()
    base = world.state.seq
    one: Any = (K8S, up(ns="x"))
    assert told(world.do("bob", one, one, one, base=base)) == "rejected too_large"
    assert told(world.do("bob", one, one, base=base)) == "requested"
    assert told(world.do("bob", one, (K8S, up(ns="y")), base=base)) == "rejected too_large"


def test_a_profile_that_ended_takes_no_more_approvals() -> None:
    world = protected()
    world.do("bob", (K8S, up(ns="x")))
    first = next(id for id, _ in world.state.all(Request))
    world.do("bob", (PROFILE, ProfileDeleted()))
    second = next(id for id, _ in world.state.all(Request) if id != first)
    assert told(approve(world, "cy", second)) == "accepted"
    assert told(approve(world, "cy", first)) == "rejected request_outdated"


def test_what_took_a_name_in_a_request_is_registered_when_it_is_approved() -> None:
    world = protected()
    uses = StackUpdated({pointer("components", "orchestrator", NEW): True})
    world.do("bob", (NEW, AIRFLOW), (PROD, uses))
    assert told(world.do("cy", (OTHER, AIRFLOW))) == "accepted"
    assert told(approve(world, "dee")) == "accepted"
    assert world.state.resolve(NEW) == OTHER
    stack = world.state.get(PROD)
    assert isinstance(stack, Stack) and stack.components["orchestrator"] == [K8S, OTHER]


def approve(world: World, who: str, id: str | None = None) -> Outcome:
    """Approves the request of that id, or the only one."""
    if id is None:
        (id,) = world.state.requests
    request = world.state.entities[id]
    assert isinstance(request, Request)
    return world.do(who, (id, RequestApproved()), *held_changes(request.held))


def config(world: World, id: str) -> dict[str, Any]:
    entity = world.state.get(id)
    assert isinstance(entity, Component)
    return entity.config

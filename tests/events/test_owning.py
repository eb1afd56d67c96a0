"""What is seen at one look is what `check` and `fold` say: the same outcome, and the same bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, json, structs

from stackroom.events.codec import seal
from stackroom.events.deciding import owning
from stackroom.events.deciding.check import (
    Accepted,
    Changes,
    Conflicted,
    Converged,
    Requested,
    check_changes,
)
from stackroom.events.deciding.owning import PLAIN_BYTES, Owner
from stackroom.events.fold import apply
from stackroom.events.model import (
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    FlavorRegistered,
    FlavorUpdated,
    Held,
    ProfileDeleted,
    ProfileUpdated,
    Proposal,
    StackUpdated,
)
from stackroom.events.outcomes import holding
from stackroom.events.people.permissions import Who
from stackroom.events.state import Component, State, encode
from stackroom.events.values import depth
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, started, uid

FLAVOR, NEW, NEWER = uid(31), uid(98), uid(99)
ids = st.sampled_from([K8S, LOCAL, S3, PROD, FLAVOR, PROFILE, NEW, NEWER])
replicas = st.sampled_from(["ann", "bob", "cem"])
scalars: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1, 1.0, "x", "y", "\ud800", float("nan"), 2**64, -(2**70), b"x"]
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["in", "\ud800"]), inner)
    ),
    max_leaves=3,
)
paths = st.sampled_from(
    [
        "/config/ns",
        "/config/ns/in",
        "/config/a~1b",
        "/config/a~2b",
        "/config",
        "/config/",
        "/labels/l",
        "/labels/l/l",
        "/extra/e",
        "/settings/secrets",
        "/settings/merge",
        "/components/orchestrator",
        "/components/orchestrator/" + LOCAL,
        "/protected",
        "/flavor",
        "none",
        "",
    ]
)
written = st.dictionaries(paths, values, max_size=3)
unset = st.lists(paths, max_size=1).map(tuple)
common = st.dictionaries(
    st.sampled_from(["/config/ns", "/config/b", "/labels/l", "/extra/e"]),
    st.sampled_from(["x", "y", "é"]),
    min_size=1,
)
changes: st.SearchStrategy[Any] = st.one_of(
    st.builds(ComponentUpdated, common),
    st.builds(ComponentUpdated, written, unset),
    st.builds(StackUpdated, written, unset),
    st.builds(FlavorUpdated, written, unset),
    st.builds(ComponentUpdated, st.fixed_dictionaries({"/protected": st.booleans()})),
    st.builds(
        ProfileUpdated,
        st.sampled_from([{"/settings/secrets": "refuse"}, {"/settings/merge": "entity"}]),
    ),
    st.builds(ComponentRenamed, st.sampled_from(["k8s", "local"])),
    st.builds(
        ComponentRegistered,
        st.sampled_from(["k8s", "new", "newer", "a/b", "é", ""]),
        st.sampled_from(["orchestrator", "Bad"]),
        st.sampled_from(["f", " f"]),
        st.dictionaries(st.sampled_from(["in", "\ud800"]), values, max_size=1),
        protected=st.booleans(),
    ),
    st.just(ComponentDeleted()),
    st.just(ProfileDeleted()),
)
rights = st.sampled_from(
    [None, frozenset({"profile.write"}), frozenset({"profile.read"}), frozenset()]
)


class Tried(Struct, frozen=True):
    """A proposal; `back` is how far its base lies behind the head, `kept` whether somebody keeps the state."""

    replica: str
    rights: frozenset[str] | None
    back: int
    changes: Changes
    kept: bool


tried = st.builds(
    Tried,
    replicas,
    rights,
    st.integers(-1, 3),
    st.lists(st.tuples(ids, changes), min_size=1, max_size=3),
    st.booleans(),
)


def owned() -> Owner:
    """The state of `started`, with a flavor."""
    world = started()
    world.do("ann", (FLAVOR, FlavorRegistered("airflow", "orchestrator")))
    return Owner(world.state)


def said(owner: Owner, base: int, changes: Changes, who: Who, id: str) -> bool:
    """What becomes of a proposal, both ways; whether it was seen at one look."""
    state = owner.state
    aside = state.copy()
    before = encode(state)
    plain = owner.plain(base, changes, who, id)
    assert encode(state) == before, "a look changes nothing"
    outcome = check_changes(state, base, changes, who, id)
    if plain is not None:
        assert outcome == Accepted()
        owner.write(who.replica, plain)
        apply(aside, aside.seq + 1, who.replica, changes)
        for entity in map(state.get, dict.fromkeys(entity for entity, _ in changes)):
            if isinstance(entity, Component):
                assert len(json.encode(entity.config)) <= plain.bytes
                assert depth(entity.config) <= plain.levels
    elif isinstance(outcome, Accepted | Converged):
        owner.apply(who.replica, changes)
        apply(aside, aside.seq + 1, who.replica, changes)
    elif isinstance(outcome, Conflicted | Requested):
        events = tuple(seal(entity, change, bytes(16)) for entity, change in changes)
        proposal = Proposal(id, state.seq, base, "", 0, events)
        held = [holding(outcome, Held(who.author, who.replica, proposal))]
        owner.apply(who.replica, held)
        apply(aside, aside.seq + 1, who.replica, held)
    assert encode(state) == encode(aside)
    assert (state.names, state.protected) == (aside.names, aside.protected)
    return plain is not None


@given(st.lists(tried, max_size=12))
def test_both_ways_say_the_same(history: list[Tried]) -> None:
    owner = owned()
    kept: list[tuple[State, bytes]] = []
    for n, one in enumerate(history):
        who = Who(one.replica, one.replica, one.rights)
        said(owner, max(0, owner.state.seq - one.back), one.changes, who, uid(1_000 + n))
        if one.kept:
            kept.append((owner.shared().copy(), encode(owner.state)))
    for state, before in kept:
        assert encode(state) == before


@pytest.mark.parametrize(
    ("base", "changes", "seen"),
    [
        (6, [(K8S, ComponentUpdated({"/config/ns": "x", "/labels/team": "ml"}))], True),
        (6, [(K8S, ComponentUpdated({"/config/ns": {"a": [1, {"b": None}]}}))], True),
        (6, [(PROD, StackUpdated({"/labels/team": "ml"}))], True),
        (6, [(FLAVOR, FlavorUpdated({"/extra/e": 1}))], True),
        (5, [(K8S, ComponentUpdated({"/config/ns": "x"}))], True),  # Nobody wrote there since.
        (1, [(K8S, ComponentUpdated({"/config/ns": "x"}))], False),
        (7, [(K8S, ComponentUpdated({"/config/ns": "x"}))], False),
        (6, [(id, ComponentUpdated({"/config/ns": "x"})) for id in (K8S, LOCAL, K8S)], True),
        (6, [(K8S, ComponentUpdated({"/config/ns": "x"}, ("/config/gpu",)))], False),
        (6, [(K8S, ComponentUpdated({"/config/ns/a": "x"}))], False),
        (6, [(K8S, ComponentUpdated({"/labels/team": 1}))], False),
        (6, [(K8S, ComponentUpdated({"/flavor": "x"}))], False),
        (6, [(K8S, ComponentUpdated({"/config/ns": "x" * PLAIN_BYTES}))], False),
        (6, [(K8S, ComponentUpdated({}))], False),
        (6, [(K8S, StackUpdated({"/labels/team": "ml"}))], False),
        (6, [(PROD, StackUpdated({"/components/orchestrator": [LOCAL]}))], False),
        (6, [(PROFILE, ProfileUpdated({"/settings/merge": "entity"}))], False),
        (6, [(NEW, ComponentUpdated({"/config/ns": "x"}))], False),
    ],
)
def test_what_is_seen_at_one_look(base: int, changes: Changes, seen: bool) -> None:
    who = Who("bob", "bob", frozenset({"profile.write"}))
    assert said(owned(), base, changes, who, uid(1_000)) is seen


AIRFLOW = ComponentRegistered("airflow", "orchestrator", "airflow", {"a": {"b": 1}}, {"l": "x"})


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ([(NEW, AIRFLOW)], True),
        ([(NEW, AIRFLOW), (K8S, ComponentUpdated({"/config/ns": "x"}))], True),
        ([(NEW, AIRFLOW), (NEWER, structs.replace(AIRFLOW, name="other"))], True),
        ([(NEW, AIRFLOW), (NEWER, structs.replace(AIRFLOW, component_type="other"))], True),
        ([(NEW, AIRFLOW), (NEWER, AIRFLOW)], False),
        ([(NEW, AIRFLOW), (NEW, structs.replace(AIRFLOW, name="other"))], False),
        ([(NEW, AIRFLOW), (NEW, ComponentUpdated({"/config/a": 1}))], False),
        ([(K8S, AIRFLOW)], False),
        ([(NEW, structs.replace(AIRFLOW, name="k8s"))], False),
        ([(NEW, structs.replace(AIRFLOW, name="a/b"))], False),
        ([(NEW, structs.replace(AIRFLOW, protected=True))], False),
        ([(NEW, structs.replace(AIRFLOW, config={"a": "x" * PLAIN_BYTES}))], False),
    ],
)
def test_which_registrations_are_seen_at_one_look(changes: Changes, seen: bool) -> None:
    who = Who("bob", "bob", frozenset({"profile.write"}))
    owner = owned()
    assert said(owner, 6, changes, who, uid(1_000)) is seen
    update = [(NEW, ComponentUpdated({"/config/a": "x"}))]
    assert said(owner, owner.state.seq, update, who, uid(1_001)) is (NEW in owner.state.entities)


def test_what_was_deleted_and_comes_back_is_for_the_rules() -> None:
    owner, who = owned(), Who("bob")
    said(owner, 6, [(LOCAL, ComponentDeleted())], who, uid(1_000))
    assert not said(owner, 7, [(LOCAL, AIRFLOW)], who, uid(1_001))
    assert LOCAL in owner.state.entities


def test_the_writes_of_ones_own_are_in_nobodys_way() -> None:
    owner, update = owned(), [(K8S, ComponentUpdated({"/config/ns": "x"}))]
    bob, ann = Who("bob"), Who("ann")
    assert said(owner, 6, update, bob, uid(1_000))
    assert said(owner, 6, update, bob, uid(1_001))
    assert not said(owner, 6, update, ann, uid(1_002))
    assert said(owner, owner.state.seq, update, ann, uid(1_003))
    assert not said(owner, 6, update, ann, uid(1_004))


def test_many_updates_of_one_entity_are_weighed_together() -> None:
    owner, who = owned(), Who("bob")
    several = [(K8S, ComponentUpdated({f"/config/{n}": "x" * 100})) for n in range(10)]
    plain = owner.plain(6, several, who, uid(1_000))
    assert plain is not None
    assert 1_000 < plain.bytes < 1_500
    plain = owner.plain(6, [several[0], (LOCAL, several[1][1])], who, uid(1_000))
    assert plain is not None
    assert plain.bytes < 200


def test_what_is_known_is_forgotten_between_two_proposals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owning, "OWNED_MOST", 1)
    owner, who = owned(), Who("bob")
    for n in range(4):
        several = [(id, ComponentUpdated({f"/config/{n}": n})) for id in (K8S, LOCAL, S3, K8S)]
        assert said(owner, owner.state.seq, several, who, uid(1_000 + n))


def test_what_lies_below_a_place_is_not_overlooked() -> None:
    owner, who = owned(), Who("bob")
    below = [(K8S, ComponentUpdated({"/config/m/a": 1}))]
    assert not said(owner, 6, below, who, uid(1_000))
    assert not said(owner, 7, [(K8S, ComponentUpdated({"/config/m": 1}))], who, uid(1_001))
    assert said(owner, 8, [(K8S, ComponentUpdated({"/config/ns": "x"}))], who, uid(1_002))


def test_who_did_not_see_that_something_waits_is_looked_at_twice() -> None:
    owner = owned()
    update = [(K8S, ComponentUpdated({"/config/ns": "x"}))]
    other = [(LOCAL, ComponentUpdated({"/config/ns": "x"}))]
    said(owner, 6, update, Who("bob"), uid(1_000))
    said(owner, 6, [(K8S, ComponentUpdated({"/config/ns": "y"}))], Who("ann"), uid(1_001))
    assert owner.state.conflicts
    assert not said(owner, 7, other, Who("ann"), uid(1_002))
    assert said(owner, owner.state.seq, other, Who("bob"), uid(1_003))
    assert said(owner, owner.state.seq, other, Who("ann"), uid(1_004))


def test_what_is_protected_is_for_the_rules() -> None:
    owner, who = owned(), Who("bob", "bob", frozenset({"profile.write", "profile.protect"}))
    said(owner, 6, [(PROD, StackUpdated({"/protected": True}))], who, uid(1_000))
    assert not said(owner, 7, [(K8S, ComponentUpdated({"/config/ns": "x"}))], who, uid(1_001))
    local = [(LOCAL, ComponentUpdated({"/config/ns": "x"}))]
    assert said(owner, owner.state.seq, local, who, uid(1_002))

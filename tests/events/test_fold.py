"""`fold` is total and deterministic: any committed commits fold, and equal histories give equal bytes."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stackroom.events.codec import seal
from stackroom.events.deciding.check import Accepted, Converged, check_changes
from stackroom.events.fold import fold
from stackroom.events.history.history import blame, diff, leaves
from stackroom.events.model import (
    Change,
    Commit,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    ConflictResolved,
    DefaultStackSet,
    ProfileCreated,
    ProfileDeleted,
    StackDeleted,
    StackRegistered,
    StackUpdated,
    TagDeleted,
    TagRegistered,
    TagUpdated,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import State, decode, encode, pieces
from stackroom.events.values import pointer
from tests.events.world import K8S, LOCAL, PROD, PROFILE, started, uid

ids = st.integers(1, 4).map(uid)
names = st.sampled_from(["a", "b"])
values = st.sampled_from([1, "x", None, {"in": 1}, [1]])
paths = st.sampled_from(["/config/a", "/config/a/in", "/config/b", "/labels/l"])
written = st.fixed_dictionaries(
    {},
    optional={
        "/config/a": values,
        "/config/a/in": values,
        "/config/b": values,
        "/labels/l": st.sampled_from(["x", "y"]),
    },
)
members = st.dictionaries(st.just("orchestrator"), st.lists(ids, max_size=2))

changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(ProfileCreated, names),
    st.builds(ComponentRegistered, names, st.just("orchestrator"), names, st.just({"a": 1})),
    st.builds(StackRegistered, names, members),
    st.builds(ComponentUpdated, written, st.tuples(paths)),
    st.builds(StackUpdated, st.dictionaries(ids.map(lambda i: pointer("components", "t", i)), st.just(True))),
    st.builds(ComponentRenamed, names),
    st.just(ComponentDeleted()),
    st.just(ProfileDeleted()),
    st.just(StackDeleted()),
    st.builds(DefaultStackSet, ids),
    st.builds(TagRegistered, names, st.integers(1, 3)),
    st.builds(TagUpdated, st.just({"/seq": 2})),
    st.just(TagDeleted()),
    st.builds(ConflictResolved, names, st.dictionaries(ids, ids, max_size=1)),
)  # fmt: skip
histories = st.lists(st.lists(st.tuples(ids, changes), min_size=1, max_size=3), max_size=12)


def committed(history: list[list[tuple[str, Change]]]) -> list[Commit]:
    return [
        Commit(seq, uid(seq), f"r{seq % 3}", seq, 0, "", "", 0, 0, tuple(
            seal(id, change, bytes(16)) for id, change in changes
        ), b"")
        for seq, changes in enumerate(history, 1)
    ]  # fmt: skip


def allowed(history: list[list[tuple[str, Change]]]) -> list[list[tuple[str, Change]]]:
    """The part of `history` that the rules let through, each commit on top of those before it."""
    state, kept = State(), []
    for changes in history:
        outcome = check_changes(state, state.seq, changes, Who(f"r{(len(kept) + 1) % 3}"))
        if isinstance(outcome, Accepted | Converged):
            kept.append(changes)
            state = fold(state, *committed(kept)[-1:])
    return kept


@given(histories)
def test_whatever_was_committed_folds(history: list[list[tuple[str, Change]]]) -> None:
    """Even what the rules would never let through: `fold` does not decide again."""
    commits = committed(history)
    assert fold(State(), *commits).seq == len(commits)


@given(histories.map(lambda h: [[(PROFILE, ProfileCreated("p"))], *h]))
def test_equal_histories_give_equal_states(history: list[list[tuple[str, Change]]]) -> None:
    """Folded at once, or one by one through encoding and decoding: byte for byte."""
    commits = committed(allowed(history))
    state = fold(State(), *commits)
    one_by_one = State()
    for commit in commits:
        one_by_one = fold(decode(encode(one_by_one)), commit)
    assert encode(one_by_one) == encode(state)
    assert (one_by_one.names, one_by_one.conflicts) == (state.names, state.conflicts)
    assert one_by_one.profile_id == state.profile_id


@given(histories, st.integers(1, 4))
def test_a_state_in_pieces_is_the_same_bytes(
    history: list[list[tuple[str, Change]]], at_once: int
) -> None:
    state = fold(State(), *committed(history))
    assert b"".join(pieces(state, at_once)) == encode(state)


@given(histories)
def test_folding_leaves_the_state_before_as_it_was(history: list[list[tuple[str, Change]]]) -> None:
    state = State()
    for commit in committed(history):
        before = encode(state)
        after = fold(state, commit)
        assert encode(state) == before
        state = after


@given(histories)
def test_every_value_has_somebody_to_blame(history: list[list[tuple[str, Change]]]) -> None:
    commits = committed(history)
    states = [State()]
    for commit in commits:
        states.append(fold(states[-1], commit))
    for id, entity in states[-1].entities.items():
        for blamed in blame(entity):
            before, after = states[blamed.seq - 1].entities.get(id), states[blamed.seq].entities[id]
            assert leaves(after)[blamed.path] == blamed.value
            if before is not None and before.stamps.get("") == after.stamps.get(""):
                assert leaves(before).get(blamed.path, UNSET) != blamed.value or (
                    isinstance(blamed.value, dict | list) or before.stamps != after.stamps
                )


def test_a_write_that_changes_nothing_leaves_the_blame_alone() -> None:
    world = started()
    world.do("bob", (K8S, ComponentUpdated({"/config/ns": "ml"})))
    entity = world.state.entities[K8S]
    assert entity.written("/config/ns")[0] == 2


def test_replacing_a_map_takes_over_what_was_below() -> None:
    world = started()
    world.do("ann", (K8S, ComponentUpdated({"/config/m": {"a": 1, "b": 2}})))
    world.do("ann", (K8S, ComponentUpdated({"/config/m/a": 3})))
    world.do("ann", (K8S, ComponentUpdated({"/config/m": {"a": 4}})))
    entity = world.state.entities[K8S]
    assert entity.written("/config/m/a")[0] == world.state.seq
    assert "/config/m/a" not in entity.stamps


def test_an_empty_map_is_blamed_on_who_emptied_it() -> None:
    world = started()
    world.do("ann", (K8S, ComponentUpdated({"/config/m/a": 1})))
    world.do("bob", (K8S, ComponentUpdated(unset=("/config/m/a",))))
    (emptied,) = [b for b in blame(world.state.entities[K8S]) if b.path == "/config/m"]
    assert (emptied.value, emptied.seq) == ({}, world.state.seq)


def test_diff_says_what_changed_where() -> None:
    world = started()
    before = world.state.copy()
    world.do("ann", (K8S, ComponentUpdated({"/config/ns": "x"}, ("/config/gpu",))))
    world.do("ann", (PROD, StackDeleted()))
    found = {(d.name, d.path): (d.before, d.after) for d in diff(before, world.state)}
    assert found["k8s", "/config/ns"] == ("ml", "x")
    assert found["k8s", "/config/gpu"] == (1, UNSET)
    assert found["prod", "/name"] == ("prod", UNSET)
    assert ("k8s", "/name") not in found


def test_diff_says_that_members_changed_their_order() -> None:
    world = started()
    path = "/components/orchestrator"
    world.do("ann", (PROD, StackUpdated({path: [K8S, LOCAL]})))
    before = world.state.copy()
    world.do("ann", (PROD, StackUpdated({path: [LOCAL, K8S]})))
    (found,) = diff(before, world.state)
    assert (found.path, found.before, found.after) == (path, [K8S, LOCAL], [LOCAL, K8S])

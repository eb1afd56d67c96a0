"""Blocks: what was packed comes out again, hashes as it did, and folds to the same state."""

import sys
import zlib
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from stackroom.events import codec
from stackroom.events.errors import IntegrityError, MalformedEvent, UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.history import block, folding
from stackroom.events.history.block import Block, pack, unpack
from stackroom.events.history.folding import Folding
from stackroom.events.model import (
    Change,
    Commit,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    Event,
    ProfileCreated,
    ProfileUpdated,
    RunRecorded,
    StackRegistered,
    StackUpdated,
)
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signing import Signer
from stackroom.events.state import State, encode
from tests.client.homes import sealed
from tests.events import test_fold
from tests.events.commits import PROFILE, Chain
from tests.events.test_fold import committed
from tests.events.world import K8S, uid

SIGNER = Signer(bytes(range(32)))
STACK = uid(77)


def update(*written: tuple[str, object], unset: tuple[str, ...] = ()) -> ComponentUpdated:
    return ComponentUpdated(dict(written), unset)  # type: ignore[arg-type]


REGISTERED = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"n": 2, "deep": {"a": 1}})
CHANGES: list[list[tuple[str, Change]]] = [
    [(PROFILE, ProfileCreated("team"))],
    [(K8S, REGISTERED), (uid(5), ComponentRegistered("s3", "artifact_store", "s3"))],
    [(K8S, update(("/config/n", 3), ("/labels/a", "b")))],
    [(K8S, update(("/config/n", 3)))],
    [(K8S, update(("/config/n", True)))],
    [(K8S, update(("/config/n", 1)))],
    [(K8S, update(("/config/n", 1.0)))],
    [(K8S, update(("/config/deep/a", 2), ("/config/deep/b", {"c": [1]})))],
    [(K8S, update(("/config/deep/b/c", 5), ("/config/m", 1)))],
    [(K8S, update(("/config/deep", {"z": 1})))],
    [(K8S, update(("/config/deep", 5)))],
    [(K8S, update(("/config/m", 2))), (uid(5), update(("/config/x~1y", "v"), ("/labels/l", "m")))],
    [(uid(6), RunRecorded("train", STACK))],
    [],
    [(K8S, update(("/config/m", 3), unset=("/config/n",)))],
    [(K8S, update(("/config", {"all": {"new": 1}})))],
    [(K8S, update(("/config/all", {"new": 1})))],
    [(K8S, update(("/config/all", {"new": 2})))],
    [(STACK, StackRegistered("prod", {"orchestrator": [K8S]}, {"a": "b"}))],
    [(STACK, StackUpdated({f"/components/artifact_store/{uid(5)}": True}))],
    [(STACK, StackUpdated({"/labels/a": "c", "/description": "all"}))],
    [(STACK, StackUpdated({"/labels/a": "d"}))],
    [(K8S, ComponentRenamed("k9s")), (K8S, update(("/protected", True)))],
    [(PROFILE, ProfileUpdated({"/settings/merge": "strict"}))],
    [(STACK, update(("/labels/a", "of another kind")))],
    [(uid(5), ComponentDeleted())],
    [(uid(5), update(("/config/x", "too late")))],
    [(uid(99), update(("/config/x", "of nobody")))],
    [(uid(5), ComponentRegistered("s3", "artifact_store", "s3", {"back": 1}))],
    [(uid(5), update(("/config/back", 2)))],
]


def history(*, signer: Signer | None = None) -> list[Commit]:
    """All that can be said of entities, of two replicas in turn."""
    chain = Chain()
    made = []
    for n, changes in enumerate(CHANGES):
        events = [sealed(id, change) for id, change in changes]
        taken = chain.commit(
            *(events or [sealed(uid(6), RunRecorded("train", STACK))]),
            replica=f"replica-{n % 3}",
            message=f"Änderung\n{n}",
            signer=signer if n % 4 else None,
        )
        made.append(taken.commit)
    return made


def leaves_of(commits: Sequence[Commit]) -> list[bytes]:
    return [merkle.leaf_hash(codec.leaf(PROFILE, commit)) for commit in commits]


def redacted(commits: Sequence[Commit]) -> list[Commit]:
    """The commits, one of them with an event that says something else than it did."""
    first, second, *rest = commits
    event = second.events[0]
    other = structs.replace(event, body='{"name":"x"}', digest=codec.digest(event))
    return [first, structs.replace(second, events=(other, *second.events[1:])), *rest]


@pytest.mark.parametrize("signer", [None, SIGNER], ids=["unsigned", "some signed"])
@pytest.mark.parametrize("change", [list, redacted], ids=["as written", "redacted"])
def test_what_was_packed_comes_out_again_and_hashes_as_it_did(
    signer: Signer | None, change: type[list[Commit]]
) -> None:
    commits = change(history(signer=signer))
    some = unpack(pack(commits[1:]))

    assert list(some) == commits[1:]
    assert (some.first, some.last, len(some)) == (2, len(commits), len(commits) - 1)
    assert some.leaves(PROFILE) == leaves_of(commits[1:])
    assert some.root == commits[-1].root
    assert some[0] == commits[1]
    assert some[-1] == commits[-1]
    assert some[2:5] == commits[3:6]
    assert some[::-2] == commits[1:][::-2]
    assert some.plain == (change is list)


def test_one_event_in_each_commit_hashes_as_several_do() -> None:
    chain = Chain()
    commits = [chain.commit(sealed(*changes[0])).commit for changes in CHANGES if changes]
    assert unpack(pack(commits)).leaves(PROFILE) == leaves_of(commits)


def folded(state: State, commits: Sequence[Commit], size: int, take_every: int) -> State:
    """The state after the commits in blocks of `size`; somebody takes it after every `take_every` of them."""
    folding = Folding(state)
    for n, begin in enumerate(range(0, len(commits), size), 1):
        folding.take(unpack(pack(commits[begin : begin + size])))
        if n % take_every == 0:
            folding.settle()
    folding.settle()
    return state


def expect_same(one: State, other: State) -> None:
    """Byte for byte, and in what is not encoded."""
    assert encode(one) == encode(other)
    assert (one.names, one.conflicts, one.requests) == (
        other.names,
        other.conflicts,
        other.requests,
    )
    assert (one.protected, one.profile_id) == (other.protected, other.profile_id)
    assert list(one.entities) == list(other.entities)


@pytest.mark.parametrize("take_every", [1, 3, 100])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_blocks_fold_to_the_state_of_their_commits(size: int, take_every: int) -> None:
    commits = history()
    for upto in range(1, len(commits) + 1):
        one = State()
        advance(one, commits[:upto])
        expect_same(folded(State(), commits[:upto], size, take_every), one)


KEYS = st.sampled_from(["a", "b", "~1x"])
VALUES = st.sampled_from([1, True, 1.0, "x", None, [1], [True], {"a": 1}, {"a": {"b": 1}}, {}])
PATHS = st.one_of(
    st.builds("/{}/{}".format, st.sampled_from(["config", "labels", "extra"]), KEYS),
    st.builds("/config/{}/{}".format, KEYS, KEYS),
)
MAPS = st.dictionaries(KEYS, VALUES, max_size=2)
UPDATES = st.builds(
    ComponentUpdated,
    st.dictionaries(PATHS, VALUES, max_size=3)
    | st.builds(lambda whole: {"/config": whole}, MAPS)
    | st.builds(lambda whole, last: {"/config/a": last, "/config": whole}, MAPS, VALUES),
    st.lists(PATHS, max_size=2).map(tuple),
)
WRITTEN = st.one_of(*[UPDATES] * 3, test_fold.changes)
"""All that can be said, and much that is written into maps."""


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 3).map(uid), WRITTEN), min_size=1, max_size=3),
        max_size=20,
    ),
    st.integers(1, 8),
    st.integers(1, 4),
)
def test_whatever_was_committed_folds_in_blocks_as_it_does_one_by_one(
    rest: list[list[tuple[str, Change]]], size: int, take_every: int
) -> None:
    begun: list[list[tuple[str, Change]]] = [
        [(PROFILE, ProfileCreated("p"))],
        [(uid(1), ComponentRegistered("a", "orchestrator", "a", {"a": 1}))],
        [(uid(2), ComponentRegistered("b", "orchestrator", "a", {"a": {"b": 1}}))],
    ]
    commits = committed([*begun, *rest])
    one = State()
    advance(one, commits)
    expect_same(folded(State(), commits, size, take_every), one)


SAME: tuple[str, ...] = ("/config/a", "/config/b", "/labels/c")
ALIKE = st.builds(
    lambda values, unset: ComponentUpdated(dict(zip(SAME, values, strict=False)), unset),
    st.lists(st.sampled_from([1, 1.0, True, "x", {"a": 1}, {"a": True}]), min_size=2, max_size=3),
    st.sampled_from([(), (), SAME[2:], SAME[:1]]),
)
"""Updates that write nearly the same paths each time, and often the same values."""


@pytest.mark.parametrize("waiting", [0, 2_000, folding.WAITING])
@given(
    st.lists(st.tuples(st.sampled_from([uid(1), uid(1), uid(2), uid(9)]), ALIKE), max_size=30),
    st.integers(1, 12),
)
def test_updates_alike_fold_in_blocks_as_they_do_one_by_one(
    waiting: int, updates: list[tuple[str, Change]], size: int
) -> None:
    begun: list[list[tuple[str, Change]]] = [
        [(PROFILE, ProfileCreated("p"))],
        [(uid(1), ComponentRegistered("a", "orchestrator", "a", {"a": 1}))],
        [(uid(2), ComponentRegistered("b", "orchestrator", "a", {"a": {"b": 1}}))],
        [(uid(3), ComponentRegistered("b", "orchestrator", "a", {"a": {"b": 1}}))],
    ]
    commits = committed([*begun, *([update] for update in updates)])
    one = State()
    advance(one, commits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "WAITING", waiting)
        other = folded(State(), commits[: len(begun)], 1, 1)
        expect_same(folded(other, commits[len(begun) :], size, 100), one)


def test_who_takes_the_name_of_another_is_compared_with_what_that_is_by_now() -> None:
    again = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"n": 3})
    other: list[list[tuple[str, Change]]] = [
        [(PROFILE, ProfileCreated("team"))],
        [(K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes", {"n": 2}))],
        [(K8S, update(("/config/n", 3)))],
        [(uid(5), again)],
        [(uid(5), update(("/config/n", 4)))],
    ]
    state = folded(State(), committed(other), 100, 1)
    assert state.aliases == {uid(5): K8S}
    assert state.entities[K8S].config == {"n": 4}  # type: ignore[union-attr]


def test_who_held_the_state_before_is_not_told_of_what_came_since() -> None:
    commits = history()
    state = State()
    advance(state, commits[:6])
    before = state.copy()
    said = encode(before)

    folded(state, commits[6:], 100, 1)

    assert encode(before) == said


def test_the_state_stays_before_what_is_newer_than_this_program() -> None:
    *known, last = history()
    newer = structs.replace(last, events=(*last.events, Event("Unheard", 1, K8S, b"", "{}")))
    expected, state = State(), State()
    advance(expected, known)
    folding = Folding(state)

    folding.take(unpack(pack(known[:9])))
    with pytest.raises(UnknownEvent):
        folding.take(unpack(pack([*known[9:], newer])))

    expect_same(state, expected)


def test_a_body_that_does_not_fit_its_type_is_found_although_it_is_overwritten() -> None:
    commits = history()
    one = commits[2]
    broken = structs.replace(one.events[0], body='{"set":5}')
    commits[2] = structs.replace(one, events=(broken,))
    with pytest.raises(MalformedEvent):
        Folding(State()).take(unpack(pack(commits)))
    alike = committed([[(K8S, update(("/config/n", 3)))]] * 2)
    alike[0] = structs.replace(alike[0], events=(broken,))
    with pytest.raises(MalformedEvent):
        Folding(State()).take(unpack(pack(alike)))


def broken(**columns: object) -> bytes:
    some = unpack(pack(history()))
    return zlib.compress(msgspec.msgpack.encode(structs.replace(some.columns, **columns)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zlib",
        pack(history())[:-9],
        zlib.compress(b"\xc1"),
        zlib.compress(msgspec.msgpack.encode([1])),
        broken(ids=[]),
        broken(first=0),
        broken(roots=[bytes(32)]),
        broken(counts=[-1, *[1] * (len(CHANGES) - 1)]),
        broken(digests=["x"]),
        broken(keys=[b""]),
        broken(bodies=[b"\xff"] * sum(max(1, len(changes)) for changes in CHANGES)),
    ],
)
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        unpack(data)


def test_few_bytes_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "UNPACKED_MOST", 1 << 10)
    with pytest.raises(IntegrityError):
        unpack(pack(history()))


def test_a_block_is_a_sequence() -> None:
    some = unpack(pack(history()))
    assert isinstance(some, Block)
    with pytest.raises(IndexError):
        some[len(some)]


def test_who_has_its_leaves_need_not_keep_the_block() -> None:
    block = unpack(pack([one.commit for one in Chain().commits(50)]))
    before = sys.getrefcount(block.columns.ids)
    leaves = block.leaves(PROFILE)
    after = sys.getrefcount(block.columns.ids)
    assert (len(leaves), after) == (50, before)

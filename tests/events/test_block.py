"""Blocks: what was packed comes out again, hashes as it did, and folds to the same state."""

import zlib
from collections.abc import Sequence

import msgspec
import pytest
from msgspec import structs

from stackroom.events import block, codec, merkle
from stackroom.events.block import Block, pack, unpack
from stackroom.events.errors import IntegrityError, UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.folding import Folding
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
from stackroom.events.signing import Signer
from stackroom.events.state import State, encode
from tests.client.homes import sealed
from tests.events.commits import PROFILE, Chain
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


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_blocks_fold_to_the_state_of_their_commits(size: int) -> None:
    commits = history()
    one, other = State(), State()
    folding = Folding(other)
    for begin in range(0, len(commits), size):
        page = commits[begin : begin + size]
        advance(one, page)
        folding.take(unpack(pack(page)))
        assert encode(other) == encode(one)


def test_who_held_the_state_before_is_not_told_of_what_came_since() -> None:
    commits = history()
    state = State()
    advance(state, commits[:6])
    before = state.copy()
    said = encode(before)

    Folding(state).take(unpack(pack(commits[6:])))

    assert encode(before) == said


def test_the_state_stays_before_what_is_newer_than_this_program() -> None:
    *known, last = history()
    newer = structs.replace(last, events=(*last.events, Event("Unheard", 1, K8S, b"", "{}")))
    expected, state = State(), State()
    advance(expected, known)

    with pytest.raises(UnknownEvent):
        Folding(state).take(unpack(pack([*known, newer])))

    assert encode(state) == encode(expected)


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

"""Bodies survive, versions rise, and a leaf is what the documentation says it is."""

import json
from hashlib import sha256

import msgspec
import pytest

from stackroom.events import codec
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ConflictOpened,
    Event,
    Held,
    Overlap,
    Proposal,
    StackRegistered,
)
from tests.events.world import K8S, PROFILE, uid

SALT = bytes(range(16))


@pytest.mark.parametrize(
    "change",
    [
        ComponentRegistered("k8s", "orchestrator", "kubernetes", {"a": [1, {"b": None}]}),
        ComponentUpdated({"/config/a": 1.0}, ("/config/b",)),
        ComponentUpdated({"/config/a": None}),
        StackRegistered("prod", {"orchestrator": [K8S]}),
        ConflictOpened(
            Held("ann", "r", Proposal(uid(9), 1, 0, "why", 5, ())),
            (Overlap("edit/edit", K8S, "/config/a", 3, "bob", None, 1, True),),
        ),
    ],
)
def test_a_change_survives_its_event(change: Change) -> None:
    event = codec.seal(K8S, change, SALT)
    assert codec.unseal(event) == change
    assert codec.unseal(msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event)) == change


def test_a_null_value_differs_from_no_value() -> None:
    event = codec.seal(
        K8S,
        ConflictOpened(
            Held("", "", Proposal("", 1, 0, "", 0, ())),
            (Overlap("edit/edit", K8S, "/config/a", 3, theirs=None),),
        ),
        SALT,
    )
    change = codec.unseal(event)
    assert isinstance(change, ConflictOpened)
    assert change.overlaps[0].theirs is None
    assert change.overlaps[0].ours is msgspec.UNSET


@pytest.mark.parametrize("event", [
    Event("ComponentTeleported", 1, K8S, SALT, "{}"),
    Event("ComponentUpdated", 2, K8S, SALT, "{}"),
    Event("ComponentUpdated", 0, K8S, SALT, "{}"),
])  # fmt: skip
def test_what_is_newer_is_said_to_be(event: Event) -> None:
    with pytest.raises(UnknownEvent, match="newer than this program") as caught:
        codec.unseal(event)
    assert "update stackroom" in caught.value.hint


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"name": 1}', '{"name": "\ud800"}', "[" * 100_000]
)
def test_a_body_that_does_not_fit_is_malformed(body: str) -> None:
    with pytest.raises(MalformedEvent, match="ComponentRenamed is malformed"):
        codec.unseal(Event("ComponentRenamed", 1, K8S, SALT, body))


def test_an_old_version_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if ComponentRenamed had called its field `to` in version 1, and `new_name` in version 2."""
    monkeypatch.setitem(codec.VERSIONS, "ComponentRenamed", 3)
    monkeypatch.setitem(codec.UPCASTS, ("ComponentRenamed", 1), lambda raw: {"new_name": raw["to"]})
    monkeypatch.setitem(
        codec.UPCASTS, ("ComponentRenamed", 2), lambda raw: {"name": raw["new_name"]}
    )
    for version, body in ((1, '{"to":"x"}'), (2, '{"new_name":"x"}'), (3, '{"name":"x"}')):
        change = codec.unseal(Event("ComponentRenamed", version, K8S, SALT, body))
        assert change == codec.CHANGES["ComponentRenamed"]("x")


def test_every_older_version_has_its_upcast() -> None:
    wanted = {(name, v) for name, last in codec.VERSIONS.items() for v in range(1, last)}
    assert set(codec.UPCASTS) == wanted


def test_a_leaf_is_the_documented_array() -> None:
    event = Event("ComponentUpdated", 1, K8S, SALT, '{"set":{"/config/a":"é"}}')
    commit = Commit(
        7, uid(9), uid(8), 3, 6, "ann", "näher", 10, 20, (event,), b"root is not covered"
    )
    digest = sha256(SALT + event.body.encode()).hexdigest()
    by_hand = ["stackroom/commit/1", PROFILE, 7, uid(9), uid(8), 3, 6, "ann", "näher", 10, 20]
    by_hand.append([["ComponentUpdated", 1, K8S, digest]])
    text = json.dumps(by_hand, ensure_ascii=False, separators=(",", ":"))
    assert codec.leaf(PROFILE, commit) == text.encode()


def test_a_signed_leaf_ends_with_key_and_signature() -> None:
    event = Event("ComponentUpdated", 1, K8S, SALT, "{}")
    unsigned = Commit(7, uid(9), uid(8), 3, 6, "ann", "", 10, 20, (event,), b"")
    commit = msgspec.structs.replace(unsigned, key=b"k" * 32, signature=b"s" * 64)
    first, *rest = json.loads(codec.leaf(PROFILE, unsigned))
    assert first == "stackroom/commit/1"
    by_hand = ["stackroom/commit/2", *rest, "6b" * 32, "73" * 64]
    assert json.loads(codec.leaf(PROFILE, commit)) == by_hand


def test_what_an_author_signs_is_the_documented_array() -> None:
    event = Event("ComponentUpdated", 1, K8S, SALT, '{"set":{"/config/a":"é"}}')
    proposal = Proposal(uid(9), 3, 6, "näher", 10, (event,))
    digest = sha256(SALT + event.body.encode()).hexdigest()
    by_hand = ["stackroom/proposal/1", PROFILE, uid(9), uid(8), 3, 6, "näher", 10]
    by_hand.append([["ComponentUpdated", 1, K8S, digest]])
    text = json.dumps(by_hand, ensure_ascii=False, separators=(",", ":"))
    assert codec.statement(PROFILE, uid(8), proposal) == text.encode()
    commit = Commit(7, uid(9), uid(8), 3, 6, "ann", "näher", 10, 20, (event,), b"")
    assert codec.statement(PROFILE, uid(8), commit) == text.encode()


def test_what_is_not_signed_has_no_trace_of_it() -> None:
    """What holds an unsigned proposal says what it always said."""
    held = Held("ann", "r", Proposal(uid(9), 1, 0, "why", 5, ()))
    body = codec.seal(K8S, ConflictOpened(held, ()), SALT).body
    proposal = '{"id":"' + uid(9) + '","number":1,"base":0,"message":"why","time":5,"events":[]}'
    assert (
        body == '{"held":{"author":"ann","replica":"r","proposal":' + proposal + '},"overlaps":[]}'
    )

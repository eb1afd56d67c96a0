"""Values and paths: any JSON, at any path, in an update of a component."""

import msgspec

from stackroom.events.deciding.check import Accepted, Converged, check_changes
from stackroom.events.fold import apply
from stackroom.events.model import ComponentUpdated, StackUpdated
from stackroom.events.people.permissions import Who
from stackroom.events.state import decode, encode
from stackroom.events.values import (
    Value,
    fault,
    lookup,
    overlap,
    placed,
    pointer,
    prefixes,
    same,
    segments,
)
from tests.events.world import K8S, PROD, started

WORLD = started()


def one(data: bytes) -> None:
    """Two paths and a value, in lines."""
    first, _, rest = data.partition(b"\n")
    second, _, text = rest.partition(b"\n")
    try:
        a, b = first.decode(), second.decode()
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for path in (a, b):
        path_survives(path)
    assert overlap(a, b) == overlap(b, a)
    if fault(value) is None:
        value_survives(value)
    for change in (
        ComponentUpdated({a: value}, (b,)), ComponentUpdated({a: value, b: 1}),
        StackUpdated({a: value}, (b,)),
    ):  # fmt: skip
        id = K8S if isinstance(change, ComponentUpdated) else PROD
        state = WORLD.state.copy()
        check_changes(state, 1, [(id, change)], Who("bob"))
        outcome = check_changes(state, state.seq, [(id, change)], Who("bob"))
        if isinstance(outcome, Accepted | Converged):
            apply(state, state.seq + 1, "bob", [(id, change)])
            assert encode(decode(encode(state))) == encode(state)
            assert not [v for v in change.set.values() if fault(v) is not None]
    assert encode(WORLD.state) == BEFORE, "a copy of the state changed the state"


def path_survives(path: str) -> None:
    try:
        parts = segments(path)
    except ValueError:
        return
    assert segments(pointer(*parts)) == parts
    assert all(overlap(place, path) for place in prefixes(path))


def value_survives(value: Value) -> None:
    """What may be kept is the same after any coding, and is found where it was placed."""
    assert same(msgspec.json.decode(msgspec.json.encode(value)), value)
    assert same(msgspec.msgpack.decode(msgspec.msgpack.encode(value)), value)
    inside = placed({"other": 1}, ("a", "b"), value)
    assert same(lookup(inside, ("a", "b")), value)
    assert same(value, value)


BEFORE = encode(WORLD.state)

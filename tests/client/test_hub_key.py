"""Which key is pinned, followed and refused: the table of cases."""

import pytest

from stackroom.client.errors import OtherKey
from stackroom.client.transport.hub_key import pinned_by
from stackroom.events.proofs import rotation
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.signed_note import verifier_key
from stackroom.sync import protocol as wire
from tests.events.world import uid
from tests.sync.notaries import key_of

URL, HUB = "ws://hub.example:8765", uid(9)


def text(number: int, hub: str = HUB) -> str:
    return verifier_key(key_name(hub), key_of(number).public)


def stated(number: int, next: int) -> str:
    return rotation.state(HUB, key_of(next).public, 5, key_of(number))


def shown(key: str, *rotations: str) -> wire.Welcome:
    return wire.Welcome(HUB, 1, "ann", "0.1.0", 5, 10, 20, key=key, rotations=rotations)


@pytest.mark.parametrize(
    ("pinned", "welcome", "kept"),
    [
        ("", shown(""), ""),
        ("", shown(text(1)), text(1)),
        (text(1), shown(text(1)), text(1)),
        (text(1), shown(text(2), stated(1, 2)), text(2)),
        (text(1), shown(text(3), stated(1, 2), stated(2, 3)), text(3)),
        (text(2), shown(text(3), stated(1, 2), stated(2, 3)), text(3)),
    ],
)
def test_the_key_that_is_pinned(pinned: str, welcome: wire.Welcome, kept: str) -> None:
    assert pinned_by(URL, pinned, welcome) == kept


@pytest.mark.parametrize(
    ("pinned", "welcome", "said"),
    [
        (text(1), shown(""), "does not sign any more"),
        (text(1), shown(text(2)), "signs by another key than the one that was pinned"),
        (text(1), shown(text(2), stated(2, 2)), "signs by another key"),
        (text(1), shown(text(3), stated(2, 3)), "signs by another key"),
        (text(2), shown(text(1), stated(1, 2)), "signs by another key"),
        (text(1, uid(8)), shown(text(1)), "signs by another key"),
        ("", shown(text(1, uid(8))), "shows a key that is none"),
        ("", shown("garbage"), "shows a key that is none"),
    ],
)
def test_the_key_that_is_refused(pinned: str, welcome: wire.Welcome, said: str) -> None:
    with pytest.raises(OtherKey, match=said) as refused:
        pinned_by(URL, pinned, welcome)
    assert refused.value.exit_code == 9
    assert "nothing was sent" in refused.value.hint


def test_the_way_out_names_the_new_key() -> None:
    with pytest.raises(OtherKey) as refused:
        pinned_by(URL, text(1), shown(text(2)))
    assert refused.value.hint.endswith(f"stackroom connect {URL} --hub-key {text(2)}")

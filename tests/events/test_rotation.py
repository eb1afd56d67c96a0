"""Statements by which one key names the next: whom they lead where, and whom they do not."""

import pytest

from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.rotation import leading_to, leads, next_key, state
from stackroom.events.proofs.signed_note import BadNote, sign, verifier_key
from tests.events.test_checkpoint import HUB, KEY

ANN, BOB, EVE = (PrivateKey(bytes([n]) * 32) for n in range(3))
FIRST = state(HUB, ANN.public, 1_796_817_600_000, KEY)
SECOND = state(HUB, BOB.public, 1_796_817_700_000, ANN)
NAME = key_name(HUB)


def test_the_text_of_a_statement() -> None:
    assert FIRST.startswith(
        f"stackroom/{HUB} has a new key\n{verifier_key(NAME, ANN.public)}\ntime 1796817600000\n\n— {NAME} "
    )
    assert next_key(HUB, FIRST, KEY.public) == ANN.public


def test_statements_lead_from_each_key_to_the_last() -> None:
    chain = (FIRST, SECOND)
    for pinned in (KEY, ANN, BOB):
        assert leads(HUB, pinned.public, chain, BOB.public)
    assert not leads(HUB, EVE.public, chain, BOB.public)
    assert not leads(HUB, KEY.public, chain, EVE.public)
    assert not leads(HUB, KEY.public, (SECOND,), BOB.public)
    assert not leads(HUB, KEY.public, (), BOB.public)


def test_no_stranger_and_no_other_hub_can_name_a_key() -> None:
    forged = state(HUB, EVE.public, 0, EVE)
    assert not leads(HUB, KEY.public, (FIRST, forged), EVE.public)
    other = "018f2f6e-0000-4000-8000-000000000009"
    elsewhere = state(other, EVE.public, 0, KEY)
    assert not leads(HUB, KEY.public, (elsewhere,), EVE.public)
    with pytest.raises(BadNote, match="a key of another hub"):
        text = f"{NAME} has a new key\n{verifier_key(key_name(other), EVE.public)}\ntime 0\n"
        next_key(HUB, sign(text, NAME, KEY), KEY.public)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (" has a new key", " has another key"),
        ("time 0", "time 00"),
        ("time 0\n", ""),
        ("time 0", "x"),
    ],
)
def test_what_is_no_statement_whoever_signed_it(was: str, now: str) -> None:
    text = f"{NAME} has a new key\n{verifier_key(NAME, ANN.public)}\ntime 0\n"
    with pytest.raises(BadNote, match="not a statement"):
        next_key(HUB, sign(text.replace(was, now), NAME, KEY), KEY.public)


def test_a_statement_whose_key_never_came_about_is_dropped() -> None:
    never = state(HUB, EVE.public, 0, ANN)
    assert leading_to(HUB, (FIRST, never), ANN.public) == [FIRST]
    assert leading_to(HUB, (FIRST, SECOND), BOB.public) == [FIRST, SECOND]
    assert leading_to(HUB, (FIRST,), KEY.public) == []
    again = (*leading_to(HUB, (FIRST, never), ANN.public), SECOND)
    assert leads(HUB, KEY.public, again, BOB.public)

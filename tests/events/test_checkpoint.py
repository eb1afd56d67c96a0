"""Checkpoints in the form of C2SP tlog-checkpoint: our vectors, which docs/proofs.md has, and what is none."""

from base64 import b64encode
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.events.proofs.checkpoint import Checkpoint, body, key_name, parse, sign, verify
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.proofs.signed_note import BadNote, verifier_key
from stackroom.events.proofs.signed_note import sign as sign_note
from tests.events.test_merkle import ROOTS

HUB = "018f2f6e-0000-4000-8000-000000000001"
PROFILE = "018f2f6e-0000-7000-8000-000000000002"
KEY = PrivateKey(bytes(range(32)))
CHECKPOINT = Checkpoint(HUB, PROFILE, 8, bytes.fromhex(ROOTS[7]), 1, 1_796_817_600_000)
BODY = """\
stackroom/018f2f6e-0000-4000-8000-000000000001/018f2f6e-0000-7000-8000-000000000002
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
epoch 1
time 1796817600000
"""


def signed(text: str, key: PrivateKey = KEY, hub: str = HUB) -> str:
    return sign_note(text, key_name(hub), key)


def test_the_text_that_is_signed() -> None:
    assert body(CHECKPOINT) == BODY


def test_the_page_has_these_vectors() -> None:
    page = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text()
    assert f"```\n{sign(CHECKPOINT, KEY)}```\n" in page
    assert f"```\n{verifier_key(key_name(HUB), KEY.public)}\n```\n" in page


def test_what_was_signed_is_verified() -> None:
    note = sign(CHECKPOINT, KEY)
    assert note.startswith(f"{BODY}\n— stackroom/{HUB} ")
    assert verify(note, HUB, KEY.public) == CHECKPOINT
    assert parse(note) == CHECKPOINT


def test_of_an_empty_profile() -> None:
    empty = structs.replace(CHECKPOINT, size=0, root=EMPTY_ROOT)
    assert verify(sign(empty, KEY), HUB, KEY.public) == empty


def test_lines_of_a_later_version_are_signed_and_not_read() -> None:
    assert verify(signed(f"{BODY}more 1\n"), HUB, KEY.public) == CHECKPOINT


def test_another_key_and_another_hub() -> None:
    note = sign(CHECKPOINT, KEY)
    other = "018f2f6e-0000-4000-8000-000000000009"
    with pytest.raises(BadNote, match="it is not signed by"):
        verify(note, HUB, PrivateKey(bytes(32)).public)
    with pytest.raises(BadNote, match="it is not signed by"):
        verify(note, other, KEY.public)
    with pytest.raises(BadNote, match="a checkpoint of another hub"):
        verify(signed(BODY, hub=other), other, KEY.public)


@pytest.mark.parametrize(
    "change",
    [
        {"hub": "018f2f6e-0000-4000-8000-000000000009"},
        {"profile": HUB},
        {"size": 9},
        {"root": bytes(32)},
        {"epoch": 2},
        {"time": 0},
    ],
)
def test_no_part_can_be_changed_with_the_signature_kept(change: dict[str, object]) -> None:
    signature = sign(CHECKPOINT, KEY).rpartition("\n\n")[2]
    changed = structs.replace(CHECKPOINT, **change)
    with pytest.raises(BadNote):
        verify(f"{body(changed)}\n{signature}", HUB, KEY.public)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("stackroom/", "stockroom/"),
        ("stackroom/", "stackroom//"),
        (f"/{PROFILE}", ""),
        (f"/{PROFILE}", f"/{PROFILE}/more"),
        ("\n8\n", "\n08\n"),
        ("\n8\n", "\n+8\n"),
        ("\n8\n", "\n-8\n"),
        ("\n8\n", "\n8 \n"),
        ("\n8\n", "\n٨\n"),
        ("\n8\n", "\n\n"),
        ("\n8\n", "\n9007199254740992\n"),
        ("Qyg=", "Qyh="),
        ("Qyg=", "Qyg"),
        ("XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=", b64encode(bytes(31)).decode()),
        ("epoch 1", "epoch 01"),
        ("epoch 1", "epoch"),
        ("epoch 1\n", ""),
        ("time 1796817600000\n", ""),
        ("time", "Time"),
        ("epoch 1\ntime 1796817600000", "time 1796817600000\nepoch 1"),
        ("time 1796817600000\n", "time 1796817600000\n\nmore\n"),
    ],
)
def test_what_is_no_checkpoint_whoever_signed_it(was: str, now: str) -> None:
    assert was in BODY
    with pytest.raises(BadNote):
        verify(signed(BODY.replace(was, now, 1)), HUB, KEY.public)

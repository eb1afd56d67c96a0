"""Signed notes against C2SP signed-note, by the vectors of Go's sumdb; and whatever is not quite a note."""

from base64 import b64decode, b64encode

import pytest

from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signed_note import (
    NOTE_CHARACTERS,
    SIGNATURES,
    BadNote,
    key_id,
    parse,
    parse_signer_key,
    parse_verifier_key,
    sign,
    signer_key,
    split,
    verifier_key,
    verify,
)

NAME = "PeterNeumann"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The key and the note of golang.org/x/mod/sumdb/note."""

KEY = PrivateKey(SEED)
OTHER = PrivateKey(bytes(32))


def test_the_published_note_is_signed_alike() -> None:
    assert sign(TEXT, NAME, KEY) == NOTE


def test_the_published_note_is_verified() -> None:
    name, public = parse_verifier_key(PUBLIC)
    assert (name, public) == (NAME, KEY.public)
    assert verify(NOTE, name, public) == TEXT
    assert verifier_key(name, public) == PUBLIC
    assert key_id(name, public).hex() == "c74f20a3"


def test_a_key_shows_nothing_but_its_public_half() -> None:
    assert SEED.hex() not in repr(KEY)
    assert KEY.public.hex() in repr(KEY)


def test_a_text_may_have_blank_lines() -> None:
    text = "one\n\ntwo\n\n\nthree\n"
    assert verify(sign(text, NAME, KEY), NAME, KEY.public) == text


def test_signatures_of_others_are_left_alone() -> None:
    below = sign(TEXT, "somebody/else", OTHER).rpartition("\n\n")[2]
    garbled = f"— else {b64encode(bytes(9)).decode()}\n"
    same_name = sign(TEXT, NAME, OTHER).rpartition("\n\n")[2]
    note = NOTE + below + garbled + same_name
    assert verify(note, NAME, KEY.public) == TEXT
    assert verify(note, "somebody/else", OTHER.public) == TEXT
    assert len(parse(note).signatures) == 4


def test_a_note_that_others_signed_is_refused() -> None:
    with pytest.raises(BadNote, match="it is not signed by PeterNeumann"):
        verify(sign(TEXT, NAME, OTHER), NAME, KEY.public)
    with pytest.raises(BadNote, match="it is not signed by Peter"):
        verify(NOTE, "Peter", KEY.public)


def test_one_wrong_signature_of_the_key_spoils_the_note() -> None:
    wrong = key_id(NAME, KEY.public) + bytes(64)
    with pytest.raises(BadNote, match="its signature is not one of"):
        verify(f"{NOTE}— {NAME} {b64encode(wrong).decode()}\n", NAME, KEY.public)


@pytest.mark.parametrize("at", range(len(NOTE)))
def test_any_other_character_spoils_it(at: int) -> None:
    other = "A" if NOTE[at] != "A" else "B"
    with pytest.raises(BadNote):
        verify(NOTE[:at] + other + NOTE[at + 1 :], NAME, KEY.public)
    with pytest.raises(BadNote):
        verify(NOTE[:at] + NOTE[at + 1 :], NAME, KEY.public)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        TEXT,
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("you", "y\tu", 1),
        NOTE.replace("you", "y\0u", 1),
        NOTE.replace("you", "y\ud800u", 1),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE.replace("Neumann ", "Neumann  "),
        NOTE.replace("PeterNeumann ", "Peter+Neumann "),
        NOTE.replace("AM=", "AN="),
        NOTE.replace("AM=", "AM"),
        NOTE.replace("AM=\n", "AM= \n"),
        f"{TEXT}\n— {NAME} {b64encode(bytes(4)).decode()}\n",
        f"{TEXT}\n— {NAME} \n",
        TEXT + "\n" + NOTE.rpartition("\n\n")[2] * (SIGNATURES + 1),
        "a" * NOTE_CHARACTERS + NOTE,
    ],
)
def test_what_is_no_note(note: str) -> None:
    with pytest.raises(BadNote):
        parse(note)


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\rb\n"])
def test_what_no_note_can_say(text: str) -> None:
    with pytest.raises(ValueError):
        sign(text, NAME, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u2003b"])
def test_what_no_key_is_called(name: str) -> None:
    with pytest.raises(ValueError):
        sign(TEXT, name, KEY)


@pytest.mark.parametrize("at", range(len(PUBLIC)))
def test_a_mistyped_public_key_is_seen(at: int) -> None:
    with pytest.raises(BadNote):
        parse_verifier_key(PUBLIC[:at] + chr(ord(PUBLIC[at]) + 1) + PUBLIC[at + 1 :])
    with pytest.raises(BadNote):
        parse_verifier_key(PUBLIC[:at] + PUBLIC[at + 1 :])
    with pytest.raises(BadNote):
        parse_verifier_key(PUBLIC[:at])


def test_a_public_key_of_another_length_or_type() -> None:
    for public in ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "a+b", ""):
        with pytest.raises(BadNote):
            parse_verifier_key(public)


def test_a_seed_is_32_bytes() -> None:
    with pytest.raises(ValueError):
        PrivateKey(bytes(31))


def test_a_private_key_is_kept_in_the_form_of_go() -> None:
    text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    assert signer_key(NAME, SEED) == text
    name, key = parse_signer_key(text)
    assert (name, key.public) == (NAME, KEY.public)
    for wrong in (text[1:], text[:-1], text.replace("c74f", "c74e"), PUBLIC, "", "PRIVATE+KEY+"):
        with pytest.raises(BadNote) as refused:
            parse_signer_key(wrong)
        assert "AYEK" not in str(refused.value)


def test_notes_one_after_the_other() -> None:
    longer = sign("one\n\ntwo\n", NAME, KEY)
    two = NOTE + NOTE.rpartition("\n\n")[2]
    notes = [NOTE, longer, two, NOTE]
    assert split("".join(notes)) == notes
    assert split("\n\n".join(notes)) == notes
    assert split("") == split("\n") == []
    for wrong in (f"{NOTE}more\n", f"{NOTE}{TEXT}", NOTE[:-1], TEXT):
        with pytest.raises(BadNote):
            split(wrong)

"""A signature is good for what was signed, by that key, and nothing else; a redaction leaves it be."""

import pytest
from msgspec import structs

from stackroom.events.codec import seal
from stackroom.events.model import (
    Commit,
    ComponentUpdated,
    ConflictOpened,
    Event,
    Held,
    Proposal,
)
from stackroom.events.proofs.authors import KnownKey, author_finding
from stackroom.events.proofs.fingerprints import fingerprint
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.proofs.signing import Signer, possessed, signed
from stackroom.events.secrets.redaction import redacted
from tests.events.world import K8S, PROFILE, uid

SALT = bytes(range(16))
REPLICA = uid(70)
ANN, EVE = Signer(bytes(32)), Signer(b"e" * 32)
EVENT = seal(K8S, ComponentUpdated({"/config/key": "secret"}), SALT)
PROPOSAL = ANN.sign(PROFILE, REPLICA, Proposal(uid(9), 3, 6, "näher ☃", 10, (EVENT,)))
KEYS = {ANN.key: KnownKey("ann", REPLICA, 5)}


def commit_of(proposal: Proposal, *events: Event) -> Commit:
    made = Commit(
        7, proposal.id, REPLICA, proposal.number, proposal.base, "ann", proposal.message,
        proposal.time, 20, events or proposal.events, EMPTY_ROOT,
    )  # fmt: skip
    return made if events else structs.replace(made, key=proposal.key, signature=proposal.signature)


def holding(proposal: Proposal) -> Commit:
    change = ConflictOpened(Held("ann", REPLICA, proposal), ())
    return commit_of(PROPOSAL, seal(PROPOSAL.id, change, SALT))


COMMIT = commit_of(PROPOSAL)
HELD = holding(PROPOSAL)


def test_a_published_vector_of_ed25519() -> None:
    """RFC 8032, section 7.1, test 2: the key belongs to the seed."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert Signer(seed).key.hex() == key


def test_a_signature_is_good_for_the_proposal_and_for_its_commit() -> None:
    assert signed(PROFILE, REPLICA, PROPOSAL)
    assert signed(PROFILE, REPLICA, COMMIT)


@pytest.mark.parametrize("changed", [
    {"id": uid(10)}, {"number": 4}, {"base": 5}, {"message": "other"}, {"time": 11}, {"events": ()},
    {"events": (seal(K8S, ComponentUpdated({"/config/key": "other"}), SALT),)},
    {"events": (structs.replace(EVENT, entity=uid(12)),)},
    {"key": EVE.key}, {"key": b""}, {"key": b"k"}, {"signature": b""}, {"signature": bytes(64)},
    {"signature": PROPOSAL.signature[:-1]}, {"key": b"\xff" * 32},
])  # fmt: skip
def test_and_for_nothing_else(changed: dict[str, object]) -> None:
    assert not signed(PROFILE, REPLICA, structs.replace(PROPOSAL, **changed))


def test_nor_in_another_profile_or_from_another_replica() -> None:
    assert not signed(uid(5), REPLICA, PROPOSAL)
    assert not signed(PROFILE, uid(71), PROPOSAL)


def test_who_has_a_key_can_prove_it_to_one_hub() -> None:
    proof = ANN.possession(uid(1), "ann", REPLICA)
    assert possessed(uid(1), "ann", REPLICA, ANN.key, proof)
    for hub, user, replica, key in (
        (uid(2), "ann", REPLICA, ANN.key), (uid(1), "eve", REPLICA, ANN.key),
        (uid(1), "ann", uid(71), ANN.key), (uid(1), "ann", REPLICA, EVE.key),
    ):  # fmt: skip
        assert not possessed(hub, user, replica, key, proof)


def test_a_fingerprint_tells_keys_apart() -> None:
    assert len(fingerprint(ANN.key)) == 16
    assert fingerprint(ANN.key) != fingerprint(EVE.key)


@pytest.mark.parametrize(("commit", "keys", "result"), [
    (COMMIT, KEYS, "valid"),
    (COMMIT, None, "unbound"),
    (COMMIT, {}, "unregistered"),
    (COMMIT, {ANN.key: KnownKey("eve", REPLICA, 5)}, "unregistered"),
    (COMMIT, {ANN.key: KnownKey("ann", uid(71), 5)}, "unregistered"),
    (COMMIT, {ANN.key: KnownKey("ann", REPLICA, 5, 19)}, "unregistered"),
    (COMMIT, {ANN.key: KnownKey("ann", REPLICA, 5, 20)}, "valid"),
    (COMMIT, {ANN.key: KnownKey("ann", REPLICA, 21)}, "valid"),
    (structs.replace(COMMIT, author="eve"), KEYS, "unregistered"),
    (structs.replace(COMMIT, message="x"), KEYS, "invalid"),
    (structs.replace(COMMIT, message="x"), None, "invalid"),
    (structs.replace(COMMIT, key=b"", signature=b""), KEYS, "unsigned"),
    (structs.replace(COMMIT, signature=b""), KEYS, "invalid"),
    (HELD, KEYS, "valid"),
    (HELD, None, "unbound"),
    (HELD, {}, "unregistered"),
    (structs.replace(HELD, author="eve"), KEYS, "invalid"),
    (holding(structs.replace(PROPOSAL, message="x")), KEYS, "invalid"),
    (holding(ANN.sign(PROFILE, REPLICA, structs.replace(PROPOSAL, id=uid(11)))), KEYS, "invalid"),
    (holding(structs.replace(PROPOSAL, key=b"", signature=b"")), KEYS, "unsigned"),
])  # fmt: skip
def test_what_is_found_about_an_author(
    commit: Commit, keys: dict[bytes, KnownKey] | None, result: str
) -> None:
    finding = author_finding(PROFILE, commit, keys)
    assert finding.result == result
    assert finding.key == (b"" if result == "unsigned" else ANN.key)


@pytest.mark.parametrize("commit", [COMMIT, HELD])
def test_a_redaction_breaks_no_signature(commit: Commit) -> None:
    after, rewritten = redacted(commit, {"secret": "[redacted in #8]"}, lambda: bytes(16))
    assert rewritten
    assert "secret" not in after.events[0].body
    assert author_finding(PROFILE, after, KEYS).result == "valid"

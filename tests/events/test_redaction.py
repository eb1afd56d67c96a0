"""Redaction takes a value away and no hash; the redacted history takes the course of the original one."""

from hypothesis import given

from stackroom.events import codec, merkle
from stackroom.events.codec import seal, unseal
from stackroom.events.fold import fold
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ConflictOpened,
    Held,
    Overlap,
    Proposal,
    Redacted,
)
from stackroom.events.redaction import Vouchers, marker, redacted, texts_at
from stackroom.events.rules import refuse_proposal
from stackroom.events.state import State, encode
from tests.events.test_fold import allowed, committed, histories
from tests.events.world import PROFILE, S3, uid

MARK = marker(99)
SALT = b"0123456789abcdef"


def commit(seq: int, *changes: tuple[str, Change]) -> Commit:
    events = tuple(seal(id, change, SALT) for id, change in changes)
    return Commit(seq, uid(seq), "r", seq, 0, "ann", "", 0, 0, events, b"")


@given(histories)
def test_a_redacted_history_takes_the_course_of_the_original(
    history: list[list[tuple[str, Change]]],
) -> None:
    original = committed(allowed(history))
    without = [redacted(each, {"x"}, MARK)[0] for each in original]
    before, after = fold(State(), *original), fold(State(), *without)
    assert encode(after).decode() == encode(before).decode().replace('"x"', f'"{MARK}"')
    for one, other in zip(original, without, strict=True):
        assert codec.leaf(PROFILE, one) == codec.leaf(PROFILE, other)


def test_only_what_held_it_is_changed_and_the_salt_is_gone() -> None:
    change = ComponentRegistered("x", "artifact_store", "x", {"a": ["x", "xx"], "x": 1}, {"l": "x"})
    before = commit(7, (S3, change), (S3, ComponentUpdated({"/config/b": "y"}, ("/config/x",))))
    after, places = redacted(before, {"x"}, MARK)
    assert [(p.seq, p.event, p.path) for p in places] == [
        (7, 0, "/config/a/0"), (7, 0, "/labels/l"),
    ]  # fmt: skip
    assert unseal(after.events[0]) == ComponentRegistered(
        "x", "artifact_store", "x", {"a": [MARK, "xx"], "x": 1}, {"l": MARK}
    )
    assert after.events[1] == before.events[1]
    assert (after.events[0].salt, len(after.events[0].digest)) == (b"", 64)
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)
    assert redacted(after, {"x"}, MARK) == (after, [])


def test_both_sides_of_a_conflict() -> None:
    event = seal(S3, ComponentUpdated({"/config/key": "x"}), SALT)
    held = Held("bob", "r", Proposal(uid(5), 1, 0, "", 0, (event,)))
    overlap = Overlap("edit/edit", S3, "/config/key", 3, "ann", theirs="x", ours={"in": ["x"]})
    before = commit(4, (uid(5), ConflictOpened(held, (overlap,))))
    after, places = redacted(before, {"x"}, MARK)
    assert [p.path for p in places] == [
        "/held/proposal/events/0/body/set/~1config~1key",
        "/overlaps/0/theirs",
        "/overlaps/0/ours/in/0",
    ]
    assert '"x"' not in after.events[0].body
    change = unseal(after.events[0])
    assert isinstance(change, ConflictOpened)
    assert unseal(change.held.proposal.events[0]) == ComponentUpdated({"/config/key": MARK})
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)


def test_what_a_change_request_holds() -> None:
    event = seal(S3, ComponentUpdated({"/config/key": "x"}), SALT)
    held = Held("bob", "r", Proposal(uid(5), 1, 0, "", 0, (event,)))
    requested = ChangeRequested(held, (S3,))
    assert texts_at(requested, "/config/key") == {"x"}
    before = commit(4, (uid(5), requested))
    after, places = redacted(before, {"x"}, MARK)
    assert [p.path for p in places] == ["/held/proposal/events/0/body/set/~1config~1key"]
    change = unseal(after.events[0])
    assert isinstance(change, ChangeRequested)
    assert change.protected == (S3,)
    assert unseal(change.held.proposal.events[0]) == ComponentUpdated({"/config/key": MARK})
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)


def test_escapes_of_the_authors_own_hide_nothing() -> None:
    spelt = commit(2, (S3, ComponentUpdated({"/config/key": "secret"})))
    (event,) = spelt.events
    body = event.body.replace("secret", "\\u0073ecret")
    other = Commit(
        *(getattr(spelt, f) for f in spelt.__struct_fields__[:-2]),
        (type(event)(event.type, event.version, event.entity, SALT, body),),
        b"",
    )
    after, places = redacted(other, {"secret"}, MARK)
    assert len(places) == 1
    assert "ecret" not in after.events[0].body


def test_which_texts_a_place_means() -> None:
    registered = ComponentRegistered("n", "t", "f", {"a": {"b": "x", "c": ["y", 1]}}, {"l": "z"})
    updated = ComponentUpdated({"/config/a": {"b": "x"}, "/config/d": "w"})
    assert texts_at(registered, "/config/a/b") == {"x"}
    assert texts_at(registered, "/config/a") == {"x", "y"}
    assert texts_at(registered, "/config") == {"x", "y"}
    assert texts_at(updated, "/config/a/b") == texts_at(updated, "/config/a") == {"x"}
    assert texts_at(updated, "/config") == {"x", "w"}
    for nothing in ("/name", "/flavor", "", "/config/none", "/component_type"):
        assert texts_at(registered, nothing) == set()


def test_who_claims_to_be_redacted_needs_a_voucher() -> None:
    before = commit(1, (S3, ComponentUpdated({"/config/key": "x"})))
    after, places = redacted(before, {"x"}, MARK)
    vouchers = Vouchers()
    vouchers.look(after)
    assert vouchers.unvouched() == (1, 0)
    vouchers.look(commit(2, (PROFILE, Redacted("leaked", tuple(places)))))
    assert vouchers.unvouched() is None


def test_nobody_proposes_an_event_that_says_it_was_redacted() -> None:
    after, _ = redacted(commit(1, (S3, ComponentUpdated({"/config/key": "x"}))), {"x"}, MARK)
    refusal = refuse_proposal(Proposal(uid(3), 1, 0, "", 0, after.events))
    assert refusal is not None
    assert refusal.code == "reserved"


def test_the_leaves_stand() -> None:
    changes = [ComponentUpdated({"/config/key": f"x{n % 2}"}) for n in range(4)]
    commits = [commit(n, (S3, change)) for n, change in enumerate(changes, 1)]
    leaves = [merkle.leaf_hash(codec.leaf(PROFILE, c)) for c in commits]
    without = [redacted(c, {"x1"}, MARK)[0] for c in commits]
    assert [merkle.leaf_hash(codec.leaf(PROFILE, c)) for c in without] == leaves
    assert without != commits

"""Redaction takes a value away and no hash; the redacted history takes the course of the original one."""

from itertools import count

from hypothesis import given
from msgspec import structs

from stackroom.events import codec
from stackroom.events.codec import digest_now, seal, unseal
from stackroom.events.deciding.rules import refuse_proposal
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
    ProfileCreated,
    Proposal,
    Redacted,
    Rewritten,
)
from stackroom.events.proofs import merkle
from stackroom.events.secrets.redaction import (
    Vouchers,
    is_marker,
    marks,
    mentions,
    redacted,
    remnants,
    texts_at,
    texts_in,
)
from stackroom.events.state import State, encode
from tests.events.test_fold import allowed, committed, histories
from tests.events.world import PROFILE, S3, uid

SALT = b"0123456789abcdef"
X = {"x": None}
MARKS = marks(X, 99)
MARK = MARKS["x"]


def fresh() -> bytes:
    return b"fedcba9876543210"


def commit(seq: int, *changes: tuple[str, Change]) -> Commit:
    events = tuple(seal(id, change, SALT) for id, change in changes)
    return Commit(seq, uid(seq), "r", seq, 0, "ann", "", 0, 0, events, b"")


def conflict() -> Commit:
    """Bob wrote x, which lost."""
    event = seal(S3, ComponentUpdated({"/config/key": "x"}), SALT)
    held = Held("bob", "r", Proposal(uid(5), 1, 0, "", 0, (event,)))
    overlap = Overlap("edit/edit", S3, "/config/key", 3, "ann", theirs="x", ours={"in": ["x"]})
    name = Overlap("name", S3, "/name", 3, "ann", theirs="x", ours="x")
    return commit(4, (uid(5), ConflictOpened(held, (overlap, name))))


@given(histories)
def test_a_redacted_history_takes_the_course_of_the_original(
    history: list[list[tuple[str, Change]]],
) -> None:
    """Two texts at once, of which one may have followed the other at the same place."""
    both = marks({"x": None, "y": None}, 99)
    original = committed(allowed(history))
    without = [redacted(each, both, fresh)[0] for each in original]
    before, after = encode(fold(State(), *original)), encode(fold(State(), *without))
    wanted = before.decode()
    for text, mark in both.items():
        wanted = wanted.replace(f'"{text}"', f'"{mark}"')
    assert after.decode() == wanted
    for one, other in zip(original, without, strict=True):
        assert codec.leaf(PROFILE, one) == codec.leaf(PROFILE, other)


def test_who_wrote_what_stays_when_two_texts_go_at_once() -> None:
    both = marks({"x": None, "y": None}, 9)
    assert sorted(both.values()) == ["[redacted in #9, 1]", "[redacted in #9, 2]"]
    history = [
        commit(1, (PROFILE, ProfileCreated("p"))),
        commit(2, (S3, ComponentRegistered("n", "t", "f", {"a": "x", "b": "y"}))),
        commit(3, (S3, ComponentUpdated({"/config/a": "y"}))),
    ]
    state = fold(State(), *(redacted(each, both, fresh)[0] for each in history))
    assert state.entities[S3].written("/config/a")[0] == 3


def test_only_what_held_it_is_changed_and_the_salt_is_another() -> None:
    change = ComponentRegistered("x", "artifact_store", "x", {"a": ["x", "xx"], "x": 1}, {"l": "x"})
    before = commit(7, (S3, change), (S3, ComponentUpdated({"/config/b": "y"}, ("/config/x",))))
    after, rewritten = redacted(before, MARKS, fresh)
    event = after.events[0]
    assert rewritten == [Rewritten(7, 0, ("/config/a/0", "/labels/l"), digest_now(event))]
    assert unseal(event) == ComponentRegistered(
        "x", "artifact_store", "x", {"a": [MARK, "xx"], "x": 1}, {"l": MARK}
    )
    assert after.events[1] == before.events[1]
    assert (event.salt, event.digest) == (fresh(), codec.digest(before.events[0]))
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)
    assert redacted(after, MARKS, fresh) == (after, [])


def test_both_sides_of_a_conflict() -> None:
    before = conflict()
    after, (rewritten,) = redacted(before, MARKS, fresh)
    assert rewritten.paths == (
        "/held/proposal/events/0/body/set/~1config~1key",
        "/overlaps/0/theirs",
        "/overlaps/0/ours/in/0",
    )
    change = unseal(after.events[0])
    assert isinstance(change, ConflictOpened)
    assert unseal(change.held.proposal.events[0]) == ComponentUpdated({"/config/key": MARK})
    assert change.overlaps[0].ours == {"in": [MARK]}
    assert (change.overlaps[1].theirs, change.overlaps[1].ours) == ("x", "x")
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)
    assert texts_in(before.events[0], rewritten.paths) == {"x"}
    assert texts_in(after.events[0], rewritten.paths) == set()


def test_what_waits_in_a_change_request() -> None:
    event = seal(S3, ComponentUpdated({"/config/key": "x"}), SALT)
    held = Held("bob", "r", Proposal(uid(5), 1, 0, "", 0, (event,)))
    before = commit(4, (uid(5), ChangeRequested(held, (S3,))))
    assert list(texts_at(before.events[0], "/config/key", S3)) == ["x"]
    after, (rewritten,) = redacted(before, MARKS, fresh)
    assert rewritten.paths == ("/held/proposal/events/0/body/set/~1config~1key",)
    change = unseal(after.events[0])
    assert isinstance(change, ChangeRequested)
    assert unseal(change.held.proposal.events[0]) == ComponentUpdated({"/config/key": MARK})
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)


def test_escapes_of_the_authors_own_hide_nothing() -> None:
    spelt = commit(2, (S3, ComponentUpdated({"/config/key": "secret"})))
    (event,) = spelt.events
    event = structs.replace(event, body=event.body.replace("secret", "\\u0073ecret"))
    after, rewritten = redacted(
        structs.replace(spelt, events=(event,)), marks({"secret": None}, 3), fresh
    )
    assert len(rewritten) == 1
    assert "ecret" not in after.events[0].body


def test_which_texts_a_place_means() -> None:
    config = {"a": {"b": "x", "c": ["y", 1, MARK]}}
    registered = seal(S3, ComponentRegistered("n", "t", "f", config, {"l": "z"}), SALT)
    updated = seal(S3, ComponentUpdated({"/config/a": {"b": "x"}, "/config/d": "w"}), SALT)
    lost = conflict().events[0]
    for event, path, texts in (
        (registered, "/config/a/b", ["x"]),
        (registered, "/config/a", ["x", "y"]),
        (registered, "/config", ["x", "y"]),
        (updated, "/config/a/b", ["x"]),
        (updated, "/config/a", ["x"]),
        (updated, "/config", ["x", "w"]),
        (lost, "/config/key", ["x"]),
        (lost, "/config", ["x"]),
        (lost, "/config/other", []),
    ):
        assert list(texts_at(event, path)) == texts, path
        assert list(texts_at(event, path, S3)) == texts, path
        assert texts_at(event, path, uid(77)) == {}
    for nothing in ("/name", "/flavor", "", "/config/none", "/component_type"):
        assert texts_at(registered, nothing) == {}


def test_what_a_redaction_does_not_reach_is_told() -> None:
    config = {"url": "db://u:hunter2@h", "hunter2": 1, "own": "hunter2", "in": ["none"]}
    before = commit(1, (S3, ComponentRegistered("hunter2", "t", "f", config)))
    before = structs.replace(before, message="set it to hunter2")
    after, _ = redacted(before, marks({"hunter2": None}, 2), fresh)
    assert remnants(after, ["hunter2"]) == ["message", "0/name", "0/config/url", "0/config/hunter2"]
    assert remnants(after, ["non"]) == [], "it would be everywhere"
    lost = redacted(conflict(), MARKS, fresh)[0]
    assert remnants(lost, ["config"]) == [
        "0/held/proposal/events/0/body/set/~1config~1key", "0/overlaps/0/path",
    ]  # fmt: skip


def test_what_would_bring_a_value_back() -> None:
    event = seal(S3, ComponentUpdated({"/config/a": "db://hunter2@h", "/config/b": "ab"}), SALT)
    assert mentions(event, {"hunter2"})
    assert mentions(event, {"ab"})
    assert not mentions(event, {"db"})
    assert is_marker("[redacted in #12]")
    assert not is_marker("it was [redacted in #12]")


class TestVouchers:
    """An event that was redacted is what the last redaction of it says, and no other is."""

    before = commit(1, (S3, ComponentUpdated({"/config/a": "x", "/config/b": "y"})))

    def fault(self, *history: Commit) -> tuple[int, int] | None:
        vouchers = Vouchers()
        for each in history:
            vouchers.look(each)
        return vouchers.fault()

    def test_one(self) -> None:
        after, taken = redacted(self.before, MARKS, fresh)
        says_so = commit(2, (PROFILE, Redacted("leaked", tuple(taken))))
        assert self.fault(after, says_so) is None
        assert self.fault(after) == (1, 0), "nobody says so"
        assert self.fault(self.before, says_so) == (1, 0), "it was not done"

    def test_another_value_in_its_place(self) -> None:
        after, taken = redacted(self.before, MARKS, fresh)
        (event,) = after.events
        says_so = commit(2, (PROFILE, Redacted("leaked", tuple(taken))))
        forged = structs.replace(event, body=event.body.replace('"y"', '"z"'))
        assert self.fault(structs.replace(after, events=(forged,)), says_so) == (1, 0)

    def test_twice_in_one_event(self) -> None:
        salts = (bytes([n]) * 16 for n in count(1))
        once, first = redacted(self.before, MARKS, salts.__next__)
        twice, second = redacted(once, marks({"y": None}, 3), salts.__next__)
        history = [
            commit(2, (PROFILE, Redacted("one", tuple(first)))),
            commit(3, (PROFILE, Redacted("two", tuple(second)))),
        ]
        assert self.fault(twice, *history) is None
        assert self.fault(once, *history) == (1, 0), "the second was not done"
        assert codec.leaf(PROFILE, twice) == codec.leaf(PROFILE, self.before)
        assert twice.events[0].salt != once.events[0].salt, "or 'y' could be guessed from #2"

    def test_not_beforehand(self) -> None:
        after, taken = redacted(structs.replace(self.before, seq=2), MARKS, fresh)
        says_so = commit(1, (PROFILE, Redacted("leaked", tuple(taken))))
        assert self.fault(says_so, after) == (2, 0)


def test_nobody_proposes_an_event_that_says_it_was_redacted() -> None:
    after, _ = redacted(commit(1, (S3, ComponentUpdated({"/config/key": "x"}))), MARKS, fresh)
    refusal = refuse_proposal(Proposal(uid(3), 1, 0, "", 0, after.events))
    assert refusal is not None
    assert refusal.code == "reserved"


def test_every_root_stands() -> None:
    commits = [commit(n, (S3, ComponentUpdated({"/config/key": f"x{n % 2}"}))) for n in range(1, 6)]
    leaves = [merkle.leaf_hash(codec.leaf(PROFILE, c)) for c in commits]
    without = [redacted(c, marks({"x1": None}, 9), fresh)[0] for c in commits]
    assert [merkle.leaf_hash(codec.leaf(PROFILE, c)) for c in without] == leaves
    assert without != commits


def test_what_a_change_request_holds() -> None:
    event = seal(S3, ComponentUpdated({"/config/key": "x"}), SALT)
    held = Held("bob", "r", Proposal(uid(5), 1, 0, "", 0, (event,)))
    before = commit(4, (uid(5), ChangeRequested(held, (S3,))))
    assert list(texts_at(before.events[0], "/config/key")) == ["x"]
    after, rewritten = redacted(before, marks({"x": None}, 4), fresh)
    assert rewritten[0].paths == ("/held/proposal/events/0/body/set/~1config~1key",)
    change = unseal(after.events[0])
    assert isinstance(change, ChangeRequested)
    assert change.protected == (S3,)
    left = unseal(change.held.proposal.events[0])
    assert left == ComponentUpdated({"/config/key": "[redacted in #4]"})
    assert codec.leaf(PROFILE, before) == codec.leaf(PROFILE, after)

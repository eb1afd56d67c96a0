"""What a hub may sign after what it has signed: the table of cases."""

import pytest
from msgspec import structs

from stackroom.client.replica.witness import (
    Seen,
    attested,
    grown_past,
    jumped_past,
    kept,
    takes_back,
)
from stackroom.events.proofs.checkpoint import Checkpoint, sign
from stackroom.events.proofs.merkle import Frontier, extended, root
from stackroom.events.proofs.merkle_proofs import consistency
from stackroom.events.proofs.signed_note import BadNote
from tests.events.commits import PROFILE
from tests.events.test_merkle_proofs import HASHES, MANY_ROOTS, grown, many
from tests.events.world import uid
from tests.sync.notaries import key_of

HUB = uid(9)


def at(size: int, **other: object) -> Checkpoint:
    """The checkpoint of the tree of that size."""
    return structs.replace(Checkpoint(HUB, PROFILE, size, MANY_ROOTS[size], 2, 5), **other)


def seen(checkpoint: Checkpoint) -> Seen:
    return Seen("a note", checkpoint)


@pytest.mark.parametrize("at_head", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, at(5)),
        (at(5), at(5)),
        (at(5), at(5, time=9)),
        (at(5), at(6)),
        (at(5), at(6, epoch=3)),
        (at(5, hub=uid(8)), at(4)),
        (at(5, hub=uid(8)), at(5, root=bytes(32))),
    ],
)
def test_what_may_be_signed(old: Checkpoint | None, new: Checkpoint, at_head: bool) -> None:
    assert not takes_back(seen(old) if old else None, new, at_head=at_head)


@pytest.mark.parametrize("at_head", [False, True])
@pytest.mark.parametrize("new", [at(5, root=bytes(32)), at(6, epoch=1), at(5, epoch=1)])
def test_what_may_not_be_signed(new: Checkpoint, at_head: bool) -> None:
    assert takes_back(seen(at(5)), new, at_head=at_head)


def test_only_where_it_stands_may_a_hub_not_be_behind() -> None:
    assert takes_back(seen(at(5)), at(4), at_head=True)
    assert not takes_back(seen(at(5)), at(4), at_head=False)


def test_a_tree_grows_through_what_was_seen() -> None:
    for since in range(8):
        for end in range(since, 9):
            leaves = HASHES[since:end]
            assert grown_past(seen(at(5)), HUB, grown(since), leaves)
            right = not since < 5 <= end
            assert grown_past(seen(at(5, root=bytes(32))), HUB, grown(since), leaves) == right
            assert grown_past(seen(at(5, root=bytes(32))), uid(8), grown(since), leaves)
    assert grown_past(None, HUB, Frontier(), HASHES[:3])


def test_a_jump_is_proved() -> None:
    proof = consistency(grown(5), 9, many)
    assert jumped_past(seen(at(5)), at(9), proof)
    assert not jumped_past(seen(at(5, root=bytes(32))), at(9), proof)
    assert not jumped_past(seen(at(5)), at(9, root=bytes(32)), proof)
    assert not jumped_past(seen(at(5)), at(9), ())
    assert not jumped_past(seen(at(4)), at(9), proof)
    assert jumped_past(seen(at(9)), at(9), ())
    assert jumped_past(None, at(9), ())
    assert jumped_past(seen(at(5, hub=uid(8))), at(9), ())


def test_what_is_signed_is_what_was_said() -> None:
    note, public = sign(at(5), key_of(1)), key_of(1).public
    assert attested(note, HUB, public, PROFILE, 5) == Seen(note, at(5)) == kept(note)
    assert kept("") is kept(note[1:]) is None
    for wrong in (
        ("", HUB, public, PROFILE, 5),
        (note, uid(8), public, PROFILE, 5),
        (note, HUB, key_of(2).public, PROFILE, 5),
        (note, HUB, public, uid(7), 5),
        (note, HUB, public, PROFILE, 6),
        (note[:-1], HUB, public, PROFILE, 5),
    ):
        with pytest.raises(BadNote):
            attested(*wrong)


def test_the_trees_of_this_page_are_those_of_its_roots() -> None:
    assert root(extended(grown(5), HASHES[5:9])) == MANY_ROOTS[9]

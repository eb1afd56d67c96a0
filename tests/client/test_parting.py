"""The search for the commit at which two histories part, against every place where they may."""

from collections.abc import Callable

import pytest

from stackroom.client.replica.parting import Parting
from stackroom.events.proofs.checkpoint import Checkpoint, sign
from stackroom.sync import protocol as wire
from stackroom.sync.protocol import ROOTS_MOST
from tests.events.commits import PROFILE
from tests.events.world import uid
from tests.sync.notaries import key_of

NOTE = sign(Checkpoint(uid(9), PROFILE, 7, bytes(32), 1, 5), key_of(1))


def own(seq: int) -> bytes:
    return seq.to_bytes(32)


def searched(
    mine: range, upto: int, there: Callable[[int], bytes | None], head: int
) -> tuple[Parting, int]:
    """A search by somebody who has the roots of `mine`, and how often the hub was asked."""
    parting, asked = Parting(PROFILE, upto), 0
    while ask := parting.ask({seq: own(seq) for seq in parting.wanted() if seq in mine}):
        asked += 1
        assert len(ask.seqs) <= ROOTS_MOST
        roots = tuple(map(there, ask.seqs))
        parting.heard(wire.Roots(PROFILE, ask.seqs, roots, head, NOTE))
    return parting, asked


@pytest.mark.parametrize("size", [1, 2, 3, 63, 64, 65, 66, 200])
def test_the_first_commit_that_differs_is_found(size: int) -> None:
    for first in range(1, size + 1):
        there = {seq: own(seq) if seq < first else bytes(32) for seq in range(1, size + 1)}
        parting, asked = searched(range(1, size + 1), size, there.get, size)
        assert (parting.same, parting.other) == (first - 1, first)
        assert asked <= 3
        said = parting.said("'team'", "ws://hub")
        assert said.endswith(f"they part at #{first}")
        assert "the hub at ws://hub has another history of profile 'team'" in said
    assert parting.checkpoint == NOTE


def test_a_million_commits_take_few_questions() -> None:
    size = 1_000_000
    parting, asked = searched(
        range(1, size + 1), size, lambda seq: own(seq) if seq < 777_777 else None, 777_776
    )
    assert (parting.other, asked) == (777_777, 4)
    said = parting.said("'team'", "ws://hub")
    assert said == (
        "the hub at ws://hub has lost what it had of profile 'team', from #777777 on: "
        "it stands at #777776"
    )


def test_what_is_not_here_bounds_what_can_be_said() -> None:
    parting, _ = searched(range(50, 101), 100, lambda seq: bytes(32), 100)
    assert (parting.same, parting.other) == (0, 50)
    assert parting.said("'team'", "ws://hub").endswith("they part at a commit after #0, up to #50")


def test_of_a_cache_that_is_gone_only_what_was_signed_is_known() -> None:
    parting, asked = searched(range(0), 100, lambda seq: None, 40)
    assert (parting.same, parting.other, parting.head, asked) == (0, 100, 40, 1)


def test_a_hub_that_answers_nonsense_is_asked_no_further() -> None:
    parting = Parting(PROFILE, 100)
    wanted = parting.wanted()
    ask = parting.ask({seq: own(seq) for seq in wanted})
    assert ask is not None
    parting.heard(wire.Roots(PROFILE, (), (), 40, "no note"))
    assert parting.checkpoint == ""
    assert parting.ask({seq: own(seq) for seq in parting.wanted()}) is None


def test_a_hub_that_says_nothing_is_told_of_all_the_same() -> None:
    assert (
        Parting(PROFILE, 9)
        .said("'team'", "ws://hub")
        .endswith("they part at a commit after #0, up to #9")
    )

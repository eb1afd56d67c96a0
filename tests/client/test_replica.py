"""The replica's core against a hub that does not tell the truth: nothing of it is kept."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from stackroom.client import replica as core
from stackroom.events.merkle import Frontier
from stackroom.events.model import Commit
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from tests.client.test_cache import history
from tests.events.commits import PROFILE


def told(*messages: wire.FromHub) -> tuple[core.Replica, Sequence[core.Effect]]:
    """A replica with an empty copy of the profile, and what it does about `messages`."""
    replica = core.Replica("r1", "token")
    replica.follow(core.Copy(PROFILE, State(), Frontier()))
    replica.connected()
    replica.effects()
    for message in messages:
        replica.receive(message)
    return replica, replica.effects()


def broken(effects: Sequence[core.Effect]) -> str:
    """The sentence of the one thing that was done about it."""
    (problem,) = effects
    assert isinstance(problem, core.Problem)
    assert problem.code == "integrity"
    return problem.sentence


def page(commits: Sequence[Commit]) -> wire.Commits:
    return wire.Commits(PROFILE, tuple(commits))


def test_commits_in_order_are_stored_with_their_leaves() -> None:
    commits = history(5)
    replica, effects = told(page(commits[:3]), page(commits))
    stored = [effect for effect in effects if isinstance(effect, core.Store)]
    assert [c for store in stored for c in store.commits] == commits
    assert [len(store.leaves) for store in stored] == [3, 2]
    assert replica.copies[PROFILE].seq == 5


def test_a_hole_is_not_kept() -> None:
    commits = history(5)
    replica, effects = told(page(commits[1:]))
    assert broken(effects) == "#2 came after #0"
    assert not replica.copies


@pytest.mark.parametrize(
    "change", [{"root": bytes(32)}, {"message": "another"}, {"author": "mallory"}, {"time": 1}]
)
def test_commits_that_do_not_hash_to_their_root_are_not_kept(change: dict[str, object]) -> None:
    commits = history(5)
    _, effects = told(page([*commits[:4], structs.replace(commits[4], **change)]))
    assert broken(effects) == "the commits up to #5 do not hash to their root"


def test_history_is_kept_as_it_was_asked_for() -> None:
    commits = history(5)
    _, effects = told(wire.History(PROFILE, 2, tuple(commits[2:4])))
    assert effects == [core.Backfill(PROFILE, tuple(commits[2:4]))]


@pytest.mark.parametrize("which", [[3, 4], [1, 2], [2, 4], [2, 3, 2]])
def test_history_that_was_not_asked_for_is_not_kept(which: list[int]) -> None:
    commits = history(5)
    _, effects = told(wire.History(PROFILE, 2, tuple(commits[i] for i in which)))
    assert "in the place of" in broken(effects)

"""The replica's core against a hub that does not tell the truth: nothing of it is kept."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from stackroom.client.replica import replica as core
from stackroom.client.replica.pushing import REGISTRATION, RENEWALS
from stackroom.events.codec import leaf
from stackroom.events.fold import fold
from stackroom.events.log import Answer
from stackroom.events.model import Commit, Proposal
from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier
from stackroom.events.proofs.signing import Signer
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from tests.client.test_cache import history
from tests.events.commits import PROFILE, event
from tests.events.world import uid


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


CAUGHT_UP = wire.CaughtUp(PROFILE, 0, EMPTY_ROOT)


def test_history_is_kept_as_it_was_asked_for() -> None:
    commits = history(5)
    _, (reached, kept) = told(CAUGHT_UP, wire.History(PROFILE, 2, tuple(commits[2:4])))
    assert reached == core.Reached(PROFILE, 0)
    assert kept == core.Backfill(PROFILE, tuple(commits[2:4]), Frontier())


def test_history_of_a_hub_that_may_have_another_one_is_not_kept() -> None:
    _, effects = told(wire.History(PROFILE, 2, tuple(history(5)[2:4])))
    assert not effects


def test_the_end_of_a_subscription_of_before_says_nothing_of_what_is_here_now() -> None:
    """Another process has brought the files further: what it has the hub is yet to agree to."""
    commits = history(5)
    replica, _ = told(welcome(registered=True), page(commits[:3]))
    frontier = merkle.extended(Frontier(), [merkle.leaf_hash(leaf(PROFILE, c)) for c in commits])
    replica.refetch(core.Copy(PROFILE, fold(State(), *commits), frontier, (FIRST,)))
    after(replica)
    assert after(replica, wire.CaughtUp(PROFILE, 3, commits[2].root)) == []
    assert not replica.copies[PROFILE].live
    (push,) = after(replica, wire.CaughtUp(PROFILE, 5, commits[4].root))
    assert push == wire.Push(PROFILE, (FIRST,))


@pytest.mark.parametrize("which", [[3, 4], [1, 2], [2, 4], [2, 3, 2]])
def test_history_that_was_not_asked_for_is_not_kept(which: list[int]) -> None:
    commits = history(5)
    _, effects = told(wire.History(PROFILE, 2, tuple(commits[i] for i in which)))
    assert "in the place of" in broken(effects)


# Keys and identities

SIGNER = Signer(bytes(32))
FIRST = Proposal(uid(100), 1, 0, "first", 5, (event(PROFILE),))
SECOND = Proposal(uid(101), 2, 0, "second", 6, (event(PROFILE),))


def welcome(*, registered: bool | None) -> wire.Welcome:
    return wire.Welcome("hub", 1, "ann", "test", 0, 10, 1_000, registered)


def pushing(
    *messages: wire.FromHub, registered: bool | None, signer: Signer | None = SIGNER
) -> tuple[core.Replica, list[object]]:
    """A replica with something to push that is let in and caught up: what it says next."""
    replica = core.Replica("r1", "token", signer=signer)
    replica.follow(core.Copy(PROFILE, State(), Frontier(), (FIRST, SECOND)))
    replica.connected()
    replica.receive(welcome(registered=registered))
    replica.receive(wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    replica.effects()
    return replica, after(replica, *messages)


def after(replica: core.Replica, *messages: wire.FromHub) -> list[object]:
    """What the replica does about `messages`: what it says, and what else."""
    for message in messages:
        replica.receive(message)
    effects = replica.effects()
    return [e.message if isinstance(e, core.Send) else e for e in effects]


def refused(*codes: str) -> wire.Results:
    answers = zip((FIRST.id, SECOND.id), codes, strict=False)
    told = tuple(Answer(id, "rejected", None, code, "no") for id, code in answers)
    return wire.Results(PROFILE, told)


REGISTERED = wire.Reply(REGISTRATION, user="ann", seq=3)
PUSH = wire.Push(PROFILE, (FIRST, SECOND))


@pytest.mark.parametrize("registered", [True, None])
def test_a_key_that_the_hub_knows_or_does_not_ask_for_is_not_registered(
    registered: bool | None,
) -> None:
    replica = core.Replica("r1", "token", signer=SIGNER)
    assert replica.hello.key == SIGNER.key
    replica.follow(core.Copy(PROFILE, State(), Frontier(), (FIRST, SECOND)))
    replica.connected()
    said = after(replica, welcome(registered=registered), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    assert said[-1] == PUSH


def test_a_new_key_is_registered_before_the_first_push() -> None:
    replica = core.Replica("r1", "token", signer=SIGNER)
    replica.follow(core.Copy(PROFILE, State(), Frontier(), (FIRST, SECOND)))
    replica.connected()
    *_, order = after(replica, welcome(registered=False), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    proof = SIGNER.possession("hub", "ann", "r1")
    assert order == wire.Ask(REGISTRATION, wire.RegisterKey(SIGNER.key, proof))
    assert after(replica, REGISTERED) == [PUSH]


def test_who_has_nothing_to_push_registers_nothing() -> None:
    replica = core.Replica("r1", "token", signer=SIGNER)
    replica.follow(core.Copy(PROFILE, State(), Frontier()))
    replica.connected()
    said = after(replica, welcome(registered=False), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    assert said[-1] == core.Reached(PROFILE, 0)
    replica.propose(PROFILE, (FIRST,))
    (order,) = after(replica)
    assert isinstance(order, wire.Ask)
    replica.propose(PROFILE, (SECOND,))
    assert after(replica) == []
    assert after(replica, REGISTERED) == [PUSH]


def test_a_profile_that_closes_meanwhile_is_told_once_all_is_answered() -> None:
    closed = wire.Error("forbidden", "you may not read this profile", "", PROFILE)
    replica, said = pushing(closed, registered=False)
    assert said == []
    assert after(replica, REGISTERED) == [PUSH]
    *parked, problem = after(replica, refused("not_allowed", "not_allowed"))
    assert [type(effect) for effect in parked] == [core.Park, core.Park]
    assert isinstance(problem, core.Problem)


def test_a_key_that_is_refused_for_good_leaves_it_to_the_hub_to_say_what_is_wrong() -> None:
    no = wire.Reply(REGISTRATION, "not_allowed", "a read-only token signs nothing")
    replica, said = pushing(no, registered=False)
    assert said == [PUSH]
    parked = after(replica, refused("unknown_key", "unknown_key"))
    assert [type(effect) for effect in parked] == [core.Park, core.Park, core.Reached]


@pytest.mark.parametrize("code", ["key_ended", "key_in_use", "replica_has_key"])
def test_a_key_that_is_another_s_or_has_ended_makes_this_another_replica(code: str) -> None:
    _, said = pushing(wire.Reply(REGISTRATION, code, "no"), registered=False)
    assert said == [core.Renew(code, "no")]


def test_a_copied_replica_becomes_another_and_pushes_all_again() -> None:
    replica, said = pushing(refused("replica_copied", "in_use"), registered=True)
    assert said == [core.Renew("replica_copied", "no")]
    assert after(replica, refused("replica_copied")) == []
    replica.propose(PROFILE, ())
    replica.push_again()
    assert after(replica) == []
    other = Signer(b"o" * 32)
    anew = [other.sign(PROFILE, "r2", each) for each in (FIRST, SECOND)]
    replica.become("r2", other, {PROFILE: anew})
    assert after(replica) == []
    replica.connected()
    (hello,) = after(replica)
    assert isinstance(hello, wire.Hello)
    assert (hello.replica, hello.key, hello.token) == ("r2", other.key, "token")
    after(replica, welcome(registered=False), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    assert after(replica, REGISTERED) == [wire.Push(PROFILE, tuple(anew))]


def test_a_key_that_ends_while_it_is_used_makes_this_another_replica() -> None:
    _, said = pushing(refused("unknown_key", "unknown_key"), registered=True)
    assert said == [core.Renew("unknown_key", "no")]


def test_a_hub_that_takes_no_identity_does_not_have_them_made_for_ever() -> None:
    replica, said = pushing(refused("replica_copied"), registered=True)
    for number in range(2, RENEWALS + 1):
        assert [type(effect) for effect in said] == [core.Renew]
        replica.become(f"r{number}", SIGNER, {PROFILE: [FIRST, SECOND]})
        replica.connected()
        after(replica, welcome(registered=True), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
        said = after(replica, refused("replica_copied"))
    replica.become("last", SIGNER, {})
    replica.connected()
    after(replica, welcome(registered=True), wire.CaughtUp(PROFILE, 0, EMPTY_ROOT))
    parked = after(replica, refused("replica_copied", "replica_copied"))
    assert [type(effect) for effect in parked] == [core.Park, core.Park, core.Reached]


def test_what_was_about_to_be_said_as_another_replica_is_not() -> None:
    replica, _ = pushing(registered=True)
    replica.list_profiles()
    replica.become("r2", SIGNER, {})
    assert after(replica) == []

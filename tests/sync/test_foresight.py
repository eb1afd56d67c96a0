"""What is made while the disk is at work is what is said once all is durable, and nothing is said before."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import TypeVar

import anyio
import pytest

from stackroom.events.log import Answer, Head, Identity, LogWriter
from stackroom.events.model import Commit, Proposal
from stackroom.events.people.permissions import Who
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Decision, Submission
from stackroom.sync.deciding.foresight import answered
from stackroom.sync.effects import Page, Read, Send, SendEach, Submit
from stackroom.sync.hub import Hub
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.open_access import OpenAccess, token_of
from tests.sync.speaking import PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

T = TypeVar("T")
OTHER = uid(500)


def submit(session: int, profile: str, *ids: int) -> Submit:
    who = Who(uid(70 + session), "ann")
    proposals = (Proposal(uid(id), id, 0, "", 0, ()) for id in ids)
    return Submit(session, tuple(Submission(profile, who, each) for each in proposals))


def test_a_sessions_answers_come_together_for_each_profile() -> None:
    submits = [
        submit(1, PROFILE, 1, 2),
        submit(2, PROFILE, 3),
        submit(1, OTHER, 4),
        submit(1, PROFILE, 5),
    ]
    answers = tuple(Answer(uid(id), "accepted", id) for id in range(1, 6))
    found = answered(submits, Decision(answers, {}))
    assert [(session, m.profile, [a.seq for a in m.answers]) for session, m in found] == [
        (1, PROFILE, [1, 2, 5]),
        (2, PROFILE, [3]),
        (1, OTHER, [4]),
    ]


class Told:
    """A hub with a pusher and a follower."""

    def __init__(self) -> None:
        self.hub = Hub(Identity(uid(600), uid(601)), OpenAccess(), Settings(), "test")
        self.pusher, self.follower = self.let_in("ann", 70), self.let_in("bob", 71)
        self.hub.receive(self.follower, wire.Subscribe(PROFILE, 0, EMPTY_ROOT), 1)
        (read,) = (e for e in self.hub.effects() if isinstance(e, Read))
        self.hub.page(read, Page(Head(0, EMPTY_ROOT), root_there=EMPTY_ROOT), 1)
        self.hub.effects()

    def let_in(self, name: str, replica: int) -> Session:
        session = self.hub.opened()
        self.hub.receive(session, wire.Hello(uid(replica), token_of(name), "test"), 1)
        self.hub.effects()
        return session

    def batch(self, seq: int) -> tuple[list[Submit], Decision]:
        """A push, which the authority takes as commit `seq`."""
        push = wire.Push(PROFILE, (Proposal(uid(seq), seq, 0, "", 0, ()),))
        submit = self.hub.pushed(self.pusher, push, 1)
        assert submit is not None
        commit = Commit(seq, uid(seq), uid(70), seq, 0, "ann", "", 0, 0, (), bytes([seq]) * 32)
        return [submit], Decision((Answer(uid(seq), "accepted", seq),), {PROFILE: (commit,)})

    def says(self) -> list[wire.FromHub]:
        """The messages to the pusher and to the follower, the very objects."""
        said: list[wire.FromHub] = []
        for effect in self.hub.effects():
            if isinstance(effect, SendEach):
                said += [message for _, message in effect.messages]
            elif isinstance(effect, Send):
                said.append(effect.message)
        return said


def foreseen(sends: Sequence[Send | SendEach]) -> list[wire.FromHub]:
    answers = [m for s in sends if isinstance(s, SendEach) for _, m in s.messages]
    return [*(s.message for s in sends if isinstance(s, Send)), *answers]


def test_what_was_foreseen_is_what_is_said() -> None:
    told = Told()
    for n in (1, 2):
        batch = told.batch(n)
        made = foreseen(told.hub.foresee(*batch, 2))
        assert not told.hub.effects(), "nothing is said before it is durable"
        told.hub.decided(*batch, 3)
        said = told.says()
        assert len(said) == len(made) == 2
        assert all(one is other for one, other in zip(said, made, strict=True))
    assert told.pusher.undecided == 0


def test_of_a_batch_that_fails_nothing_is_said_and_the_next_is_told_whole() -> None:
    told = Told()
    lost, kept = told.batch(1), told.batch(1)
    told.hub.foresee(*lost, 2)
    told.hub.failed(lost[0], "hub_failed", "the disk")
    assert [type(m) for m in told.says()] == [wire.Error]
    told.hub.decided(*kept, 3)
    news, answers = told.says()
    assert isinstance(news, wire.Commits)
    assert isinstance(answers, wire.Results)
    assert told.pusher.undecided == 0


def test_who_is_turned_away_meanwhile_is_told_nothing() -> None:
    told = Told()
    batch = told.batch(1)
    told.hub.foresee(*batch, 2)
    told.hub.malformed(told.pusher, "it says something else")
    told.hub.closed(told.follower)
    told.hub.effects()
    told.hub.decided(*batch, 3)
    assert told.says() == []


class Disk:
    """Where each transaction waits when all its work is done, to be stored or to fail."""

    def __init__(self, hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hub = hub
        self.fails = False
        self.done = Event()
        self.made = anyio.Event()
        """Set once frames of what will be said are made."""
        self._write = hub.log.write
        self._prepare = hub.server.outlet.prepare
        monkeypatch.setattr(hub.server.committer.event_log, "write", self.write)
        monkeypatch.setattr(hub.server.outlet, "prepare", self.prepare)

    def prepare(self, sends: Sequence[Send]) -> None:
        self._prepare(sends)
        self.made.set()

    async def write(self, work: Callable[[LogWriter], T]) -> T:
        def whole(log: LogWriter) -> T:
            found = work(log)
            assert self.done.wait(10)
            if self.fails:
                raise RuntimeError("a fault of the disk")
            return found

        return await self._write(whole)

    async def is_at_work(self) -> None:
        """Waits until what will be said is made."""
        with anyio.fail_after(10):
            await self.made.wait()


async def hears_nothing(*peers: Peer) -> None:
    """What they hear next is the answer to what they ask now."""
    for peer in peers:
        await peer.say(wire.ListProfiles())
        assert isinstance(await peer.next(), wire.Profiles)


@pytest.mark.parametrize("fails", [False, True])
async def test_nobody_hears_of_what_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
    ):
        await ann.push(ann.proposal(created()))
        await bob.subscribe()
        disk = Disk(hub, monkeypatch)
        disk.fails = fails
        await ann.say(wire.Push(PROFILE, (ann.proposal(component(1), base=1),)))
        await disk.is_at_work()
        await hears_nothing(ann, bob)
        disk.done.set()
        told = await ann.next()
        if fails:
            assert isinstance(told, wire.Error)
            await hears_nothing(bob)
            disk.fails = False
            await ann.push(ann.proposal(component(2), base=1))
        (commit,) = await bob.commits(2)
        assert commit == (await hub.commits())[1]


async def test_the_frames_that_go_out_are_those_that_were_made(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
    ):
        await ann.push(ann.proposal(created()))
        await bob.subscribe()
        made: list[int] = []
        outlet = hub.server.outlet
        prepare = outlet.prepare

        def counted(sends: Sequence[Send]) -> None:
            prepare(sends)
            made.append(len(outlet._prepared) + (outlet._answers is not None))

        outlet.prepare = counted  # type: ignore[method-assign]
        await ann.push(ann.proposal(component(1), base=1))
        await bob.commits(2)
        assert made == [2]
        assert not outlet._prepared
        assert not outlet._answers

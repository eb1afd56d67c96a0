"""What is made while the disk is at work is what is said once all is durable, and nothing is said before."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import TypeVar

import anyio
import pytest

from stackroom.events.log import Answer, LogWriter
from stackroom.events.model import Proposal
from stackroom.events.permissions import Who
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Decision, Submission
from stackroom.sync.deciding.foresight import answered
from stackroom.sync.effects import Send, Submit
from tests.events.world import uid
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
            made.append(len(outlet._prepared) + len(outlet._answers))

        outlet.prepare = counted  # type: ignore[method-assign]
        await ann.push(ann.proposal(component(1), base=1))
        await bob.commits(2)
        assert made == [2]
        assert not outlet._prepared
        assert not outlet._answers

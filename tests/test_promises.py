"""Each promise of `docs/promises.md`, by its number, on real sockets and real files.

The simulation checks all seven at once over many seeds; these say each of them once, to be read.
"""

import os
import signal
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from stackroom.client.home.store import Store as ProposalStore
from stackroom.client.rebase import rebase
from stackroom.client.replica.replica import Copy, Park, Replica, Restart, Send, Settle, Store
from stackroom.events.codec import seal
from stackroom.events.model import ComponentUpdated
from stackroom.events.people.permissions import Rights, Who
from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier
from stackroom.events.state import Component, Conflict, State, encode
from stackroom.sync import protocol as wire
from stackroom.sync.hosting import service
from stackroom.sync.hosting.tuning import Tuned
from stackroom.sync.people.access import Principal
from stackroom.sync.settings import Settings
from tests.client.proposed import propose
from tests.events.world import uid
from tests.sync.members import set_up
from tests.sync.open_access import OpenAccess, token_of
from tests.sync.speaking import PROFILE, SALT, Peer, component, created, serving, speaking
from tests.sync.test_crash import stored

pytestmark = pytest.mark.anyio

C1 = component(1)[0]


async def test_promise_1_an_acknowledged_commit_survives_a_crash_of_the_hub(tmp_path: Path) -> None:
    run = anyio.to_thread.run_sync
    started = await run(service.up, tmp_path / "hub", Tuned(Settings(port=0)))
    token = await set_up(started.url, started.code)
    async with speaking(started.url, token=token) as ann:
        proposals = [ann.proposal(created()), *(ann.proposal(component(n)) for n in range(20))]
        answers = await ann.push(*proposals)
        os.kill(started.pid, signal.SIGKILL)
    commits = {c.id: c for c in await run(stored, tmp_path / "hub")}
    assert [commits[a.id].seq for a in answers] == list(range(1, 22))
    assert [commits[p.id].events for p in proposals] == [p.events for p in proposals]


async def test_promise_2_a_proposal_is_applied_once_however_often_it_is_pushed(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url) as ann:
        proposals = [ann.proposal(created()), *(ann.proposal(component(n)) for n in range(10))]
        first = await ann.push(*proposals)

        async def again() -> None:
            async with speaking(hub.url) as same:
                assert await same.push(*proposals) == first

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(again)
        assert [c.id for c in await hub.commits()] == [p.id for p in proposals]


async def test_promise_3_replicas_at_the_same_seq_are_equal_byte_for_byte(tmp_path: Path) -> None:
    """One has followed from the start, one begins at a snapshot, one pages through all of it."""
    settings = Settings(port=0, snapshot_every=5, snapshot_worth=6, page_commits=4)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url, 70) as ann:
        live = Following("live")
        async with speaking(hub.url, 71, "bob") as bob:
            await live.follow(bob, upto=0, snapshot=False)
            for n in range(18):
                await ann.push(ann.proposal(component(n) if n else created()))
            await live.read(bob, upto=18)
        for name, snapshot in (("snapshot", True), ("pages", False)):
            late = Following(name)
            async with speaking(hub.url, 72, "cy") as cy:
                await late.follow(cy, upto=18, snapshot=snapshot)
            assert encode(late.copy.state) == encode(live.copy.state)
            assert late.copy.frontier == live.copy.frontier
            assert late.restarted == snapshot


async def test_promise_4_nothing_accepted_is_overwritten_unseen(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
    ):
        await ann.push(ann.proposal(created()), ann.proposal(component(1)))
        theirs = (C1, ComponentUpdated({"/config/value": "ann"}))
        ours = (C1, ComponentUpdated({"/config/value": "bob"}))
        assert (await ann.push(ann.proposal(theirs, base=2)))[0].outcome == "accepted"
        assert (await bob.push(bob.proposal(ours, base=2)))[0].outcome == "conflict"
        reader = Following("cy")
        async with speaking(hub.url, 72, "cy") as cy:
            await reader.follow(cy, upto=4, snapshot=False)
        stands = reader.copy.state.entities[C1]
        assert isinstance(stands, Component)
        assert stands.config["value"] == "ann"
        ((_, conflict),) = reader.copy.state.all(Conflict)
        (overlap,) = conflict.overlaps
        assert (overlap.before, overlap.theirs, overlap.ours) == ("x" * 10, "ann", "bob")
        assert (overlap.author, conflict.held[0].author) == ("ann", "bob")


def test_promise_5_what_was_typed_is_kept_through_everything(tmp_path: Path) -> None:
    path = tmp_path / "proposals.db"
    store = ProposalStore.open(path, new_replica_id=uid(3))
    store.put_profile(PROFILE, "team", None)
    events = [seal(*created(), SALT)]
    typed = [
        propose(store, PROFILE, id=uid(n), base=0, author="ann", message="", time=0, events=events)
        for n in (101, 102, 103)
    ]
    store.close()  # And the process is gone.
    store = ProposalStore.open(path, new_replica_id=uid(4))
    assert store.replica == uid(3)
    assert store.pending(PROFILE) == typed
    store.park(uid(102), "in_use", "it is in use")
    assert [p.proposal for p in store.parked(PROFILE)] == [typed[1]]
    again = store.retry(uid(102), id=uid(104), base=7)
    assert (again.events, again.base, again.number) == (typed[1].events, 7, 4)
    assert store.pending(PROFILE) == [typed[0], typed[2], again]
    assert not store.forget_profile(PROFILE)
    store.close()


class OnlyAnn(OpenAccess):
    """Access for this test: only Ann may do anything."""

    def rights(self, principal: Principal, profile: str = "") -> Rights:
        return super().rights(principal) if principal.name == "ann" else frozenset()


async def test_promise_6_who_may_not_read_is_sent_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        hub.server.hub.access = OnlyAnn()
        async with speaking(hub.url, 70, "ann") as ann, speaking(hub.url, 71, "eve") as eve:
            await eve.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT))
            assert (await eve.hear(wire.Error)).code == "forbidden"
            await eve.say(wire.Fetch(PROFILE, 0))
            assert (await eve.hear(wire.Error)).code == "forbidden"
            (answer,) = await eve.push(eve.proposal(created()))
            assert (answer.outcome, answer.code) == ("rejected", "not_allowed")
            await ann.push(ann.proposal(created()))
            await eve.say(wire.ListProfiles())
            assert (await eve.hear(wire.Profiles)).profiles == ()
            sent = {type(m) for m in eve.heard}
            assert sent == {wire.Welcome, wire.Rights, wire.Error, wire.Results, wire.Profiles}
        (commit,) = await hub.commits()
        assert commit.author == "ann"


async def test_promise_7_after_an_outage_every_queue_drains(tmp_path: Path) -> None:
    """The hub is stopped with pushes under way, and started again on the same file."""
    mine = Following("ann")
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url, 70) as ann:
        proposals = [ann.proposal(created()), *(ann.proposal(component(n)) for n in range(30))]
        mine.copy.pending = list(proposals)
        await mine.follow(ann, upto=0, snapshot=False, stop_after_push=True)
    assert mine.copy.pending
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url, 70) as ann:
        await mine.follow(ann, upto=31, snapshot=False)
        assert mine.copy.pending == []
        assert [c.id for c in await hub.commits()] == [p.id for p in proposals]
    assert rebase(mine.copy.state, [], Who(mine.replica.hello.replica)).state.seq == 31


class Following:
    """The client's own replica core over a test's peer."""

    def __init__(self, user: str) -> None:
        self.replica = Replica(uid(70), token_of(user))
        self.copy = Copy(PROFILE, State(), Frontier())
        self.restarted = False

    async def follow(
        self, peer: Peer, *, upto: int, snapshot: bool, stop_after_push: bool = False
    ) -> None:
        """Connects the core to the peer, which has said hello already, until seq `upto`."""
        self.replica.disconnected()
        self.replica.copies = {}
        welcome = next(m for m in peer.heard if isinstance(m, wire.Welcome))
        self.replica.receive(welcome)
        self.replica.follow(self.copy)
        for effect in self.replica.effects():
            if isinstance(effect, Send):
                message = effect.message
                if isinstance(message, wire.Subscribe) and not snapshot:
                    message = wire.Subscribe(message.profile, message.after, message.root)
                await peer.say(message)
        await self.read(peer, upto=upto, stop_after_push=stop_after_push)

    async def read(self, peer: Peer, *, upto: int, stop_after_push: bool = False) -> None:
        while not (self.copy.live and self.copy.seq >= upto and not self.copy.sent):
            self.replica.receive(await peer.next())
            for effect in self.replica.effects():
                match effect:
                    case Send(message):
                        await peer.say(message)
                        if stop_after_push and isinstance(message, wire.Push):
                            return
                    case Restart():
                        self.restarted = True
                    case Store() | Settle():
                        pass
                    case Park():
                        raise AssertionError(effect)

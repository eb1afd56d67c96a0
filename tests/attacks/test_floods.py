"""One connection that asks for everything at once: what it asks for waits in bounds, others are served."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from msgspec import structs
from websockets.exceptions import ConnectionClosed

from stackroom.events.limits import TOKENS_PER_USER
from stackroom.events.people.entities import Token, User
from stackroom.events.people.model import UserDeleted
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.people.access import PeopleAccess
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings
from tests.attacks.standing import Gate, coming, connecting, rest, standing, until
from tests.events.world import uid
from tests.sync.members import Team, made, new
from tests.sync.speaking import PROFILE, Peer, component

pytestmark = pytest.mark.anyio

SETTINGS = Settings(
    port=0,
    failures_free=10_000,
    tick=0.01,
    backlog_reads=20,
    backlog_orders=3,
    subscriptions=5,
    page_bytes=1 << 18,
    config_bytes=1 << 20,
)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with standing(tmp_path / "hub.db", SETTINGS) as team:
        yield team


def session_of(team: Team, peer: Peer) -> Session:
    return next(s for s in team.hub.server.hub.sessions.values() if s.replica == peer.replica)


async def test_orders_wait_a_few_at_a_time(team: Team) -> None:
    """A flood of orders does not stand before what others push."""
    eve_token, ann_token = await team.member("eve", "viewer"), await team.member("ann", "editor")
    async with team.speaking(eve_token) as eve, team.speaking(ann_token) as ann:
        gate = Gate(team)
        gate.hold_writes()
        for n in range(100):
            await eve.say(wire.Ask(n, wire.MakeToken(new(made(), f"t{n}"))))
        session = session_of(team, eve)
        await until(lambda: session.ordered == SETTINGS.backlog_orders)
        await ann.say(wire.Push(PROFILE, (ann.proposal(component(2), base=2),)))
        await until(lambda: session_of(team, ann).undecided == 1)
        assert team.hub.server.committer.waiting <= SETTINGS.backlog_orders + 1
        gate.open()
        assert (await ann.hear(wire.Results)).answers[0].outcome == "accepted"
        for n in range(100):
            assert (await eve.hear(wire.Reply)).id == n


async def test_pages_wait_a_few_at_a_time(team: Team) -> None:
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve:
        gate = Gate(team)
        gate.hold_reads()
        for _ in range(500):
            await eve.say(wire.Fetch(PROFILE, 0))
        link = team.hub.server.links[session_of(team, eve).id]
        await until(lambda: link.waiting > SETTINGS.backlog_reads)
        assert link.waiting == SETTINGS.backlog_reads + 1
        gate.open()
        for _ in range(500):
            assert len((await eve.hear(wire.History)).commits) == 2


async def test_one_that_leaves_in_the_middle_leaves_nothing_behind(team: Team) -> None:
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve:
        gate = Gate(team)
        gate.hold_reads()
        for _ in range(100):
            await eve.say(wire.Fetch(PROFILE, 0))
        link = team.hub.server.links[session_of(team, eve).id]
        await until(lambda: link.waiting > SETTINGS.backlog_reads)
        eve.socket.transport.abort()
        gate.open()
        await until(lambda: not team.hub.server.links)


async def test_whoever_is_turned_away_and_does_not_read_is_cut(team: Team) -> None:
    """Megabytes wait for a reader that has stopped; once it has no account, they are thrown away."""
    async with team.speaking(team.root) as root:
        for n in range(2, 12):
            await root.push(root.proposal(component(n, size=900_000), base=n))
    token = await team.member("eve", "viewer")
    async with connecting(team.url, small=True) as socket:
        eve = Peer(socket, uid(600))
        await eve.say(wire.Hello(eve.replica, token))
        await eve.hear(wire.Rights)
        id = session_of(team, eve).id
        for n in range(20):
            await eve.say(wire.Fetch(PROFILE, 2 + n % 8))
        link = team.hub.server.links[id]
        await until(lambda: link.unsent() > 1 << 17)
        with anyio.fail_after(5):
            await team.change((await team.id_of(User, "eve"), UserDeleted()))
            await until(lambda: id not in team.hub.server.links)
        heard = [m for m in await rest(eve) if isinstance(m, wire.History)]
        assert len(heard) < 20


async def test_a_connection_follows_so_many_profiles(team: Team) -> None:
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve:
        for n in range(SETTINGS.subscriptions):
            assert await eve.subscribe(profile=uid(100 + n)) == []
        await eve.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT))
        error = await eve.hear(wire.Error)
        assert (error.code, error.profile) == ("too_large", PROFILE)
        await eve.say(wire.Unsubscribe(uid(100)))
        assert len(await eve.subscribe()) == 2


async def test_profiles_that_are_made_up_cost_no_memory(team: Team) -> None:
    token = await team.member("eve", "viewer")
    access = team.hub.server.hub.access
    assert isinstance(access, PeopleAccess)
    async with team.speaking(token) as eve:
        await eve.say(wire.Fetch(uid(1_000), 0))
        await eve.hear(wire.History)
        known = len(access.directory._known)
        for n in range(300):
            await eve.say(wire.Fetch(uid(2_000 + n), 0))
            await eve.hear(wire.History)
        assert len(access.directory._known) == known


async def test_a_user_has_so_many_tokens(team: Team) -> None:
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve:
        for n in range(TOKENS_PER_USER - 1):
            await eve.say(wire.Ask(n, wire.MakeToken(new(made(), "t"), lifetime=1_000_000)))
        for _ in range(TOKENS_PER_USER - 1):
            assert not (await eve.hear(wire.Reply)).code
        assert (await eve.ask(wire.MakeToken(new(made(), "t")))).code == "too_many_tokens"
        team.clock.now += 1_000_001
        assert not (await eve.ask(wire.MakeToken(new(made(), "t")))).code
    eve_id, state = await team.id_of(User, "eve"), await team.state()
    assert sum(t.user == eve_id for _, t in state.all(Token)) == TOKENS_PER_USER + 1


class TestGuessing:
    async def test_one_guess_a_connection(self, team: Team) -> None:
        """Hellos that were sent in one go are not tried one after the other."""
        first = uid(600)
        async with connecting(team.url) as socket:
            for guess in [*(made().text for _ in range(50)), team.root]:
                await socket.send(wire.encode(wire.Hello(first, guess), wire.MSGPACK))
            peer = Peer(socket, first)
            said = await rest(peer)
        assert [type(m) for m in said] == [wire.Error]

    async def test_codes_that_are_none_never_reach_the_log(self, team: Team) -> None:
        gate = Gate(team)
        gate.hold_writes()
        for _ in range(20):
            said = await coming(team.url, wire.Redeem(made("srj").text, new(made())))
            assert isinstance(said, wire.Reply)
            assert said.code == "bad_code"
        assert team.hub.server.committer.waiting == 0
        gate.open()

    async def test_one_code_a_connection(self, team: Team) -> None:
        code = await team.invite("ada", "viewer")
        async with connecting(team.url) as socket:
            for _ in range(2):
                message = wire.Redeem(code, new(made()))
                await socket.send(wire.encode(message, wire.MSGPACK))
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == wire.CloseCode.MALFORMED


async def test_history_goes_out_at_a_rate_for_each_user(tmp_path: Path) -> None:
    """Over it, pages come late, on all connections of that user; others are not held up by it."""
    slow = structs.replace(SETTINGS, read_second=1.0, read_burst=1.0)
    async with standing(tmp_path / "hub.db", slow) as team:
        eve_token, ann_token = (
            await team.member("eve", "viewer"),
            await team.member("ann", "viewer"),
        )
        async with team.speaking(eve_token) as one, team.speaking(eve_token) as two:
            for peer in (one, two):
                await peer.say(wire.Fetch(PROFILE, 0))
                await peer.hear(wire.History)  # It may overdraw, and then waits.
                await peer.say(wire.Fetch(PROFILE, 0))
            async with team.speaking(ann_token) as ann:
                await ann.say(wire.Fetch(PROFILE, 0))
                await ann.hear(wire.History)
            for peer in (one, two):
                link = team.hub.server.links[session_of(team, peer).id]
                await until(lambda link=link: link.waiting == 1)
                await team.hub.log.read(lambda log: log.head(PROFILE))
                assert link.waiting == 1


async def test_whoever_waits_for_history_is_closed_at_once(tmp_path: Path) -> None:
    """They are told why, however long they would have waited."""
    slow = structs.replace(SETTINGS, read_second=1.0, read_burst=1.0)
    async with standing(tmp_path / "hub.db", slow) as team:
        async with team.speaking(await team.member("eve", "viewer")) as eve:
            await eve.say(wire.Fetch(PROFILE, 0))
            await eve.hear(wire.History)
            await eve.say(wire.Fetch(PROFILE, 0))
            await team.change((await team.id_of(User, "eve"), UserDeleted()))
            assert (await eve.hear(wire.Error)).code == "unauthorised"
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await eve.next()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.UNAUTHORISED

"""People on a real hub, for tests that speak its protocol themselves."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from stackroom.events.entity import Entity
from stackroom.events.history.history import state_at
from stackroom.events.model import Change
from stackroom.events.proofs.signing import SEED_BYTES, Signer
from stackroom.events.sqlite.log import SqliteLog
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.hosting.security_log import NOWHERE, Notes
from stackroom.sync.oidc.provider import Provider
from stackroom.sync.people import tokens
from stackroom.sync.people.access import PeopleAccess
from stackroom.sync.people.founding import found
from stackroom.sync.settings import Settings
from tests.sync.speaking import HUB, Peer, Running, serving, speaking


def made(kind: str = tokens.PERSONAL) -> tokens.Made:
    """A fresh token or code."""
    return tokens.make(kind, secrets.token_bytes)


def new(token: tokens.Made, name: str = "first") -> wire.NewToken:
    """What the hub is told of a token."""
    return wire.NewToken(name, token.prefix, token.hash)


async def redeem(url: str, code: str, user: str = "") -> tuple[wire.Reply, str]:
    """The hub's reply to a one-time code, and the token that was offered with it."""
    token = made()
    async with connect(
        url, subprotocols=[Subprotocol(wire.MSGPACK)], compression=None, proxy=None
    ) as socket:
        message = wire.Redeem(code, new(token), user)
        await socket.send(wire.encode(message, wire.MSGPACK))
        reply = wire.decode_from_hub(await socket.recv(), wire.MSGPACK)
    assert isinstance(reply, wire.Reply), reply
    return reply, token.text


async def set_up(url: str, code: str | None, user: str = "root") -> str:
    """The token of a hub's first administrator."""
    assert code is not None, "somebody has come in already"
    reply, token = await redeem(url, code, user)
    assert not reply.code, reply
    return token


async def registered(peer: Peer, user: str) -> bytes:
    """The key by which the peer's replica signs from now on."""
    signer = Signer(secrets.token_bytes(SEED_BYTES))
    proof = signer.possession(HUB.id, user, peer.replica)
    reply = await peer.ask(wire.RegisterKey(signer.key, proof))
    assert not reply.code, reply
    return signer.key


class Clock:
    """A hub's clock that a test turns on."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += 1
        return self.now


class Team:
    """A hub that knows its people, in the test's own loop; `root` is the administrator's token."""

    def __init__(self, hub: Running, root: str, clock: Clock) -> None:
        self.hub = hub
        self.root = root
        self.clock = clock
        self._replicas = count(500)

    @property
    def url(self) -> str:
        return self.hub.url

    @asynccontextmanager
    async def speaking(self, token: str, replica: int | None = None) -> AsyncIterator[Peer]:
        """A peer that came in by `token`."""
        number = next(self._replicas) if replica is None else replica
        async with speaking(self.url, number, token=token) as peer:
            yield peer

    async def invite(
        self, name: str, role: str = "", scope: str = "", lifetime: int = 60_000
    ) -> str:
        """The code of an invitation."""
        code = made(tokens.JOIN)
        async with self.speaking(self.root) as root:
            order = wire.Invite(name, code.prefix, code.hash, lifetime, role, scope)
            reply = await root.ask(order)
        assert not reply.code, reply
        return code.text

    async def member(self, name: str, role: str = "", scope: str = "") -> str:
        """The token of somebody new, who holds the role."""
        reply, token = await redeem(self.url, await self.invite(name, role, scope))
        assert (reply.code, reply.user) == ("", name)
        return token

    async def change(self, *changes: tuple[str, Change], token: str = "") -> wire.Answer:
        """What the hub answers to changes among its people, by the administrator or by `token`."""
        async with self.speaking(token or self.root) as peer:
            base = len(await self.hub.commits(HUB.id))
            (answer,) = await peer.push(peer.proposal(*changes, base=base), profile=HUB.id)
            return answer

    async def state(self) -> State:
        """The people as the log has them."""
        return await self.hub.log.read(lambda log: state_at(log, HUB.id))

    async def id_of(self, kind: type[Entity], name: str) -> str:
        """The id of an entity among the people."""
        found = (await self.state()).find(kind, name)
        assert found is not None, f"there is no {kind.kind} {name}"
        return found[0]


@asynccontextmanager
async def serving_team(
    path: Path,
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    provider: Provider | None = None,
    security: Notes = NOWHERE,
) -> AsyncIterator[Team]:
    """A hub on the log at `path` that was set up by `root`."""
    clock, code = clock or Clock(), made(tokens.SET_UP)
    log = await SqliteLog.open(path, new_id=HUB.id)
    try:
        salt = partial(secrets.token_bytes, 16)
        authority = Authority(salt, snapshot_every=100, states_kept=8, people=HUB.id)
        await log.write(lambda log: found(authority, clock(), log, code))
        access = await log.read(PeopleAccess.load)
    finally:
        await log.aclose()
    async with serving(
        path,
        settings,
        access=access,
        people=HUB.id,
        clock=clock,
        provider=provider,
        security=security,
    ) as hub:
        yield Team(hub, await set_up(hub.url, code.text), clock)

"""Speaking to a hub in a test: a server on a free port, and peers that say exactly what they are told."""

import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from stackroom.events.codec import seal
from stackroom.events.log import Identity
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    Millis,
    ProfileCreated,
    Proposal,
)
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.sqlite.log import SqliteLog
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.hosting.security_log import NOWHERE, Notes
from stackroom.sync.oidc.provider import Provider
from stackroom.sync.people.access import Access
from stackroom.sync.server import Server
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.tls import Tls
from tests.events.world import uid
from tests.sync.open_access import OpenAccess, token_of

PROFILE = uid(1)
SALT = bytes(16)
HUB = Identity(uid(9), 1)

M = TypeVar("M", bound=wire.FromHub)


class Running:
    """A server that runs in the test's own loop."""

    def __init__(self, server: Server, log: SqliteLog) -> None:
        self.server = server
        self.log = log

    @property
    def url(self) -> str:
        scheme = "ws" if self.server.porch.tls is None else "wss"
        return f"{scheme}://127.0.0.1:{self.server.port}"

    async def commits(self, profile: str = PROFILE) -> list[Commit]:
        return await self.log.read(lambda log: log.commits(profile, 0, 100_000))


@asynccontextmanager
async def serving(
    path: Path,
    settings: Settings | None = None,
    *,
    access: Access | None = None,
    people: str = "",
    clock: Callable[[], Millis] | None = None,
    tls: Tls | None = None,
    security: Notes = NOWHERE,
    provider: Provider | None = None,
    notary: Notary | None = None,
) -> AsyncIterator[Running]:
    """A hub on the log at `path`, stopped and closed at the end; everybody may do everything on it.

    Or what `access` says, which follows the stream of `people`.
    """
    log = await SqliteLog.open(path, new_id=HUB.id)
    ticks, salts = count(1_000), count(1)
    server = Server(
        log,
        HUB,
        access or OpenAccess(),
        settings or Settings(port=0),
        version="test",
        clock=clock or (lambda: next(ticks)),
        salt=lambda: next(salts).to_bytes(16) if not people else secrets.token_bytes(16),
        people=people,
        tls=tls,
        security=security,
        provider=provider,
        notary=notary,
    )
    try:
        async with anyio.create_task_group() as tasks:
            ready = anyio.Event()
            tasks.start_soon(server.run, lambda port: ready.set())
            with anyio.fail_after(10):
                await ready.wait()
            try:
                yield Running(server, log)
            finally:
                server.stop()
    finally:
        with anyio.CancelScope(shield=True):
            await log.aclose()


class Peer:
    """One connection; `hear(Kind)` waits for the next message of that kind."""

    def __init__(self, socket: ClientConnection, replica: str) -> None:
        self.socket = socket
        self.replica = replica
        self.heard: list[wire.FromHub] = []
        self._numbers = count(1)
        self._ids = count(int(replica[-6:]) * 10_000)

    @property
    def welcome(self) -> wire.Welcome:
        """What the hub said first."""
        return next(m for m in self.heard if isinstance(m, wire.Welcome))

    @property
    def coding(self) -> str:
        return self.socket.subprotocol or ""

    async def say(self, message: wire.FromReplica) -> None:
        await self.socket.send(wire.encode(message, self.coding))

    async def next(self) -> wire.FromHub:
        with anyio.fail_after(20):
            message = wire.decode_from_hub(await self.socket.recv(), self.coding)
        self.heard.append(message)
        return message

    async def hear(self, kind: type[M]) -> M:
        while not isinstance(message := await self.next(), kind):
            pass
        return message

    async def subscribe(
        self, after: int = 0, root: bytes = EMPTY_ROOT, profile: str = PROFILE, **more: Any
    ) -> list[Commit]:
        """Subscribes, and gives all commits up to the point where the hub says: caught up."""
        await self.say(wire.Subscribe(profile, after, root, **more))
        begun = len(self.heard)
        await self.hear(wire.CaughtUp)
        pages = [m.commits for m in self.heard[begun:] if isinstance(m, wire.Commits)]
        return [commit for page in pages for commit in page]

    async def commits(self, upto: int) -> list[Commit]:
        """Live commits, until that of seq `upto`."""
        found: list[Commit] = []
        while not found or found[-1].seq < upto:
            found += (await self.hear(wire.Commits)).commits
        return found

    def proposal(self, *changes: tuple[str, Change], base: int = 0) -> Proposal:
        events = tuple(seal(id, change, SALT) for id, change in changes)
        return Proposal(uid(next(self._ids)), next(self._numbers), base, "why", 5, events)

    async def ask(self, order: wire.AnyOrder) -> wire.Reply:
        """Gives an order, and waits for the reply."""
        id = next(self._ids)
        await self.say(wire.Ask(id, order))
        while (reply := await self.hear(wire.Reply)).id != id:
            pass
        return reply

    async def push(self, *proposals: Proposal, profile: str = PROFILE) -> Sequence[wire.Answer]:
        """Pushes, and gives the answers, one for each."""
        await self.say(wire.Push(profile, proposals))
        answers: list[wire.Answer] = []
        while len(answers) < len(proposals):
            answers += (await self.hear(wire.Results)).answers
        return answers


@asynccontextmanager
async def speaking(
    url: str,
    replica: int = 70,
    user: str = "ann",
    coding: str = wire.MSGPACK,
    token: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Peer]:
    """A peer that was let in, as `user` where everybody is, else by `token`."""
    subprotocols = [Subprotocol(coding)]
    async with connect(
        url, subprotocols=subprotocols, compression=None, proxy=None, ssl=tls
    ) as socket:
        peer = Peer(socket, uid(replica))
        await peer.say(wire.Hello(peer.replica, token or token_of(user)))
        await peer.hear(wire.Rights)
        yield peer


def created() -> tuple[str, Change]:
    return PROFILE, ProfileCreated("team")


def component(n: int, name: str | None = None, size: int = 10) -> tuple[str, Change]:
    """The registration of component number `n`, with `size` bytes of configuration."""
    config = {"value": "x" * size}
    return uid(900_000_000_000 + n), ComponentRegistered(
        name or f"c{n}", "orchestrator", "k8s", config
    )

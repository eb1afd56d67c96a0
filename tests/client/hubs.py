"""A hub to test clients against: the real core, authority and SQLite log behind real sockets.

Unlike the server, it does what it is told to do wrong: refuse, fall silent, crash, come back.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from stackroom.client.chance import clock, new_id
from stackroom.events.log import Identity
from stackroom.events.sqlite.log import SqliteLog
from stackroom.sync import effects
from stackroom.sync import hub as core
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.reading.paging import compared, read_page, read_roots
from stackroom.sync.settings import Settings
from tests.sync.notaries import notary_of
from tests.sync.open_access import PASSWORD, OpenAccess


class FaultyHub:
    """One hub on one file and one port; `start` and `stop` as often as you like."""

    def __init__(self, path: Path, *, settings: Settings, subprotocols: tuple[str, ...]) -> None:
        self.path = path
        self.settings = settings
        self.blocks = Blocks(settings)
        self.subprotocols = subprotocols
        self.token = PASSWORD
        self.port = 0
        self.key = 1
        """The number of the key by which it signs."""
        self.rotations: tuple[str, ...] = ()
        self.snapshot_every = 50
        self.lie: Callable[[wire.FromHub], wire.FromHub] = lambda message: message
        """What it says in the place of a message."""
        self.full = False
        """Whether pushes are refused as if the disk were full."""
        self.mute = False
        """Whether it says nothing."""
        self.garbage = False
        """Whether the next message out is not a message."""
        self.deaf_after: int | None = None
        """Pushes after which the hub crashes: the last one is decided, and nobody is told."""
        self.pushes = 0
        self.refused = anyio.Event()
        self._server: Server | None = None
        self._tasks: anyio.abc.TaskGroup

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.log = await SqliteLog.open(self.path, new_id=new_id())
        identity: Identity = await self.log.read(lambda reader: reader.identity())
        access = OpenAccess(self.token)
        notary = notary_of(identity, self.key, self.rotations)
        self.core = core.Hub(identity, access, self.settings, "test", notary=notary)
        self.authority = Authority(
            partial(secrets.token_bytes, 16), snapshot_every=self.snapshot_every, states_kept=8
        )
        self.sockets: dict[int, ServerConnection] = {}
        self.turn = anyio.Lock()
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=[Subprotocol(s) for s in self.subprotocols],
            compression=None,
            max_size=self.settings.message_bytes,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self, code: int = wire.CloseCode.RESTART) -> None:
        """Ends in good order: every client is told with `code`."""
        assert self._server is not None
        self._server.close(code=code, reason="restart")
        await self._server.wait_closed()
        await self.log.aclose()
        self._server = None

    async def crash(self) -> None:
        """Every connection is cut, in the middle of whatever it was."""
        assert self._server is not None
        for socket in self.sockets.values():
            socket.transport.abort()
        await self.stop()

    async def _serve(self, socket: ServerConnection) -> None:
        session = self.core.opened()
        self.sockets[session.id] = socket
        coding = str(socket.subprotocol)
        try:
            async for data in socket:
                message = wire.decode_from_replica(data, coding)
                async with self.turn:
                    self.core.receive(session, message, clock())
                    await self._carry_out()
        except ConnectionClosed:
            pass
        finally:
            del self.sockets[session.id]
            self.core.closed(session)

    async def _carry_out(self) -> None:
        while wanted := self.core.effects():
            for effect in wanted:
                await self._one(effect)

    async def _one(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Send(sessions, message):
                for id in sessions:
                    if (socket := self.sockets.get(id)) is not None:
                        await self._send(socket, message)
            case effects.SendEach(messages):
                for id, message in messages:
                    if (socket := self.sockets.get(id)) is not None:
                        await self._send(socket, message)
            case effects.Close(id, code, reason):
                await self.sockets[id].close(code, reason)
            case effects.Submit():
                await self._decide(effect)
            case effects.Read():
                page = await self.log.read(partial(read_page, effect, self.settings, self.blocks))
                self.core.page(effect, page, clock())
            case effects.FetchRoots():
                found = await self.log.read(partial(read_roots, effect))
                self.core.roots(effect, found, clock())
            case effects.ListAll(id):
                listed = await self.log.read(lambda reader: reader.profiles())
                self.core.catalogue(id, listed)
            case effects.Look(_, compare):
                self.core.compared(effect, await self.log.read(partial(compared, compare)))

    async def _send(self, socket: ServerConnection, message: wire.FromHub) -> None:
        if self.mute:
            return
        data = wire.encode(self.lie(message), str(socket.subprotocol))
        if self.garbage:
            self.garbage = False
            data = b"\xc1" if isinstance(data, bytes) else "{"
        try:
            await socket.send(data)
        except ConnectionClosed:
            return

    async def _decide(self, submit: effects.Submit) -> None:
        if self.full:
            self.refused.set()
            self.core.failed([submit], "hub_full", "the hub's disk is full", "free some space")
            return
        self.pushes += 1
        work = partial(self.authority.decide, submit.submissions, clock())
        decision = await self.log.write(work)
        if self.deaf_after == self.pushes:
            for socket in self.sockets.values():
                socket.transport.abort()
            return
        self.core.decided([submit], decision, clock())


@asynccontextmanager
async def running_hub(
    folder: Path,
    *,
    settings: Settings | None = None,
    subprotocols: tuple[str, ...] = wire.SUBPROTOCOLS,
) -> AsyncIterator[FaultyHub]:
    """A hub that runs until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    hub = FaultyHub(folder / "hub.db", settings=settings or Settings(), subprotocols=subprotocols)
    await hub.start()
    try:
        yield hub
    finally:
        if hub._server is not None:
            with anyio.CancelScope(shield=True):
                await hub.stop()

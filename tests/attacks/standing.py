"""A hub that stands for an attack: one profile with a component, made by the administrator."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from stackroom.events.log import LogReader, LogWriter
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.sync.members import Team, serving_team
from tests.sync.speaking import Peer, component, created

T = TypeVar("T")


@asynccontextmanager
async def standing(path: Path, settings: Settings | None = None) -> AsyncIterator[Team]:
    """The hub on the log at `path`; its clock tells expired tokens every hundredth of a second.

    Without `settings`, failed sign-ins are not delayed: somebody tries every way there is.
    """
    patient = Settings(port=0, tick=0.01, failures_free=10_000)
    async with serving_team(path, settings or patient) as team:
        async with team.speaking(team.root) as root:
            answers = await root.push(root.proposal(created()), root.proposal(component(1), base=1))
            assert [answer.outcome for answer in answers] == ["accepted", "accepted"]
        yield team


@asynccontextmanager
async def connecting(url: str, *, small: bool = False) -> AsyncIterator[ClientConnection]:
    """A connection that has said nothing yet; a `small` one takes little before it is read from."""
    address = urlsplit(url)
    own = socket.socket()
    if small:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    own.setblocking(False)
    await asyncio.get_running_loop().sock_connect(own, (address.hostname, address.port))
    async with connect(
        url,
        sock=own,
        subprotocols=[Subprotocol(wire.MSGPACK)],
        compression=None,
        max_queue=1 if small else 16,
        proxy=None,
    ) as connection:
        yield connection


async def coming(url: str, first: wire.Hello | wire.SigningIn) -> wire.FromHub:
    """What the hub answers to a connection's first message."""
    async with connecting(url) as connection:
        await connection.send(wire.encode(first, wire.MSGPACK))
        return wire.decode_from_hub(await connection.recv(), wire.MSGPACK)


class Gate:
    """The log of a hub that runs, whose reads come back late and whose writes begin late."""

    def __init__(self, team: Team) -> None:
        self.log = team.hub.server.event_log
        self.reading, self.writing = anyio.Event(), anyio.Event()
        self.open()
        self.held = self.begun = 0
        team.hub.server.event_log = self
        team.hub.server.committer.event_log = self

    def open(self) -> None:
        """Lets all go on."""
        self.reading.set()
        self.writing.set()

    def hold_reads(self) -> None:
        """What is read from now on is given when the gate opens."""
        self.reading = anyio.Event()

    def hold_writes(self) -> None:
        """Transactions begin when the gate opens."""
        self.writing = anyio.Event()

    async def read(self, work: Callable[[LogReader], T]) -> T:
        read = await self.log.read(work)
        self.held += 1
        await self.reading.wait()
        return read

    async def write(self, work: Callable[[LogWriter], T]) -> T:
        self.begun += 1
        await self.writing.wait()
        return await self.log.write(work)

    async def aclose(self) -> None:
        await self.log.aclose()


async def until(true: Callable[[], bool]) -> None:
    """Lets others run until something is so."""
    with anyio.fail_after(20):
        while not true():
            await anyio.sleep(0.001)


async def rest(peer: Peer) -> list[wire.FromHub]:
    """All that the hub still says, up to the end of the connection."""
    begun = len(peer.heard)
    try:
        while True:
            await peer.next()
    except ConnectionClosed:
        return peer.heard[begun:]

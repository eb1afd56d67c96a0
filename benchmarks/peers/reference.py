"""The reference hub as a peer: about what plain Python allows."""

import asyncio
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection
from websockets.sync.client import connect

from benchmarks import processes, speaker
from benchmarks.peers import raw
from benchmarks.peers.peer import Caught, Heard, Message, Peer, append_all
from benchmarks.peers.workload import Kept, Made, fold
from benchmarks.processes import HOST

AT_ONCE = 1_000
"""Events in a message while a history is loaded."""


class BareWriter:
    """Sends events as they are; answers count them."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._reading = asyncio.create_task(self._read())

    def message(self, events: Sequence[Made]) -> Message:
        """One object, or an array of them."""
        if len(events) == 1:
            return events[0].json, b"1"
        return b"[%b]" % b",".join(made.json for made in events), b"%d" % len(events)

    async def append(self, message: Message) -> None:
        """Sends it; what was sent is answered in order."""
        data, count = message
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((int(count), answered))
        await self.socket.send(data)
        await answered

    async def _read(self) -> None:
        missing = 0
        async for said in self.socket:
            missing += int(said[1:])
            while self._waiting and missing >= self._waiting[0][0]:
                count, answered = self._waiting.popleft()
                missing -= count
                answered.set_result(None)

    async def close(self) -> None:
        """Ends the connection."""
        await self.socket.close()
        await self._reading


class BareServer(Struct, frozen=True):
    """A reference hub that runs; a room is a path."""

    pid: int
    port: int

    async def prepare(self, room: str) -> None:
        """Rooms need not be made."""

    async def writer(self, room: str, *, told: bool = False) -> BareWriter:
        """A fresh connection."""
        return BareWriter(await speaker.dial(f"ws://{HOST}:{self.port}/{room}"))

    async def subscribe(self, room: str, heard: Heard) -> raw.Ear:
        """A subscriber from the head as it is now: no room has as many events."""
        greeting = raw.upgrade(f"/{room}?after={10**12}")
        return await raw.listen(self.port, heard, greeting, b"[]")

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """Arrays of events, each waited for."""
        await append_all(await self.writer(room), events, AT_ONCE)

    async def settle(self) -> None:
        """What was acknowledged is stored."""

    async def answer(self, room: str) -> None:
        """The first page."""
        socket = await speaker.dial(f"ws://{HOST}:{self.port}/{room}?after=0")
        await socket.recv()
        await socket.close()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """Reads pages, decodes and folds them."""
        state: dict[str, dict[str, Any]] = {}
        decoder, found = msgspec.json.Decoder(list[Kept]), 0
        url = f"ws://{HOST}:{self.port}/{room}?after=0"
        with connect(url, compression=None, max_size=None, proxy=None) as socket:
            while found < count:
                said = socket.recv()
                assert isinstance(said, bytes)
                events = decoder.decode(said[said.index(b"[") :])
                fold(state, events)
                found += len(events)
        return Caught(found, len(state))


class Reference(Peer):
    """`benchmarks/reference_hub.py`."""

    name = "reference hub"
    acknowledged = "unchecked, fsynced"

    def missing(self) -> str:
        """It needs what we need."""
        return ""

    def version(self) -> str:
        """Of what it is made of."""
        return f"reference hub (websockets {version('websockets')})"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[BareServer]:
        """On uvloop, synchronous FULL."""
        folder.mkdir(exist_ok=True)
        module = (sys.executable, "-m", "benchmarks.reference_hub")

        def command(port: int) -> Sequence[str]:
            return (*module, str(port), str(folder / "events.db"), "full", "uvloop")

        with processes.server(command, folder / "output") as started:
            yield BareServer(started.pid, started.port)

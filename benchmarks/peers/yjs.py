"""y-websocket and Hocuspocus as peers: a document a room, an item of one array for every event.

Neither acknowledges a write. What counts here is that the server has sent it back to its writer: it is
in the server's memory then, and stored later.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from websockets.sync.client import connect

from benchmarks import processes
from benchmarks.peers import raw
from benchmarks.peers.peer import Caught, Heard, Message, Peer
from benchmarks.peers.workload import MARK, Made, fold, of_object
from benchmarks.processes import HOST

NODE: Final = Path(__file__).parents[2] / "build" / "peers"
"""Where `make bench` installs the packages of package.json."""
MODULES: Final = NODE / "node_modules"
AT_ONCE: Final = 500
STORED_AFTER: Final = 4.0
"""Seconds after which Hocuspocus has stored what it was sent: it waits for 2 s of quiet."""
PATIENCE: Final = 60.0
EVERYTHING: Final = b"\x00\x00\x01\x00"
"""The first step of the sync protocol, of a client that has nothing."""
UPDATE: Final = b"\x00\x02"
SYNC: Final = 0
WITH_UPDATE: Final = (1, 2)
"""The kinds of sync messages that carry an update: the answer to the first step, and what came later."""


class DocumentWriter:
    """A connection with a document of its own; an append is one transaction on it."""

    def __init__(self, prefix: bytes) -> None:
        from pycrdt import Array, Doc

        self.prefix = prefix
        self._document: Any = Doc()
        self._items: Any = self._document.get("log", type=Array)
        self._updates: list[bytes] = []
        self._document.observe(lambda made: self._updates.append(made.update))
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._line: raw.Ear | None = None

    def connected(self, line: raw.Ear) -> None:
        """By this it writes."""
        self._line = line

    def heard(self, data: bytes) -> None:
        """What the server sends, its own updates among it."""
        for mark in MARK.findall(data):
            answered = self._waiting.pop(mark, None)
            if answered is not None:
                answered.set_result(None)

    def message(self, events: Sequence[Made]) -> Message:
        """One update with all events, and the mark of the last."""
        self._items.extend([msgspec.json.decode(made.json) for made in events])
        (update,) = self._updates
        self._updates.clear()
        body = self.prefix + UPDATE + packed(len(update)) + update
        return raw.frame(body), b"%08d" % events[-1].number

    async def append(self, message: Message) -> None:
        """Sends the update and waits until it comes back."""
        assert self._line is not None
        frame, mark = message
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[mark] = answered
        self._line.transport.write(frame)
        async with asyncio.timeout(PATIENCE):
            await answered

    async def close(self) -> None:
        """Hangs up."""
        assert self._line is not None
        self._line.close()


class DocumentServer(Struct, frozen=True):
    """A server of documents that runs; `named` is whether messages name their document."""

    pid: int
    port: int
    named: bool

    def _prefix(self, room: str) -> bytes:
        return packed(len(room)) + room.encode() if self.named else b""

    def _path(self, room: str) -> str:
        return "/" if self.named else f"/{room}"

    async def _listen(self, room: str, heard: Heard) -> raw.Ear:
        """Connects, and asks for all that there is; it stands when the server has answered that."""
        greeting = raw.upgrade(self._path(room)) + raw.frame(self._prefix(room) + EVERYTHING)
        return await raw.listen(self.port, heard, greeting, self._prefix(room) + b"\x00\x01")

    async def prepare(self, room: str) -> None:
        """Documents need not be made."""

    async def writer(self, room: str, *, told: bool = False) -> DocumentWriter:
        """A fresh connection, and an empty document."""
        writer = DocumentWriter(self._prefix(room))
        writer.connected(await self._listen(room, writer.heard))
        return writer

    async def subscribe(self, room: str, heard: Heard) -> raw.Ear:
        """A connection that has what there was."""
        return await self._listen(room, heard)

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """Transactions of many items, each waited for."""
        writer = await self.writer(room)
        for n in range(0, len(events), AT_ONCE):
            await writer.append(writer.message(events[n : n + AT_ONCE]))
        await writer.close()

    async def settle(self) -> None:
        """Nothing says when it is stored."""
        await asyncio.sleep(STORED_AFTER)

    async def answer(self, room: str) -> None:
        """The first update with an event."""
        some = asyncio.Event()
        line = await self._listen(room, lambda data: some.set())
        async with asyncio.timeout(PATIENCE):
            await some.wait()
        line.close()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """The whole document with pycrdt, its items folded; more may come after the first answer."""
        from pycrdt import Array, Doc

        document: Any = Doc()
        items: Any = document.get("log", type=Array)
        prefix, found = self._prefix(room), 0
        url = f"ws://{HOST}:{self.port}{self._path(room)}"
        with connect(url, compression=None, max_size=None, proxy=None) as socket:
            socket.send(prefix + EVERYTHING)
            while found < count:
                said = socket.recv(PATIENCE)
                assert isinstance(said, bytes)
                said = said.removeprefix(prefix)
                if said[0] == SYNC and said[1] in WITH_UPDATE:
                    document.apply_update(_unpacked(said[2:]))
                    found = len(items)
        state: dict[str, dict[str, Any]] = {}
        fold(state, [of_object(item) for item in items.to_py()])
        return Caught(found, len(state))


class YWebsocket(Peer):
    """y-websocket's server with its LevelDB."""

    name = "y-websocket"
    acknowledged = "unchecked, in memory, sent back; stored later"
    durable = False
    package = "y-websocket"
    named = False

    def missing(self) -> str:
        """Node, the server, or what speaks to it from Python."""
        if shutil.which("node") is None:
            return "node is not installed (apt install nodejs npm)"
        if not (MODULES / self.package).is_dir():
            return f"{self.package} is not installed (make bench-peers)"
        if find_spec("pycrdt") is None:
            return "pycrdt is not installed (pip install 'stackroom[peers]')"
        return ""

    def version(self) -> str:
        """Of the server, and of pycrdt."""
        found = json.loads((MODULES / self.package / "package.json").read_text())["version"]
        return f"{self.package} {found} (pycrdt {version('pycrdt')})"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """What starts it; the rest is said in its environment."""
        return ("node", str(MODULES / "y-websocket" / "bin" / "server.cjs"))

    @contextmanager
    def serving(self, folder: Path) -> Iterator[DocumentServer]:
        """Its documents in the folder."""
        folder.mkdir(exist_ok=True)

        def environment(port: int) -> dict[str, str]:
            return {"HOST": HOST, "PORT": str(port), "YPERSISTENCE": str(folder / "documents")}

        with processes.server(
            lambda port: ("env", "-C", str(NODE), *self.command(port, folder)),
            folder / "output",
            environment=environment,
        ) as started:
            yield DocumentServer(started.pid, started.port, self.named)


class Hocuspocus(YWebsocket):
    """Hocuspocus with its SQLite extension."""

    name = "Hocuspocus"
    package = "@hocuspocus/server"
    named = True

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """What starts it, all said in its arguments."""
        script = Path(__file__).with_name("hocuspocus.mjs")
        return ("node", str(script), str(port), str(folder / "documents.db"))


def packed(number: int) -> bytes:
    """A number as lib0 writes it: seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes((*found, number))


def _unpacked(data: bytes) -> bytes:
    """What is behind the length."""
    end = next(n for n, byte in enumerate(data) if byte < 128)
    return data[end + 1 :]

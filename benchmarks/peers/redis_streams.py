"""Redis as a peer: a stream a room, XADD to append, XREAD to follow."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.peers import raw
from benchmarks.peers.peer import Caught, Heard, Message, Peer, append_all
from benchmarks.peers.workload import Kept, Made, fold
from benchmarks.processes import HOST

AT_ONCE = 1_000
"""Commands in a pipeline while a history is loaded."""
PAGE = 2_000


class StreamWriter:
    """One connection: a command, or a pipeline of them, at a time."""

    def __init__(self, client: Any, room: str) -> None:
        self.client = client
        self.room = room
        self._turn = asyncio.Lock()

    def message(self, events: Sequence[Made]) -> Message:
        """An entry for each."""
        return tuple(made.json for made in events)

    async def append(self, message: Message) -> None:
        """XADD, in a pipeline where there are several."""
        async with self._turn:
            if len(message) == 1:
                await self.client.execute_command("XADD", self.room, "*", "e", message[0])
                return
            pipeline = self.client.pipeline(transaction=False)
            for event in message:
                pipeline.execute_command("XADD", self.room, "*", "e", event)
            await pipeline.execute()

    async def close(self) -> None:
        """Ends the connection."""
        await self.client.aclose()


class RedisServer(Struct, frozen=True):
    """A Redis that runs."""

    pid: int
    port: int

    def _client(self) -> Any:
        from redis.asyncio import Redis

        return Redis(host=HOST, port=self.port, single_connection_client=True)

    async def prepare(self, room: str) -> None:
        """Streams need not be made."""

    async def writer(self, room: str, *, told: bool = False) -> StreamWriter:
        """A fresh connection."""
        return StreamWriter(self._client(), room)

    async def subscribe(self, room: str, heard: Heard) -> raw.Ear:
        """XREAD BLOCK from now on; each reply is answered by asking for what comes after it."""
        import hiredis

        reader = hiredis.Reader()

        def answering(data: bytes, transport: asyncio.Transport) -> None:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                last = reply[0][1][-1][0]
                transport.write(_asking(room, last))

        ear = await raw.listen(self.port, heard, _asking(room, b"$"), answering=answering)
        await asyncio.sleep(0.002)  # Nothing says that it waits now; the server takes it in turn.
        return ear

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """Long pipelines."""
        await append_all(await self.writer(room), events, AT_ONCE)

    async def settle(self) -> None:
        """What was acknowledged is stored."""

    async def answer(self, room: str) -> None:
        """The last entry, once the file has been loaded."""
        from redis.exceptions import BusyLoadingError

        client = self._client()
        while True:
            try:
                if await client.xrevrange(room, count=1):
                    break
            except BusyLoadingError:
                await asyncio.sleep(0.005)
        await client.aclose()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """XREAD in pages with redis-py and hiredis."""
        from redis import Redis

        client, last, found = Redis(host=HOST, port=self.port), b"0", 0
        state: dict[str, dict[str, Any]] = {}
        decoder = msgspec.json.Decoder(Kept)
        while found < count:
            reply: Any = client.xread({room: last}, count=PAGE)
            for _, entries in reply:
                fold(state, [decoder.decode(fields[b"e"]) for _, fields in entries])
                found += len(entries)
                last = entries[-1][0]
        client.close()
        return Caught(found, len(state))


class RedisStreams(Peer):
    """Redis with an append-only file that is fsynced before each reply."""

    name = "Redis streams"
    acknowledged = "unchecked, fsynced (appendfsync always)"
    pipelined = False

    def missing(self) -> str:
        """The server, or its Python client."""
        if shutil.which("redis-server") is None:
            return "redis-server is not installed (apt install redis-server)"
        if find_spec("redis") is None or find_spec("hiredis") is None:
            return "redis-py is not installed (pip install 'stackroom[peers]')"
        return ""

    def version(self) -> str:
        """Of the server and its client."""
        said = subprocess.run(["redis-server", "--version"], capture_output=True, text=True)
        return f"Redis {said.stdout.split()[2].removeprefix('v=')} (redis-py {version('redis')})"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[RedisServer]:
        """No snapshots, only the append-only file."""
        folder.mkdir(exist_ok=True)
        kept = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")

        def command(port: int) -> Sequence[str]:
            place = ("--bind", HOST, "--port", str(port), "--dir", str(folder))
            return ("redis-server", *place, *kept)

        with processes.server(command, folder / "output") as started:
            yield RedisServer(started.pid, started.port)


def _asking(room: str, after: bytes) -> bytes:
    """XREAD BLOCK 0 COUNT 500 STREAMS room after, as RESP."""
    words = [b"XREAD", b"BLOCK", b"0", b"COUNT", b"500", b"STREAMS", room.encode(), after]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)

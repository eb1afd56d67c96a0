"""NATS JetStream as a peer: a stream a room on file storage, a push consumer a subscriber."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count as counting
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.peers import raw
from benchmarks.peers.peer import Caught, Heard, Message, Peer, append_all
from benchmarks.peers.workload import Kept, Made, fold
from benchmarks.processes import HOST

SYNCED_SINCE: Final = (2, 10)
"""The version that brought `sync_interval: always`."""
AT_ONCE: Final = 1_000
PATIENCE: Final = 60.0

_inboxes = counting(1)


class StreamWriter:
    """One connection; a publish is acknowledged by the stream."""

    def __init__(self, client: Any, subject: str) -> None:
        self.client = client
        self.stream = client.jetstream()
        self.subject = subject

    def message(self, events: Sequence[Made]) -> Message:
        """A message for each."""
        return tuple(made.json for made in events)

    async def append(self, message: Message) -> None:
        """Publishes all, and waits for all their acknowledgements."""
        if len(message) == 1:
            await self.stream.publish(self.subject, message[0])
            return
        sent = (self.stream.publish(self.subject, each, timeout=PATIENCE) for each in message)
        await asyncio.gather(*sent)

    async def close(self) -> None:
        """Ends the connection."""
        await self.client.close()


class JetStreamServer(Struct, frozen=True):
    """A NATS that runs; `room.e` is the subject of a room's events."""

    pid: int
    port: int

    async def _connect(self) -> Any:
        import nats

        return await nats.connect(f"nats://{HOST}:{self.port}", max_reconnect_attempts=2)

    async def prepare(self, room: str) -> None:
        """Makes the stream."""
        from nats.js.api import StorageType, StreamConfig

        client = await self._connect()
        config = StreamConfig(name=room, subjects=[f"{room}.e"], storage=StorageType.FILE)
        await client.jetstream().add_stream(config)
        await client.close()

    async def writer(self, room: str, *, told: bool = False) -> StreamWriter:
        """A fresh connection."""
        return StreamWriter(await self._connect(), f"{room}.e")

    async def subscribe(self, room: str, heard: Heard) -> raw.Ear:
        """A consumer of its own, from now on, without acknowledgements, delivered to a raw socket."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        inbox = f"heard.{os.getpid()}.{next(_inboxes)}"

        def answering(data: bytes, transport: asyncio.Transport) -> None:
            if b"PING\r\n" in data:
                transport.write(b"PONG\r\n")

        options = b'{"verbose":false,"pedantic":false}'
        greeting = b"CONNECT %b\r\nSUB %b 1\r\nPING\r\n" % (options, inbox.encode())
        ear = await raw.listen(self.port, heard, greeting, b"PONG", answering)
        client = await self._connect()
        config = ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.NEW,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=5,
        )
        await client.jetstream().add_consumer(room, config)
        await client.close()
        return ear

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """A thousand publishes in flight."""
        await append_all(await self.writer(room), events, AT_ONCE)

    async def settle(self) -> None:
        """What was acknowledged is in its files, which outlive the process."""

    async def answer(self, room: str) -> None:
        """The last message, once JetStream is there."""
        from nats.errors import Error

        client = await self._connect()
        while True:
            try:
                await client.jetstream().get_last_msg(room, f"{room}.e")
                break
            except Error:
                await asyncio.sleep(0.01)
        await client.close()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """An ordered consumer, with nats-py."""
        return asyncio.run(self._catch_up(room, count))

    async def _catch_up(self, room: str, count: int) -> Caught:
        client, found = await self._connect(), 0
        state: dict[str, dict[str, Any]] = {}
        decoder = msgspec.json.Decoder(Kept)
        told = await client.jetstream().subscribe(f"{room}.e", ordered_consumer=True)
        async for message in told.messages:
            fold(state, [decoder.decode(message.data)])
            found += 1
            if found == count:
                break
        await client.close()
        return Caught(found, len(state))


class JetStream(Peer):
    """NATS as it comes: acknowledged means written, and fsynced within two minutes."""

    name = "NATS JetStream"
    acknowledged = "unchecked, written; fsynced within 2 minutes"
    durable = False
    interval = ""

    def missing(self) -> str:
        """The server, or its Python client."""
        if _program() is None:
            return "nats-server is not installed (make bench-peers)"
        if find_spec("nats") is None:
            return "nats-py is not installed (pip install 'stackroom[peers]')"
        return ""

    def version(self) -> str:
        """Of the server and its client."""
        return f"nats-server {'.'.join(map(str, _version()))} (nats-py {version('nats-py')})"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[JetStreamServer]:
        """File storage in the folder."""
        folder.mkdir(exist_ok=True)
        program = _program()
        assert program is not None

        def command(port: int) -> Sequence[str]:
            settings = folder / "nats.conf"
            settings.write_text(
                f'listen: "{HOST}:{port}"\nmax_pending: 256MB\n'
                f'jetstream {{\n  store_dir: "{folder / "streams"}"\n  {self.interval}\n}}\n'
            )
            return (program, "-c", str(settings))

        with processes.server(command, folder / "output") as started:
            yield JetStreamServer(started.pid, started.port)


class JetStreamAlways(JetStream):
    """NATS that fsyncs before it acknowledges."""

    name = "NATS, sync always"
    acknowledged = "unchecked, fsynced (sync_interval always)"
    durable = True
    history = False
    interval = "sync_interval: always"

    def missing(self) -> str:
        """It takes a newer server than Debian 12 has."""
        if missing := super().missing():
            return missing
        if _version() < SYNCED_SINCE:
            found = ".".join(map(str, _version()))
            return (
                f"nats-server {found} has no `sync_interval: always`, which came with 2.10 "
                "(make bench-peers installs a newer one)"
            )
        return ""


def _program() -> str | None:
    """The server: what NATS_SERVER names, the one beside this interpreter, or the system's."""
    places = (str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin")
    return shutil.which(os.environ.get("NATS_SERVER", "nats-server"), path=os.pathsep.join(places))


def _version() -> tuple[int, ...]:
    program = _program()
    assert program is not None
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0,)

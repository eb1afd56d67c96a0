"""A bare hub to be measured beside: what Python, websockets and SQLite give without any of our checks.

    python -m benchmarks.reference_hub PORT DATABASE full|normal uvloop|asyncio

A client opens `/ROOM` and sends events, each a JSON object with a type and an id, or an array of them. The
hub appends them, all that came meanwhile in one transaction, and answers `K<count>` once they are
durable. Who opens `/ROOM?after=SEQ` is sent the room's history in pages, then what is appended: messages
of a JSON array behind `E<last seq> `. No hello, no rules, no state, no hashes, no proofs, no
permissions: a measure of what the language allows, and not a product.
"""

import asyncio
import sqlite3
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY, room TEXT NOT NULL, type TEXT NOT NULL, entity TEXT NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS events_room ON events (room, seq);
"""
INSERT: Final = "INSERT INTO events (seq, room, type, entity, body) VALUES (?, ?, ?, ?, ?)"
PAGE: Final = """
    SELECT seq, body FROM events WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?
"""
PAGE_EVENTS: Final = 2_000
BEHIND: Final = 4 << 20
"""Bytes that may wait for one subscriber; beyond it, it is dropped, and comes back with its seq."""


class Labels(msgspec.Struct, gc=False):
    """What an event says of itself."""

    type: str
    id: str


Row: TypeAlias = tuple[str, str, str, bytes]
"""Room, type, entity, and the event as it came."""


class BareLog:
    """Two SQLite connections, one a thread: one that writes, one that reads."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.writer = self._open(path, synchronous)
        self.writer.executescript(SCHEMA)
        self.reader = self._open(path, synchronous)
        (self.last,) = self.writer.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()

    def _open(self, path: str, synchronous: str) -> sqlite3.Connection:
        conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute(f"PRAGMA synchronous = {synchronous}")
        return conn

    def append(self, rows: list[Row]) -> None:
        """Stores the rows in one transaction, durable on return."""
        first = self.last + 1
        self.writer.execute("BEGIN IMMEDIATE")
        self.writer.executemany(INSERT, [(n, *row) for n, row in enumerate(rows, first)])
        self.writer.execute("COMMIT")
        self.last += len(rows)

    def page(self, room: str, after: int) -> tuple[int, list[bytes]]:
        """The next events of a room, and the seq of the last of them."""
        rows = self.reader.execute(PAGE, (room, after, PAGE_EVENTS)).fetchall()
        return (rows[-1][0] if rows else after), [body for _, body in rows]


class BareHub:
    """Takes events from its connections, answers them transaction by transaction, and tells the others."""

    def __init__(self, log: BareLog) -> None:
        self.log = log
        self.labels = msgspec.json.Decoder(Labels)
        self.many = msgspec.json.Decoder(list[msgspec.Raw])
        self.waiting: list[tuple[ServerConnection, Row]] = []
        self.arrived = asyncio.Event()
        self.subscribers: dict[str, set[ServerConnection]] = defaultdict(set)
        self.heads: Counter[str] = Counter()
        self.reading = ThreadPoolExecutor(1)

    async def serve_one(self, socket: ServerConnection) -> None:
        """Follows a room, or takes what the connection sends."""
        assert socket.request is not None
        asked = urlsplit(socket.request.path)
        room, after = asked.path[1:], parse_qs(asked.query).get("after")
        if after is not None:
            await self.follow(socket, room, int(after[0]))
            return
        async for data in socket:
            assert isinstance(data, bytes)
            events = map(bytes, self.many.decode(data)) if data[:1] == b"[" else (data,)
            for event in events:
                labels = self.labels.decode(event)
                self.waiting.append((socket, (room, labels.type, labels.id, event)))
            self.arrived.set()

    async def follow(self, socket: ServerConnection, room: str, after: int) -> None:
        """Pages until there are no more, then live; nothing is appended in between by this one loop."""
        loop = asyncio.get_running_loop()
        while True:
            after, events = await loop.run_in_executor(self.reading, self.log.page, room, after)
            if events:
                await socket.send(packed(after, events))
            elif after >= self.heads[room]:
                break
        others = self.subscribers[room]
        others.add(socket)
        await socket.send(packed(after, []))
        try:
            await socket.wait_closed()
        finally:
            others.discard(socket)

    async def commit(self) -> None:
        """Commits for ever; what arrives during one transaction is the next."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as thread:
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                batch, self.waiting = self.waiting, []
                await loop.run_in_executor(thread, self.log.append, [row for _, row in batch])
                for socket, count in Counter(socket for socket, _ in batch).items():
                    write(socket, framed(b"K%d" % count))
                self.tell([row for _, row in batch])

    def tell(self, rows: list[Row]) -> None:
        """One frame a room, built once and written to all that follow it."""
        rooms: dict[str, list[bytes]] = defaultdict(list)
        for room, _, _, event in rows:
            rooms[room].append(event)
        for room, events in rooms.items():
            self.heads[room] = self.log.last
            if others := self.subscribers.get(room):
                frame = framed(packed(self.log.last, events))
                for socket in others:
                    write(socket, frame)


def packed(seq: int, events: list[bytes]) -> bytes:
    """Events as one message."""
    return b"E%d [%b]" % (seq, b",".join(events))


def framed(message: bytes) -> bytes:
    """A message as a frame, to be written to as many as there are."""
    return Frame(Opcode.BINARY, message).serialize(mask=False)


def write(socket: ServerConnection, frame: bytes) -> None:
    """Hands the frame to the connection, or drops one that is too far behind."""
    transport = socket.transport
    if transport.get_write_buffer_size() > BEHIND:
        transport.abort()
    elif not transport.is_closing():
        transport.write(frame)


async def main(port: int, path: str, synchronous: str) -> None:
    """Serves until the process is ended."""
    hub = BareHub(BareLog(path, synchronous))
    async with serve(
        hub.serve_one, "127.0.0.1", port, compression=None, max_size=None, ping_interval=None
    ):
        await hub.commit()


if __name__ == "__main__":
    _, port, path, synchronous, loop = sys.argv
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(int(port), path, synchronous))

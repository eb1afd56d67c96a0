"""A bare hub to be measured beside: what Python, websockets and SQLite give without any of our checks.

    python -m benchmarks.reference_hub PORT DATABASE full|normal uvloop|asyncio

A client opens `/ROOM` and sends events, each a JSON object with a type and an id. The hub appends them,
all that came meanwhile in one transaction, and answers `K<count>` once they are durable. No hello, no
rules, no state, no hashes, no history, no subscribers: a measure, and not a product.
"""

import asyncio
import sqlite3
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import msgspec
from websockets.asyncio.server import ServerConnection, broadcast, serve

SCHEMA = """
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY, room TEXT NOT NULL, type TEXT NOT NULL, entity TEXT NOT NULL,
        body BLOB NOT NULL
    )
"""
INSERT = "INSERT INTO events (room, type, entity, body) VALUES (?, ?, ?, ?)"


class Labels(msgspec.Struct):
    """What an event says of itself."""

    type: str
    id: str


class BareLog:
    """One SQLite connection, for the one thread that uses it."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.conn.execute("PRAGMA journal_mode = WAL")
        self.conn.execute(f"PRAGMA synchronous = {synchronous}")
        self.conn.execute(SCHEMA)

    def append(self, rows: list[tuple[str, str, str, bytes]]) -> None:
        """Stores the rows in one transaction, durable on return."""
        self.conn.execute("BEGIN IMMEDIATE")
        self.conn.executemany(INSERT, rows)
        self.conn.execute("COMMIT")


class BareHub:
    """Takes events from its connections and answers them transaction by transaction."""

    def __init__(self, log: BareLog) -> None:
        self.log = log
        self.labels = msgspec.json.Decoder(Labels)
        self.waiting: list[tuple[ServerConnection, tuple[str, str, str, bytes]]] = []
        self.arrived = asyncio.Event()

    async def serve_one(self, socket: ServerConnection) -> None:
        """Takes what one connection sends."""
        assert socket.request is not None
        room = socket.request.path[1:]
        async for data in socket:
            assert isinstance(data, bytes)
            labels = self.labels.decode(data)
            self.waiting.append((socket, (room, labels.type, labels.id, data)))
            self.arrived.set()

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
                    broadcast([socket], b"K%d" % count)


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

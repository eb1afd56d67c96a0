"""PostgreSQL as a peer: a table a room to append to, NOTIFY with the event to those who LISTEN."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.peers.peer import Caught, Heard, Message, Peer
from benchmarks.peers.workload import Kept, Made, fold
from benchmarks.processes import HOST

USER: Final = "postgres"
PLACES: Final = ("/usr/lib/postgresql/15/bin", "/usr/local/bin")
"""Where Debian puts the programs, besides what is in PATH."""
AT_ONCE: Final = 1_000
PREFETCH: Final = 1_000


class TableWriter:
    """One connection: a statement at a time; asyncpg allows no more."""

    def __init__(self, conn: Any, statement: Any) -> None:
        self.conn = conn
        self.statement = statement
        self._turn = asyncio.Lock()

    def message(self, events: Sequence[Made]) -> Message:
        """A row for each."""
        return tuple(made.json for made in events)

    async def append(self, message: Message) -> None:
        """One INSERT of all rows, in a transaction of its own."""
        async with self._turn:
            await self.statement.fetch(list(message))

    async def close(self) -> None:
        """Ends the connection."""
        await self.conn.close()


class Listener:
    """A connection that listens."""

    def __init__(self, conn: Any) -> None:
        self.conn = conn

    def close(self) -> None:
        """Hangs up."""
        self.conn.terminate()


class PostgresServer(Struct, frozen=True):
    """A PostgreSQL that runs."""

    pid: int
    port: int

    async def _connect(self) -> Any:
        import asyncpg

        return await asyncpg.connect(host=HOST, port=self.port, user=USER, database=USER)

    async def prepare(self, room: str) -> None:
        """Makes the table."""
        conn = await self._connect()
        await conn.execute(f"CREATE TABLE {room} (seq bigserial PRIMARY KEY, body bytea NOT NULL)")
        await conn.close()

    async def writer(self, room: str, *, told: bool = False) -> TableWriter:
        """A fresh connection, its statement prepared; a notification holds up all who commit."""
        conn = await self._connect()
        statement = f"INSERT INTO {room} (body) SELECT unnest($1::bytea[])"
        if told:
            notify = f"SELECT pg_notify('{room}', convert_from(body, 'UTF8')) FROM made"
            statement = f"WITH made AS ({statement} RETURNING body) {notify}"
        return TableWriter(conn, await conn.prepare(statement))

    async def subscribe(self, room: str, heard: Heard) -> Listener:
        """LISTEN, with asyncpg: its protocol is no stream of bytes that could be looked through."""
        conn = await self._connect()
        await conn.add_listener(room, lambda *told: heard(told[3].encode()))
        return Listener(conn)

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """COPY."""
        conn = await self._connect()
        for n in range(0, len(events), AT_ONCE):
            records = [(made.json,) for made in events[n : n + AT_ONCE]]
            await conn.copy_records_to_table(room, records=records, columns=["body"])
        await conn.close()

    async def settle(self) -> None:
        """What was acknowledged is stored."""

    async def answer(self, room: str) -> None:
        """The last row."""
        conn = await self._connect()
        await conn.fetchrow(f"SELECT seq, body FROM {room} ORDER BY seq DESC LIMIT 1")
        await conn.close()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """A cursor over all rows."""
        return asyncio.run(self._catch_up(room))

    async def _catch_up(self, room: str) -> Caught:
        conn, found = await self._connect(), 0
        state: dict[str, dict[str, Any]] = {}
        decoder = msgspec.json.Decoder(Kept)
        async with conn.transaction():
            query = f"SELECT body FROM {room} ORDER BY seq"
            async for (body,) in conn.cursor(query, prefetch=PREFETCH):
                fold(state, [decoder.decode(body)])
                found += 1
        await conn.close()
        return Caught(found, len(state))


class Postgres(Peer):
    """PostgreSQL with synchronous_commit on, its default."""

    name = "PostgreSQL"
    acknowledged = "unchecked, fsynced (synchronous_commit on)"
    pipelined = False

    def missing(self) -> str:
        """The server, or its Python client."""
        if _program("postgres") is None or _program("initdb") is None:
            return "postgres is not installed (apt install postgresql-15)"
        if find_spec("asyncpg") is None:
            return "asyncpg is not installed (pip install 'stackroom[peers]')"
        return ""

    def version(self) -> str:
        """Of the server and its client."""
        said = subprocess.run([*_as_user("postgres"), "--version"], capture_output=True, text=True)
        return f"PostgreSQL {said.stdout.split()[2]} (asyncpg {version('asyncpg')})"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[PostgresServer]:
        """A cluster of its own, as Debian makes it but for the port and the number of connections."""
        folder.mkdir(exist_ok=True)
        cluster = _cluster(folder)

        def command(port: int) -> Sequence[str]:
            settings = {
                "listen_addresses": HOST,
                "unix_socket_directories": "",
                "max_connections": "300",
            }
            given = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
            return (*_as_user("postgres"), "-D", str(cluster), "-p", str(port), *given)

        with processes.server(command, folder / "output", end=signal.SIGINT) as started:
            yield PostgresServer(started.pid, started.port)


def _cluster(folder: Path) -> Path:
    """The files of the cluster; those who must not be root own them."""
    cluster = folder / "cluster"
    if cluster.exists():
        return cluster
    cluster.mkdir()
    if os.geteuid() == 0:
        shutil.chown(cluster, USER)
    command = [*_as_user("initdb"), "-D", str(cluster), "-U", USER, "-A", "trust", "--locale=C"]
    subprocess.run([*command, "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL)
    return cluster


def _as_user(program: str) -> list[str]:
    """The command; root must not run PostgreSQL, and runs it as the user of that name."""
    found = _program(program)
    assert found is not None
    if os.geteuid() != 0:
        return [found]
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", found]


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((*PLACES, os.environ.get("PATH", ""))))

"""Many connections that say nothing: what each costs the hub. Alone, it is the crowd, as a process:

`python -m benchmarks.idle URL NUMBER CONNECTIONS`, with a token in STACKROOM_TOKEN and profiles on its
standard input, says `ready` once all are live and stays, answering pings, until its input ends.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, cast
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

from benchmarks import processes, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.speaker import Speaker
from benchmarks.workload import Ids, Shape, Team
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire

CROWDS: Final = 2
"""Processes that hold the connections."""
COMPONENTS: Final = 3
"""Of each profile: what is measured are connections."""
DIALLED: Final = 50
"""Connections that one process opens at a time."""
SETTLING: Final = 3.0
"""Seconds until what the opening left behind is done."""
FILES_BESIDE: Final = 200
"""Files that a process has open beside its connections."""
PATIENCE: Final = 120.0

WARM: Final = 100
"""Connections that come and go before the base is taken: what the hub then has, it has for all."""


def run(bench: Bench) -> list[Outcome]:
    """Connects a crowd to a hub, and looks at what the hub uses while nobody says anything."""
    scale = bench.scale
    _raise_limit(scale.idle_connections + FILES_BESIDE)
    data = bench.folder / "idle"
    with processes.hub(data) as running:
        profiles = speaker.run(lambda: _found(running, scale.many_profiles))
        bench.say(f"{len(profiles):,} profiles made")
        with _crowd(running, 0, profiles[:WARM], WARM):
            pass
        time.sleep(SETTLING)
        base, _ = running.memory()
        begun, cpu = time.monotonic(), running.cpu_seconds()
        each = scale.idle_connections // CROWDS
        with _crowd(running, 1, profiles, each), _crowd(running, 2, profiles, each):
            took = time.monotonic() - begun
            came = running.cpu_seconds() - cpu
            time.sleep(SETTLING)
            held, high = running.memory()
            bench.say(f"{CROWDS * each:,} connections in {took:.1f} s")
            cpu, begun = running.cpu_seconds(), time.monotonic()
            time.sleep(scale.idle_seconds)
            busy = (running.cpu_seconds() - cpu) / (time.monotonic() - begun)
            grown, _ = running.memory()
    connections = CROWDS * each
    kilobytes = (held - base) * 1_000 / connections
    rows = (
        ("memory of a connection", f"{kilobytes:,.1f}", "kB"),
        ("the hub without them", f"{base:,.0f}", "MB"),
        ("the hub with them", f"{held:,.0f}", "MB"),
        ("the most that it ever had (VmHWM)", f"{high:,.0f}", "MB"),
        ("processor time while nobody speaks", f"{busy * 1_000:,.0f}", "ms/s"),
        ("more memory after that", f"{grown - held:,.1f}", "MB"),
        ("time to connect all", f"{took:,.1f}", "s"),
        ("processor time to connect one", f"{came * 1e6 / connections:,.0f}", "µs"),
    )
    targets = (
        Target("memory of an idle connection", kilobytes, "less than", 40, "kB", 1, of=Asked.IDLE),
        Target("processor time while idle", busy * 1_000, "less than", 50, "ms/s", of=Asked.IDLE),
    )
    notes = (
        f"{connections:,} connections, each with a hello of its own and live on one of {len(profiles):,} "
        f"profiles, in {CROWDS} processes that speak raw sockets and answer pings",
        f"memory of a connection, in 10^3 bytes: what the hub has resident (RSS) {SETTLING:g} s after the "
        f"last is live more than before they came ({WARM} had come and gone); without the kernel's buffers",
        f"idle for {scale.idle_seconds:g} s, with pings every {processes.MEASURED.ping_interval:g} s to each",
    )
    heading = ("idle connections", "figure", "unit")
    return [Outcome("Many idle connections", heading, rows, targets, notes)]


async def _found(running: Running, count: int) -> list[str]:
    """Makes profiles, and returns their ids."""
    line = await Speaker.open(running.url, running.token, Ids(60)())
    teams = [Team(f"idle {n}", Shape(COMPONENTS), seed=n, space=1_000 + n) for n in range(count)]
    for team in teams:
        await line.commit(team.profile, team.begin())
    await line.close()
    return [team.profile for team in teams]


@contextmanager
def _crowd(running: Running, number: int, profiles: list[str], connections: int) -> Iterator[None]:
    """Connections in a process of their own, all of them live."""
    command = [sys.executable, "-m", "benchmarks.idle", running.url, str(number), str(connections)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=processes.environment(STACKROOM_TOKEN=running.token),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("".join(f"{profile}\n" for profile in profiles) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise AssertionError("the crowd did not come so far")
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _raise_limit(files: int) -> None:
    """Has this process, and those that it starts, open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        most = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


# The crowd


class Idler(asyncio.Protocol):
    """The least of a subscriber: asks for a profile, waits until it is live, and answers pings."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting
        self.live = asyncio.get_running_loop().create_future()
        self._head = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are of no common class, and have the same methods.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        rest = self._rest + data
        if not self._head:
            head, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            self._head = True
        while (frame := _frame(rest)) is not None:
            opcode, payload, size = frame
            rest = rest[size:]
            if opcode == Opcode.PING:
                self.transport.write(_masked(Opcode.PONG, payload))
            elif b"caught_up" in payload and not self.live.done():
                self.live.set_result(None)
        self._rest = rest

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.live.done():
            self.live.set_exception(AssertionError("the hub does not let us in"))


def _frame(data: bytes) -> tuple[int, bytes, int] | None:
    """The opcode, the payload and the size of the first frame (RFC 6455 section 5.2), if it is whole."""
    if len(data) < 2:
        return None
    begins, length = 2, data[1]
    if length >= 126:
        begins = 4 if length == 126 else 10
        length = int.from_bytes(data[2:begins])
    if len(data) < begins + length:
        return None
    return data[0] & 15, data[begins : begins + length], begins + length


def _masked(opcode: Opcode, payload: bytes) -> bytes:
    return bytes(Frame(opcode, payload).serialize(mask=True))


async def _stay(url: str, number: int, connections: int, profiles: list[str], end: IO[str]) -> None:
    """Opens the connections, tells so, and keeps them until `end` ends."""
    loop, at = asyncio.get_running_loop(), urlsplit(url)
    assert at.hostname is not None
    host, port = at.hostname, at.port or 80
    new_replica, token = Ids(70 + number), os.environ["STACKROOM_TOKEN"]
    handshake = (
        f"GET / HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {wire.MSGPACK}\r\n\r\n"
    ).encode()

    def greeting(profile: str) -> bytes:
        said = wire.Hello(new_replica(), token, "benchmark"), wire.Subscribe(profile, 0, EMPTY_ROOT)
        frames = (wire.encode(message, wire.MSGPACK) for message in said)
        return handshake + b"".join(
            _masked(Opcode.BINARY, data) for data in frames if isinstance(data, bytes)
        )

    idlers: list[Idler] = []
    dialled = asyncio.Semaphore(DIALLED)

    async def come(profile: str) -> None:
        async with dialled:
            _, idler = await loop.create_connection(lambda: Idler(greeting(profile)), host, port)
            idlers.append(idler)
            await idler.live

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        for n in range(connections):
            tasks.create_task(come(profiles[n % len(profiles)]))
    print("ready", flush=True)
    await loop.run_in_executor(None, end.read)
    if any(idler.transport.is_closing() for idler in idlers):
        raise AssertionError("the hub has closed a connection that was idle")


def main() -> None:
    """What a crowd is started as."""
    url, number, connections = sys.argv[1:]
    profiles = []
    for line in sys.stdin:
        if not line.strip():
            break
        profiles.append(line.strip())
    speaker.run(lambda: _stay(url, int(number), int(connections), profiles, sys.stdin))


if __name__ == "__main__":
    main()

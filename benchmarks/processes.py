"""Hubs as processes of their own: ours, and those that it is measured beside."""

import http.client
import os
import resource
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import psutil
from msgspec import Struct
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from stackroom.sync import protocol as wire
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.tuning import Tuned
from stackroom.sync.people import tokens
from stackroom.sync.settings import Settings

HOST: Final = "127.0.0.1"
PATIENCE: Final = 60.0
"""Seconds for a process to start or to end."""

SERVICE: Final = (sys.executable, "-m", "stackroom.sync")
"""What runs a hub."""

MEASURED: Final = Settings(
    port=0,
    connections_user=100_000,
    connections_address=100_000,
    opened_burst=100_000,
    messages_burst=1e9,
    bytes_burst=1e12,
    proposals_burst=1e9,
    read_burst=1e12,
)
"""What is measured is what the hub can do, not what one user may."""


class Running(Struct, frozen=True):
    """A hub that answers; `token` is empty where it asks for none."""

    url: str
    token: str
    pid: int
    ready_after: float
    """Seconds from its start to its first ready answer."""

    def memory(self) -> tuple[float, float]:
        """Megabytes (10^6 bytes) resident now, and the most that ever were (VmHWM)."""
        return psutil.Process(self.pid).memory_info().rss / 1e6, _high_water(self.pid)

    def cpu_seconds(self) -> float:
        """Processor time that it has used, user and system."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


@contextmanager
def hub(
    data: Path, settings: Settings = MEASURED, program: Sequence[str] = SERVICE
) -> Iterator[Running]:
    """Our hub on the folder `data`, as `stackroom hub up` starts it; ended at the end.

    `program` is what runs it, and is told the folder and the settings.
    """
    folder = HubFolder(data)
    folder.prepare()
    said = msgspec.json.encode(Tuned(settings)).decode()
    command = [*program, str(data), said]
    started = time.perf_counter()
    with _process(command, data / "hub.log") as process:
        url = _url(folder, process)
        _wait_ready(url, process)
        took = time.perf_counter() - started
        yield Running(url, _token(folder, url), process.pid, took)


class Started(Struct, frozen=True):
    """A server of another kind, which listens."""

    port: int
    pid: int


@contextmanager
def server(
    command: Callable[[int], Sequence[str]],
    output: Path,
    *,
    end: signal.Signals = signal.SIGTERM,
    environment: Callable[[int], dict[str, str]] = lambda port: {},
) -> Iterator[Started]:
    """Starts what `command` gives for a free port, and waits until it listens.

    `end` is what ends it; what `environment` gives for the port is set for it.
    """
    port = free_port()
    with _process(command(port), output, end, **environment(port)) as process:
        until = time.monotonic() + PATIENCE
        while not _listens(port):
            _expect_alive(process, until)
            time.sleep(0.005)
        yield Started(port, process.pid)


def free_port() -> int:
    """A port at which nobody listens now."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _process(
    command: Sequence[str], output: Path, end: signal.Signals = signal.SIGTERM, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("ab") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment(**env)
        )
    try:
        yield process
    finally:
        process.send_signal(end)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def children_cpu() -> float:
    """Processor time in seconds of all children that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what steers a client or keeps Python from its bytecode."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STACKROOM_", "PYTHON"))}
    return {**kept, **more}


def _token(folder: HubFolder, url: str) -> str:
    """The token of the hub's administrator: set up at the folder's first start, kept for the next ones."""
    kept = folder.path / "token-of-the-benchmark"
    if not kept.exists():
        serving = folder.serving()
        assert serving is not None
        assert serving.code is not None, "the folder is that of another hub"
        made = tokens.make(tokens.PERSONAL, secrets.token_bytes)
        redeem = wire.Redeem(serving.code, wire.NewToken("bench", made.prefix, made.hash), "ada")
        with connect(url, subprotocols=[Subprotocol(wire.MSGPACK)], compression=None) as socket:
            socket.send(wire.encode(redeem, wire.MSGPACK))
            reply = wire.decode_from_hub(socket.recv(), wire.MSGPACK)
        assert isinstance(reply, wire.Reply)
        assert not reply.code, reply.sentence
        kept.write_text(made.text)
    return kept.read_text()


def _url(folder: HubFolder, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + PATIENCE
    while True:
        serving = folder.serving()
        if serving is not None and serving.pid == process.pid:
            return serving.url
        _expect_alive(process, until)
        time.sleep(0.002)


def _wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            _expect_alive(process, until)
        finally:
            connection.close()
        time.sleep(0.002)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 0.5).close()
    except OSError:
        return False
    return True


def _expect_alive(process: subprocess.Popen[bytes], until: float) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}: see its output file")
    if time.monotonic() > until:
        raise TimeoutError(f"{process.args!r} was not ready within {PATIENCE:.0f} s")


def _high_water(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024 / 1e6
    return float("nan")

"""A hub as a process: in the foreground (`serve`), or beside others (`up`, `down`, `status`, `logs`).

`python -m stackroom.sync.service DATA HOST PORT` is what `up` starts.
"""

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

import anyio
from msgspec import Struct, structs

from stackroom.events.codec import SALT_BYTES
from stackroom.events.log import EventLog
from stackroom.events.model import Millis
from stackroom.events.sqlite_log import SqliteLog
from stackroom.sync import orders, tokens
from stackroom.sync.access import PeopleAccess
from stackroom.sync.authority import Authority
from stackroom.sync.errors import AlreadyRunning, DidNotStart, NotRunning, PortInUse
from stackroom.sync.folder import HubFolder, new_hub_id
from stackroom.sync.protocol import CloseCode
from stackroom.sync.server import Server
from stackroom.sync.settings import Settings

START_SECONDS: Final = 20.0
"""How long `up` waits for a hub to be ready."""
ENDING_SECONDS = 5.0
"""How long a hub that answers nothing may hold the folder before it is taken for one that runs."""

STOP_SECONDS: Final = 20.0
"""How long `down` waits for it to end."""

SIGNALS: Final = {
    signal.SIGINT: CloseCode.GOING_AWAY,
    signal.SIGTERM: CloseCode.GOING_AWAY,
    signal.SIGHUP: CloseCode.RESTART,
}
"""What ends a hub, and what its connections are told."""

log = logging.getLogger("stackroom.hub")


class Status(Struct, frozen=True):
    """A hub's folder, and the process on it if there is one; `ready` is what /readyz says."""

    data: str
    running: bool
    ready: bool = False
    pid: int | None = None
    url: str | None = None
    started: Millis | None = None
    version: str | None = None
    log_bytes: int = 0
    metrics: dict[str, float] = {}


class Started(Struct, frozen=True):
    """A hub that `up` started; `code` sets it up, and is there until somebody has come in."""

    url: str
    pid: int
    code: str | None = None


def serve(data: Path, settings: Settings, announce: Callable[[str, str | None], None]) -> None:
    """Serves the folder until a signal ends it.

    `announce` is given the URL, and the set-up code while nobody has come in.

    Raises AlreadyRunning, PortInUse, and what SqliteLog.open raises.
    """
    folder = HubFolder(data)
    folder.prepare()
    with folder.lock():
        try:
            anyio.run(
                _serve,
                folder,
                settings,
                announce,
                backend_options={"use_uvloop": _has_uvloop()},
            )
        finally:
            folder.withdraw()


async def _serve(
    folder: HubFolder, settings: Settings, announce: Callable[[str, str | None], None]
) -> None:
    event_log = await SqliteLog.open(folder.log, new_id=new_hub_id(), now=_clock())
    try:
        identity = await event_log.read(lambda reader: reader.identity())
        code = await _found(event_log, identity.id, settings)
        server = Server(
            event_log,
            identity,
            await event_log.read(PeopleAccess.load),
            settings,
            version=version("stackroom"),
            clock=_clock,
            salt=_salt,
            people=identity.id,
        )

        def ready(port: int) -> None:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            url = f"ws://{host}:{port}"
            folder.announce(url, server.version, code)
            log.info("listening at %s", url)
            announce(url, code)

        busy: OSError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_obey_signals, server)
            try:
                await server.run(ready)
            except OSError as error:
                busy = error  # Raised further out, where no task group wraps it.
            tasks.cancel_scope.cancel()
        if busy is not None:
            raise PortInUse(settings.host, settings.port) from busy
    finally:
        with anyio.CancelScope(shield=True):
            await event_log.aclose()
        log.info("stopped")


async def _found(event_log: EventLog, hub: str, settings: Settings) -> str | None:
    """The set-up code, if nobody has come in yet."""
    code = tokens.make(tokens.SET_UP, secrets.token_bytes)
    authority = Authority(_salt, snapshot_every=settings.snapshot_every, states_kept=1, people=hub)
    needed = await event_log.write(lambda log: orders.found(authority, _clock(), log, code))
    return code.text if needed else None


def _salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


async def _obey_signals(server: Server) -> None:
    with anyio.open_signal_receiver(*SIGNALS) as signals:
        async for number in signals:
            if server.stopping.is_set() and number == signal.SIGINT:
                os._exit(130)
            server.stop(SIGNALS[number])


def up(data: Path, host: str, port: int) -> Started:
    """Starts a hub on the folder, beside this process, and waits until it is ready.

    Raises AlreadyRunning, DidNotStart.
    """
    folder = HubFolder(data)
    folder.prepare()
    if _is_served(folder):
        serving = folder.serving()
        raise AlreadyRunning(str(data), serving.url if serving else "")
    folder.withdraw()
    command = [sys.executable, "-m", "stackroom.sync.service", str(data), host, str(port)]
    with folder.output.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        serving = folder.serving()
        if serving is not None and serving.pid == process.pid and _get(serving.url, "/readyz"):
            process.returncode = 0  # It is nobody's child from now on.
            return Started(serving.url, process.pid, serving.code)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise DidNotStart(str(data), next(iter(logs(data, 1)), ""))


def _is_served(folder: HubFolder) -> bool:
    """Whether a hub has the folder. One that was killed may hold the lock a moment longer."""
    until = time.monotonic() + ENDING_SECONDS
    while folder.locked():
        serving = folder.serving()
        if serving is not None and _get(serving.url, "/readyz"):
            return True
        if time.monotonic() > until:
            return True
        time.sleep(0.02)
    return False


def down(data: Path) -> None:
    """Ends the hub on the folder, and waits until it has ended. Raises NotRunning, HubError."""
    folder = HubFolder(data)
    serving = folder.serving()
    if serving is None or not folder.locked():
        folder.withdraw()
        raise NotRunning(str(data))
    os.kill(serving.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while folder.locked() and time.monotonic() < until:
        time.sleep(0.02)
    if folder.locked():
        os.kill(serving.pid, signal.SIGKILL)


def status(data: Path) -> Status:
    """What is known of the folder and its hub."""
    folder = HubFolder(data)
    size = folder.log.stat().st_size if folder.log.exists() else 0
    serving = folder.serving()
    if serving is None or not folder.locked():
        return Status(str(data), running=False, log_bytes=size)
    text = _get(serving.url, "/metrics") or ""
    return Status(
        str(data),
        running=True,
        ready=_get(serving.url, "/readyz") is not None,
        pid=serving.pid,
        url=serving.url,
        started=serving.started,
        version=serving.version,
        log_bytes=size,
        metrics=dict(_samples(text)),
    )


def logs(data: Path, lines: int, *, follow: bool = False) -> Iterator[str]:
    """The last `lines` that the hub on the folder has said; with `follow`, and all that it says next."""
    output = HubFolder(data).output
    if not output.exists():
        return
    with output.open(encoding="utf-8", errors="replace") as file:
        yield from [line.rstrip("\n") for line in file.readlines()[-lines:]]
        while follow:
            if line := file.readline():
                yield line.rstrip("\n")
            else:
                time.sleep(0.2)


def _samples(text: str) -> Iterator[tuple[str, float]]:
    """The plain samples of an exposition: no histograms, and outcomes by name."""
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if line.startswith("#") or "_bucket{" in name or name.startswith("stackroom_info"):
            continue
        short = name.removeprefix("stackroom_").replace('{outcome="', "_").replace('"}', "")
        yield short, float(value)


def _get(url: str, path: str) -> str | None:
    """The answer to a GET with status 200, or None."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.replace("ws://", "http://", 1) + path, timeout=5) as answer:
            text: str = answer.read().decode()
            return text
    except (urllib.error.URLError, OSError):
        return None


def _clock() -> Millis:
    return time.time_ns() // 1_000_000


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True


def log_to_stderr() -> None:
    """One line for each event of note, with the time."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("stackroom.websockets").setLevel(logging.WARNING)


def main() -> None:
    """What `up` starts."""
    data, host, port = sys.argv[1:]
    log_to_stderr()
    settings = structs.replace(Settings(), host=host, port=int(port))
    try:
        serve(Path(data), settings, lambda url, code: None)
    except (AlreadyRunning, PortInUse) as error:
        sys.exit(f"{error} ({error.hint})")


if __name__ == "__main__":
    main()

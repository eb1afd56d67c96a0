"""A hub as a process: in the foreground (`serve`), or beside others (`up`, `down`, `status`, `logs`).

`python -m stackroom.sync` is what `up` starts.
"""

import gc
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from msgspec import Struct, json, structs

from stackroom.events.codec import SALT_BYTES
from stackroom.events.deciding.rules import Refusal
from stackroom.events.errors import LogCorrupt
from stackroom.events.limits import KEY_BYTES
from stackroom.events.log import EventLog, LogWriter
from stackroom.events.model import Millis
from stackroom.events.sqlite.log import SqliteLog
from stackroom.events.version import VERSION
from stackroom.sync.checkpoints import hub_key
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.errors import (
    AlreadyRunning,
    DidNotStart,
    HubDamaged,
    HubError,
    NotReadmitted,
    NotRunning,
    PortInUse,
)
from stackroom.sync.hosting import probe
from stackroom.sync.hosting.examining import look
from stackroom.sync.hosting.folder import HubFolder, Serving, new_hub_id
from stackroom.sync.hosting.restoring import finish
from stackroom.sync.hosting.security_log import SecurityLog
from stackroom.sync.hosting.storage import stored
from stackroom.sync.hosting.tailing import tail
from stackroom.sync.hosting.tuning import Tuned
from stackroom.sync.oidc.oidc_settings import client_secret
from stackroom.sync.people import founding, tokens
from stackroom.sync.people.access import PeopleAccess
from stackroom.sync.people.passwords import need_argon2
from stackroom.sync.protocol import CloseCode
from stackroom.sync.server import Server
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.descriptors import raise_limit
from stackroom.sync.sockets.listening import settled, tls_of, urls
from stackroom.sync.sockets.tls import Tls

if TYPE_CHECKING:
    from stackroom.sync.oidc.provider import Provider

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

ALLOCATED: Final = 5_000
"""Objects made and still there, at which the collector looks for cycles among them. Every 700, as Python
does, takes a tenth of the time of a hub under load, whose states stay; every 50,000, connections that come
and go leave so much that letting go of it holds everybody up for 0.1 s."""

READMITTED: Final = 3_600_000
"""Milliseconds for which the code of somebody who is let in again is good."""

RELOAD: Final = signal.SIGUSR1
"""Has the certificate read again at once; a change of its files is seen without, a little later."""

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
    fingerprint: str = ""
    key: str = ""
    """The public key by which it signs checkpoints; empty before its first start."""


class Started(Struct, frozen=True):
    """A hub that `up` started; `code` sets it up, and is there until somebody has come in."""

    url: str
    pid: int
    code: str | None = None
    pin: str = ""
    """The fingerprint to pin, of a certificate that the hub has signed itself."""


def serve(data: Path, tuned: Tuned, announce: Callable[[Serving], None]) -> None:
    """Serves the folder until a signal ends it; `announce` is told once it listens.

    Raises AlreadyRunning, PortInUse, NotEncrypted, BadCertificate, BadSetting, MissingExtra, HubDamaged,
    HubKeyLost, BadHubKey, and what SqliteLog.open raises.
    """
    raise_limit()
    folder = HubFolder(data)
    tuned = structs.replace(tuned, settings=settled(folder, tuned.settings))
    tls, provider = tls_of(tuned.settings), _provider(tuned)
    folder.prepare()
    with folder.lock():
        finish(folder)
        try:
            anyio.run(
                _serve,
                folder,
                tuned,
                tls,
                provider,
                announce,
                backend_options={"use_uvloop": _has_uvloop()},
            )
        finally:
            folder.withdraw()


async def _serve(
    folder: HubFolder,
    tuned: Tuned,
    tls: Tls | None,
    provider: "Provider | None",
    announce: Callable[[Serving], None],
) -> None:
    settings = tuned.settings
    security = notes_of(folder, settings)
    event_log = await _open(folder.log, settings)
    try:
        identity = await event_log.read(lambda reader: reader.identity())
        seed = secrets.token_bytes(KEY_BYTES)
        key = await event_log.write(lambda log: hub_key.ready(folder, identity.id, seed, log))
        code = await _found(event_log, identity.id, settings)
        server = Server(
            event_log,
            identity,
            await event_log.read(PeopleAccess.load),
            settings,
            version=VERSION,
            clock=clock,
            salt=_salt,
            people=identity.id,
            tls=tls,
            security=security,
            provider=provider,
            notary=Notary(identity, key),
            storage=partial(stored, folder),
        )
        started = clock()

        def serving() -> Serving:
            url, here = urls(settings, tls, server.port)
            print_of = tls.fingerprint if tls is not None else ""
            said = {name: getattr(settings, name) for name in tuned.sources}
            return Serving(
                os.getpid(),
                url,
                started,
                server.version,
                code,
                fingerprint=print_of,
                pin=print_of if settings.tls_cert == str(folder.certificate) else "",
                probe=here,
                key=key.public,
                settings=said,
                sources=dict(tuned.sources),
            )

        def ready(port: int) -> None:
            told = serving()
            folder.announce(told)
            security.note("started", url=told.url, version=server.version)
            log.info("listening at %s", told.url)
            announce(told)
            # Modules stay: collections of garbage, each a pause for all, need not go through them again.
            gc.freeze()
            gc.set_threshold(ALLOCATED)

        server.certificate_changed = lambda: folder.announce(serving())
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
            security.note("stopped")
            await anyio.to_thread.run_sync(security.close)
        log.info("stopped")


async def _open(path: Path, settings: Settings) -> SqliteLog:
    """The log, of which the newest commits fit. Raises HubDamaged, and what SqliteLog.open raises."""
    try:
        event_log = await SqliteLog.open(path, new_id=new_hub_id(), now=clock())
        try:
            await event_log.read(lambda reader: look(reader, path, settings.verify_start))
        except BaseException:
            await event_log.aclose()
            raise
    except LogCorrupt as error:
        raise HubDamaged(str(path), str(error)) from error
    return event_log


def _provider(tuned: Tuned) -> "Provider | None":
    """The OpenID provider that the settings name, if passwords and it can be used at all.

    Raises BadSetting, MissingExtra.
    """
    settings = tuned.settings
    if settings.passwords:
        need_argon2()
    if tuned.oidc is None:
        return None
    from stackroom.sync.oidc.provider import (
        Provider,  # With what asks over HTTP: few hubs have one.
    )

    return Provider(
        tuned.oidc,
        client_secret(tuned.oidc),
        timeout=settings.provider_timeout,
        lifetime=int(settings.sign_in_lifetime * 1_000),
    )


def notes_of(folder: HubFolder, settings: Settings) -> SecurityLog:
    """The security log of the folder."""
    return SecurityLog(
        folder.security,
        most=settings.security_log_bytes,
        files=settings.security_log_files,
        waiting=settings.security_log_waiting,
        clock=clock,
        failed=lambda error: log.error("the security log cannot be written: %s", error),
    )


async def _found(event_log: EventLog, hub: str, settings: Settings) -> str | None:
    """The set-up code, if nobody has come in yet."""
    code = tokens.make(tokens.SET_UP, secrets.token_bytes)
    authority = Authority(_salt, snapshot_every=settings.snapshot_every, states_kept=1, people=hub)
    now = clock()

    def work(writer: LogWriter) -> bool:
        founding.forget_ended(authority, writer, now - int(settings.ended_kept * 1_000))
        return founding.found(authority, now, writer, code)

    return code.text if await event_log.write(work) else None


def readmit(data: Path, user: str) -> founding.Readmitted:
    """Lets an administrator of the hub on the folder in again; empty for the only one there is.

    Raises AlreadyRunning, NotReadmitted, and what SqliteLog.open raises.
    """
    folder = HubFolder(data)
    if not folder.log.exists():
        raise NotReadmitted(f"there is no hub in {data}")
    with folder.lock():
        finish(folder)
        made = anyio.run(_readmit, folder, user)
    if isinstance(made, Refusal):
        raise NotReadmitted(made.sentence)
    return made


async def _readmit(folder: HubFolder, user: str) -> founding.Readmitted | Refusal:
    event_log = await SqliteLog.open(folder.log, new_id=new_hub_id(), now=clock())
    try:
        hub = (await event_log.read(lambda reader: reader.identity())).id
        every = Settings().snapshot_every
        authority = Authority(_salt, snapshot_every=every, states_kept=1, people=hub)
        code = tokens.make(tokens.JOIN, secrets.token_bytes)
        made = await event_log.write(
            lambda log: founding.readmit(
                authority, clock(), log, user, code, id=new_hub_id(), lifetime=READMITTED
            )
        )
    finally:
        await event_log.aclose()
    if isinstance(made, founding.Readmitted):
        security = notes_of(folder, Settings())
        security.note("people", what="readmit", user=made.user)
        await anyio.to_thread.run_sync(security.close)
    return made


def _salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


async def _obey_signals(server: Server) -> None:
    with anyio.open_signal_receiver(*SIGNALS, RELOAD) as signals:
        async for number in signals:
            if number == RELOAD:
                await server.reload_certificate()
                continue
            if server.stopping.is_set() and number == signal.SIGINT:
                os._exit(130)
            server.stop(SIGNALS[number])


def up(data: Path, tuned: Tuned) -> Started:
    """Starts a hub on the folder, beside this process, and waits until it is ready.

    Raises AlreadyRunning, DidNotStart, NotEncrypted, BadCertificate, BadSetting, MissingExtra.
    """
    folder = HubFolder(data)
    tls_of(settled(folder, tuned.settings))
    _provider(tuned)
    folder.prepare()
    if _is_served(folder):
        serving = folder.serving()
        raise AlreadyRunning(str(data), serving.url if serving else "")
    folder.withdraw()
    said = json.encode(tuned).decode()
    command = [sys.executable, "-m", "stackroom.sync", str(data), said]
    folder.output.touch(0o600)
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
        if serving is not None and serving.pid == process.pid and probe.get(serving, "/readyz"):
            process.returncode = 0  # It is nobody's child from now on.
            return Started(serving.url, process.pid, serving.code, serving.pin)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise DidNotStart(str(data), next(iter(logs(data, 1)), ""))


def _is_served(folder: HubFolder) -> bool:
    """Whether a hub has the folder. One that was killed may hold the lock a moment longer."""
    until = time.monotonic() + ENDING_SECONDS
    while folder.locked():
        serving = folder.serving()
        if serving is not None and probe.get(serving, "/readyz"):
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
    """What is known of the folder and its hub. Raises BadHubKey."""
    folder = HubFolder(data)
    size = folder.log.stat().st_size if folder.log.exists() else 0
    serving = folder.serving()
    if serving is None or not folder.locked():
        key = hub_key.read(folder)
        public = key.public if key is not None else ""
        return Status(str(data), running=False, log_bytes=size, key=public)
    text = probe.get(serving, "/metrics") or ""
    return Status(
        str(data),
        running=True,
        ready=probe.get(serving, "/readyz") is not None,
        pid=serving.pid,
        url=serving.url,
        started=serving.started,
        version=serving.version,
        log_bytes=size,
        metrics=dict(probe.samples(text)),
        fingerprint=serving.fingerprint,
        key=serving.key,
    )


def logs(data: Path, lines: int, *, follow: bool = False) -> Iterator[str]:
    """The last `lines` that the hub on the folder has said; with `follow`, and all that it says next."""
    yield from tail(HubFolder(data).output, lines, follow=follow)


def security_log(data: Path, lines: int, *, follow: bool = False) -> Iterator[str]:
    """The last `lines` of the folder's security log, one JSON object each; with `follow`, and the next."""
    yield from tail(HubFolder(data).security, lines, follow=follow)


def clock() -> Millis:
    """Milliseconds since 1970."""
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
    data, said = sys.argv[1:]
    log_to_stderr()
    try:
        serve(Path(data), json.decode(said, type=Tuned), lambda serving: None)
    except HubError as error:
        sys.exit(f"{error} ({error.hint})")


if __name__ == "__main__":
    main()

"""The folder of a hub: its log, and who is serving it now."""

import fcntl
import os
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from stackroom.events.model import Millis
from stackroom.sync.errors import AlreadyRunning


class Serving(Struct, frozen=True):
    """The process that serves the folder: written when it listens, removed when it ends."""

    pid: int
    url: str
    started: Millis
    version: str
    code: str | None = None
    """The set-up code, while nobody has come in."""
    fingerprint: str = ""
    """That of the certificate, with TLS."""
    pin: str = ""
    """The same, of a certificate that the hub has signed itself: others must pin it."""
    probe: str = ""
    """Where this machine reaches it, if not at `url`."""
    key: str = ""
    """The public key by which it signs checkpoints."""
    settings: dict[str, Any] = {}
    """The settings that are not the defaults."""
    sources: dict[str, str] = {}
    """Where each of those was said."""


class Companion(Struct, frozen=True):
    """A file that belongs to the hub beside its log: what it is, and whether it must stay secret."""

    name: str
    what: str
    secret: bool = False


COMPANIONS: Final = (
    Companion("hub.toml", "its settings"),
    Companion("tls.crt", "the certificate that it signed itself"),
    Companion("tls.key", "the certificate's private key", secret=True),
    Companion("hub.key", "the key by which it signs checkpoints", secret=True),
    Companion("hub.key.rotations", "the statements that led to that key"),
)
"""They change hardly ever, and are in no backup of the log: whoever reads that must not become the hub."""


class HubFolder:
    """Paths and small files; folder 0700, files 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "hub.db"
        self.serving_file = path / "hub.json"
        self.output = path / "hub.log"
        self.certificate = path / "tls.crt"
        self.key = path / "tls.key"
        self.signing = path / "hub.key"
        self.rotations = path / "hub.key.rotations"
        self.security = path / "security.jsonl"
        self.backup = path / "backup.json"
        self._lock = path / "hub.lock"

    def prepare(self) -> None:
        """Makes the folder."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the folder for one process; AlreadyRunning if another has it. Ends with the process."""
        self._lock.touch(0o600)
        with self._lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                serving = self.serving()
                raise AlreadyRunning(str(self.path), serving.url if serving else "") from None
            yield

    def locked(self) -> bool:
        """Whether a process holds the folder."""
        if not self._lock.exists():
            return False
        try:
            with self.lock():
                return False
        except AlreadyRunning:
            return True

    def companions(self) -> list[Companion]:
        """Those of `COMPANIONS` that are there."""
        return [each for each in COMPANIONS if (self.path / each.name).exists()]

    def announce(self, serving: Serving) -> None:
        """Writes down who serves, for others to find."""
        self._write(self.serving_file, msgspec.json.encode(serving))

    def keep_certificate(self, certificate: bytes, key: bytes) -> None:
        """Keeps a certificate and its key (PEM), the key first: nothing is served without it."""
        self._write(self.key, key)
        self._write(self.certificate, certificate)

    def key_files(self) -> tuple[str | None, str]:
        """The hub's private key, None if there is none, and the statements that led to it."""
        if not self.signing.exists():
            return None, ""
        led = self.rotations.read_text("utf-8") if self.rotations.exists() else ""
        return self.signing.read_text("utf-8"), led

    def keep_key(self, private: str, rotations: str) -> None:
        """Keeps the hub's private key, and before it the statements that lead to it."""
        self._write(self.rotations, rotations.encode())
        self._write(self.signing, f"{private}\n".encode())

    def note_backup(self, time: Millis) -> None:
        """Writes down that the log was backed up at `time`."""
        self._write(self.backup, msgspec.json.encode({"time": time}))

    def backed_up(self) -> Millis:
        """When the log was backed up last, as far as that was written down; else 0."""
        try:
            return msgspec.json.decode(self.backup.read_bytes(), type=dict[str, int]).get("time", 0)
        except (OSError, msgspec.DecodeError):
            return 0

    def withdraw(self) -> None:
        """The opposite of `announce`."""
        self.serving_file.unlink(missing_ok=True)

    def serving(self) -> Serving | None:
        """Who serves, if it was written down (it may have been killed since: see `locked`)."""
        try:
            return msgspec.json.decode(self.serving_file.read_bytes(), type=Serving)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(f"{path.name}.unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def new_hub_id() -> str:
    """A fresh identity for a hub."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))

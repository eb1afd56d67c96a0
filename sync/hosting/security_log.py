"""The security log: who came in, who was turned away, what was granted, which limits were hit.

One JSON object a line in `security.jsonl` (0600). A value is one line whatever is in it (JSON escapes
control characters), is cut at a length, and is never a secret: callers pass public prefixes and ids.
Entries are written by a thread of their own; nobody waits for the disk.
"""

import os
import queue
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from stackroom.events.model import Millis

VALUE_LENGTH: Final = 500
"""Characters of a value that are kept."""

Kind: TypeAlias = Literal[
    "started", "stopped", "signed_in", "sign_in_refused", "joined", "refused", "limit", "people",
    "certificate", "healing", "hub_key",
]  # fmt: skip
"""What an entry is about: the first thing to search for."""

Value: TypeAlias = str | int | float | None


class Notes(Protocol):
    """Where security is noted."""

    def note(self, kind: Kind, **fields: Value) -> None:
        """Notes something now; fields that are empty or None are left out."""

    def newest(self, wanted: "Wanted") -> list[str]:
        """The newest entries that are wanted, oldest first; waits for the disk."""


class NoNotes:
    """Nowhere: for a hub without a folder."""

    def note(self, kind: Kind, **fields: Value) -> None:
        """Nothing is kept."""

    def newest(self, wanted: "Wanted") -> list[str]:
        """Nothing was kept."""
        return []


NOWHERE: Final = NoNotes()


class Wanted(Struct, frozen=True):
    """Which entries somebody wants to see: `most` at the most, of a `kind`, about a `user`, since a time."""

    most: int
    kind: str = ""
    user: str = ""
    since: Millis = 0

    def has(self, line: bytes) -> bool:
        """Whether the entry in `line` is one of them: told by its bytes, as `_line` writes them."""
        return (
            (not self.kind or b'"kind":' + msgspec.json.encode(self.kind) in line)
            and (not self.user or b'"user":' + msgspec.json.encode(self.user) in line)
            and (not self.since or line >= b'{"time":"' + _time(self.since).encode())
        )


class SecurityLog:
    """The file at `path`; begins a new one at `most` bytes and keeps `files` of them in all.

    `waiting` entries wait at the most; what comes then is dropped, and how many is noted next.
    """

    def __init__(
        self,
        path: Path,
        *,
        most: int,
        files: int,
        waiting: int,
        clock: Callable[[], Millis],
        failed: Callable[[OSError], None],
    ) -> None:
        self.path = path
        self._most = most
        self._files = files
        self._clock = clock
        self._failed = failed
        self._queue: queue.Queue[bytes | None] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="security-log", daemon=True)
        self._thread.start()

    def note(self, kind: Kind, **fields: Value) -> None:
        """Notes something now; never waits."""
        line = _line(self._clock(), kind, fields)
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            with self._lock:
                self._dropped += 1

    def newest(self, wanted: Wanted) -> list[str]:
        """The newest entries that are wanted, oldest first, in all files that are kept."""
        found: list[str] = []
        for number in range(self._files):
            for line in reversed(_lines(self._file(number))):
                if len(found) == wanted.most:
                    return found[::-1]
                if wanted.has(line):
                    found.append(line.decode())
        return found[::-1]

    def close(self) -> None:
        """Waits until all is written; nothing is noted afterwards."""
        self._queue.put(None)
        self._thread.join()

    def _write_all(self) -> None:
        while (line := self._queue.get()) is not None:
            self._write(line)
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            if dropped:
                said: dict[str, Value] = {"limit": "security_log_waiting", "dropped": dropped}
                self._write(_line(self._clock(), "limit", said))

    def _write(self, line: bytes) -> None:
        try:
            if self._size() + len(line) > self._most:
                self._rotate()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line)
        except OSError as error:
            self._failed(error)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def _rotate(self) -> None:
        """security.jsonl becomes security.jsonl.1, and so on; the oldest goes."""
        if self._files == 1:
            self.path.unlink(missing_ok=True)
            return
        for number in range(self._files - 1, 0, -1):
            newer = self._file(number - 1)
            if newer.exists():
                newer.replace(self._file(number))

    def _file(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []  # There are not so many files yet; or it was just now given its next number.


def _line(now: Millis, kind: Kind, fields: Mapping[str, Value]) -> bytes:
    said = {name: _cut(value) for name, value in fields.items() if value not in (None, "")}
    return msgspec.json.encode({"time": _time(now), "kind": kind, **said}) + b"\n"


def _time(moment: Millis) -> str:
    time = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return time.replace("+00:00", "Z")


def _cut(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    kept = value if len(value) <= VALUE_LENGTH else value[:VALUE_LENGTH] + "…"
    # JSON escapes what is below space; here is the rest of what breaks lines or fools eyes.
    return "".join(c if c.isprintable() or c < " " else f"\\u{ord(c):04x}" for c in kept)

"""Small JSON files that only their owner reads (mode 0600), and that are replaced whole."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from stackroom.events.errors import LogCorrupt

T = TypeVar("T")


def read(path: Path, kind: type[T], instead: str) -> T:
    """What is in the file, or an empty `kind` without one; LogCorrupt, with what to do `instead`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return kind()
    except (msgspec.DecodeError, UnicodeError) as error:
        raise LogCorrupt(
            f"{path} is not readable as JSON", hint=f"move it away, and {instead}"
        ) from error


def replace(path: Path, value: object) -> None:
    """Puts `value` into the file: afterwards, and after a crash at any moment, it is whole."""
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(value))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)

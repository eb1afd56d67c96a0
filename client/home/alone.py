"""One process at a time mends a home; the others wait, and find it mended."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Waits until nobody else mends the home, and keeps others from it during the block."""
    descriptor = os.open(home / "mending.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def aside(path: Path) -> Path:
    """A name beside `path` for what is damaged, which nothing has yet."""
    names = (path.with_name(f"{path.name}.damaged-{n}") for n in count(1))
    return next(name for name in names if not name.exists())

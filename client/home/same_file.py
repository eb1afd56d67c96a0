"""A file of the home: made for its owner alone, and noticed if it is deleted or replaced while in use."""

import os
from pathlib import Path

from stackroom.client.errors import FileReplaced


def make_private(path: Path) -> bool:
    """Makes an empty file that only its owner may read and write; False if there is a file already."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


class SameFile:
    """The file that was at `path` when this was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path)

    def is_there(self) -> bool:
        """Whether that very file is still there."""
        return _identity(self._path) == self._identity

    def check(self) -> None:
        """Raises FileReplaced unless that very file is still there."""
        if not self.is_there():
            raise FileReplaced(self._path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino

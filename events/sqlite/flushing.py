"""What is written survives a power cut once it is flushed: a file's bytes, the names in a folder."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Has a file's bytes, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What a hub has signed and cannot have signed both: kept in the home, for whoever asks it to explain."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

FOLDER = "evidence"


def keep(home: Path, profile: str, notes: Sequence[str]) -> Path:
    """Keeps `notes`, one after the other, in a file of their own (0600); gives its path."""
    text = "\n".join(notes)
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{profile}-{sha256(text.encode()).hexdigest()[:12]}.notes"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path

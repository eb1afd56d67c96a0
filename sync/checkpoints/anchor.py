"""Keeping checkpoints elsewhere: in a file, in a git repository, or at a URL.

What is written is the current checkpoint of each profile, one note after the other; it can be read back
with `signed_note.split`. Writing blocks: call it on a thread.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from stackroom.events.counting import counted
from stackroom.events.log import Listed
from stackroom.events.model import Millis
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.errors import AnchorFailed

GIT_SECONDS: Final = 60.0
"""How long one git command may take."""


def notes_of(profiles: Iterable[Listed], notary: Notary, now: Millis) -> list[str]:
    """The checkpoint of each profile as it stands, deleted ones and that of the people included."""
    return [notary.checkpoint(p.id, p.seq, p.root, now) for p in profiles]


def write(target: str, hub: str, notes: Sequence[str], timeout: float) -> None:
    """Writes the notes to `target`: an http(s) URL, a folder in a git repository, or a file.

    In a repository, they are appended to a file that has the hub's id in its name, and committed. `timeout`
    is in seconds, for a URL. Raises AnchorFailed.
    """
    if not notes:
        return
    text = "\n".join(notes)
    try:
        if target.startswith(("http://", "https://")):
            from stackroom.sync.checkpoints.anchor_post import post  # With HTTP, which few need.

            post(target, text, timeout)
        elif (folder := Path(target).expanduser()).is_dir():
            _commit(folder, hub, text, len(notes))
        else:
            _append(folder, text)
    except OSError as error:
        raise AnchorFailed(target, error.strerror or str(error)) from error


def _append(path: Path, text: str) -> None:
    """One after the other, also where several processes write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with os.fdopen(descriptor, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        between = "\n" if os.fstat(descriptor).st_size else ""
        file.write(f"{between}{text}".encode())
        file.flush()
        os.fsync(descriptor)


def _commit(folder: Path, hub: str, text: str, count: int) -> None:
    name = f"stackroom-{hub}.checkpoints"
    _git(folder, "rev-parse", "--show-toplevel")
    _append(folder / name, text)
    _git(folder, "add", "--", name)
    said = f"Checkpoints of {counted(count, 'profile')}"
    who = ("-c", "user.name=Stackroom hub", "-c", f"user.email=hub@{hub}")
    _git(folder, *who, "commit", "--quiet", "--only", "-m", said, "--", name)


def _git(folder: Path, *args: str) -> None:
    """Runs git in the folder. Raises AnchorFailed."""
    try:
        subprocess.run(
            ["git", *args],  # noqa: S607 (the git that its operator has)
            cwd=folder,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_SECONDS,
        )
    except FileNotFoundError:
        raise AnchorFailed(str(folder), "it is a folder, and git is not installed") from None
    except subprocess.TimeoutExpired:
        raise AnchorFailed(str(folder), f"git took more than {GIT_SECONDS:g} s") from None
    except subprocess.CalledProcessError as failed:
        lines = failed.stderr.decode(errors="replace").strip().splitlines()
        raise AnchorFailed(str(folder), lines[-1][:200] if lines else "git failed") from None

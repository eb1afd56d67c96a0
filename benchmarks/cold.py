"""Cold clients: fresh processes that join a hub with an empty home, and are timed from within."""

import shutil
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.join import Joined

What: TypeAlias = Literal["history", "snapshot", "memory"]
"""What is waited for: the whole history, or a state that can be used; the last stores nothing."""

PATIENCE = 120.0


class Came(Struct, frozen=True):
    """One cold client; `whole` and `processor` are of its process, its interpreter's start included."""

    joined: Joined
    whole: float
    """Seconds from its start until the profile was open for use."""
    processor: float
    """Seconds of the processor, to its end."""


class Newcomers:
    """Cold clients of one kind, one after the other, each with a home of its own that is then deleted.

    The first one has to import what the client imports only when it is called. Those after it are told
    what that was, and import it before their clock runs, as libraries are loaded for any peer.
    """

    def __init__(self, folder: Path, what: What) -> None:
        self.what = what
        self._folder = folder
        self._modules: tuple[str, ...] = ()
        self._numbers = count(1)

    def come(self, url: str, token: str, profile: str) -> Came:
        """One more."""
        home = self._folder / f"home-{self.what}-{next(self._numbers)}"
        words = ("-m", "benchmarks.join", str(home), url, profile, self.what)
        before, started = processes.children_cpu(), time.monotonic()
        ended = subprocess.run(
            [sys.executable, *words],
            input=msgspec.json.encode(self._modules),
            check=True,
            stdout=subprocess.PIPE,
            env=processes.environment(STACKROOM_TOKEN=token),
            timeout=PATIENCE,
        )
        joined = msgspec.json.decode(ended.stdout, type=Joined)
        self._modules = (*self._modules, *joined.imported)
        if home.exists():
            shutil.rmtree(home)
        return Came(joined, joined.at - started, processes.children_cpu() - before)

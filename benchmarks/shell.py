"""Commands as whole processes: from the start to the end, their output taken by a pipe."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks import processes

SCRIPT: Final = str(Path(sys.executable).with_name("stackroom"))


class Ran(Struct, frozen=True):
    """One that ended well."""

    ms: float
    processor_ms: float
    output: str
    errors: str


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> Ran:
    """Runs a command. Raises CalledProcessError where it does not end well."""
    before, started = processes.children_cpu(), time.perf_counter()
    ended = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=folder
    )
    took = time.perf_counter() - started
    used = processes.children_cpu() - before
    return Ran(took * 1e3, used * 1e3, ended.stdout, ended.stderr)


def stackroom(home: Path, *words: str) -> Ran:
    """Runs `stackroom` with these words, on a home of its own."""
    return run([SCRIPT, *words], processes.environment(STACKROOM_HOME=str(home)))

"""A terminal to run a program in: a pty with a size, what was typed, and what came out."""

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

# The program's side of the pty becomes its controlling terminal, as a real one would be.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])")


class Terminal:
    """A program in a terminal of that many columns; `out` is all that came out so far."""

    def __init__(
        self, args: Sequence[str], env: Mapping[str, str], *, columns: int = 80, rows: int = 24
    ) -> None:
        self._main, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        sized = {k: v for k, v in env.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *args],
            stdin=side,
            stdout=side,
            stderr=side,
            env={"TERM": "xterm-256color", **sized},
            start_new_session=True,
        )
        os.close(side)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.out = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._main)

    @property
    def text(self) -> str:
        """What came out, without escapes and carriage returns."""
        return plain(self.out)

    def type(self, text: str) -> None:
        """Types."""
        os.write(self._main, text.encode())

    def until(self, said: str, *, seconds: float = 30) -> None:
        """Waits until `said` came out, after what was waited for before."""
        end = time.monotonic() + seconds
        while (found := self.text.find(said, self._seen)) < 0:
            assert self._more(end), f"{said!r} did not come out: {self.text[self._seen :]!r}"
        self._seen = found + len(said)

    def ended(self, *, seconds: float = 30) -> int:
        """Waits for the end of the program; its exit code."""
        end = time.monotonic() + seconds
        while self._more(end):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def _more(self, end: float) -> bool:
        """Takes in more of what comes out; False at the end of it. Fails when it is too late."""
        ready, _, _ = select.select([self._main], [], [], max(0, end - time.monotonic()))
        assert ready, f"nothing came out for long, after {self.text!r}"
        try:
            found = os.read(self._main, 65536)
        except OSError:  # Linux: the program has closed its side.
            return False
        self.out += self._decoder.decode(found)
        return bool(found)


def plain(text: str) -> str:
    """`text` without escapes and carriage returns."""
    return _ESCAPES.sub("", text).replace("\r", "")


def shown(args: Sequence[str], env: Mapping[str, str], *, columns: int = 80) -> Terminal:
    """A program that has run to its end in a terminal, with all that came out."""
    with Terminal(args, env, columns=columns) as terminal:
        terminal.ended()
    return terminal

"""A bar for work that takes its time: on stderr, on a terminal, for people; gone when the work is done.

It shows itself after `Settings.progress_delay` seconds, so that short work does not flicker.

    with progress(app.output, "Syncing") as bar:
        exchange(workspace, url, tell=bar.at)
"""

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from stackroom.client.commands.output import Output
from stackroom.client.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Later: TypeAlias = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something after so many seconds, from any thread; gives what calls that off."""


def by_timer(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """`Later`, by a thread that waits."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel


class Bar:
    """Work that is under way; shown only where `visible`, and from `delay` seconds on."""

    def __init__(
        self,
        what: str,
        *,
        visible: bool,
        delay: float,
        later: Later,
        total: int | None = None,
    ) -> None:
        self.what = what
        self.done = 0
        self.total = total
        self._visible = visible
        self._delay = delay
        self._later = later
        self._call_off: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._over = False
        self._shown: tuple[Progress, TaskID] | None = None

    def at(self, done: int, total: int | None = None) -> None:
        """The work is at `done` of `total`; None where nobody knows how much there is."""
        with self._lock:
            self.done, self.total = done, total
            if self._shown is not None:
                shown, task = self._shown
                shown.update(task, completed=done, total=total)

    def step(self) -> None:
        """One more is done."""
        self.at(self.done + 1, self.total)

    def __enter__(self) -> Self:
        if self._visible:
            self._call_off = self._later(self._delay, self._show)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._call_off is not None:
            self._call_off()
        with self._lock:
            self._over = True
            if self._shown is not None:
                self._shown[0].stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with self._lock:
            if self._over:
                return
            shown = Progress(*columns, console=Console(stderr=True), transient=True)
            task = shown.add_task(self.what, completed=self.done, total=self.total)
            self._shown = shown, task
            shown.start()


def progress(
    output: Output, what: str, *, total: int | None = None, later: Later = by_timer
) -> Bar:
    """A bar for work called `what` ("Syncing"); in its block `at` or `step` tells how far it is."""
    visible = output.for_people and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    delay = Settings().progress_delay
    return Bar(what, visible=visible, delay=delay, later=later, total=total)

"""The hub's own schedule of anchoring: what has changed since the last time, again and again."""

import logging
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from msgspec import Struct

from stackroom.events.counting import counted
from stackroom.events.log import EventLog
from stackroom.events.model import Millis
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints import anchor
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.errors import AnchorFailed

log = logging.getLogger("stackroom.hub")


class Schedule(Struct, frozen=True):
    """Where checkpoints are kept, and how often (seconds); `timeout` is for one answer of a URL."""

    target: str
    every: float
    timeout: float


class Anchors:
    """The checkpoints that are kept elsewhere, and what came of it the last time."""

    def __init__(
        self,
        schedule: Schedule,
        event_log: EventLog,
        notary: Notary,
        clock: Callable[[], Millis],
    ) -> None:
        self.schedule = schedule
        self.last: Millis = 0
        self.error = ""
        self._event_log = event_log
        self._notary = notary
        self._clock = clock
        self._written: set[str] = set()

    def said(self) -> wire.Anchored:
        """What is told of it: of a URL, no more than the host, since the rest may be a secret."""
        every = int(self.schedule.every * 1_000)
        target = self.schedule.target
        if target.startswith(("http://", "https://")):
            target = urlsplit(target).hostname or ""
        return wire.Anchored(target, every, self.last, self.error)

    async def run(self) -> None:
        """Anchors now, and again after each while, until cancelled; what fails is tried the next time."""
        while True:
            await self._anchor()
            await anyio.sleep(self.schedule.every)

    async def _anchor(self) -> None:
        schedule, hub = self.schedule, self._notary.identity.id
        profiles = await self._event_log.read(lambda reader: reader.profiles())
        notes = anchor.notes_of(profiles, self._notary, self._clock())
        news = [note for note in notes if note not in self._written]
        work = partial(anchor.write, schedule.target, hub, news, schedule.timeout)
        try:
            await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        except AnchorFailed as error:
            self.error = error.why
            log.error("%s (%s)", error, error.hint)
            return
        self.last, self.error = self._clock(), ""
        self._written = set(notes)
        if news:
            log.info("anchored %s in %s", counted(len(news), "checkpoint"), schedule.target)

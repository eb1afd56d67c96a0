"""The hub's own schedule of anchoring: what has changed since the last time, again and again."""

import logging
from collections.abc import Callable
from functools import partial

import anyio
import anyio.to_thread
from msgspec import Struct

from stackroom.events.log import EventLog
from stackroom.events.model import Millis
from stackroom.sync import anchor
from stackroom.sync.errors import AnchorFailed
from stackroom.sync.notary import Notary

log = logging.getLogger("stackroom.hub")


class Schedule(Struct, frozen=True):
    """Where checkpoints are kept, and how often (seconds); `timeout` is for one answer of a URL."""

    target: str
    every: float
    timeout: float


async def keep_anchoring(
    schedule: Schedule, event_log: EventLog, notary: Notary, clock: Callable[[], Millis]
) -> None:
    """Anchors now, and again after each while, until it is cancelled. What fails is tried the next time."""
    hub = notary.identity.id
    written: set[str] = set()
    while True:
        profiles = await event_log.read(lambda reader: reader.profiles())
        notes = anchor.notes_of(profiles, notary, clock())
        news = [note for note in notes if note not in written]
        work = partial(anchor.write, schedule.target, hub, news, schedule.timeout)
        try:
            await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        except AnchorFailed as error:
            log.error("%s (%s)", error, error.hint)
        else:
            written = set(notes)
            if news:
                log.info("anchored %d checkpoints in %s", len(news), schedule.target)
        await anyio.sleep(schedule.every)

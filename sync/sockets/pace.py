"""How fast a connection is read, and history is read for it: at its user's rates."""

from collections.abc import Callable

from stackroom.sync import protocol as wire
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.bucket import Meters, Rate
from stackroom.sync.sockets.link import Link


class Pace:
    """The rates of all users; `clock` is in seconds and never goes back."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.meters = Meters(
            Rate(settings.messages_second, settings.messages_burst),
            Rate(settings.bytes_second, settings.bytes_burst),
            Rate(settings.proposals_second, settings.proposals_burst),
        )
        self.reads = Meters(Rate(settings.read_second, settings.read_burst))

    def keep(self, link: Link, session: Session, message: wire.FromReplica, size: int) -> bool:
        """Counts a message, which may leave the link owing a wait; False if it was too much for too long."""
        now = self.clock()
        proposals = len(message.proposals) if type(message) is wire.Push else 0
        wait = self.meters.take(session.account, (1, size, proposals), now)
        if not wait:
            link.slowed = None
            return True
        if link.slowed is None:
            link.slowed = now
        elif now + wait - link.slowed > self.settings.slow_patience:
            return False
        link.silent_until = now + wait
        return True

    def owed(self, link: Link) -> float:
        """The seconds until its next message may be taken."""
        if link.silent_until is None:
            return 0.0
        owed = link.silent_until - self.clock()
        if owed <= 0:
            link.silent_until = None
            return 0.0
        return owed

    async def rest(self, link: Link, session: Session, weight: int) -> None:
        """Waits until the next page may be read, after one of `weight` bytes."""
        wait = self.reads.take(session.account, (weight,), self.clock())
        if wait:
            await link.rest(wait)

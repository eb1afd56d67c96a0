"""Looks after all connections on one timer: who does not say hello, and who is not there any more.

A ping goes to each at the same intervals; one from which nothing comes for a while after is gone. A
connection that says nothing has no task and no timer for that: thousands are looked at in turn.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import anyio
from websockets.frames import CloseCode as Close
from websockets.frames import Frame, Opcode

from stackroom.sync.settings import Settings
from stackroom.sync.sockets.close_codes import CloseCode
from stackroom.sync.sockets.link import Link

PING: Final = bytes(Frame(Opcode.PING, b"").serialize(mask=False))

LOOKS: Final = 10
"""How often in the shortest of the times it is looked who is due."""
LONGEST: Final = 1.0
"""Seconds between two looks, at the most."""

End = Callable[[Link, int, str], None]


class Pulse:
    """The connections that are looked after; `end` closes one, `clock` is in seconds and never goes back."""

    def __init__(self, settings: Settings, clock: Callable[[], float], end: End) -> None:
        self.settings = settings
        self.clock = clock
        self._end = end
        # Each is in the order in which its connections are due.
        self._strangers: OrderedDict[Link, float] = OrderedDict()
        """When each came that may not have said hello."""
        self._due: OrderedDict[Link, float] = OrderedDict()
        """When each came, or was pinged last."""
        self._pinged: OrderedDict[Link, float] = OrderedDict()
        """When each was pinged that may not have answered."""

    def begin(self, link: Link) -> None:
        """A connection was made."""
        self._strangers[link] = self._due[link] = self.clock()

    def leave(self, link: Link) -> None:
        """A connection has ended."""
        for each in (self._strangers, self._due, self._pinged):
            each.pop(link, None)

    async def run(self) -> None:
        """Looks for ever."""
        settings = self.settings
        times = settings.hello_timeout, settings.ping_interval, settings.ping_timeout
        every = min(LONGEST, min(times) / LOOKS)
        while True:
            await anyio.sleep(every)
            self.beat()

    def beat(self) -> None:
        """Does what is due now."""
        now, settings = self.clock(), self.settings
        for link, _ in _before(self._strangers, now - settings.hello_timeout):
            if link.session.principal is None:
                self._end(link, CloseCode.HELLO_TIMEOUT, "no hello came")
        for link, pinged in _before(self._pinged, now - settings.ping_timeout):
            # From one that is not listened to, nothing can come.
            if link.socket.heard < pinged and not link.socket.held:
                self._end(link, Close.INTERNAL_ERROR, "keepalive ping timeout")
        for link, _ in _before(self._due, now - settings.ping_interval):
            link.write(PING)
            self._due[link] = now
            self._pinged.setdefault(link, now)


def _before(order: OrderedDict[Link, float], then: float) -> list[tuple[Link, float]]:
    """Takes out those that are there since `then` or longer."""
    taken = []
    while order and next(iter(order.values())) <= then:
        taken.append(order.popitem(last=False))
    return taken

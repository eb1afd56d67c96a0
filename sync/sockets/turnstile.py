"""Who is at the door, by address: how many are not let in yet, and how fast they come. Sans I/O.

A stranger is a connection that was not let in yet. There is always room for one more: the oldest
stranger makes it, that of the same address first, so that half-open connections cannot shut others out.
"""

from collections import OrderedDict
from typing import Final

from msgspec import Struct

from stackroom.sync.settings import Settings
from stackroom.sync.sockets.bucket import Meters, Rate

POLITE: Final = 5.0
"""Seconds ahead of its rate up to which an address is told so; beyond it, connections are just dropped."""


class Came(Struct, frozen=True):
    """What is to be done about a new connection.

    `drop` it at once; or tell it to come again in `wait` seconds (0: go on); and close `displaced`.
    """

    drop: bool = False
    wait: float = 0.0
    displaced: int | None = None


class Turnstile:
    """Counts connections; each has an id, and an address that may become known better later."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._rates = Meters(Rate(settings.opened_second, settings.opened_burst))
        self._addresses: dict[int, str] = {}
        self._counted: dict[int, str] = {}
        self._counts: dict[str, int] = {}
        self._strangers: dict[str, OrderedDict[int, None]] = {}
        self._order: OrderedDict[int, None] = OrderedDict()

    @property
    def strangers(self) -> int:
        """How many are not let in yet."""
        return len(self._order)

    def come(self, id: int, address: str, now: float, *, counts: bool = True) -> Came:
        """A connection was opened from `address`; `counts` False for a proxy that many come through."""
        wait = 0.0
        if counts:
            if self._rates.debt(address, now) > POLITE:
                return Came(drop=True)
            wait = self._rates.take(address, (1,), now)
            self._counted[id] = address
        self._addresses[id] = address
        self._counts[address] = self._counts.get(address, 0) + 1
        own = self._strangers.setdefault(address, OrderedDict())
        displaced = None
        if counts and len(own) >= self.settings.strangers_address:
            displaced = next(iter(own))
        elif len(self._order) >= self.settings.strangers:
            displaced = self._most_crowded()
        own[id] = None
        self._order[id] = None
        if displaced is not None:
            self._is_no_stranger(displaced)
        return Came(wait=wait, displaced=displaced)

    def moved(self, id: int, address: str) -> None:
        """The connection came through a proxy: it is from `address`."""
        was = self._addresses.get(id)
        if was is None or was == address:
            return
        stranger = id in self._order
        self._is_no_stranger(id)
        self._uncount(was)
        self._addresses[id] = address
        self._counts[address] = self._counts.get(address, 0) + 1
        if stranger:
            self._strangers.setdefault(address, OrderedDict())[id] = None
            self._order[id] = None

    def came_for_file(self, id: int, now: float) -> None:
        """The connection has asked for a file of the dashboard: it counts little among those opened."""
        if (address := self._counted.pop(id, None)) is not None:
            self._rates.take(address, (self.settings.file_share - 1,), now)

    def is_crowded(self, address: str) -> bool:
        """Whether an address has more connections than it may."""
        return self._counts.get(address, 0) > self.settings.connections_address

    def let_in(self, id: int) -> None:
        """The connection has said who it is."""
        self._is_no_stranger(id)

    def left(self, id: int) -> None:
        """The connection ended."""
        self._is_no_stranger(id)
        self._counted.pop(id, None)
        if (address := self._addresses.pop(id, None)) is not None:
            self._uncount(address)

    def _most_crowded(self) -> int:
        """The oldest stranger of the address that has the most."""
        crowd = max(self._strangers.values(), key=len)
        return next(iter(crowd))

    def _is_no_stranger(self, id: int) -> None:
        if self._order.pop(id, id) is None:
            address = self._addresses[id]
            own = self._strangers[address]
            del own[id]
            if not own:
                del self._strangers[address]

    def _uncount(self, address: str) -> None:
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]

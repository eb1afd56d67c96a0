"""What a socket gives, taken in small pieces: thousands of messages that came at once stop nobody else.

A transport hands over up to 256 KiB at a time, and websockets reads all frames in it before anything else
happens. Here the loop comes round after a piece of which something came, and the rest stays as bytes until
there is room. Of the pieces of a large message nothing comes but of the last: they follow at once, as each
turn of the loop may cost a wait for the interpreter's lock, while another thread decides on proposals.
"""

import asyncio
from collections.abc import Callable
from typing import Final

PIECE_BYTES: Final = 4 << 10
"""A piece: hundreds of the smallest frames, a millisecond or a few."""


class Intake:
    """Feeds `feed` with what the transport gives; `events` counts what came of that.

    `hold` and `go_on` are for who is fed.
    """

    def __init__(
        self,
        transport: asyncio.ReadTransport,
        feed: Callable[[bytes], None],
        events: Callable[[], int],
    ) -> None:
        self._transport = transport
        self._feed = feed
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._rest = bytearray()
        self._held = False
        self._due: asyncio.Handle | None = None

    @property
    def holds(self) -> bool:
        """Whether the transport is not asked for more now."""
        return self._held or bool(self._rest)

    def came(self, data: bytes) -> None:
        """The transport gave this."""
        if not self._rest and not self._held and len(data) <= PIECE_BYTES:
            self._feed(data)
            return
        self._rest += data
        self._transport.pause_reading()
        self._go()

    def hold(self) -> None:
        """Gives nothing more until `go_on`."""
        self._held = True
        self._transport.pause_reading()

    def go_on(self) -> None:
        """Gives what there is again."""
        self._held = False
        if self._rest:
            self._go()
        else:
            self._transport.resume_reading()

    def finish(self) -> None:
        """Nothing comes any more: gives all that is left."""
        rest = bytes(self._rest)
        self.end()
        if rest:
            self._feed(rest)

    def end(self) -> None:
        """The connection is gone, and what is left with it."""
        self._rest.clear()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _go(self) -> None:
        if self._due is None and not self._held:
            self._due = self._loop.call_soon(self._next)

    def _next(self) -> None:
        self._due = None
        if self._held:
            return
        before = self._events()
        while self._rest and self._events() == before:
            piece = bytes(self._rest[:PIECE_BYTES])
            del self._rest[:PIECE_BYTES]
            self._feed(piece)
        if self._rest:
            self._go()
        elif not self._held:
            self._transport.resume_reading()

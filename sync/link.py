"""One connection as the server holds it: the socket, the reads that wait, and how to end it."""

import asyncio
from collections import deque

import anyio

from stackroom.sync.effects import Asked
from stackroom.sync.porch import Guest
from stackroom.sync.protocol import JSON


class Link:
    """A connection, and who waits for something to happen on it."""

    def __init__(self, socket: Guest, high_water: int) -> None:
        self.socket = socket
        self.subprotocol: str = socket.subprotocol or JSON
        self._settled = asyncio.Event()
        self.ended = anyio.Event()
        self._reads: deque[Asked] = deque()
        self._asked = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._cut: asyncio.TimerHandle | None = None
        self.over = False
        """Whether the connection takes nothing any more."""
        self.silent_until: float | None = None
        """When it may be heard again, by the clock of its pace: it has sent more than its rate."""
        self.slowed: float | None = None
        """Since when it has sent more than its rate without a pause."""
        socket.transport.set_write_buffer_limits(high=high_water)

    def ask(self, request: Asked) -> None:
        """Has something read for this connection, after what was asked for before."""
        self._reads.append(request)
        self._asked.set()

    async def next_read(self) -> Asked | None:
        """The next read; None once the connection was closed, if that was asked for."""
        while self._closing is None:
            if self._reads:
                return self._reads.popleft()
            await self._asked.wait()
            self._asked.clear()
        await self.close(*self._closing)
        return None

    async def rest(self, seconds: float) -> None:
        """Waits so long, or until the connection is to be closed."""
        with anyio.move_on_after(seconds):
            while self._closing is None:
                await self._asked.wait()
                self._asked.clear()

    @property
    def waiting(self) -> int:
        """Reads that wait."""
        return len(self._reads)

    async def flush(self) -> None:
        """Waits until the connection has taken what was sent to it.

        An unsolicited pong (RFC 6455 section 5.5.3) is the message that waits for its turn.
        """
        await self.socket.pong()

    def unsent(self) -> int:
        """Bytes that were sent and have not left this process."""
        return self.socket.transport.get_write_buffer_size()

    async def answer(self) -> None:
        """Waits until something that it asked for is answered."""
        self._settled.clear()
        await self._settled.wait()

    def was_answered(self) -> None:
        """Something that it asked for was answered."""
        self._settled.set()

    def close_soon(self, code: int, reason: str, grace: float) -> None:
        """Closes the connection; within `grace` seconds, even if the peer does not take what was sent."""
        if self._closing is None:
            self._closing = (code, reason)
            self._asked.set()
            self._cut = asyncio.get_running_loop().call_later(grace, self.abort)

    async def close(self, code: int, reason: str) -> None:
        """Closes the connection."""
        await self.socket.close(code, reason)

    def end(self) -> None:
        """The connection has ended, from whichever side."""
        if self._cut is not None:
            self._cut.cancel()
        self.ended.set()

    def abort(self) -> None:
        """Ends the connection without a word: it takes none."""
        self.socket.transport.abort()

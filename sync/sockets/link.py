"""One connection as the server holds it: the socket, the reads that wait, and how to end it."""

import asyncio
import sys
from collections import deque

import anyio
from websockets.protocol import State

from stackroom.sync.effects import Asked
from stackroom.sync.protocol import JSON
from stackroom.sync.session import Session
from stackroom.sync.sockets.porch import Guest


class Link:
    """A connection, and who waits for something to happen on it.

    There may be thousands that say nothing: what is only of use to those that do is made when they do.
    """

    def __init__(self, socket: Guest, session: Session, high_water: int) -> None:
        self.socket = socket
        self._transport = socket.transport
        self._protocol = socket.protocol
        self.session = session
        self.subprotocol: str = socket.subprotocol or JSON
        self.attended = False
        """Whether a task does what waits for this connection."""
        self.closing: tuple[int, str] | None = None
        """With which code and reason it is to be closed."""
        self.over = False
        """Whether the connection takes nothing any more."""
        self.silent_until: float | None = None
        """When it may be heard again, by the clock of its pace: it has sent more than its rate."""
        self.slowed: float | None = None
        """Since when it has sent more than its rate without a pause."""
        self.waiting = 0
        """Reads that wait."""
        self._reads: deque[Asked] | None = None
        self._settled: asyncio.Event | None = None
        self._rested: asyncio.Event | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._transport.set_write_buffer_limits(high=high_water)

    def ask(self, request: Asked) -> None:
        """Has something read for this connection, after what was asked for before."""
        if self._reads is None:
            self._reads = deque()
        self._reads.append(request)
        self.waiting += 1

    def next_read(self) -> Asked | None:
        """The next read; None if there is none, or the connection is to be closed."""
        if self._reads and self.closing is None and not self.over:
            self.waiting -= 1
            return self._reads.popleft()
        self._drop()
        return None

    def _drop(self) -> None:
        self._reads, self.waiting = None, 0

    async def rest(self, seconds: float) -> None:
        """Waits so long, or until the connection is to be closed, or has ended."""
        if self.closing is None and not self.over:
            self._rested = asyncio.Event()
            with anyio.move_on_after(seconds):
                await self._rested.wait()
            self._rested = None

    async def flush(self) -> None:
        """Waits until the connection has taken what was sent to it.

        An unsolicited pong (RFC 6455 section 5.5.3) is the message that waits for its turn.
        """
        await self.socket.pong()

    def unsent(self) -> int:
        """Bytes that were sent and have not left this process."""
        return self._transport.get_write_buffer_size()

    def write(self, frame: bytes, most: int = sys.maxsize) -> bool:
        """Sends a frame that is made already; False where more than `most` bytes are unsent.

        Whoever takes nothing any more gets nothing.
        """
        transport = self._transport
        if transport.get_write_buffer_size() > most:
            return False
        if self._protocol.state is State.OPEN and not transport.is_closing():
            transport.write(frame)
        return True

    async def answer(self) -> None:
        """Waits until something that it asked for is answered."""
        self._settled = asyncio.Event()
        await self._settled.wait()
        self._settled = None

    def was_answered(self) -> None:
        """Something that it asked for was answered."""
        if self._settled is not None:
            self._settled.set()

    def close_soon(self, code: int, reason: str, grace: float) -> None:
        """Has it closed; within `grace` seconds, even if the peer does not take what was sent."""
        if self.closing is None:
            self.closing = (code, reason)
            self._cut = asyncio.get_running_loop().call_later(grace, self.abort)
            self._wake()

    async def close(self) -> None:
        """Closes the connection, if that was asked for."""
        if self.closing is not None:
            await self.socket.close(*self.closing)
            self.take_nothing()

    def take_nothing(self) -> None:
        """The connection takes nothing any more: nobody waits for that."""
        self.over = True
        self._drop()
        self._wake()
        self.was_answered()

    def end(self) -> None:
        """The connection has ended, from whichever side."""
        if self._cut is not None:
            self._cut.cancel()
        self.take_nothing()

    def abort(self) -> None:
        """Ends the connection without a word: it takes none."""
        self._transport.abort()

    def _wake(self) -> None:
        if self._rested is not None:
            self._rested.set()

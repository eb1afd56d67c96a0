"""A line to a hub for one who has nothing else to do meanwhile: no event loop, and each call is over when it
returns.

What an exchange needs: a loop takes as long to import as most exchanges to make. The methods are
coroutines as those of `line.Line` are, and never wait for a loop: `finished` runs what is built upon them.
"""

import gc
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from stackroom.client.home.trust import Trust
from stackroom.client.settings import Settings
from stackroom.client.transport.line_errors import (
    FAILURES,
    heard,
    other_version,
    why_closed,
    why_not_open,
)
from stackroom.client.transport.urls import is_loopback, refuse_unencrypted
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire

if TYPE_CHECKING:
    from ssl import SSLContext

T = TypeVar("T")

ALLOCATED: Final = 50_000
"""Objects made and still there, at which the garbage collector looks at them during an exchange."""

AT_ONCE: Final = 16
"""Messages that may wait here before the hub's sending does."""


class Elapsed(Exception):
    """The time for everything together is over."""


class Clock:
    """How much is left of `seconds`, or of no end (None)."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else monotonic() + seconds

    def at_most(self, seconds: float | None) -> float | None:
        """`seconds` (None: for ever), or what is left, if that is less; raises Elapsed when nothing is."""
        if self._end is None:
            return seconds
        left = self._end - monotonic()
        if left <= 0:
            raise Elapsed
        return left if seconds is None else min(seconds, left)


class PlainLine:
    """An open line."""

    def __init__(self, url: str, socket: ClientConnection, clock: Clock) -> None:
        self.url = url
        self._socket = socket
        self._coding = str(socket.subprotocol)
        self._clock = clock

    def send(self, message: wire.FromReplica) -> None:
        """Sends `message`; nothing happens on a closed line."""
        try:
            self._socket.send(wire.encode(message, self._coding))
        except ConnectionClosed:
            return  # `receive` tells why.

    async def receive(self, patience: float | None = None) -> wire.FromHub:
        """The next message, as of `Line.receive`; Elapsed where the time for everything is over first."""
        try:
            data = self._in_time(self._socket.recv, patience)
        except ConnectionClosed as closed:
            raise why_closed(self.url, closed) from closed
        return heard(data, self._coding)

    async def pause(self, seconds: float) -> None:
        """Nothing happens for so long."""
        sleep(self._clock.at_most(seconds) or 0)  # noqa: ASYNC251 (there is no loop)

    async def close(self, code: int = wire.CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the line; waits for the hub to agree, for as long as the settings allow."""
        self._socket.close(code, reason)

    def take_leave(self) -> None:
        """Says that this is the end, and goes on: `close` waits for the hub to agree."""
        socket = self._socket
        with socket.protocol_mutex, suppress(OSError):
            if socket.protocol.state is State.OPEN:
                socket.protocol.send_close(wire.CloseCode.NORMAL)
                socket.send_data()

    def _in_time(self, call: Callable[[float | None], T], patience: float | None) -> T:
        try:
            return call(self._clock.at_most(patience))
        except TimeoutError:
            self._clock.at_most(None)
            raise


@contextmanager
def dial(url: str, settings: Settings, trust: Trust, clock: Clock) -> Iterator[PlainLine]:
    """A line to the hub at the (normalised) `url`, closed at the end. Raises as `line.dial`, and Elapsed."""
    refuse_unencrypted(url, trust)
    context = _tls(url, trust)
    try:
        connection = connect(
            url,
            subprotocols=[Subprotocol(name) for name in wire.SUBPROTOCOLS],
            compression=None,
            proxy=None if is_loopback(url) else True,
            open_timeout=clock.at_most(settings.open_timeout),
            # A thread of its own would ping; a hub that is silent for long is given up by who listens.
            ping_interval=None,
            close_timeout=settings.close_timeout,
            max_size=settings.message_bytes,
            max_queue=AT_ONCE,
            ssl=context,
        ).__enter__()
    except FAILURES as error:
        if isinstance(error, TimeoutError):
            clock.at_most(None)
        raise _why_not_open(url, settings, error) from error
    try:
        if connection.subprotocol is None:
            raise other_version(url)
        yield PlainLine(url, connection, clock)
    finally:
        connection.close()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Has the garbage collector look less often: what comes by the thousands comes to stay."""
    often, *rest = gc.get_threshold()
    gc.set_threshold(max(often, ALLOCATED) if often else 0, *rest)
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # Makes it all old, without a look at each: the next one would be at once, and find nothing.
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(often, *rest)


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns or raises that never waits for a loop."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    work.close()
    raise RuntimeError("this waits for an event loop, and there is none")


def _tls(url: str, trust: Trust) -> "SSLContext | None":
    if not url.startswith("wss://"):
        return None
    from stackroom.client.transport.certificates import context_of

    return context_of(url, trust)


def _why_not_open(url: str, settings: Settings, error: Exception) -> StackroomError:
    if url.startswith("wss://"):
        from ssl import SSLCertVerificationError

        from stackroom.client.transport.certificates import refusal_shown

        if isinstance(error, SSLCertVerificationError):
            return refusal_shown(url, error, settings.open_timeout)
    return why_not_open(url, error)

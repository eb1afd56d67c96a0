"""One line to a hub: a WebSocket from its handshake to its close, in whole messages.

Sending never waits: what is sent is held by the replica anyway, so the outbox adds no data of its own.
Reading waits for whoever takes the messages, and with it the hub's sending.
"""

import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from stackroom.client.home.trust import Trust
from stackroom.client.settings import Settings
from stackroom.client.transport.certificates import context_of, refusal_shown
from stackroom.client.transport.line_errors import (
    FAILURES,
    heard,
    other_version,
    why_closed,
    why_not_open,
)
from stackroom.client.transport.urls import is_loopback
from stackroom.sync import protocol as wire

USUAL: Final = Trust()


class Line:
    """An open line. Somebody runs `write`, and somebody calls `receive` until it raises."""

    def __init__(self, url: str, socket: ClientConnection) -> None:
        self.url = url
        self._socket = socket
        self._coding = str(socket.subprotocol)
        self._outbox: deque[wire.FromReplica] = deque()
        self._more = anyio.Event()

    def send(self, message: wire.FromReplica) -> None:
        """Has `message` sent after those before it; nothing happens on a closed line."""
        self._outbox.append(message)
        self._more.set()

    async def receive(self, patience: float | None = None) -> wire.FromHub:
        """The next message, which must come within `patience` seconds. Cancelling loses none.

        Raises NotAuthorised or Unreachable when the line is closed, MessageError for what is none, and
        TimeoutError.
        """
        try:
            with anyio.fail_after(patience):
                data = await self._socket.recv()
        except ConnectionClosed as closed:
            raise why_closed(self.url, closed) from closed
        return heard(data, self._coding)

    async def pause(self, seconds: float) -> None:
        """Nothing happens for so long."""
        await anyio.sleep(seconds)

    async def write(self) -> None:
        """Empties the outbox as it fills, until the line is closed or this is cancelled."""
        try:
            while True:
                while self._outbox:
                    data = wire.encode(self._outbox.popleft(), self._coding)
                    await self._socket.send(data)
                self._more = anyio.Event()
                await self._more.wait()
        except ConnectionClosed:
            return  # `receive` tells why.

    async def close(self, code: int = wire.CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the line; waits for the hub to agree, for as long as the settings allow."""
        await self._socket.close(code, reason)


@asynccontextmanager
async def dial(
    url: str,
    settings: Settings,
    trust: Trust = USUAL,
    subprotocols: Sequence[str] = wire.SUBPROTOCOLS,
) -> AsyncIterator[Line]:
    """A line to the hub at the (normalised) `url`, closed at the end, also when cancelled.

    Raises Unreachable, VersionMismatch or NotAuthorised if there is none to be had; NotTrusted or
    Unencrypted if `trust` does not reach that far, before anything is sent.
    """
    socket = await _open(url, settings, trust, subprotocols)
    line = Line(url, socket)
    try:
        yield line
    finally:
        with anyio.CancelScope(shield=True):
            await line.close()


async def _open(
    url: str, settings: Settings, trust: Trust, subprotocols: Sequence[str]
) -> ClientConnection:
    context = context_of(url, trust)
    try:
        socket = await connect(
            url,
            subprotocols=[Subprotocol(name) for name in subprotocols],
            compression=None,
            proxy=None if is_loopback(url) else True,
            open_timeout=settings.open_timeout,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            close_timeout=settings.close_timeout,
            max_size=settings.message_bytes,
            ssl=context,
        )
    except ssl.SSLCertVerificationError as error:
        look = partial(refusal_shown, url, error, settings.open_timeout)
        raise await anyio.to_thread.run_sync(look, abandon_on_cancel=True) from error
    except FAILURES as error:
        raise why_not_open(url, error) from error
    if socket.subprotocol is None:
        await socket.close()
        raise other_version(url)
    return socket

"""One line to a hub: a WebSocket from its handshake to its close, in whole messages.

Sending never waits: what is sent is held by the replica anyway, so the outbox adds no data of its own.
Reading waits for whoever takes the messages, and with it the hub's sending.
"""

import os
import re
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    NegotiationError,
)
from websockets.typing import Subprotocol

from stackroom.client.errors import NotAuthorised, Unreachable, VersionMismatch
from stackroom.client.settings import Settings
from stackroom.client.urls import is_loopback
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire

TURNED_AWAY: Final = ("unauthorised", "replica_taken")
"""The errors by which a hub does not let a replica in, or not any more."""


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

    async def receive(self) -> wire.FromHub:
        """The next message. Cancelling loses none.

        Raises NotAuthorised or Unreachable when the line is closed, MessageError for what is none.
        """
        try:
            data = await self._socket.recv()
        except ConnectionClosed as closed:
            raise why_closed(self.url, closed) from closed
        message = wire.decode_from_hub(data, self._coding)
        if isinstance(message, wire.Error) and message.code in TURNED_AWAY:
            raise NotAuthorised(message.sentence, hint=message.hint)
        return message

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
    url: str, settings: Settings, subprotocols: Sequence[str] = wire.SUBPROTOCOLS
) -> AsyncIterator[Line]:
    """A line to the hub at the (normalised) `url`, closed at the end, also when cancelled.

    Raises Unreachable, VersionMismatch or NotAuthorised if there is none to be had.
    """
    socket = await _open(url, settings, subprotocols)
    line = Line(url, socket)
    try:
        yield line
    finally:
        with anyio.CancelScope(shield=True):
            await line.close()


async def _open(url: str, settings: Settings, subprotocols: Sequence[str]) -> ClientConnection:
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
        )
    except InvalidStatus as refused:
        raise _refused(url, refused.response.status_code) from refused
    except NegotiationError as error:
        raise _other_version(url) from error
    except (OSError, TimeoutError, InvalidHandshake, InvalidProxy) as error:
        raise Unreachable(f"the hub at {url} cannot be reached: {_reason(error)}") from error
    if socket.subprotocol is None:
        await socket.close()
        raise _other_version(url)
    return socket


def why_closed(url: str, closed: ConnectionClosed) -> StackroomError:
    """The error that a closed line means."""
    code = closed.rcvd.code if closed.rcvd is not None else 1006
    reason = closed.rcvd.reason if closed.rcvd is not None else ""
    if code == wire.CloseCode.UNAUTHORISED:
        return _not_authorised(url)
    if code == wire.CloseCode.MALFORMED:
        return VersionMismatch(f"the hub at {url} did not understand this program: {reason}")
    said = f"{code} {reason}".strip() if code != 1006 else "connection lost"
    return Unreachable(f"the hub at {url} is gone: {said}")


def _refused(url: str, status: int) -> StackroomError:
    """The error that an HTTP status in place of a handshake means."""
    match status:
        case 401 | 403:
            return _not_authorised(url)
        case 400 | 426:
            return _other_version(url)
        case _:
            return Unreachable(f"what answers at {url} is not a hub just now: HTTP {status}")


def _not_authorised(url: str) -> NotAuthorised:
    return NotAuthorised(f"the hub at {url} does not accept the token")


def _other_version(url: str) -> VersionMismatch:
    return VersionMismatch(f"the hub at {url} does not speak {wire.SUBPROTOCOLS[0]}")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    # asyncio has the number only in the text where a name has several addresses, as localhost has.
    number = re.search(r"\[Errno (\d+)\]", str(error)) if isinstance(error, OSError) else None
    return os.strerror(int(number[1])) if number is not None else str(error)

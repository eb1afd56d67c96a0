"""One line to a hub: a WebSocket from its handshake to its close, in whole messages.

Sending never waits: what is sent is held by the replica anyway, so the outbox adds no data of its own.
Reading waits for whoever takes the messages, and with it the hub's sending.
"""

import asyncio
import os
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    NegotiationError,
)
from websockets.http11 import Response
from websockets.typing import Subprotocol

from stackroom.client.certificates import context_of, refusal
from stackroom.client.errors import NotAuthorised, SlowDown, Unreachable, VersionMismatch
from stackroom.client.settings import Settings
from stackroom.client.trust import Trust
from stackroom.client.urls import is_loopback
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire
from stackroom.sync.pinning import WrongCertificate, fingerprint, unverified_context

TURNED_AWAY: Final = ("unauthorised", "replica_taken")
"""The errors by which a hub does not let a replica in, or not any more."""

TOO_MUCH: Final = ("too_fast", "too_many_connections", "too_many_attempts")
"""The errors by which a hub asks for a pause."""

PAUSE: Final = (
    wire.CloseCode.TOO_FAST,
    wire.CloseCode.TOO_MANY_CONNECTIONS,
    wire.CloseCode.TOO_MANY_ATTEMPTS,
)
"""The codes by which it then closes."""


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
        if isinstance(message, wire.Error) and message.code in TOO_MUCH:
            raise SlowDown(message.sentence, hint=message.hint)
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
    except InvalidStatus as refused:
        raise _refused(url, refused.response) from refused
    except ssl.SSLCertVerificationError as error:
        shown = "" if isinstance(error, WrongCertificate) else await _presented(url, settings)
        raise refusal(url, error, shown) from error
    except NegotiationError as error:
        raise _other_version(url) from error
    except (OSError, TimeoutError, InvalidHandshake, InvalidProxy) as error:
        raise Unreachable(f"the hub at {url} cannot be reached: {_reason(url, error)}") from error
    if socket.subprotocol is None:
        await socket.close()
        raise _other_version(url)
    return socket


async def _presented(url: str, settings: Settings) -> str:
    """The fingerprint of the certificate that the hub shows; empty if it shows none this time."""
    parts = urlsplit(url)
    try:
        with anyio.fail_after(settings.open_timeout):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=unverified_context()
            )
    except (OSError, TimeoutError):
        return ""
    writer.transport.abort()
    return fingerprint(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))


def why_closed(url: str, closed: ConnectionClosed) -> StackroomError:
    """The error that a closed line means."""
    code = closed.rcvd.code if closed.rcvd is not None else 1006
    reason = closed.rcvd.reason if closed.rcvd is not None else ""
    if code == wire.CloseCode.UNAUTHORISED:
        return _not_authorised(url)
    if code == wire.CloseCode.MALFORMED:
        return VersionMismatch(f"the hub at {url} did not understand this program: {reason}")
    if code in PAUSE:
        return SlowDown(f"the hub at {url} asks for a pause: {reason}")
    if code == wire.CloseCode.TOO_BIG:
        return Unreachable(f"the hub at {url} takes no messages as large as the one sent: {reason}")
    said = f"{code} {reason}".strip() if code != 1006 else "connection lost"
    return Unreachable(f"the hub at {url} is gone: {said}")


def _refused(url: str, answer: Response) -> StackroomError:
    """The error that an answer of HTTP in place of a handshake means."""
    status = answer.status_code
    match status:
        case 401 | 403:
            return _not_authorised(url)
        case 400 | 426:
            return _other_version(url)
        case 429:
            said = (answer.body or b"").decode(errors="replace").strip()[:200]
            return SlowDown(f"the hub at {url} asks for a pause: {said}")
        case 421:
            name = urlsplit(url).hostname
            return Unreachable(
                f"the hub at {url} does not go by that name",
                hint=f"take another address of it; or its admin adds: hub up --host-name {name}",
            )
        case _:
            return Unreachable(f"what answers at {url} is not a hub just now: HTTP {status}")


def _not_authorised(url: str) -> NotAuthorised:
    return NotAuthorised(f"the hub at {url} does not accept the token")


def _other_version(url: str) -> VersionMismatch:
    return VersionMismatch(f"the hub at {url} does not speak {wire.SUBPROTOCOLS[0]}")


def _reason(url: str, error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    if isinstance(error, ssl.SSLError) or (url.startswith("wss://") and not str(error)):
        return "it speaks no TLS there (without, its address begins with ws://)"
    if isinstance(error, InvalidMessage) and url.startswith("ws://"):
        return f"{error} (with TLS, its address begins with wss://)"
    # asyncio has the number only in the text where a name has several addresses, as localhost has.
    number = re.search(r"\[Errno (\d+)\]", str(error)) if isinstance(error, OSError) else None
    return os.strerror(int(number[1])) if number is not None else str(error)

"""What it means when a hub lets nobody in, closes a line or says no: the errors of the client for it."""

import os
import re
import ssl
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    NegotiationError,
)
from websockets.http11 import Response

from stackroom.client.errors import NotAuthorised, SlowDown, Unreachable, VersionMismatch
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire

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

FAILURES: Final = (OSError, TimeoutError, InvalidHandshake, InvalidProxy)
"""What is raised where no line is to be had; `why_not_open` says what it means."""


def heard(data: str | bytes, coding: str) -> wire.FromHub:
    """A message of the hub; raises NotAuthorised or SlowDown for one by which it lets nobody in."""
    message = wire.decode_from_hub(data, coding)
    if isinstance(message, wire.Error) and message.code in TURNED_AWAY:
        raise NotAuthorised(message.sentence, hint=message.hint)
    if isinstance(message, wire.Error) and message.code in TOO_MUCH:
        raise SlowDown(message.sentence, hint=message.hint)
    return message


def why_not_open(url: str, error: Exception) -> StackroomError:
    """The error that one of `FAILURES` means."""
    if isinstance(error, InvalidStatus):
        return refused(url, error.response)
    if isinstance(error, NegotiationError):
        return other_version(url)
    return Unreachable(f"the hub at {url} cannot be reached: {_reason(url, error)}")


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


def refused(url: str, answer: Response) -> StackroomError:
    """The error that an answer of HTTP in place of a handshake means."""
    status = answer.status_code
    match status:
        case 401 | 403:
            return _not_authorised(url)
        case 400 | 426:
            return other_version(url)
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


def other_version(url: str) -> VersionMismatch:
    """The hub speaks another protocol."""
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

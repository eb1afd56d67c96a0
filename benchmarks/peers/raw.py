"""The cheapest subscriber that there is: it greets, and looks for marks in whatever comes.

So what is measured is the server, and not a client library.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from websockets.frames import Frame, Opcode

from benchmarks.peers.peer import Heard
from benchmarks.peers.workload import MARK
from benchmarks.processes import HOST

PATIENCE: Final = 30.0
"""Seconds until a subscriber must have been let in."""
MARK_BYTES: Final = 15


class Ear(asyncio.Protocol):
    """A connection that is read, and looked through.

    `greeting` is sent at once; the subscription stands when `welcome` has come (at once, if that is
    empty). `answering` is given all that comes, and may write.
    """

    def __init__(
        self,
        heard: Heard,
        greeting: bytes,
        welcome: bytes,
        answering: Callable[[bytes, asyncio.Transport], None] | None,
    ) -> None:
        self.heard = heard
        self.greeting = greeting
        self.welcome = welcome
        self.answering = answering
        self.standing = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none of asyncio's.
        self.transport.write(self.greeting)
        if not self.welcome:
            self.standing.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Looks for marks; one that was cut in two is put together again."""
        if self.answering is not None:
            self.answering(data, self.transport)
        data = self._rest + data
        if not self.standing.done() and self.welcome in data:
            self.standing.set_result(None)
        end = 0
        for found in MARK.finditer(data):
            end = found.end()
        if end:
            self.heard(data[:end])
        self._rest = data[max(end, len(data) - max(MARK_BYTES, len(self.welcome)) + 1) :]

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits to be let in is told."""
        if not self.standing.done():
            self.standing.set_exception(ConnectionError(f"hung up: {error}"))

    def close(self) -> None:
        """Hangs up."""
        self.transport.abort()


async def listen(
    port: int,
    heard: Heard,
    greeting: bytes,
    welcome: bytes = b"",
    answering: Callable[[bytes, asyncio.Transport], None] | None = None,
) -> Ear:
    """Connects, greets, and waits to be let in."""
    loop = asyncio.get_running_loop()
    _, ear = await loop.create_connection(
        lambda: Ear(heard, greeting, welcome, answering), HOST, port
    )
    async with asyncio.timeout(PATIENCE):
        await ear.standing
    return ear


def upgrade(path: str, subprotocol: str = "") -> bytes:
    """The request that opens a WebSocket; the key is the one of RFC 6455."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {HOST}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(data: bytes) -> bytes:
    """A message of a client, as a frame."""
    return Frame(Opcode.BINARY, data).serialize(mask=True)

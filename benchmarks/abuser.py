"""Somebody hostile, as a process: `python -m benchmarks.abuser KIND URL PROFILE SECONDS`.

Takes the token from STACKROOM_TOKEN. Says `ready`, does its worst for SECONDS, and prints how often it did.
`busy` connects to nothing, and uses a processor as the others may: what that alone costs the honest.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from websockets.exceptions import WebSocketException

from benchmarks import speaker
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, update
from stackroom.events.codec import seal
from stackroom.events.model import Proposal
from stackroom.sync import protocol as wire

CONNECTIONS = 8
REFUSED = 100
"""Proposals in a push, none of which can be accepted."""


class Abuser:
    """`done` counts what it got rid of: what lies in the sockets' buffers unread, too."""

    def __init__(self, url: str, profile: str, seconds: float) -> None:
        self.url = url
        self.profile = profile
        self.until = time.monotonic() + seconds
        self.token = os.environ["STACKROOM_TOKEN"]
        self.new_id = Ids(int(time.time()) & 0xFFFF)
        self.done = 0

    async def again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does it over and over, also after being thrown out."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.until - time.monotonic()):
                while True:
                    with contextlib.suppress(OSError, WebSocketException, AssertionError):
                        await work()
                    await asyncio.sleep(0)

    async def connect(self) -> Speaker:
        """A connection that was let in."""
        return await Speaker.open(self.url, self.token, self.new_id())

    async def handshakes(self) -> None:
        """Comes in, and is gone."""
        line = await self.connect()
        self.done += 1
        line.socket.transport.abort()

    async def messages(self) -> None:
        """Asks for the history over and over, and throws it away."""
        data = wire.encode(wire.Fetch(self.profile, 0), wire.MSGPACK)
        async with self.reading() as line:
            while True:
                await line.socket.send(data)
                self.done += 1

    async def refused(self) -> None:
        """Pushes what breaks a rule, and does not wait for the answers."""
        number = 0
        async with self.reading() as line:
            while True:
                proposals = []
                for _ in range(REFUSED):
                    number += 1
                    event = seal(self.new_id(), update(number), bytes(16))
                    proposals.append(
                        Proposal(self.new_id(), number, 0, "no such", FIRST_TIME, (event,))
                    )
                await line.socket.send(speaker.encoded_push(self.profile, proposals))
                self.done += REFUSED

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Speaker]:
        """A connection from which all that comes is thrown away."""
        line = await self.connect()

        async def read() -> None:
            with contextlib.suppress(WebSocketException):
                while True:
                    await line.socket.recv()

        reader = asyncio.create_task(read())
        try:
            yield line
        finally:
            reader.cancel()
            line.socket.transport.abort()

    async def busy(self) -> None:
        """Uses the processor."""
        sum(range(10_000))
        self.done += 1


async def main(kind: str, url: str, profile: str, seconds: float) -> None:
    """Does its worst."""
    abuser = Abuser(url, profile, seconds)
    print("ready", flush=True)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(abuser.again(getattr(abuser, kind)))
    print(abuser.done, flush=True)


if __name__ == "__main__":
    import sys

    _, kind, url, profile, seconds = sys.argv
    speaker.run(lambda: main(kind, url, profile, float(seconds)))

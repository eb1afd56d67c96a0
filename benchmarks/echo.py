"""A WebSocket server that only answers, or only sends: `python -m benchmarks.echo PORT`.

At `/echo` it sends back what it is sent; at `/stream` it sends one message again and again, until the
client hangs up.
"""

import asyncio
import contextlib
import sys
from typing import Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.speaker import run

MESSAGE: Final = bytes(300)


async def answer(socket: ServerConnection) -> None:
    """What one connection gets."""
    assert socket.request is not None
    with contextlib.suppress(ConnectionClosed):
        if socket.request.path == "/echo":
            async for data in socket:
                await socket.send(data)
        while True:
            await socket.send(MESSAGE)


async def main(port: int) -> None:
    """Serves until the process is ended."""
    async with serve(answer, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    run(lambda: main(int(sys.argv[1])))

"""A hub in a process of its own, to be killed: `python -m tests.client.hub_process FILE PORT`."""

import secrets
import sys
from functools import partial
from pathlib import Path

import anyio

from stackroom.client.chance import clock, new_id
from stackroom.events.sqlite.log import SqliteLog
from stackroom.sync.server import Server
from stackroom.sync.settings import Settings
from tests.sync.open_access import OpenAccess


async def main(path: Path, port: int) -> None:
    log = await SqliteLog.open(path, new_id=new_id())
    identity = await log.read(lambda reader: reader.identity())
    server = Server(
        log,
        identity,
        OpenAccess(),
        Settings(port=port),
        version="test",
        clock=clock,
        salt=partial(secrets.token_bytes, 16),
    )
    await server.run(lambda port: print(port, flush=True))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))

"""A hub that stands for an attack: one profile with a component, made by the administrator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.sync.members import Team, serving_team
from tests.sync.speaking import component, created


@asynccontextmanager
async def standing(path: Path, settings: Settings | None = None) -> AsyncIterator[Team]:
    """The hub on the log at `path`; its clock tells expired tokens every hundredth of a second."""
    async with serving_team(path, settings or Settings(port=0, tick=0.01)) as team:
        async with team.speaking(team.root) as root:
            answers = await root.push(root.proposal(created()), root.proposal(component(1), base=1))
            assert [answer.outcome for answer in answers] == ["accepted", "accepted"]
        yield team


async def coming(url: str, first: wire.Hello | wire.Redeem) -> wire.FromHub:
    """What the hub answers to a connection's first message."""
    subprotocols = [Subprotocol(wire.MSGPACK)]
    async with connect(url, subprotocols=subprotocols, compression=None, proxy=None) as socket:
        await socket.send(wire.encode(first, wire.MSGPACK))
        return wire.decode_from_hub(await socket.recv(), wire.MSGPACK)

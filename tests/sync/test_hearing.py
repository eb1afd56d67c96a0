"""Messages are taken in the order in which they came: those that are heard at once, and those that wait."""

from pathlib import Path

import anyio
import pytest

from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.sync.speaking import PROFILE, Peer, component, created, serving, speaking

pytestmark = pytest.mark.anyio

PUSHES = 40


def pushes(peer: Peer) -> list[bytes]:
    """A push of one proposal each, the first of which creates the profile."""
    changes = [created(), *(component(n) for n in range(1, PUSHES))]
    messages = (wire.Push(PROFILE, (peer.proposal(change),)) for change in changes)
    encoded = [wire.encode(message, wire.MSGPACK) for message in messages]
    return [data for data in encoded if isinstance(data, bytes)]


async def seqs(peer: Peer) -> list[int | None]:
    """The seqs of the answers, in the order in which these came."""
    answers: list[wire.Answer] = []
    with anyio.fail_after(10):
        while len(answers) < PUSHES:
            answers += (await peer.hear(wire.Results)).answers
    return [answer.seq for answer in answers]


async def test_whole_messages_and_fragments(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url, 70) as ann:
        for n, data in enumerate(pushes(ann)):
            middle = len(data) // 2
            await ann.socket.send([data[:middle], data[middle:]] if n % 3 == 2 else data)
        assert await seqs(ann) == list(range(1, PUSHES + 1))


async def test_some_come_too_fast(tmp_path: Path) -> None:
    """Who exceeds the rate is heard later, and what comes meanwhile behind it."""
    settings = Settings(port=0, messages_second=200, messages_burst=5)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url, 70) as ann:
        begun = anyio.current_time()
        for data in pushes(ann):
            await ann.socket.send(data)
        assert await seqs(ann) == list(range(1, PUSHES + 1))
        assert anyio.current_time() - begun > (PUSHES - 10) / 200


async def test_some_come_while_much_is_undecided(tmp_path: Path) -> None:
    settings = Settings(port=0, backlog_proposals=2)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url, 70) as ann:
        for data in pushes(ann):
            await ann.socket.send(data)
        assert await seqs(ann) == list(range(1, PUSHES + 1))

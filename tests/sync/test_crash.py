"""A hub that is killed: what it had acknowledged is there when it comes back (promise 1)."""

import os
import signal
from itertools import count
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from websockets.exceptions import ConnectionClosed, WebSocketException

from stackroom.events.codec import leaf
from stackroom.events.errors import IntegrityError
from stackroom.events.log import Answer
from stackroom.events.model import Commit
from stackroom.events.proofs.merkle import Frontier, grow, leaf_hash, root
from stackroom.events.sqlite.log import LogFile
from stackroom.sync import protocol as wire
from stackroom.sync.hosting import service
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.tuning import Tuned
from stackroom.sync.settings import Settings
from tests.sync.members import set_up
from tests.sync.speaking import PROFILE, component, created, speaking

pytestmark = pytest.mark.anyio

KILLS = 4


run = anyio.to_thread.run_sync


async def start(data: Path) -> service.Started:
    return await run(service.up, data, Tuned(Settings(port=0)))


async def ended(data: Path) -> None:
    """Until a hub that was killed is gone: it may still be in the middle of an fsync."""
    with anyio.fail_after(20):
        while await run(HubFolder(data).locked):
            await anyio.lowlevel.checkpoint()


def stored(data: Path) -> list[Commit]:
    log = LogFile.open(HubFolder(data).log, new_id="unused")
    try:
        return log.read(lambda reader: reader.commits(PROFILE, 0, 1_000_000))
    finally:
        log.close()


@pytest.mark.timeout(120)
async def test_killed_under_load_and_started_again(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    token = ""
    acknowledged: dict[str, Answer] = {}
    heard: dict[int, bytes] = {}
    numbers = count(1)

    async def write(url: str, replica: int) -> None:
        try:
            async with speaking(url, replica, token=token) as peer:
                for commit in await peer.subscribe():
                    heard[commit.seq] = leaf(PROFILE, commit)
                while True:
                    batch = [peer.proposal(component(next(numbers), size=200)) for _ in range(5)]
                    for answer in await peer.push(*batch):
                        acknowledged[answer.id] = answer
                    for message in peer.heard:
                        if isinstance(message, wire.Commits):
                            heard.update((c.seq, leaf(PROFILE, c)) for c in message.commits)
                    peer.heard.clear()
        except (ConnectionClosed, WebSocketException, OSError, TimeoutError):
            return  # The hub was killed: that is what this test does.

    for round in range(KILLS):
        started = await start(data)
        if round == 0:
            token = await set_up(started.url, started.code)
            async with speaking(started.url, 1, token=token) as first:
                await first.push(first.proposal(created()))
        enough = len(acknowledged) + 150
        async with anyio.create_task_group() as tasks:
            for writer in range(6):
                tasks.start_soon(write, started.url, 1_000 * (round + 1) + writer)
            with anyio.fail_after(60):
                while len(acknowledged) < enough:
                    await anyio.lowlevel.checkpoint()
            os.kill(started.pid, signal.SIGKILL)
    await start(data)
    await run(service.down, data)
    commits = await run(stored, data)
    by_id = {commit.id: commit for commit in commits}
    assert [c.seq for c in commits] == list(range(1, len(commits) + 1))
    assert len(acknowledged) >= 150 * KILLS
    for answer in acknowledged.values():
        assert by_id[answer.id].seq == answer.seq
    assert len(by_id) == len(commits)
    for seq, told in heard.items():
        assert leaf(PROFILE, commits[seq - 1]) == told
    check_roots(commits)


def check_roots(commits: list[Commit]) -> None:
    frontier = Frontier()
    for commit in commits:
        frontier = grow(frontier, leaf_hash(leaf(PROFILE, commit)))
        if root(frontier) != commit.root:
            raise IntegrityError(f"#{commit.seq} does not hash to its root")


async def test_what_kills_a_hub_leaves_its_folder_usable(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    started = await start(data)
    assert started.code is not None
    os.kill(started.pid, signal.SIGKILL)
    await ended(data)
    assert not (await run(service.status, data)).running
    again = await start(data)
    assert again.code not in (None, started.code)
    await set_up(again.url, again.code)
    assert (await run(service.status, data)).ready
    await run(service.down, data)
    third = await start(data)
    assert third.code is None
    await run(service.down, data)
    with pytest.raises(service.NotRunning):
        await run(service.down, data)

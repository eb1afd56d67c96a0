"""Connections that say nothing: pinged, dropped once they are gone, and cheap as long as they are there."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from websockets.exceptions import ConnectionClosed

from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.pulse import PING, Pulse
from tests.sync.speaking import PROFILE, created, serving, speaking

pytestmark = pytest.mark.anyio

SETTINGS = Settings(hello_timeout=10, ping_interval=20, ping_timeout=30)


class Link:
    """As much of a connection as is looked at."""

    def __init__(self, *, known: bool = True, held: bool = False) -> None:
        self.session = SimpleNamespace(principal="ann" if known else None)
        self.socket = SimpleNamespace(heard=0.0, held=held)
        self.written: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.written.append(frame)


class Hub:
    """A pulse, the time, and whom it ended."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ended: list[tuple[Any, int]] = []
        self.pulse = Pulse(
            SETTINGS, lambda: self.now, lambda link, code, why: self.ended.append((link, code))
        )

    def at(self, now: float, *speak: Link) -> None:
        """Whoever speaks does so just before."""
        for link in speak:
            link.socket.heard = now
        self.now = now
        self.pulse.beat()


def test_each_is_pinged_at_the_same_intervals() -> None:
    hub, first, second = Hub(), Link(), Link()
    hub.pulse.begin(first)  # type: ignore[arg-type]
    hub.at(5)
    hub.pulse.begin(second)  # type: ignore[arg-type]
    hub.at(19)
    assert not first.written
    hub.at(20)
    assert (first.written, second.written) == ([PING], [])
    hub.at(25)
    assert (first.written, second.written) == ([PING], [PING])
    hub.at(40, first, second)
    assert (first.written, second.written) == ([PING] * 2, [PING])


def test_one_from_which_nothing_comes_after_a_ping_is_gone() -> None:
    hub, dead, alive = Hub(), Link(), Link()
    for link in (dead, alive):
        hub.pulse.begin(link)  # type: ignore[arg-type]
    hub.at(20)
    hub.at(49.9, alive)
    assert hub.ended == []
    hub.at(50)
    assert hub.ended == [(dead, 1011)]


def test_one_that_is_not_listened_to_is_not_gone() -> None:
    hub, link = Hub(), Link(held=True)
    hub.pulse.begin(link)  # type: ignore[arg-type]
    for now in (20, 40, 50, 60, 90):
        hub.at(now)
    assert hub.ended == []
    link.socket.held = False
    hub.at(150)
    assert hub.ended == [(link, 1011)]


def test_whoever_says_no_hello_makes_room() -> None:
    hub, stranger, known = Hub(), Link(known=False), Link()
    for link in (stranger, known):
        hub.pulse.begin(link)  # type: ignore[arg-type]
    hub.at(9.9)
    assert hub.ended == []
    hub.at(10)
    assert hub.ended == [(stranger, wire.CloseCode.HELLO_TIMEOUT)]


def test_nothing_is_kept_of_those_that_left() -> None:
    hub, link = Hub(), Link()
    hub.pulse.begin(link)  # type: ignore[arg-type]
    hub.at(20)
    hub.pulse.leave(link)  # type: ignore[arg-type]
    hub.at(200)
    assert (hub.ended, link.written) == ([], [PING])
    assert not any((hub.pulse._strangers, hub.pulse._due, hub.pulse._pinged))


async def test_on_a_real_socket(tmp_path: Path) -> None:
    """One answers its pings and stays; one that reads nothing any more is closed."""
    settings = Settings(port=0, ping_interval=0.1, ping_timeout=0.3, closing_grace=0.1)
    async with (
        serving(tmp_path / "hub.db", settings) as hub,
        speaking(hub.url, 70) as ann,
        speaking(hub.url, 71) as bob,
    ):
        bob.socket.transport.pause_reading()
        with anyio.fail_after(20):
            while len(hub.server.links) == 2:
                await anyio.sleep(0.02)
        await anyio.sleep(1)
        assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"
        bob.socket.transport.resume_reading()
        with pytest.raises(ConnectionClosed):
            await bob.next()


async def test_an_idle_connection_has_one_task_and_no_timer(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url, 70) as ann:
        await ann.push(ann.proposal(created()))
        before = _tasks()
        async with speaking(hub.url, 71) as bob, speaking(hub.url, 72) as eve:
            for peer in (bob, eve):
                await peer.subscribe()
            await hub.log.read(lambda log: log.head(PROFILE))
            await anyio.sleep(0.1)
            came = _tasks() - before
            assert sorted(came) == ["protocol_handler", "protocol_handler"]


def _tasks() -> "_Names":
    return _Names(asyncio.all_tasks())


class _Names:
    """The tasks of the hub: those of the clients in this very process are left out."""

    def __init__(self, tasks: set["asyncio.Task[Any]"]) -> None:
        self.tasks = tasks

    def __sub__(self, other: "_Names") -> list[str]:
        names = [_name(task) for task in self.tasks - other.tasks]
        return [name for name in names if name != "keepalive"]


def _name(task: "asyncio.Task[Any]") -> str:
    return str(getattr(task.get_coro(), "__name__", ""))

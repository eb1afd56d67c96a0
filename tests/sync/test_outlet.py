"""From a commit to those who follow: one frame for all, and fewer of them where telling all takes long."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import effects
from stackroom.sync import protocol as wire
from stackroom.sync.hosting.metrics import Metrics
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.outlet import (
    BUSY_REST,
    BUSY_REST_MOST,
    REST,
    REST_MOST,
    Outlet,
    framed,
)
from tests.sync.speaking import PROFILE, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

REST_LONG = 1.0


class Tired(Outlet):
    """As if telling all had just taken long, always."""

    @property
    def rest(self) -> float:
        return REST_LONG


def tire(hub: Running) -> None:
    hub.server.outlet.__class__ = Tired


async def test_what_is_committed_while_all_are_told_goes_out_together(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob", wire.MSGPACK) as bob,
        speaking(hub.url, 72, "eve", wire.JSON) as eve,
    ):
        await ann.push(ann.proposal(created()))
        for peer in (bob, eve):
            await peer.subscribe()
        tire(hub)
        for n in range(3):
            (answer,) = await ann.push(ann.proposal(component(n), base=n + 1))
            assert (answer.outcome, answer.seq) == ("accepted", n + 2)
        for peer in (bob, eve):
            assert [c.seq for c in (await peer.hear(wire.Commits)).commits] == [2, 3, 4]
        # The next are told as well: nothing waits for somebody to ask.
        await ann.push(ann.proposal(component(9), base=4))
        for peer in (bob, eve):
            assert [c.seq for c in (await peer.hear(wire.Commits)).commits] == [5]


async def test_whoever_comes_meanwhile_misses_nothing(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
        speaking(hub.url, 72, "eve") as eve,
    ):
        await ann.push(ann.proposal(created()))
        await bob.subscribe()
        tire(hub)
        await ann.push(ann.proposal(component(1), base=1))
        commits = await eve.subscribe(0, EMPTY_ROOT)
        assert [c.seq for c in commits] == [1, 2]
        await ann.push(ann.proposal(component(2), base=2))
        for peer in (bob, eve):
            assert (await peer.hear(wire.Commits)).commits[-1].seq == 3


async def test_nobody_waits_where_telling_all_is_quick(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "hub.db") as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
    ):
        await ann.push(ann.proposal(created()))
        await bob.subscribe()
        hub.server.outlet.clock = lambda: 0.0
        for n in range(3):
            await ann.push(ann.proposal(component(n), base=n + 1))
            with anyio.fail_after(5):
                assert [c.seq for c in (await bob.hear(wire.Commits)).commits] == [n + 2]


class Link:
    def __init__(self, subprotocol: str, clock: "Clock") -> None:
        self.subprotocol = subprotocol
        self.clock = clock
        self.written: list[bytes] = []

    def write(self, frame: bytes, most: int) -> bool:
        self.clock.now += self.clock.a_write_takes
        self.written.append(frame)
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.a_write_takes = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> dict[int, Link]:
    return {n: Link(wire.SUBPROTOCOLS[n % 2], clock) for n in range(1, 11)}


@pytest.fixture
def outlet(links: Any, clock: Clock) -> Outlet:
    return Outlet(SimpleNamespace(), links, Settings(), Metrics(), clock, lambda: False)  # type: ignore[arg-type]


TOLD = wire.Commits(PROFILE, ())


def test_a_frame_is_made_once_for_each_coding(outlet: Outlet, links: dict[int, Link]) -> None:
    outlet.send(effects.Send(tuple(links), TOLD, live=True))
    frames = {id(link.written[0]) for link in links.values()}
    assert len(frames) == 2
    for link in links.values():
        assert link.written == [framed(TOLD, link.subprotocol)]


def test_telling_takes_a_share_of_the_time(
    outlet: Outlet, links: dict[int, Link], clock: Clock
) -> None:
    clock.a_write_takes = 0.0001
    outlet.send(effects.Send(tuple(links), TOLD, live=True))
    assert outlet.rest == pytest.approx(REST * 0.001)
    clock.now += 0.0021
    assert outlet.rest == 0


def test_it_takes_a_smaller_share_while_more_waits(
    outlet: Outlet, links: dict[int, Link], clock: Clock
) -> None:
    outlet.busy = lambda: True
    clock.a_write_takes = 0.00005
    outlet.send(effects.Send(tuple(links), TOLD, live=True))
    assert outlet.rest == pytest.approx(BUSY_REST * 0.0005)
    outlet.busy = lambda: False
    assert outlet.rest == pytest.approx(REST * 0.0005)


def test_nobody_waits_for_long(outlet: Outlet, links: dict[int, Link], clock: Clock) -> None:
    clock.a_write_takes = 1.0
    outlet.send(effects.Send(tuple(links), TOLD, live=True))
    assert outlet.rest == pytest.approx(REST_MOST)
    outlet.busy = lambda: True
    assert outlet.rest == pytest.approx(BUSY_REST_MOST)


def test_answers_are_not_counted(outlet: Outlet, links: dict[int, Link], clock: Clock) -> None:
    clock.a_write_takes = 1.0
    outlet.send(effects.Send((1,), wire.Results(PROFILE, ())))
    assert outlet.rest == 0

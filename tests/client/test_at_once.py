"""What a write has exchanged, without an event loop: it ends as an exchange in one does."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from stackroom.client.connection.exchange import exchange
from stackroom.client.connection.work import InPlace
from stackroom.client.errors import NotAuthorised, OtherHub, Unreachable, VersionMismatch
from stackroom.client.transport.plain_line import Clock, Elapsed, finished
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import config, create_team, person, set_key

at_once = partial(exchange, history=False)
"""As a write has it run."""

PATIENCE = 20.0


@pytest.fixture
def hub(portal: BlockingPortal, tmp_path: Path) -> Iterator[FaultyHub]:
    with portal.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub:
        yield hub


def test_what_one_saved_reaches_the_other(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        pushed = at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team]
        assert [c.seq for c in pushed.committed] == [1, 2]
        assert {c.outcome for c in pushed.committed} == {"accepted"}
        assert (pushed.received, pushed.pending, pushed.caught_up) == (0, 0, True)
        exchange(ben, hub.url)
        set_key(ben, team, "gpu", 1)
        set_key(ada, team, "disk", 2)
        assert at_once(ben, hub.url, [team], timeout=PATIENCE).profiles[team].seq == 3
        merged = at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team]
        assert (merged.received, [c.outcome for c in merged.committed]) == (1, ["merged"])
        assert config(ada, team) == {"namespace": "default", "gpu": 1, "disk": 2}


def test_a_copy_that_was_loaded_before_is_gone_on_from(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        at_once(ada, hub.url, [team], timeout=PATIENCE)
        for n in range(3):
            set_key(ada, team, "n", n)
            done = at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team]
            assert [c.seq for c in done.committed] == [3 + n]
            assert config(ada, team)["n"] == n


def test_a_lost_answer_is_found_again(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        at_once(ada, hub.url, [team], timeout=PATIENCE)
        set_key(ada, team, "gpu", 1)
        hub.deaf_after = hub.pushes + 1
        lost = at_once(ada, hub.url, [team], timeout=PATIENCE)
        assert isinstance(lost.interrupted, Unreachable)
        assert lost.profiles[team].pending == 1
        done = at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team]
        assert [(c.seq, c.outcome) for c in done.committed] == [(3, "accepted")]


def test_a_full_hub_refuses_for_now_and_nothing_is_dropped(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        hub.full = True
        refused = at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team]
        assert refused.problem is not None
        assert refused.problem.code == "hub_full"
        assert refused.pending == 2
        hub.full = False
        assert at_once(ada, hub.url, [team], timeout=PATIENCE).profiles[team].pending == 0


def test_a_wrong_token_keeps_the_queue(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        ada.home.keep_token(hub.url, "srm_wrong")
        with pytest.raises(NotAuthorised):
            at_once(ada, hub.url, [team], timeout=PATIENCE)
        assert len(ada.store.pending(team)) == 2


def test_no_hub_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{probe.getsockname()[1]}"
    with (
        person(tmp_path / "ada", url) as ada,
        pytest.raises(Unreachable, match="cannot be reached"),
    ):
        at_once(ada, url, [], timeout=5.0)


def test_what_is_no_hub_is_unreachable_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        with person(tmp_path / "ada", url) as ada, pytest.raises(Unreachable, match="within"):
            at_once(ada, url, [], timeout=0.2)


def test_a_hub_that_stops_talking_is_given_up_in_time(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        at_once(ada, hub.url, [team], timeout=PATIENCE)
        set_key(ada, team, "gpu", 1)
        hub.mute = True
        with pytest.raises(Unreachable, match=r"within 0\.5 s"):
            at_once(ada, hub.url, [team], timeout=0.5)
        assert len(ada.store.pending(team)) == 1


def test_another_version_is_a_mismatch(portal: BlockingPortal, tmp_path: Path) -> None:
    newer = running_hub(tmp_path / "hub", subprotocols=("stackroom.v9+msgpack",))
    with (
        portal.wrap_async_context_manager(newer) as hub,
        person(tmp_path / "ada", hub.url) as ada,
        pytest.raises(VersionMismatch),
    ):
        at_once(ada, hub.url, [], timeout=PATIENCE)


def test_another_hub_at_the_address_gets_nothing(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        at_once(ada, hub.url, [team], timeout=PATIENCE)
        set_key(ada, team, "gpu", 1)
        portal.call(hub.stop)
        hub.path = tmp_path / "other.db"
        portal.call(hub.start)
        pushes = hub.pushes
        with pytest.raises(OtherHub):
            at_once(ada, hub.url, [team], timeout=PATIENCE)
        assert hub.pushes == pushes
        assert len(ada.store.pending(team)) == 1


def test_it_imports_no_event_loop() -> None:
    program = (
        "from stackroom.events.late import postpone\n"
        "postpone()\n"
        "import sys, stackroom.client.connection.course, stackroom.client.transport.plain_line\n"
        "print([m for m in ('asyncio', 'anyio', 'subprocess', '_ssl') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_clock_tells_what_is_left() -> None:
    assert Clock(None).at_most(None) is None
    assert Clock(None).at_most(3.0) == 3.0
    assert Clock(1_000.0).at_most(3.0) == 3.0
    left = Clock(1_000.0).at_most(None)
    assert left is not None
    assert 900 < left <= 1_000
    with pytest.raises(Elapsed):
        Clock(0.0).at_most(3.0)


def test_work_in_place_is_done_when_it_was_begun() -> None:
    done: list[int] = []
    begun = InPlace().start(lambda: done.append(1))
    assert (done, begun.done()) == ([1], True)

    async def whole() -> int:
        await begun
        return await InPlace().run(lambda: 2)

    assert finished(whole()) == 2


def test_what_it_raises_is_raised_where_it_is_awaited() -> None:
    begun = InPlace().start(lambda: 1 // 0)

    async def whole() -> int:
        return await begun

    with pytest.raises(ZeroDivisionError):
        finished(whole())


def test_what_waits_for_a_loop_is_told_so() -> None:
    class Waits:
        def __await__(self) -> Iterator[None]:
            yield

    async def whole() -> None:
        await Waits()

    with pytest.raises(RuntimeError, match="event loop"):
        finished(whole())

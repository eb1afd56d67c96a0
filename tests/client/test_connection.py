"""Long-lived connections, on real sockets and files: what they survive, and what stops them."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.abc
import pytest

from stackroom.client.connection.carrier import Became
from stackroom.client.connection.connection import Offline, Stopped
from stackroom.client.connection.keeper import Keeper
from stackroom.client.errors import NotAuthorised, OtherHub, VersionMismatch
from stackroom.client.replica import replica as core
from stackroom.client.workspace import Workspace
from stackroom.events.proofs.merkle import root
from stackroom.events.state import Conflict
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings as HubSettings
from tests.client.hubs import FaultyHub, running_hub
from tests.client.live import PATIENCE, Live, living
from tests.client.people import config, create_team, open_home, set_key

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[FaultyHub]:
    async with running_hub(tmp_path / "hub") as hub:
        yield hub


async def begun(live: Live, url: str) -> str:
    """The team's profile, made by this one and taken by the hub; it is at #2."""
    team = await live.save(lambda at: create_team(at, url))
    await live.drained(team, 2)
    return team


async def key_of(live: Live, team: str, key: str) -> object:
    return (await live.work(lambda at: config(at, team))).get(key)


@pytest.mark.parametrize("coding", wire.SUBPROTOCOLS)
async def test_edits_reach_each_other(hub: FaultyHub, tmp_path: Path, coding: str) -> None:
    async with living(tmp_path / "ada", hub.url, subprotocols=(coding,)) as ada:
        team = await begun(ada, hub.url)
        async with living(tmp_path / "ben", hub.url) as ben:
            await ben.drained(team, 2)
            await ada.save(lambda at: set_key(at, team, "gpu", 1))
            await ben.drained(team, 3)
            assert await key_of(ben, team, "gpu") == 1
            await ben.save(lambda at: set_key(at, team, "cpu", 8))
            await ada.drained(team, 4)
            assert await key_of(ada, team, "cpu") == 8
            frontiers = [
                await who.work(lambda at: at.cache.load(team).frontier) for who in (ada, ben)
            ]
            assert root(frontiers[0]) == root(frontiers[1])


async def test_a_restart_of_the_hub_is_survived(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        before = len(ada.news)
        await hub.stop(wire.CloseCode.RESTART)
        await ada.told(Offline, before)
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        assert await ada.work(lambda at: len(at.store.pending(team))) == 1
        await hub.start()
        await ada.drained(team, 3)
        assert ada.connection.failure is None


async def test_an_answer_lost_with_the_hub_is_given_again(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        hub.deaf_after = hub.pushes + 1
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ada.drained(team, 3)
        commits = await ada.work(lambda at: at.cache.log.commits(team, 0, 10))
        assert [c.seq for c in commits] == [1, 2, 3]


async def test_a_crash_in_the_middle_loses_and_doubles_nothing(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with living(tmp_path / "ada", hub.url) as ada, living(tmp_path / "ben", hub.url) as ben:
        team = await begun(ada, hub.url)
        await ben.drained(team, 2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(write_many, ada, team, "a", 15))
            tasks.start_soon(partial(write_many, ben, team, "b", 15))
            for _ in range(4):
                pushes = hub.pushes
                with anyio.move_on_after(PATIENCE):
                    while hub.pushes < pushes + 2:
                        await anyio.lowlevel.checkpoint()
                await hub.crash()
                await hub.start()
        for who in (ada, ben):
            await who.drained(team, 32)
        commits = await hub.log.read(lambda log: log.commits(team, 0, 100))
        assert len(commits) == len({c.id for c in commits}) == 32
        for who in (ada, ben):
            state = await who.work(lambda at: config(at, team))
            assert {k for k in state if k != "namespace"} == {
                f"{letter}{n}" for letter in "ab" for n in range(15)
            }


async def write_many(live: Live, team: str, letter: str, many: int) -> None:
    for n in range(many):
        await live.save(partial(set_key, profile=team, key=f"{letter}{n}", value=n))


async def test_offline_edits_of_two_homes_are_reconciled(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada, living(tmp_path / "ben", hub.url) as ben:
        team = await begun(ada, hub.url)
        await ben.drained(team, 2)
        marks = len(ada.news), len(ben.news)
        await hub.stop()
        await ada.told(Offline, marks[0])
        await ben.told(Offline, marks[1])
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ada.save(lambda at: set_key(at, team, "namespace", "ada"))
        await ben.save(lambda at: set_key(at, team, "cpu", 8))
        await ben.save(lambda at: set_key(at, team, "namespace", "ben"))
        await hub.start()
        for who in (ada, ben):
            await who.drained(team, 6)
        views = [await who.work(lambda at: at.copy(team).view) for who in (ada, ben)]
        for view in views:
            assert len(list(view.all(Conflict))) == 1
        configs = [await who.work(lambda at: config(at, team)) for who in (ada, ben)]
        assert configs[0] == configs[1]
        assert configs[0]["gpu"] == 1
        assert configs[0]["cpu"] == 8


async def test_a_wrong_token_stops_it_and_keeps_the_queue(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url, token="srm_wrong") as ada:
        team = await ada.save(lambda at: create_team(at, hub.url))
        with anyio.fail_after(PATIENCE):
            await ada.connection.stopped.wait()
        assert isinstance(ada.connection.failure, NotAuthorised)
        assert await ada.work(lambda at: len(at.store.pending(team))) == 2
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        assert await ada.work(lambda at: len(at.store.pending(team))) == 3
    async with living(tmp_path / "ada", hub.url) as ada:
        await ada.drained(team, 3)


async def test_a_token_that_is_changed_stops_a_running_one(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        await begun(ada, hub.url)
        await hub.stop()
        hub.token = "srm_rotated"
        await hub.start()
        await ada.told(Stopped)
        assert isinstance(ada.connection.failure, NotAuthorised)
        assert "token" in str(ada.connection.failure)


async def test_another_version_stops_it(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", subprotocols=("stackroom.v9+msgpack",)) as newer,
        living(tmp_path / "ada", newer.url) as ada,
    ):
        await ada.told(Stopped)
        assert isinstance(ada.connection.failure, VersionMismatch)


async def test_another_hub_at_the_address_stops_it(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        await hub.stop()
        hub.path = tmp_path / "other.db"
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await hub.start()
        await ada.told(Stopped)
        assert isinstance(ada.connection.failure, OtherHub)
        assert await ada.work(lambda at: len(at.store.pending(team))) == 1


async def test_a_hub_that_was_full_gets_it_later(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        hub.full = True
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ada.until(lambda: sum(isinstance(n, core.Problem) for n in ada.news) >= 3)
        hub.full = False
        await ada.drained(team, 3)


async def test_what_is_no_message_is_told_and_survived(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        hub.garbage = True
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ada.drained(team, 3)
        problems = [n.code for n in ada.news if isinstance(n, core.Problem)]
        assert problems == ["malformed"]


async def test_edits_that_another_process_saved_are_picked_up(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)

        def another_process() -> None:
            workspace = open_home(tmp_path / "ada")
            set_key(workspace, team, "gpu", 1)
            workspace.close()

        await anyio.to_thread.run_sync(another_process)
        await ada.drained(team, 3)


async def test_what_another_process_dropped_is_not_pushed(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        await hub.stop()
        first = (await ada.save(lambda at: set_key(at, team, "gpu", 1))).proposal.id
        await ada.save(lambda at: set_key(at, team, "cpu", 1))

        def another_process() -> None:
            workspace = open_home(tmp_path / "ada")
            workspace.store.drop(first)
            workspace.close()

        await anyio.to_thread.run_sync(another_process)
        pending = ada.connection.carrier.replica.copies[team].pending
        assert len(pending) == 2
        copy = ada.connection.carrier.replica.copies[team]
        await ada.until(lambda: len(copy.pending) == 1)
        await hub.start()
        await ada.drained(team, 3)
        assert await key_of(ada, team, "gpu") is None


async def test_a_profile_that_others_make_later_is_followed_at_the_next_welcome(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with living(tmp_path / "ada", hub.url) as ada, living(tmp_path / "ben", hub.url) as ben:
        await ben.told(core.Catalogue)
        team = await begun(ada, hub.url)
        await ben.connection.list_profiles()
        await ben.drained(team, 2)


async def test_history_behind_a_snapshot_is_fetched(tmp_path: Path) -> None:
    settings = HubSettings(snapshot_worth=20, page_commits=7)
    async with running_hub(tmp_path / "hub", settings=settings) as hub:
        async with living(tmp_path / "ada", hub.url) as ada:
            team = await begun(ada, hub.url)

            def many(at: Workspace) -> None:
                for n in range(60):
                    set_key(at, team, "n", n)

            await ada.save(many)
            await ada.drained(team, 62)
        async with living(tmp_path / "ben", hub.url) as ben:
            await ben.drained(team, 62)
            await ben.until(lambda: not ben.connection.carrier.lacks_history(team))
            assert any(isinstance(n, core.Restart) for n in ben.news)
            commits = await ben.work(lambda at: at.cache.log.commits(team, 0, 100))
            assert [c.seq for c in commits] == list(range(1, 63))


async def test_a_file_that_cannot_be_written_ends_it_and_says_so(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with living(tmp_path / "ada", hub.url) as ada, living(tmp_path / "ben", hub.url) as ben:
        team = await begun(ada, hub.url)
        await ben.drained(team, 2)
        await ben.work(lambda at: at.cache.close())
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ben.told(Stopped)
        assert ben.connection.failure is not None
        with pytest.raises(type(ben.connection.failure)):
            await ben.connection.look()


@asynccontextmanager
async def hub_process(file: Path, port: int = 0) -> AsyncIterator[tuple[anyio.abc.Process, int]]:
    command = [sys.executable, "-m", "tests.client.hub_process", str(file), str(port)]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdout is not None
        with anyio.fail_after(PATIENCE):
            line = await process.stdout.receive()
        try:
            yield process, int(line)
        finally:
            if process.returncode is None:
                process.kill()


async def test_a_hub_killed_during_pushes_and_started_again(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    async with hub_process(file) as (process, port):
        url = f"ws://127.0.0.1:{port}"
        async with living(tmp_path / "ada", url) as ada:
            team = await begun(ada, url)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(write_many, ada, team, "a", 40))
                await ada.drained(team, 10)
                process.kill()
                await process.wait()
                await ada.told(Offline)
                async with hub_process(file, port):
                    await ada.until(lambda: done(ada, team, 42))
            commits = await ada.work(lambda at: at.cache.log.commits(team, 0, 100))
            assert len(commits) == len({c.id for c in commits}) == 42
            assert len(await ada.work(lambda at: config(at, team))) == 41


def done(live: Live, team: str, seq: int) -> bool:
    copy = live.connection.carrier.replica.copies[team]
    return copy.seq >= seq and not copy.pending


async def test_a_client_killed_while_it_pushes(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
    command = [sys.executable, "-m", "tests.client.writer", str(tmp_path / "ada"), hub.url, team]
    saved: set[str] = set()
    for many in (1, 7, 20):
        async with await anyio.open_process(command, stderr=subprocess.STDOUT) as writer:
            assert writer.stdout is not None
            heard = ""
            with anyio.fail_after(PATIENCE):
                while heard.count("\n") < many:
                    heard += (await writer.stdout.receive()).decode()
            writer.kill()
        saved |= set(heard[: heard.rindex("\n")].split())
    assert len(saved) >= 28
    async with living(tmp_path / "ada", hub.url) as ada:
        await ada.drained(team, 2 + len(saved))
        commits = await ada.work(lambda at: at.cache.log.commits(team, 2, 10_000))
        assert saved <= {c.id for c in commits}
        assert len(commits) == len({c.id for c in commits})
        assert await ada.work(lambda at: at.store.parked(team)) == []


async def test_a_copied_home_goes_on_as_another_replica(hub: FaultyHub, tmp_path: Path) -> None:
    """A long-lived connection of the copy connects anew by itself, and loses nothing."""
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        (tmp_path / "clone").mkdir()
        await ada.work(lambda at: shutil.copytree(at.home.path, tmp_path / "clone" / "ada"))
        await ada.save(lambda at: set_key(at, team, "gpu", 1))
        await ada.drained(team, 3)
        was = ada.connection.carrier.replica.hello.replica
        async with living(tmp_path / "clone" / "ada", hub.url) as clone:
            await clone.save(lambda at: set_key(at, team, "cpu", 8))
            await clone.drained(team, 4)
            assert [n.code for n in clone.news if isinstance(n, core.Renew)] == ["replica_copied"]
            assert clone.connection.carrier.replica.hello.replica != was
            await ada.drained(team, 4)
            assert ada.connection.carrier.replica.hello.replica == was
            for who in (ada, clone):
                assert await key_of(who, team, "cpu") == 8
                assert await key_of(who, team, "gpu") == 1


async def test_when_one_process_takes_a_new_identity_the_others_of_the_home_do(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with (
        living(tmp_path / "ada", hub.url) as first,
        living(tmp_path / "ada", hub.url) as second,
    ):
        team = await begun(first, hub.url)
        await second.drained(team, 2)
        was = first.connection.carrier.replica.hello.replica
        await first.work(lambda at: Keeper.on(at).take_new_identity(was, "replica_copied"))
        now = await first.work(lambda at: at.store.replica)
        assert now != was
        await second.told(Became)
        await second.save(lambda at: set_key(at, team, "gpu", 1))
        await second.drained(team, 3)
        assert second.connection.carrier.replica.hello.replica == now
        commits = await second.work(lambda at: at.cache.log.commits(team, 0, 9))
        assert [commit.replica for commit in commits] == [was, was, now]


async def test_a_hub_that_comes_back_with_less_is_told_of(hub: FaultyHub, tmp_path: Path) -> None:
    async with living(tmp_path / "ada", hub.url) as ada:
        team = await begun(ada, hub.url)
        await hub.stop()
        kept = hub.path.read_bytes()
        await hub.start()
        await ada.save(lambda workspace: set_key(workspace, team, "gpu", 1))
        await ada.drained(team, 3)
        await hub.stop()
        hub.path.write_bytes(kept)
        await hub.start()

        def said() -> list[str]:
            problems = [n for n in ada.news if isinstance(n, core.Problem)]
            return [p.sentence for p in problems if p.code == "parted"]

        await ada.until(lambda: bool(said()))
        assert "from #3 on: it stands at #2" in said()[0]

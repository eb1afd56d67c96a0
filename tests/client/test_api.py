"""The Python API against a real hub: what `docs/python.md` promises, with and without async."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import anyio
import anyio.from_thread
import pytest

import stackroom.client
from stackroom.client.api import Hub
from stackroom.client.errors import NotAuthorised, NotFound, RefusedLocally, Unreachable
from stackroom.client.settings import Settings
from stackroom.events.values import pointer
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import QUICK
from tests.sync.open_access import token_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[FaultyHub]:
    async with running_hub(tmp_path / "hub") as hub:
        yield hub


def joined(hub: FaultyHub, home: Path, settings: Settings = QUICK) -> Hub:
    return stackroom.client.connect(
        hub.url, token=token_of(home.name), home=home, settings=settings
    )


async def test_two_people_and_the_lines_of_the_readme(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann, joined(hub, tmp_path / "bob") as bob:
        mine = await ann.create_profile("team", message="ours")
        async with mine.edit("begin") as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes", config={"namespace": "x"})
            draft.register_stack("prod", {"orchestrator": "k8s"})
        assert str(draft.result) == "committed as #2"
        profile = await bob.profile("team")
        async with profile.edit("move training to spot") as draft:
            draft.component("orchestrator", "k8s").set("namespace", "ml")
        assert draft.result.fate == "accepted"
        with anyio.fail_after(20):
            async for commit in mine.changes(after=2):
                assert (commit.seq, commit.author, commit.message) == (
                    3,
                    "bob",
                    "move training to spot",
                )
                break
        (stack,) = mine.stacks()
        assert stack.components == {"orchestrator": ["k8s"]}
        assert mine.component("orchestrator", "k8s").config == {"namespace": "ml"}
        assert [c.seq for c in await mine.log()] == [3, 2, 1]
        before = await mine.at(2)
        assert before.seq == 2
        assert before.component("orchestrator", "k8s").config == {"namespace": "x"}
        assert (await mine.at("now")).seq == 3
        assert (await mine.at(datetime.now())).seq == 3
        with pytest.raises(NotFound, match="before the first commit"):
            await mine.at(datetime(2001, 1, 1))
        with pytest.raises(NotFound, match="no tag 'v1'"):
            await mine.at("v1")
        with pytest.raises(ValueError, match="neither a commit"):
            await mine.at("?")
        async with mine.edit() as draft:
            draft.tag("v1", 2)
        assert [(tag.name, tag.seq) for tag in mine.tags()] == [("v1", 2)]
        assert (await mine.at("v1")).seq == 2
        (change,) = await mine.diff("v1", 3)
        assert (change.path, change.before, change.after) == ("/config/namespace", "x", "ml")


async def test_offline_edits_are_saved_and_pushed_when_the_hub_is_back(
    hub: FaultyHub, tmp_path: Path
) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        await hub.stop()
        async with team.edit("on the train", patience=0.05) as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes")
        assert str(draft.result) == "saved offline"
        assert len(team.pending()) == 1
        assert [c.name for c in team.components()] == ["k8s"]
        await hub.start()
        await team.wait_synced(20)
        assert team.pending() == ()
        assert team.seq == 2


async def test_a_cache_that_does_not_open_is_fetched_anew(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        async with team.edit() as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes")
    damaged = tmp_path / "ann" / "replica.db"
    damaged.write_bytes(b"damaged " * 1_000)
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.profile("team")
        await team.wait_synced(20)
        assert [c.name for c in team.components()] == ["k8s"]
    assert (tmp_path / "ann" / "replica.db.damaged-1").exists()


async def test_a_conflict_is_seen_and_resolved(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        async with team.edit() as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes", config={"ns": "x"})
        async with joined(hub, tmp_path / "bob") as bob:
            theirs = await bob.profile("team")
            await hub.stop()
            for profile, value in ((team, "ann"), (theirs, "bob")):
                async with profile.edit(patience=0.05) as draft:
                    draft.component("orchestrator", "k8s").set("ns", value)
            await hub.start()
            for profile in (team, theirs):
                await profile.wait_synced(20)
            with anyio.fail_after(20):
                async for commit in team.changes(after=0):
                    if commit.seq == 4:
                        break
            (conflict,) = team.conflicts()
            (side,) = conflict.sides
            assert {side.theirs, side.ours} == {"ann", "bob"}
            assert side.before == "x"
            result = await team.resolve(
                conflict.number, "ours", edits={pointer("config", "ns"): "both"}
            )
            assert result.fate == "accepted"
            assert team.conflicts() == []
            assert team.component("orchestrator", "k8s").config == {"ns": "both"}
            blamed = await team.blame("orchestrator", "k8s")
            assert {b.path: b.seq for b in blamed}["/config/ns"] == 5


async def test_an_exception_drops_the_draft(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        with pytest.raises(ZeroDivisionError):
            async with team.edit() as draft:
                draft.register_component("orchestrator", "k8s", "kubernetes")
                1 / 0  # noqa: B018
        assert team.components() == []
        assert team.pending() == ()


async def test_what_a_rule_refuses_is_refused_here(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        with pytest.raises(RefusedLocally, match="'/'"):
            async with team.edit() as draft:
                draft.register_component("orchestrator", "a/b", "kubernetes")
        with pytest.raises(NotFound):
            await ann.profile("elsewhere")
        assert team.seq == 1


async def test_a_wrong_token(hub: FaultyHub, tmp_path: Path) -> None:
    with pytest.raises(NotAuthorised):
        async with stackroom.client.connect(
            hub.url, token="srm_wrong", home=tmp_path / "eve", settings=QUICK
        ):
            pass


async def test_waiting_has_an_end(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        team = await ann.create_profile("team")
        await hub.stop()
        async with team.edit(patience=0.01) as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes")
        with pytest.raises((Unreachable, TimeoutError)):
            await team.wait_synced(0.05)


class TestWithoutAsync:
    """The same from a plain script; the hub runs in a loop of its own, on another thread."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> Iterator[str]:
        with (
            anyio.from_thread.start_blocking_portal("asyncio") as portal,
            portal.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub,
        ):
            yield hub.url

    def test_a_script(self, url: str, tmp_path: Path) -> None:
        with stackroom.client.connect_sync(
            url, token=token_of("ann"), home=tmp_path / "ann", settings=QUICK
        ) as hub:
            team = hub.create_profile("team")
            with team.edit("begin") as draft:
                draft.register_component("orchestrator", "k8s", "kubernetes", config={"ns": "x"})
            assert str(draft.result) == "committed as #2"
            with team.edit("again") as draft:
                draft.component("orchestrator", "k8s").set("ns", "y")
            seqs = []
            for commit in team.changes(after=0):
                seqs.append(commit.seq)
                if commit.seq == 3:
                    break
            assert seqs == [1, 2, 3]
            assert [c.config for c in team.components()] == [{"ns": "y"}]
            assert team.at(2).component("orchestrator", "k8s").config == {"ns": "x"}
            assert team.at("now").seq == 3
            assert team.tags() == []
            assert [p.name for p in hub.profiles()] == ["team"]

    def test_in_a_notebook_where_a_loop_runs_already(self, tmp_path: Path) -> None:
        """As a notebook's cell does: called on the thread of a running loop."""
        cell = f"""
import asyncio, stackroom.client
async def kernel():
    with stackroom.client.connect_sync(
        "ws://127.0.0.1:9", token="t", home={str(tmp_path / "ann")!r}, offline=True
    ) as hub:
        print(len(hub.profiles()), "profiles")
asyncio.run(kernel())
"""
        run = subprocess.run(
            [sys.executable, "-c", cell], capture_output=True, text=True, timeout=60
        )
        assert (run.stdout, run.stderr) == ("0 profiles\n", "")


async def test_a_run_is_recorded_offline_and_later_sent(hub: FaultyHub, tmp_path: Path) -> None:
    async with joined(hub, tmp_path / "ann") as ann:
        profile = await ann.create_profile("team")
        async with profile.edit("begin") as draft:
            draft.register_component("orchestrator", "k8s", "kubernetes")
            draft.register_stack("prod", {"orchestrator": "k8s"})
    home = tmp_path / "ann"
    async with stackroom.client.connect(hub.url, home=home, offline=True) as ann:
        profile = await ann.profile("team")
        async with profile.edit("more") as draft:
            draft.component("orchestrator", "k8s").set("namespace", "ml")
        recorded = await profile.record_run("training", "prod", id="job-1", labels={"a": "b"})
        assert str(recorded) == f"run {recorded.id}: saved offline"
        (run,) = await profile.runs()
        assert (run.name, run.pending, run.seq, run.labels) == ("job-1", True, None, {"a": "b"})
        with pytest.raises(NotFound):
            await profile.record_run("training", "nope")
        with pytest.raises(RefusedLocally):
            await profile.record_run("training", "prod", status="fine")
        with pytest.raises(NotFound):
            await profile.run("job-2")
    async with joined(hub, home) as ann:
        profile = await ann.profile("team")
        await profile.wait_synced(20)
        run = await profile.run("job-1")
        assert (run.pending, run.seq) == (False, 3)
        earlier = await profile.record_run("training", "prod", at=2)
        assert (await profile.run(earlier.id)).seq == 2
        assert earlier.result.fate == "accepted"

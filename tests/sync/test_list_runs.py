"""Which pipelines ran on a stack or with a component, as a hub tells whoever has no replica."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackroom.events.model import (
    ComponentDeleted,
    ComponentRegistered,
    RunRecorded,
    RunUpdated,
    StackRegistered,
    StackRenamed,
    StackUpdated,
)
from stackroom.sync import protocol as wire
from stackroom.sync.reading.run_listing import STRETCH
from tests.events.world import uid
from tests.sync.speaking import PROFILE, Peer, Running, created, serving, speaking

pytestmark = pytest.mark.anyio

K8S, LAPTOP, PROD, DEV = uid(50), uid(51), uid(60), uid(61)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    """A hub with two stacks and two orchestrators, at #2."""
    async with serving(tmp_path / "hub.db") as hub:
        async with speaking(hub.url, 70) as ann:
            await ann.push(
                ann.proposal(created()),
                ann.proposal(
                    (K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes")),
                    (LAPTOP, ComponentRegistered("laptop", "orchestrator", "local")),
                    (PROD, StackRegistered("prod", {"orchestrator": [K8S]})),
                    (DEV, StackRegistered("dev", {"orchestrator": [LAPTOP]})),
                    base=1,
                ),
            )
        yield hub


def run(n: int, stack: str = PROD, **more: str) -> tuple[str, RunRecorded]:
    return uid(700 + n), RunRecorded(f"pipeline-{n}", stack, **more)


async def took(peer: Peer, *changes: tuple[str, object], base: int) -> None:
    """Pushes them as one commit."""
    (answer,) = await peer.push(peer.proposal(*changes, base=base))  # type: ignore[arg-type]
    assert answer.outcome == "accepted", answer


async def listed(peer: Peer, entity: str, **more: int | str) -> wire.RunsListed:
    """The hub's answer."""
    await peer.say(wire.ListRuns(3, PROFILE, entity, **more))  # type: ignore[arg-type]
    answer = await peer.hear(wire.RunsListed)
    assert (answer.id, answer.profile) == (3, PROFILE)
    return answer


def numbers(answer: wire.RunsListed) -> list[int]:
    return [int(each.id[-12:]) - 700 for each in answer.runs]


async def test_the_runs_of_a_stack_newest_first(hub: Running) -> None:
    async with speaking(hub.url, 71) as ann:
        await took(ann, run(1, name="nightly-1", url="https://ci.example/1"), base=2)
        await took(ann, run(2, DEV), base=3)
        await took(ann, run(3, status="running"), base=4)
        await took(ann, (uid(701), RunUpdated("failed")), base=5)
        answer = await listed(ann, PROD)
        assert numbers(answer) == [3, 1]
        assert answer.before == 0
        first, second = answer.runs
        assert (first.status, first.author, first.stack_name) == ("running", "ann", "prod")
        assert (second.status, second.name, second.url) == (
            "failed",
            "nightly-1",
            "https://ci.example/1",
        )
        assert (second.first, second.last, second.at) == (3, 6, 2)
        assert 0 < second.began < second.told
        then = await listed(ann, PROD, upto=4)
        assert [(each.id, each.status, each.last) for each in then.runs] == [
            (uid(701), "completed", 3)
        ]
        assert (await listed(ann, uid(99))).runs == ()
        assert (await listed(ann, PROFILE)).runs == ()


async def test_the_runs_of_a_component_are_those_that_had_it_in_their_stack(hub: Running) -> None:
    path = f"/components/orchestrator/{K8S}"
    async with speaking(hub.url, 71) as ann:
        await took(ann, run(1), base=2)
        await took(ann, (PROD, StackRenamed("production")), base=3)
        (swap,) = [StackUpdated({f"/components/orchestrator/{LAPTOP}": True}, [path])]
        await took(ann, (PROD, swap), base=4)
        await took(ann, run(2), base=5)
        await took(ann, (K8S, ComponentDeleted()), base=6)
        gone = await listed(ann, K8S)
        assert [(each.id, each.stack_name, each.at) for each in gone.runs] == [
            (uid(701), "prod", 2)
        ]
        other = await listed(ann, LAPTOP)
        assert [(each.id, each.stack_name) for each in other.runs] == [(uid(702), "production")]


async def test_earlier_ones_are_asked_for_where_the_last_ended(hub: Running) -> None:
    """Also within one commit that reported many."""
    async with speaking(hub.url, 71) as ann:
        await took(ann, *(run(n) for n in range(5)), base=2)
        await took(ann, *(run(n) for n in range(5, 8)), base=3)
        found: list[int] = []
        asked: dict[str, int | str] = {"before": 0, "run": ""}
        while True:
            answer = await listed(ann, PROD, most=2, **asked)
            found += numbers(answer)
            if not answer.before:
                break
            asked = {"before": answer.before, "run": answer.run}
        assert found == [7, 6, 5, 4, 3, 2, 1, 0]


async def test_a_component_is_looked_for_stretch_by_stretch(hub: Running) -> None:
    async with speaking(hub.url, 71) as ann:
        await took(ann, run(0), base=2)
        await took(ann, *(run(n, DEV) for n in range(1, STRETCH + 50)), base=3)
        first = await listed(ann, K8S, most=10)
        assert numbers(first) == []
        assert first.before > 0
        second = await listed(ann, K8S, most=10, before=first.before, run=first.run)
        assert numbers(second) == [0]
        assert second.before == 0

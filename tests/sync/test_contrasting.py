"""What differs between two moments, as a hub tells it to whoever does not fold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import UNSET

from stackroom.events.history.history import Difference, diff, state_at
from stackroom.events.model import (
    ComponentDeleted,
    ComponentRenamed,
    ComponentUpdated,
    DefaultStackSet,
    StackRegistered,
    StackUpdated,
    TagRegistered,
)
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.speaking import PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

SMALL = Settings(port=0, shown_bytes=400)
STACK, LATE = uid(5), uid(6)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "hub.db", SMALL) as hub:
        yield hub


async def told(peer: Peer, before: int, after: int) -> list[wire.Differed]:
    """The pages of an answer."""
    await peer.say(wire.Diff(7, PROFILE, before, after))
    pages = [await peer.hear(wire.Differed)]
    while not pages[-1].complete:
        pages.append(await peer.hear(wire.Differed))
    assert {page.id for page in pages} == {7}
    return pages


async def folded(hub: Running, before: int, after: int) -> list[Difference]:
    """What everybody else finds who folds, but for tags."""

    def found(log):  # type: ignore[no-untyped-def]
        return diff(state_at(log, PROFILE, before), state_at(log, PROFILE, after))

    return [d for d in await hub.log.read(found) if d.kind != "tag"]


async def test_any_two_moments_differ_as_they_do_for_everybody(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        first, second = component(1, "k8s")[0], component(2)[0]
        changes = [
            created(),
            *(component(n) for n in range(1, 12)),
            (STACK, StackRegistered("prod", {"orchestrator": [first, second]})),
            (first, ComponentUpdated({"/config/value": 2})),
            (first, ComponentRenamed("kubernetes")),
            (PROFILE, DefaultStackSet(STACK)),
            (STACK, StackUpdated(unset=(f"/components/orchestrator/{second}",))),
            (second, ComponentDeleted()),
            (uid(30), TagRegistered("v1", 3)),
        ]
        for base, change in enumerate(changes):
            (answer,) = await ann.push(ann.proposal(change, base=base))
            assert answer.outcome == "accepted", answer
        head = len(changes)
        for before, after in ((1, head), (0, head), (head, 12), (13, 14), (5, 5), (3, 10**6)):
            pages = await told(ann, before, after)
            got = [d for page in pages for d in page.differences]
            wanted = await folded(hub, before, after)
            assert sorted(map(repr, got)) == sorted(map(repr, wanted))
            assert [d.entity for d in got] == [d.entity for d in wanted]
            assert {(p.before, p.after) for p in pages} == {(before, min(after, head))}
        assert len(await told(ann, 1, head)) > 3


async def test_what_values_speak_of_is_named_though_it_is_gone(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        first, second = component(1)[0], component(2)[0]
        for base, change in enumerate(
            (
                created(),
                component(1, "old"),
                component(2, "kept"),
                (STACK, StackRegistered("prod", {"orchestrator": [first]})),
                (PROFILE, DefaultStackSet(STACK)),
                (STACK, StackUpdated({f"/components/orchestrator/{second}": True})),
                (STACK, StackUpdated({"/components/orchestrator": [second]})),
                (first, ComponentDeleted()),
            )
        ):
            (answer,) = await ann.push(ann.proposal(change, base=base))
            assert answer.outcome == "accepted", answer
        names = {id: name for page in await told(ann, 4, 8) for id, name in page.names.items()}
        assert names == {first: "old", second: "kept", STACK: "prod"}
        (gone,) = (
            d
            for page in await told(ann, 4, 8)
            for d in page.differences
            if d.entity == first and d.path == "/name"
        )
        assert (gone.before, gone.after) == ("old", UNSET)


async def test_nothing_is_told_of_what_is_not_there(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await ann.say(wire.Diff(1, uid(77), 0, 9))
        nothing = await ann.hear(wire.Differed)
        assert (nothing.differences, nothing.after, nothing.complete) == ((), 0, True)

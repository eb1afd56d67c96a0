"""What one hub, profile or user may have: refused with a code of its own, and nothing that stands is undone."""

from pathlib import Path
from typing import Any

import pytest

from stackroom.events.model import (
    Change,
    ComponentDeleted,
    ComponentUpdated,
    ProfileCreated,
)
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.notes import Noted
from tests.sync.speaking import PROFILE, Peer, component, created, serving, speaking

pytestmark = pytest.mark.anyio


def config(n: int, set: dict[str, Any], unset: frozenset[str] = frozenset()) -> tuple[str, Change]:
    return uid(900_000_000_000 + n), ComponentUpdated(set, tuple(unset))


async def codes(peer: Peer, *changes: tuple[str, Change], base: int, profile: str = PROFILE) -> str:
    """The outcome of one proposal, or the code of its refusal."""
    (answer,) = await peer.push(peer.proposal(*changes, base=base), profile=profile)
    return answer.code or answer.outcome


async def test_profiles_of_a_hub(tmp_path: Path) -> None:
    settings, noted = Settings(port=0, profiles=2), Noted()
    async with serving(tmp_path / "hub.db", settings, security=noted) as hub:
        async with speaking(hub.url) as ann:
            for n in (1, 2):
                made = (uid(n), ProfileCreated(f"p{n}"))
                assert await codes(ann, made, base=0, profile=uid(n)) == "accepted"
            made = (uid(3), ProfileCreated("p3"))
            assert await codes(ann, made, base=0, profile=uid(3)) == "too_many_profiles"
            assert noted.of("refused", code="too_many_profiles", user="ann", times=1)


async def test_a_limit_of_one_is_no_plural(tmp_path: Path) -> None:
    settings = Settings(port=0, profiles=1)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal((uid(1), ProfileCreated("p1")), base=0), profile=uid(1))
        refused = ann.proposal((uid(2), ProfileCreated("p2")), base=0)
        (answer,) = await ann.push(refused, profile=uid(2))
        assert answer.sentence.startswith("this hub has 1 profile, and 1 is the most: ")


async def test_entities_of_a_profile(tmp_path: Path) -> None:
    settings = Settings(port=0, entities_profile=4)  # The profile is one itself.
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        assert await codes(ann, created(), base=0) == "accepted"
        assert await codes(ann, *(component(n) for n in range(4)), base=1) == "too_many_entities"
        assert await codes(ann, *(component(n) for n in range(3)), base=1) == "accepted"
        assert await codes(ann, component(7), base=2) == "too_many_entities"
        swap = ((uid(900_000_000_000), ComponentDeleted()), component(7))
        assert await codes(ann, *swap, base=2) == "accepted"
        assert await codes(ann, (uid(900_000_000_001), ComponentDeleted()), base=3) == "accepted"
        assert await codes(ann, component(8), base=4) == "accepted"


async def test_the_size_of_a_configuration(tmp_path: Path) -> None:
    settings = Settings(port=0, config_bytes=1_000)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        await codes(ann, created(), base=0)
        assert await codes(ann, component(1, size=1_001), base=1) == "config_too_large"
        assert await codes(ann, component(1, size=500), base=1) == "accepted"
        more = {"/config/more": "y" * 600}
        assert await codes(ann, config(1, more), base=2) == "config_too_large"
        slices = (config(1, {"/config/a": "y" * 300}), config(1, {"/config/b": "y" * 300}))
        assert await codes(ann, *slices, base=2) == "config_too_large"
        two = (component(2, size=10), config(2, {"/config/a": "y" * 2_000}))
        assert await codes(ann, *two, base=2) == "config_too_large"
        assert await codes(ann, config(1, {"/config/a": "y" * 300}), base=2) == "accepted"
        assert await codes(ann, config(1, {"/labels/a": "y" * 5_000}), base=3) == "accepted"


async def test_what_stands_above_a_limit_that_was_lowered_may_shrink(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with serving(path) as hub, speaking(hub.url) as ann:
        await codes(ann, created(), component(1, size=5_000), base=0)
        await codes(ann, config(1, {"/config/deep": [[[[[1]]]]]}), base=1)
    settings = Settings(port=0, config_bytes=1_000, config_depth=3, entities_profile=1)
    async with serving(path, settings) as hub, speaking(hub.url, 71) as ann:
        assert await codes(ann, config(1, {"/config/more": 1}), base=2) == "config_too_large"
        assert await codes(ann, config(1, {"/config/value": "x" * 4_000}), base=2) == "accepted"
        assert await codes(ann, config(1, {"/labels/a": "b"}), base=3) == "accepted"
        assert await codes(ann, config(1, {"/config/value": "x"}), base=4) == "accepted"
        assert await codes(ann, config(1, {"/config/deep": [[[[1]]]]}), base=5) == "accepted"


@pytest.mark.parametrize(("value", "outcome"), [
    ([[1]], "accepted"), ({"a": {"b": 1}}, "accepted"), ({"a": {"b": [1]}}, "config_too_deep"),
    ([[[]]], "config_too_deep"), ([{"a": {}}], "config_too_deep"),
])  # fmt: skip
async def test_the_depth_of_a_configuration(tmp_path: Path, value: Any, outcome: str) -> None:
    settings = Settings(port=0, config_depth=3)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        await codes(ann, created(), component(1), base=0)
        assert await codes(ann, config(1, {"/config/deep": value}), base=1) == outcome


async def test_open_conflicts_of_a_user(tmp_path: Path) -> None:
    """Who is refused another keeps the proposal; others are not concerned."""
    settings = Settings(port=0, conflicts_user=2)
    async with serving(tmp_path / "hub.db", settings) as hub:
        async with speaking(hub.url, 70) as ann, speaking(hub.url, 71, "eve") as eve:
            await codes(ann, created(), *(component(n) for n in range(5)), base=0)
            for n in range(5):
                mine = config(n, {"/config/value": "ann's"})
                assert await codes(ann, mine, base=1 + n) == "accepted"
            found = [
                await codes(eve, config(n, {"/config/value": "eve's"}), base=1) for n in range(4)
            ]
            assert found == ["conflict", "conflict", "too_many_conflicts", "too_many_conflicts"]
            async with speaking(hub.url, 72, "ben") as ben:
                assert await codes(ben, config(4, {"/config/value": "ben's"}), base=1) == "conflict"
            assert await codes(eve, config(4, {"/config/other": 1}), base=1) in (
                "accepted",
                "merged",
            )


async def test_waiting_requests_of_a_user(tmp_path: Path) -> None:
    settings = Settings(port=0, requests_user=2)
    async with serving(tmp_path / "hub.db", settings) as hub:
        async with speaking(hub.url, 70) as ann, speaking(hub.url, 71, "eve") as eve:
            await codes(ann, created(), *(component(n) for n in range(2)), base=0)
            assert await codes(ann, config(0, {"/protected": True}), base=1) == "accepted"
            asked = [
                await codes(eve, config(0, {"/config/value": n}), base=2 + min(n, 2))
                for n in range(4)
            ]
            assert asked == [
                "requested",
                "requested",
                "too_many_requests_open",
                "too_many_requests_open",
            ]
            assert await codes(eve, config(1, {"/config/value": 1}), base=4) == "accepted"

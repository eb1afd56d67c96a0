"""What a hub works out for whoever does not know the rules: what to propose, and what would become of it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from stackroom.events.codec import CHANGES
from stackroom.events.model import Change, ComponentDeleted, ComponentUpdated
from stackroom.sync import protocol as wire
from stackroom.sync.messages import drafts as drafts
from stackroom.sync.messages.drafts import Approve, Do, Intended, Resolve, Revert
from tests.events.world import uid
from tests.sync.members import Team, serving_team
from tests.sync.speaking import PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

ONE = component(1)[0]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "hub.db") as hub:
        yield hub


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with serving_team(tmp_path / "hub.db") as team:
        yield team


def says(change: Change, id: str = ONE) -> Do:
    return Do((Intended(type(change).__name__, id, msgspec.json.encode(change).decode()),))


def puts(value: object) -> ComponentUpdated:
    return ComponentUpdated({"/config/value": value})  # type: ignore[dict-item]


async def drafted(peer: Peer, step: drafts.Intent, base: int = 0) -> wire.Drafted:
    await peer.say(wire.Draft(7, PROFILE, step, base))
    answer = await peer.hear(wire.Drafted)
    assert (answer.id, answer.profile) == (7, PROFILE)
    return answer


def meant(answer: wire.Drafted) -> list[tuple[str, Change]]:
    """What it says to propose."""
    return [(i.entity, msgspec.json.decode(i.body, type=CHANGES[i.type])) for i in answer.changes]


async def told(peer: Peer, *changes: tuple[str, Change], base: int) -> wire.Answer:
    (answer,) = await peer.push(peer.proposal(*changes, base=base))
    return answer


async def test_changes(hub: Running) -> None:
    async with speaking(hub.url) as ann, speaking(hub.url, 71, coding=wire.JSON) as bob:
        await told(ann, created(), component(1), base=0)
        answer = await drafted(bob, says(puts("new")))
        assert (answer.outcome, answer.seq, answer.left_out) == ("accepted", 1, 0)
        assert json.loads(answer.entities)[ONE]["config"]["value"] == "new"
        assert meant(answer) == [(ONE, puts("new"))]
        await told(ann, (ONE, puts("hers")), base=1)
        lost = await drafted(bob, says(puts("new")), base=1)
        assert (lost.outcome, lost.entities) == ("conflict", "{}")
        (overlap,) = lost.overlaps
        assert (overlap.path, overlap.theirs, overlap.ours) == ("/config/value", "hers", "new")
        assert (await drafted(bob, says(puts("hers")), base=1)).outcome == "converged"
        other = ComponentUpdated({"/config/other": 1})
        assert (await drafted(bob, says(other), base=1)).outcome == "merged"
        gone = await drafted(bob, says(ComponentDeleted()))
        assert (gone.outcome, json.loads(gone.entities)) == ("accepted", {ONE: None})
        assert len(await hub.commits()) == 2


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (says(puts("x"), uid(77)), "unknown_entity"),
        (says(ComponentUpdated({"no path": 1})), "invalid_path"),
        (Do(()), "empty"),
        (Do((Intended("ComponentUpdated", ONE, "{"),)), "malformed"),
        (Do((Intended("Nothing", ONE, "{}"),)), "hub_too_old"),
        (Do((Intended("ConflictResolved", ONE, '{"choice":"ours"}'),)), "unknown_entity"),
        (Resolve(uid(77), "ours"), "conflict_closed"),
        (Approve(uid(77)), "request_closed"),
        (Revert(9), "unknown_commit"),
        (Revert(0), "unknown_commit"),
        (Revert(1), "nothing_to_revert"),
    ],
    ids=str,
)
async def test_what_cannot_be_done(hub: Running, step: drafts.Intent, code: str) -> None:
    async with speaking(hub.url) as ann:
        await told(ann, created(), base=0)
        await told(ann, component(1), base=1)
        answer = await drafted(ann, step)
        assert (answer.outcome, answer.code) == ("rejected", code)
        assert answer.sentence


async def test_a_conflict_is_worked_out_and_ended(hub: Running) -> None:
    async with speaking(hub.url) as ann, speaking(hub.url, 71) as bob:
        await told(ann, created(), component(1), base=0)
        await told(ann, (ONE, puts("hers")), base=1)
        lost = await told(bob, (ONE, puts("his")), base=1)
        assert lost.outcome == "conflict"
        for step, value in (
            (Resolve(lost.id, "ours"), "his"),
            (Resolve(lost.id, "theirs"), "hers"),
            (Resolve(lost.id, "theirs", ((ONE, "/config/value", "ours"),)), "his"),
            (Resolve(lost.id, "ours", (), ((ONE, "/config/value", "[1.0]"),)), [1.0]),
        ):
            answer = await drafted(bob, step)
            assert answer.outcome == "accepted"
            shown = json.loads(answer.entities)
            assert shown[lost.id] is None
            assert shown.get(ONE, {"config": {"value": "hers"}})["config"]["value"] == value
        for edit in ((ONE, "/config/value", "{"), (ONE, "", "1"), (uid(9), "/config/a", "1")):
            refused = await drafted(bob, Resolve(lost.id, "ours", (), (edit,)))
            assert refused.code in ("invalid_value", "invalid_path")
        done = await told(bob, *meant(answer), base=answer.seq)
        assert done.outcome == "accepted"
        assert (await drafted(bob, Resolve(lost.id, "ours"))).code == "conflict_closed"


async def test_what_was_deleted_comes_back(hub: Running) -> None:
    async with speaking(hub.url) as ann, speaking(hub.url, 71) as bob:
        await told(ann, created(), component(1), base=0)
        await told(ann, (ONE, ComponentDeleted()), base=1)
        lost = await told(bob, (ONE, puts("his")), base=1)
        answer = await drafted(bob, Resolve(lost.id, "ours"))
        assert [type(change).__name__ for _, change in meant(answer)] == [
            "ComponentRegistered",
            "ComponentUpdated",
            "ConflictResolved",
        ]
        assert (await told(bob, *meant(answer), base=answer.seq)).outcome == "accepted"


async def test_a_commit_is_undone(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await told(ann, created(), component(1), base=0)
        await told(ann, (ONE, puts("new")), base=1)
        answer = await drafted(ann, Revert(2))
        assert meant(answer) == [(ONE, puts("x" * 10))]
        await told(ann, (ONE, puts("newer")), base=2)
        assert (await drafted(ann, Revert(2))).code == "changed_since"
        assert (await drafted(ann, Revert(2, overwrite=True))).outcome == "accepted"


async def test_a_request_is_approved_by_another(team: Team) -> None:
    async with team.speaking(team.root) as root:
        await told(root, created(), component(1), base=0)
        await told(root, (ONE, ComponentUpdated({"/protected": True})), base=1)
        token = await team.member("ann", "editor")
        async with team.speaking(token) as ann:
            foreseen = await drafted(ann, says(puts("new")))
            assert (foreseen.outcome, foreseen.protected) == ("requested", (ONE,))
            assert json.loads(foreseen.entities)[ONE]["config"]["value"] == "new"
            asked = await told(ann, (ONE, puts("new")), base=2)
            assert asked.outcome == "requested"
            own = await drafted(ann, Approve(asked.id))
            assert own.code == "not_allowed"
            assert json.loads(own.entities)[ONE]["config"]["value"] == "new"
        answer = await drafted(root, Approve(asked.id))
        assert answer.outcome == "accepted"
        assert (await told(root, *meant(answer), base=answer.seq)).outcome == "accepted"


async def test_everybody_is_told_that_a_request_is_outdated(team: Team) -> None:
    async with team.speaking(team.root) as root:
        await told(root, created(), component(1), base=0)
        await told(root, (ONE, ComponentUpdated({"/protected": True})), base=1)
        asked = await told(root, (ONE, puts("new")), base=2)
        assert (await drafted(root, Approve(asked.id))).code == "own_request"
        async with team.speaking(await team.member("ann", "maintainer")) as ann:
            assert (await drafted(ann, Approve(asked.id))).outcome == "accepted"
            other = await told(ann, (ONE, puts("other")), base=3)
            approval = await drafted(root, Approve(other.id))
            assert (await told(root, *meant(approval), base=4)).outcome == "accepted"
            for peer in (root, ann):
                assert (await drafted(peer, Approve(asked.id))).code == "request_outdated"


async def test_who_may_only_read_is_told_so(team: Team) -> None:
    async with team.speaking(team.root) as root:
        await told(root, created(), component(1), base=0)
        async with team.speaking(await team.member("eve", "viewer")) as eve:
            assert (await drafted(eve, says(puts("new")))).code == "not_allowed"

"""Ways round a protection, by an editor who may not change what is protected alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.events.history.history import state_at
from stackroom.events.model import (
    Change,
    ChangeRequested,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    ConflictOpened,
    Held,
    ProfileDeleted,
    RequestApproved,
    RequestClosed,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
)
from stackroom.events.people.entities import Assignment, User
from stackroom.events.people.model import RoleAssigned, RoleCreated, RoleRevoked
from stackroom.events.state import Request, State, encode
from stackroom.sync.settings import Settings
from tests.attacks.standing import standing
from tests.events.world import uid
from tests.sync.members import Team
from tests.sync.speaking import PROFILE, component

pytestmark = pytest.mark.anyio

STACK, USED = uid(40), component(1)[0]
MINE = uid(41)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """A profile with a protected stack of one component."""
    settings = Settings(port=0, tick=0.01, requests_user=5)
    async with standing(tmp_path / "hub.db", settings) as team:
        stack = StackRegistered("prod", {"orchestrator": [USED]}, protected=True)
        async with team.speaking(team.root) as root:
            (answer,) = await root.push(root.proposal((STACK, stack), base=2))
            assert answer.outcome == "accepted"
        yield team


async def state(team: Team) -> State:
    return await team.hub.log.read(lambda log: state_at(log, PROFILE))


ROUND: dict[str, list[tuple[str, Change]]] = {
    "a change": [(STACK, StackUpdated({"/labels/a": "b"}))],
    "another name": [(STACK, StackRenamed("old"))],
    "its end": [(STACK, StackDeleted())],
    "its end, and another of its name": [
        (STACK, StackDeleted()), (MINE, StackRegistered("prod", {"orchestrator": [USED]})),
    ],
    "what it is made of": [(USED, ComponentUpdated({"/config/value": "mine"}))],
    "what it is made of, renamed": [(USED, ComponentRenamed("x"))],
    "what it is made of, ended": [(USED, ComponentDeleted())],
    "another member": [
        (MINE, ComponentRegistered("mine", "orchestrator", "local")),
        (STACK, StackUpdated({"/components/orchestrator": [MINE]})),
    ],
    "a harmless change before": [
        (MINE, ComponentRegistered("mine", "orchestrator", "local")),
        (USED, ComponentUpdated({"/config/value": "mine"})),
    ],
    "the whole profile": [(PROFILE, ProfileDeleted())],
}  # fmt: skip


@pytest.mark.parametrize("changes", ROUND.values(), ids=ROUND.keys())
async def test_ways_round_a_protection(team: Team, changes: list[tuple[str, Change]]) -> None:
    token = await team.member("eve", "maintainer")
    before = await state(team)
    async with team.speaking(token) as eve:
        (answer,) = await eve.push(eve.proposal(*changes, base=3))
        if changes[-1] == (USED, ComponentDeleted()):
            assert answer.code == "in_use"
            return
        assert answer.outcome == "requested"
        request = next(id for id, _ in (await state(team)).all(Request))
        own = (request, RequestApproved())
        (approved,) = await eve.push(eve.proposal(own, *changes, base=4))
        assert approved.code == "own_request"
    after = await state(team)
    assert after.profile == before.profile
    for id, entity in before.entities.items():
        assert after.get(id) == entity
    assert after.get(MINE) is None


async def test_removing_the_mark_is_a_change_like_others(team: Team) -> None:
    for role, code in (("editor", "not_allowed"), ("maintainer", "")):
        token = await team.member(role, role)
        async with team.speaking(token) as peer:
            change = (STACK, StackUpdated({"/protected": False}))
            (answer,) = await peer.push(peer.proposal(change, base=3))
            assert (answer.outcome, answer.code) == ("rejected" if code else "requested", code)
    stack = (await state(team)).get(STACK)
    assert stack is not None
    assert getattr(stack, "protected", False)


async def test_an_approval_carries_nothing_else(team: Team) -> None:
    """The approver may approve, and has no right to change anything."""
    await team.member("eve", "editor")
    eve_token = await team.member("edna", "editor")
    role = uid(70)
    held = {"profile.read": True, "profile.approve": True}
    await team.change((role, RoleCreated("judge", permissions=held)))
    judge = await team.member("judge", role)
    asked = (USED, ComponentUpdated({"/config/value": "asked"}))
    other = (USED, ComponentUpdated({"/config/value": "other"}))
    async with team.speaking(eve_token) as edna, team.speaking(judge) as peer:
        await edna.push(edna.proposal(asked, base=3))
        request = next(id for id, _ in (await state(team)).all(Request))
        yes = (request, RequestApproved())
        for changes in ([yes], [yes, other], [yes, asked, other], [yes, asked, asked], [other]):
            (refused,) = await peer.push(peer.proposal(*changes, base=4))
            assert refused.code in ("request_changed", "not_allowed"), changes
        for forged in (
            [asked, yes], [(uid(99), RequestApproved()), asked], [(STACK, RequestApproved()), asked],
            [yes, yes, asked], [yes, asked, (request, RequestClosed("rejected"))],
        ):  # fmt: skip
            (refused,) = await peer.push(peer.proposal(*forged, base=4))
            assert refused.outcome == "rejected", forged
        (approved,) = await peer.push(peer.proposal(yes, asked, base=4))
        assert approved.outcome == "accepted"
        (again,) = await peer.push(peer.proposal(yes, asked, base=5))
        assert again.code == "request_closed"


async def test_no_request_is_made_up(team: Team) -> None:
    token = await team.member("eve", "editor")
    async with team.speaking(token) as eve:
        held = Held("root", uid(1), eve.proposal(component(5), base=3))
        for change in (ChangeRequested(held, ()), ConflictOpened(held, ())):
            (answer,) = await eve.push(eve.proposal((uid(99), change), base=3))
            assert answer.code == "reserved"


async def test_requests_do_not_pile_up(team: Team) -> None:
    token = await team.member("eve", "editor")
    async with team.speaking(token) as eve:
        answers = [
            (await eve.push(eve.proposal((USED, ComponentUpdated({f"/config/a{n}": 1})), base=3)))[
                0
            ]
            for n in range(8)
        ]
    assert [a.code for a in answers] == [""] * 5 + ["too_many_requests_open"] * 3


async def test_a_request_takes_the_place_of_no_entity(team: Team) -> None:
    token = await team.member("eve", "editor")
    before = encode(await state(team))
    async with team.speaking(token) as eve:
        for id in (STACK, PROFILE, USED):
            proposal = eve.proposal((USED, ComponentUpdated({"/config/value": "x"})), base=3)
            (answer,) = await eve.push(structs.replace(proposal, id=id))
            assert answer.code in ("id_in_use", "invalid_id")
    assert encode(await state(team)) == before


async def test_whose_right_was_withdrawn_approves_no_more(team: Team) -> None:
    edna_token, judge_token = (
        await team.member("edna", "editor"),
        await team.member("judge", "maintainer"),
    )
    asked = (USED, ComponentUpdated({"/config/value": "asked"}))
    async with team.speaking(edna_token) as edna, team.speaking(judge_token) as judge:
        await edna.push(edna.proposal(asked, base=3))
        request = next(id for id, _ in (await state(team)).all(Request))
        user, people = await team.id_of(User, "judge"), await team.state()
        assigned = next(id for id, a in people.all(Assignment) if a.subject == user)
        await team.change((assigned, RoleRevoked()))
        await team.change((uid(71), RoleAssigned("", user, "editor")))
        (answer,) = await judge.push(judge.proposal((request, RequestApproved()), asked, base=4))
        assert answer.code == "not_allowed"

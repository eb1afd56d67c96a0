"""Proposals and orders that are well-formed, and crafted to break the hub or what others have."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import FrameType

import pytest
from msgspec import structs

from stackroom.events import limits
from stackroom.events.deciding.check import Accepted, check_changes
from stackroom.events.fold import apply
from stackroom.events.history.history import state_at
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    ComponentUpdated,
    Event,
    ProfileCreated,
    ProfileRenamed,
    Proposal,
)
from stackroom.events.people.model import TeamCreated, TeamUpdated
from stackroom.events.people.permissions import Who
from stackroom.events.state import Component, Profile
from stackroom.sync import protocol as wire
from stackroom.sync.people import tokens
from tests.attacks.standing import coming, standing
from tests.events.world import started, uid
from tests.sync.members import Team, made, new
from tests.sync.speaking import HUB, PROFILE, SALT, Peer, component

pytestmark = pytest.mark.anyio

VICTIM = component(1)[0]


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with standing(tmp_path / "hub.db") as team:
        yield team


def under(id: str, peer: Peer, *changes: tuple[str, Change], base: int) -> Proposal:
    """A proposal that goes by an id of the attacker's choice."""
    return structs.replace(peer.proposal(*changes, base=base), id=id)


class TestIds:
    """A conflict goes by the id of the proposal that lost, and lives among the entities."""

    @pytest.mark.parametrize("id", [VICTIM, PROFILE])
    async def test_no_conflict_takes_the_place_of_an_entity(self, team: Team, id: str) -> None:
        editor = await team.member("eve", "editor")
        async with team.speaking(team.root) as root, team.speaking(editor) as eve:
            await root.push(root.proposal((VICTIM, ComponentUpdated({"/config/a": 1})), base=2))
            change = (VICTIM, ComponentUpdated({"/config/a": 2}))
            (answer,) = await eve.push(under(id, eve, change, base=2))
            assert answer.outcome == "rejected"
            assert answer.code in ("id_in_use", "invalid_id")
        state = await team.hub.log.read(lambda log: state_at(log, PROFILE))
        assert isinstance(state.get(VICTIM), Component)
        assert isinstance(state.profile, Profile)
        assert not state.conflicts

    async def test_nor_the_place_of_the_hub_itself(self, team: Team) -> None:
        """With the hub's entity gone, its stream would have been taken for a profile's."""
        async with team.speaking(team.root) as root:
            await team.change((uid(50), TeamCreated("ml")))
            base = len(await team.hub.commits(HUB.id))
            await team.change((uid(50), TeamUpdated({"/description": "ours"})))
            change = (uid(50), TeamUpdated({"/description": "mine"}))
            (answer,) = await root.push(under(HUB.id, root, change, base=base), profile=HUB.id)
            assert (answer.outcome, answer.code) == ("rejected", "id_in_use")
        assert (await team.state()).root is not None

    async def test_what_became_of_a_proposal_is_told_in_its_profile_alone(self, team: Team) -> None:
        own = uid(3)
        eve_token = await team.member("eve", "maintainer", own)
        (_, hidden) = await team.hub.commits()
        async with team.speaking(eve_token) as eve:
            known = under(hidden.id, eve, (own, ProfileRenamed("x")), base=0)
            (answer,) = await eve.push(known, profile=own)
        assert (answer.outcome, answer.seq, answer.code) == ("rejected", None, "id_in_use")

    async def test_one_id_in_two_profiles_within_one_push(self, team: Team) -> None:
        a, b = uid(4), uid(5)
        async with team.speaking(team.root) as root:
            first = under(uid(777), root, (a, ProfileCreated("a")), base=0)
            again = under(uid(777), root, (b, ProfileCreated("b")), base=0)
            await root.say(wire.Push(a, (first,)))
            await root.say(wire.Push(b, (again,)))
            answers = [(await root.hear(wire.Results)).answers[0] for _ in range(2)]
        assert [(x.outcome, x.code) for x in answers] == [
            ("accepted", ""),
            ("rejected", "id_in_use"),
        ]

    async def test_nobody_goes_by_the_hubs_own_replica(self, team: Team) -> None:
        """Its numbers could be used up, and its changes be taken for one's own."""
        editor = await team.member("eve", "editor")
        said = await coming(team.url, wire.Hello(HUB.id, editor))
        assert isinstance(said, wire.Error)
        assert said.code == "replica_taken"


class TestNumbers:
    """A number that one side takes and another cannot read would poison the log for everybody."""

    @pytest.mark.parametrize("lifetime", [limits.COUNT_MOST, limits.COUNT_MOST - 1])
    async def test_a_token_cannot_end_after_the_end_of_time(
        self, team: Team, lifetime: int
    ) -> None:
        viewer = await team.member("eve", "viewer")
        async with team.speaking(viewer) as eve:
            reply = await eve.ask(wire.MakeToken(new(made(), "long"), lifetime=lifetime))
            assert reply.code == "malformed"
            assert (await eve.ask(wire.ListTokens())).code == ""
        async with team.speaking(team.root) as root:
            assert await root.subscribe(profile=HUB.id)

    async def test_nor_can_an_invitation(self, team: Team) -> None:
        code = made(tokens.JOIN)
        async with team.speaking(team.root) as root:
            order = wire.Invite("ada", code.prefix, code.hash, limits.COUNT_MOST, "viewer")
            assert (await root.ask(order)).code == "malformed"
            assert await root.subscribe(profile=HUB.id)

    async def test_a_token_for_very_many_profiles(self, team: Team) -> None:
        many = tuple(uid(n) for n in range(40_000))
        async with team.speaking(team.root) as root:
            reply = await root.ask(wire.MakeToken(new(made(), "wide"), profiles=many))
        assert reply.code == "too_large"

    @pytest.mark.parametrize("number", ["1" + "0" * 400, "-" + "9" * 4_000, "9" * 100_000, "1e400"])
    async def test_huge_numbers_in_a_configuration(self, team: Team, number: str) -> None:
        body = f'{{"set":{{"/config/a":{number}}}}}'
        async with team.speaking(team.root) as root:
            proposal = root.proposal(component(2), base=2)
            event = Event("ComponentUpdated", 1, VICTIM, SALT, body)
            (answer,) = await root.push(structs.replace(proposal, events=(event,)))
            assert answer.outcome == "rejected"
            assert answer.code in ("invalid_value", "malformed")
        assert team.hub.server.committer.ready


class TestCost:
    """What a proposal costs grows with its size, and not with its square."""

    @staticmethod
    def updated(count: int, config: dict[str, object], first: str, second: str) -> int:
        """Instructions that the rules take over two updates of many places, the second unseen."""
        world, id = started(), uid(99)
        world.do("ann", (id, ComponentRegistered("big", "orchestrator", "k8s", config)))  # type: ignore[arg-type]
        base = world.state.seq
        changes = [
            (id, ComponentUpdated({path.format(n): 2 for n in range(count)}))
            for path in (first, second)
        ]
        world.do("ann", changes[0])

        def takes() -> None:
            outcome = check_changes(world.state, base, changes[1:], Who("bob"))
            assert isinstance(outcome, Accepted)
            apply(world.state, world.state.seq + 1, "bob", changes[1:])

        return _instructions(takes)

    @pytest.mark.parametrize("second", ["/config/b{}", "/config/m{}", "/config/m{}/x"])
    def test_of_many_places(self, second: str) -> None:
        """Beside what others wrote, in place of maps, and deep inside of these."""
        few, many = (
            self.updated(n, {f"m{i}": {"x": 1} for i in range(n)}, "/config/a{}", second)
            for n in (250, 1_000)
        )
        assert many < 6 * few, "four times the places take about four times as much"


def _instructions(work: Callable[[], None]) -> int:
    """How many bytecode instructions `work` executes: no clock tells, on a machine that others use."""
    count = 0

    def traced(frame: FrameType, event: str, argument: object) -> object:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count

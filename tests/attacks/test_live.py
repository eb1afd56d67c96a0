"""A right, a token or an account that ends while its holder is connected: nothing flows from then on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from stackroom.events.people.entities import Assignment, Token, User
from stackroom.events.people.model import RoleAssigned, RoleRevoked, UserDeleted
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.messages.drafts import Revert
from stackroom.sync.people import tokens
from stackroom.sync.settings import Settings
from tests.attacks.standing import Gate, rest, standing, until
from tests.events.world import uid
from tests.sync.members import Team, made, new
from tests.sync.speaking import HUB, PROFILE, Peer, component
from tests.sync.test_outlet import tire

pytestmark = pytest.mark.anyio

DAY = 86_400_000

DATA = (
    wire.Changed, wire.Looked, wire.LogRead, wire.Differed, wire.Proved, wire.RunsListed, wire.Inspected,
    wire.Commits, wire.History, wire.Block, wire.Snapshot, wire.CaughtUp, wire.Roots, wire.Results, wire.Profiles,
)  # fmt: skip
"""What tells something of the hub."""

SETTINGS = Settings(port=0, tick=3600, page_commits=2, snapshot_every=2, snapshot_worth=3)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """A hub whose clock tells nobody by itself that their token has ended."""
    async with standing(tmp_path / "hub.db", SETTINGS) as team:
        yield team


Ending = Callable[[Team, str], Awaitable[None]]


async def revoke_token(team: Team, token: str) -> None:
    state = await team.state()
    prefix = tokens.prefix_of(token)
    id = next(id for id, found in state.all(Token) if found.prefix == prefix)
    async with team.speaking(team.root) as root:
        assert (await root.ask(wire.RevokeToken(id))).code == ""


async def delete_user(team: Team, token: str) -> None:
    answer = await team.change((await team.id_of(User, "eve"), UserDeleted()))
    assert answer.outcome == "accepted"


async def withdraw_role(team: Team, token: str) -> None:
    answer = await team.change((await assignment(team, "eve"), RoleRevoked()))
    assert answer.outcome == "accepted"


async def assignment(team: Team, name: str) -> str:
    """The id of what is assigned to the user."""
    user, state = await team.id_of(User, name), await team.state()
    return next(id for id, a in state.all(Assignment) if a.subject == user)


@pytest.fixture(params=[revoke_token, delete_user, withdraw_role], ids=lambda e: e.__name__)
def end(request: pytest.FixtureRequest) -> Ending:
    return request.param  # type: ignore[no-any-return]


ASKED: dict[str, wire.FromReplica] = {
    "page": wire.Subscribe(PROFILE, 0, EMPTY_ROOT),
    "snapshot": wire.Subscribe(PROFILE, 0, EMPTY_ROOT, snapshot=True),
    "roots": wire.FetchRoots(PROFILE, (1,)),
    "fetch": wire.Fetch(PROFILE, 0),
    "watched": wire.Watch(PROFILE),
    "past": wire.Look(1, PROFILE, 2),
    "changes": wire.ReadLog(1, PROFILE),
    "differences": wire.Diff(1, PROFILE, 1, 3),
    "proofs": wire.Prove(1, PROFILE, (1, 2), 1),
    "draft": wire.Draft(1, PROFILE, Revert(2)),
    "runs": wire.ListRuns(1, PROFILE, component(1)[0]),
    "who follows": wire.Inspect(1, PROFILE),
    "catalogue": wire.ListProfiles(),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
async def test_what_was_being_read_is_not_sent(
    team: Team, end: Ending, asked: wire.FromReplica
) -> None:
    """The log has given the page; the right ends before it is sent."""
    async with team.speaking(team.root) as root:
        await root.push(*(root.proposal(component(n), base=n) for n in range(2, 8)))
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve:
        gate = Gate(team)
        gate.hold_reads()
        begun = len(eve.heard)
        await eve.say(asked)
        await until(lambda: gate.held > 0)
        await end(team, token)
        gate.open()
        await eve.hear(wire.Rights if end is withdraw_role else wire.Error)
        await eve.say(wire.ListProfiles())
        if end is withdraw_role:
            assert (await eve.hear(wire.Profiles)).profiles == ()
        else:
            await rest(eve)
        told = [m for m in eve.heard[begun:] if isinstance(m, DATA)]
        assert [m for m in told if not isinstance(m, wire.Profiles) or m.profiles] == []


async def test_what_is_committed_and_not_told_yet_is_not_sent(team: Team, end: Ending) -> None:
    """Others are being told when it is committed; the right ends before it is this commit's turn."""
    token = await team.member("eve", "viewer")
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        for peer in (eve, root):
            await peer.subscribe()
        tire(team.hub)
        begun = len(eve.heard)
        (answer,) = await root.push(root.proposal(component(2), base=2))
        await end(team, token)
        assert (await root.hear(wire.Commits)).commits[-1].seq == answer.seq
        if end is withdraw_role:
            await eve.say(wire.ListProfiles())
            assert (await eve.hear(wire.Profiles)).profiles == ()
        else:
            await rest(eve)
        told = [m for m in eve.heard[begun:] if isinstance(m, DATA)]
        assert [m for m in told if not isinstance(m, wire.Profiles)] == []


async def test_what_was_pushed_and_waits_is_refused(team: Team, end: Ending) -> None:
    """The right ends in the transaction before; the proposal is decided after it."""
    token = await team.member("eve", "editor")
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        doomed = await doom(team, root, end, token)
        await nothing_waits(root)
        gate = Gate(team)
        gate.hold_writes()
        committer = team.hub.server.committer
        await root.say(wire.Push(PROFILE, (root.proposal(component(2), base=2),)))
        await until(lambda: gate.begun > 0 and waits(team, root) and not committer.waiting)
        before = committer.waiting
        await root.say(doomed)
        await until(lambda: committer.waiting == before + 1)
        await eve.say(wire.Push(PROFILE, (eve.proposal(component(3), base=2),)))
        await until(lambda: committer.waiting == before + 2)
        gate.open()
        if end is withdraw_role:
            (answer,) = (await eve.hear(wire.Results)).answers
            assert (answer.outcome, answer.code) == ("rejected", "not_allowed")
        else:
            assert not [m for m in await rest(eve) if isinstance(m, DATA)]
    assert [c.author for c in await team.hub.commits()] == ["root"] * 3


async def nothing_waits(peer: Peer) -> None:
    """Has the hub write down when each token was last used, which it does beside what comes next."""
    (answer,) = await peer.push(peer.proposal(component(1), base=2))
    assert answer.outcome == "rejected"


def waits(team: Team, peer: Peer) -> bool:
    """Whether something that the peer pushed is not decided yet."""
    sessions = team.hub.server.hub.sessions.values()
    return any(s.replica == peer.replica and s.undecided for s in sessions)


async def doom(team: Team, root: Peer, end: Ending, token: str) -> wire.FromReplica:
    """The message by which the administrator ends it."""
    base = len(await team.hub.commits(HUB.id))
    if end is revoke_token:
        state = await team.state()
        prefix = tokens.prefix_of(token)
        return wire.Ask(
            1, wire.RevokeToken(next(id for id, t in state.all(Token) if t.prefix == prefix))
        )
    if end is delete_user:
        change = (await team.id_of(User, "eve"), UserDeleted())
        return wire.Push(HUB.id, (root.proposal(change, base=base),))
    revoked = (await assignment(team, "eve"), RoleRevoked())
    return wire.Push(HUB.id, (root.proposal(revoked, base=base),))


async def test_two_who_take_each_other_the_right_in_one_batch(team: Team) -> None:
    """Whoever is first has taken it: the second's change is decided by rights that are gone."""
    token = await team.member("eve", "admin")
    mine, his = await assignment(team, "eve"), await assignment(team, "root")
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        base = len(await team.hub.commits(HUB.id))
        await nothing_waits(root)
        gate = Gate(team)
        gate.hold_writes()
        committer = team.hub.server.committer
        await eve.say(wire.Push(PROFILE, (eve.proposal(component(2), base=2),)))
        await until(lambda: gate.begun > 0 and waits(team, eve) and not committer.waiting)
        before = committer.waiting
        await root.say(wire.Push(HUB.id, (root.proposal((mine, RoleRevoked()), base=base),)))
        await until(lambda: committer.waiting == before + 1)
        await eve.say(wire.Push(HUB.id, (eve.proposal((his, RoleRevoked()), base=base),)))
        await until(lambda: committer.waiting == before + 2)
        gate.open()
        assert (await root.hear(wire.Results)).answers[0].outcome == "accepted"
        answers = [(await eve.hear(wire.Results)).answers[0] for _ in range(2)]
        assert [a.code for a in answers] == ["", "not_allowed"]
    state = await team.state()
    assert state.get(his) is not None


async def test_a_stolen_token_is_replayed_and_revoked(team: Team) -> None:
    """Two connections by one token, from two homes: both end with it, and neither comes back."""
    token = await team.member("eve", "editor")
    async with team.speaking(token) as owner, team.speaking(token) as thief:
        await owner.subscribe()
        await thief.subscribe()
        await revoke_token(team, token)
        for peer in (owner, thief):
            said = await rest(peer)
            assert [m.code for m in said if isinstance(m, wire.Error)] == ["unauthorised"]
            assert not [m for m in said if isinstance(m, DATA)]


async def test_a_token_that_has_expired_is_heard_no_more(team: Team) -> None:
    """Whether or not the hub has looked at its clock by itself since."""
    await team.member("eve", "editor")
    token = made()
    async with team.speaking(team.root) as root:
        assert not (await root.ask(wire.MakeToken(new(token, "short"), lifetime=DAY))).code
    async with team.speaking(token.text) as thief:
        team.clock.now += DAY
        await thief.say(wire.Push(PROFILE, (thief.proposal(component(2), base=2),)))
        said = await rest(thief)
        assert [type(m) for m in said] == [wire.Error]
    assert len(await team.hub.commits()) == 2


async def test_an_expired_token_is_not_brought_back_to_life(team: Team) -> None:
    token = made()
    async with team.speaking(team.root) as root:
        await root.ask(wire.MakeToken(new(token, "short"), lifetime=DAY))
        team.clock.now += DAY
        state = await team.state()
        id = next(id for id, t in state.all(Token) if t.prefix == token.prefix)
        assert (await root.ask(wire.RenewToken(id))).code == "token_expired"


async def test_a_limited_token_gives_no_life_to_others(team: Team) -> None:
    """Whoever stole the read-only token of a CI job cannot keep its owner's other tokens alive."""
    limited, other = made(), made()
    async with team.speaking(team.root) as root:
        await root.ask(wire.MakeToken(new(limited, "ci"), read_only=True, lifetime=DAY))
        await root.ask(wire.MakeToken(new(other, "laptop"), lifetime=DAY))
    state = await team.state()
    ids = {t.prefix: id for id, t in state.all(Token)}
    async with team.speaking(limited.text) as thief:
        for order in (wire.RenewToken(ids[other.prefix]), wire.RevokeToken(ids[other.prefix])):
            assert (await thief.ask(order)).code == "not_allowed"
        assert (await thief.ask(wire.RenewToken())).code == ""


async def test_a_right_that_comes_back_brings_no_old_subscription_back(team: Team) -> None:
    token = await team.member("eve", "viewer")
    eve_id = await team.id_of(User, "eve")
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        await eve.subscribe()
        await withdraw_role(team, token)
        await eve.hear(wire.Error)
        await team.change((uid(70), RoleAssigned("", eve_id, "viewer", "")))
        await eve.hear(wire.Rights)
        await root.push(root.proposal(component(2), base=2))
        await eve.say(wire.ListProfiles())
        await eve.hear(wire.Profiles)
        assert [c.seq for m in eve.heard if isinstance(m, wire.Commits) for c in m.commits] == [
            1,
            2,
        ]
        assert len(await eve.subscribe()) == 3

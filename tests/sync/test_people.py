"""A hub that knows its people, over real sockets: coming in, tokens, rights, and what follows at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from websockets.exceptions import ConnectionClosed

from stackroom.events.people.entities import Assignment, Invitation, Token, User
from stackroom.events.people.model import (
    InvitationEnded,
    ProjectCreated,
    ProjectUpdated,
    RoleAssigned,
    RoleRevoked,
    TeamCreated,
    TeamUpdated,
    UserCreated,
    UserUpdated,
)
from stackroom.events.people.permissions import PERMISSIONS
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.people import tokens
from stackroom.sync.people.access import TOKEN_FACT, PeopleAccess, Principal
from stackroom.sync.people.founding import forget_ended
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.members import Team, made, new, redeem, serving_team
from tests.sync.speaking import HUB, PROFILE, component, created, speaking

pytestmark = pytest.mark.anyio

OTHER = uid(2)
DAY = 86_400_000


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """A hub with the profile `team`, which the administrator made."""
    async with serving_team(tmp_path / "hub.db", Settings(port=0, tick=0.01)) as team:
        async with team.speaking(team.root) as root:
            (answer,) = await root.push(root.proposal(created()))
            assert answer.outcome == "accepted"
        yield team


async def turned_away(url: str, token: str, replica: int = 70) -> wire.Error:
    """What the hub says to whoever comes with `token`, which must not open it."""
    from websockets.asyncio.client import connect
    from websockets.typing import Subprotocol

    async with connect(
        url, subprotocols=[Subprotocol(wire.MSGPACK)], compression=None, proxy=None
    ) as socket:
        await socket.send(wire.encode(wire.Hello(uid(replica), token), wire.MSGPACK))
        said = wire.decode_from_hub(await socket.recv(), wire.MSGPACK)
        assert isinstance(said, wire.Error)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == wire.CloseCode.UNAUTHORISED
    return said


class TestComingIn:
    async def test_the_first_is_administrator(self, team: Team) -> None:
        async with team.speaking(team.root) as root:
            rights = next(m for m in root.heard if isinstance(m, wire.Rights))
            welcome = next(m for m in root.heard if isinstance(m, wire.Welcome))
        assert welcome.user == "root"
        assert set(rights.hub) == set(PERMISSIONS)
        assert rights.people == HUB.id

    async def test_a_code_is_good_once(self, team: Team) -> None:
        code = await team.invite("ada", "editor")
        reply, token = await redeem(team.url, code)
        assert reply.user == "ada"
        again, other = await redeem(team.url, code)
        assert again.code == "bad_code"
        async with team.speaking(token) as ada:
            (answer,) = await ada.push(ada.proposal(component(1), base=1))
        assert answer.outcome == "accepted"
        assert (await turned_away(team.url, other)).code == "unauthorised"
        *_, commit = await team.hub.commits()
        assert commit.author == "ada"

    async def test_of_two_who_redeem_at_once_one_comes_in(self, team: Team) -> None:
        code = await team.invite("ada", "editor")
        replies: list[wire.Reply] = []

        async def come() -> None:
            replies.append((await redeem(team.url, code))[0])

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(come)
        assert sorted(r.code for r in replies) == ["", *["bad_code"] * 4]
        state = await team.state()
        assert [u.name for _, u in state.all(User)] == ["root", "ada"]

    async def test_a_code_that_was_guessed_or_misspelt(self, team: Team) -> None:
        code = await team.invite("ada", "editor")
        for wrong in (made(tokens.JOIN).text, code[:-1], tokens.prefix_of(code), ""):
            assert (await redeem(team.url, wrong))[0].code == "bad_code"
        assert (await redeem(team.url, code))[0].code == ""

    async def test_an_invitation_ends(self, team: Team) -> None:
        code = await team.invite("ada", "editor", lifetime=DAY)
        team.clock.now += DAY
        assert (await redeem(team.url, code))[0].code == "code_expired"
        code = await team.invite("ada", "editor", lifetime=DAY)
        id = await team.id_of(Invitation, "ada")
        assert (await team.change((id, InvitationEnded()))).outcome == "accepted"
        assert (await redeem(team.url, code))[0].code == "bad_code"

    async def test_a_second_invitation_takes_the_place_of_the_first(self, team: Team) -> None:
        first = await team.invite("ada", "editor")
        second = await team.invite("ada", "viewer")
        assert (await redeem(team.url, first))[0].code == "bad_code"
        reply, token = await redeem(team.url, second)
        assert reply.code == ""
        async with team.speaking(token) as ada:
            assert ada.heard[-1] == wire.Rights(("profile.read",))

    async def test_whoever_lost_a_token_is_let_in_again(self, team: Team) -> None:
        await team.member("ada", "editor")
        code = await team.invite("ada")
        reply, token = await redeem(team.url, code)
        assert (reply.code, reply.user) == ("", "ada")
        async with team.speaking(token) as ada:
            assert "profile.write" in next(m for m in ada.heard if isinstance(m, wire.Rights)).hub

    async def test_what_an_invitation_promises_must_be(self, team: Team) -> None:
        code = made(tokens.JOIN)
        async with team.speaking(team.root) as root:
            for role, scope, reason in (
                ("flyer", "", "unknown_reference"),
                ("editor", "lake", "invalid_id"),
            ):
                order = wire.Invite("ada", code.prefix, code.hash, DAY, role, scope)
                assert (await root.ask(order)).code == reason
            order = wire.Invite("not a name", code.prefix, code.hash, DAY, "editor")
            assert (await root.ask(order)).code == "invalid_name"
        assert (await redeem(team.url, code.text))[0].code == "bad_code"

    async def test_who_may_not_invite(self, team: Team) -> None:
        code = made(tokens.JOIN)
        async with team.speaking(await team.member("ada", "maintainer")) as ada:
            reply = await ada.ask(wire.Invite("eve", code.prefix, code.hash, DAY, "admin"))
        assert reply.code == "not_allowed"

    async def test_a_replica_is_one_users(self, team: Team) -> None:
        ada, ben = await team.member("ada", "editor"), await team.member("ben", "editor")
        async with team.speaking(ada, 70):
            pass
        assert (await turned_away(team.url, ben, 70)).code == "replica_taken"
        async with team.speaking(ben, 71):
            pass


class TestTokens:
    async def make(self, team: Team, by: str, **how: object) -> tuple[wire.Reply, str]:
        token = made()
        async with team.speaking(by) as peer:
            reply = await peer.ask(wire.MakeToken(new(token, "more"), **how))  # type: ignore[arg-type]
        return reply, token.text

    async def test_a_token_for_reading_alone(self, team: Team) -> None:
        reply, token = await self.make(team, team.root, read_only=True)
        assert reply.code == ""
        async with team.speaking(token) as reader:
            assert len(await reader.subscribe()) == 1
            (answer,) = await reader.push(reader.proposal(component(1), base=1))
            assert (answer.outcome, answer.code) == ("rejected", "not_allowed")
            again = await reader.ask(wire.MakeToken(new(made(), "escape")))
            assert again.code == "not_allowed"

    async def test_a_token_for_one_profile(self, team: Team) -> None:
        _, token = await self.make(team, team.root, profiles=(OTHER,))
        async with team.speaking(token) as limited:
            await limited.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT))
            assert (await limited.hear(wire.Error)).code == "forbidden"
            await limited.say(wire.Subscribe(HUB.id, 0, EMPTY_ROOT))
            assert (await limited.hear(wire.Error)).code == "forbidden"
            await limited.say(wire.ListProfiles())
            assert (await limited.hear(wire.Profiles)).profiles == ()

    async def test_it_ends_at_its_time_on_a_live_connection(self, team: Team) -> None:
        _, token = await self.make(team, team.root, lifetime=DAY)
        async with team.speaking(token) as peer:
            await peer.subscribe()
            team.clock.now += DAY
            error = await peer.hear(wire.Error)
            assert (error.code, "expired" in error.sentence) == ("unauthorised", True)
            with pytest.raises(ConnectionClosed):
                await peer.next()
        assert "expired" in (await turned_away(team.url, token)).sentence

    async def test_it_is_renewed_on_a_live_connection(self, team: Team) -> None:
        _, token = await self.make(team, team.root, lifetime=DAY)
        async with team.speaking(token) as peer:
            team.clock.now += DAY // 2
            assert (await peer.ask(wire.RenewToken())).code == ""
            rights = [m for m in peer.heard if isinstance(m, wire.Rights)]
            assert rights[-1].expires is not None
            assert rights[0].expires is not None
            assert rights[-1].expires >= rights[0].expires + DAY // 2
            team.clock.now += DAY - 1_000
            (answer,) = await peer.push(peer.proposal(component(1), base=1))
            assert answer.outcome == "accepted"

    async def test_the_hub_says_when_it_is_to_be_renewed(self, team: Team) -> None:
        _, token = await self.make(team, team.root, lifetime=DAY)
        async with team.speaking(token) as peer:
            team.clock.now += DAY * 2 // 3
            told = await peer.hear(wire.Rights)
            assert told.renew
            assert (await peer.ask(wire.RenewToken())).code == ""
            renewed = next(m for m in reversed(peer.heard) if isinstance(m, wire.Rights))
            assert not renewed.renew
            assert renewed.expires is not None
            assert told.expires is not None
            assert renewed.expires > told.expires

    async def test_what_ended_long_ago_is_forgotten_at_a_start(self, team: Team) -> None:
        """The hash alone: that there was such a token stays in the history."""
        token = await team.member("ada", "editor")
        short, long = made(), made()
        async with team.speaking(token) as peer:
            assert not (await peer.ask(wire.MakeToken(new(short, "short"), lifetime=1_000))).code
            assert not (await peer.ask(wire.MakeToken(new(long, "long"), lifetime=1_000_000))).code
        authority = Authority(lambda: bytes(16), snapshot_every=100, states_kept=1, people=HUB.id)
        before = team.clock() + 10_000
        await team.hub.log.write(lambda log: forget_ended(authority, log, before))
        kept = await team.hub.log.read(lambda log: log.facts(TOKEN_FACT))
        assert short.prefix not in kept
        assert {long.prefix, tokens.prefix_of(token)} <= kept.keys()
        assert {t.name for _, t in (await team.state()).all(Token)} >= {"short", "long"}

    async def test_whoever_revokes_their_own_hears_that_it_is_done(self, team: Team) -> None:
        token = await team.member("ada", "editor")
        own = await team.hub.log.read(
            lambda log: PeopleAccess.load(log).holder(token, team.clock())
        )
        assert isinstance(own, Principal)
        async with team.speaking(token) as peer:
            assert not (await peer.ask(wire.RevokeToken(own.token))).code
            assert (await peer.hear(wire.Error)).code == "unauthorised"

    async def test_it_is_revoked_at_once(self, team: Team) -> None:
        _, token = await self.make(team, team.root)
        state = await team.state()
        id = next(id for id, t in state.all(Token) if t.name == "more")
        async with team.speaking(token) as stolen, team.speaking(team.root) as root:
            await stolen.subscribe()
            assert (await root.ask(wire.RevokeToken(id))).code == ""
            await root.push(root.proposal(component(1), base=1))
            assert (await stolen.hear(wire.Error)).code == "unauthorised"
            with pytest.raises(ConnectionClosed):
                while True:
                    message = await stolen.next()
                    assert not isinstance(message, wire.Commits)
        assert (await turned_away(team.url, token)).code == "unauthorised"

    async def test_they_are_listed_with_their_last_use(self, team: Team) -> None:
        ada = await team.member("ada", "viewer")
        async with team.speaking(ada) as peer:
            (mine,) = (await peer.ask(wire.ListTokens())).tokens
            assert (mine.user, mine.here) == ("ada", True)
            assert mine.used is not None
            assert mine.prefix == tokens.prefix_of(ada)
            assert (await peer.ask(wire.ListTokens(everybody=True))).code == "not_allowed"
        async with team.speaking(team.root) as root:
            every = (await root.ask(wire.ListTokens(everybody=True))).tokens
        assert {t.user for t in every} == {"root", "ada"}

    async def test_service_accounts_have_tokens_made_for_them_and_people_have_not(
        self, team: Team
    ) -> None:
        service = uid(40)
        await team.change((service, UserCreated("ci", service=True)))
        await team.change((uid(41), RoleAssigned("", service, "editor", PROFILE)))
        reply, token = await self.make(team, team.root, user=service)
        assert (reply.code, reply.user) == ("", "ci")
        async with team.speaking(token) as ci:
            (answer,) = await ci.push(ci.proposal(component(1), base=1))
            assert answer.outcome == "accepted"
        await team.member("ada", "editor")
        ada = await team.id_of(User, "ada")
        assert (await self.make(team, team.root, user=ada))[0].code == "not_allowed"

    async def test_no_secret_is_in_the_log(self, team: Team, tmp_path: Path) -> None:
        _, token = await self.make(team, team.root)
        code = await team.invite("ada", "editor")
        data = b"".join(p.read_bytes() for p in tmp_path.glob("hub.db*"))
        assert tokens.prefix_of(token).encode() in data
        for secret in (token, code, team.root):
            assert secret[12:].encode() not in data
        people = await team.hub.commits(HUB.id)
        assert all(tokens.digest(token).hex() not in e.body for c in people for e in c.events)


class TestRightsOnLiveConnections:
    async def revoke(self, team: Team, name: str) -> None:
        state = await team.state()
        user = state.find(User, name.casefold())
        assert user is not None
        for id, assignment in state.all(Assignment):
            if assignment.subject == user[0]:
                assert (await team.change((id, RoleRevoked()))).outcome == "accepted"

    async def test_what_may_not_be_read_any_more_is_sent_no_more(self, team: Team) -> None:
        token = await team.member("ada", "editor")
        async with team.speaking(token) as ada, team.speaking(team.root) as root:
            await ada.say(wire.ListProfiles())
            assert len((await ada.hear(wire.Profiles)).profiles) == 1
            await ada.subscribe()
            await self.revoke(team, "ada")
            await root.push(root.proposal(component(1), base=1))
            assert (await ada.hear(wire.Rights)).hub == ()
            error = await ada.hear(wire.Error)
            assert (error.code, error.profile) == ("forbidden", PROFILE)
            assert (await ada.hear(wire.Profiles)).profiles == ()
            (answer,) = await ada.push(ada.proposal(component(2), base=1))
            assert (answer.outcome, answer.code) == ("rejected", "not_allowed")
            assert not [
                m for m in ada.heard if isinstance(m, wire.Commits) and m.commits[-1].seq > 1
            ]

    async def test_an_account_that_is_ended_is_gone_at_once(self, team: Team) -> None:
        token = await team.member("ada", "editor")
        id = await team.id_of(User, "ada")
        async with team.speaking(token) as ada:
            await ada.subscribe()
            await team.change((id, UserUpdated({"/active": False})))
            assert (await ada.hear(wire.Error)).code == "unauthorised"
            with pytest.raises(ConnectionClosed):
                await ada.next()
        await turned_away(team.url, token)
        await team.change((id, UserUpdated({"/active": True})))
        async with team.speaking(token):
            pass

    async def test_a_team_and_a_project_reach_who_is_connected(self, team: Team) -> None:
        token = await team.member("ada")
        ada_id = await team.id_of(User, "ada")
        async with team.speaking(token) as ada:
            await ada.say(wire.ListProfiles())
            assert (await ada.hear(wire.Profiles)).profiles == ()
            await team.change((uid(50), TeamCreated("ml")))
            await team.change((uid(51), ProjectCreated("lake")))
            await team.change((uid(52), RoleAssigned("", uid(50), "viewer", uid(51))))
            await team.change((uid(50), TeamUpdated({f"/members/{ada_id}": True})))
            await team.change((uid(51), ProjectUpdated({f"/profiles/{PROFILE}": True})))
            assert (await ada.hear(wire.Profiles)).profiles[0].name == "team"
            rights = [m for m in ada.heard if isinstance(m, wire.Rights)][-1]
            assert rights.profiles == {PROFILE: ("profile.read",)}
            assert len(await ada.subscribe()) == 1
            await team.change((uid(51), ProjectUpdated({}, (f"/profiles/{PROFILE}",))))
            assert (await ada.hear(wire.Error)).code == "forbidden"

    async def test_who_may_read_sees_people_change(self, team: Team) -> None:
        auditor = await team.member("eve", "auditor")
        async with team.speaking(auditor) as eve:
            history = await eve.subscribe(profile=HUB.id)
            assert [e.type for e in history[0].events] == ["HubFounded"]
            await team.change((uid(50), TeamCreated("ml")))
            commits = await eve.hear(wire.Commits)
            assert [e.type for e in commits.commits[0].events] == ["TeamCreated"]
            assert commits.commits[0].author == "root"
            (answer,) = await eve.push(
                eve.proposal((uid(60), TeamCreated("own")), base=9), profile=HUB.id
            )
            assert answer.code == "not_allowed"


class TestExplain:
    async def test_it_says_by_which_assignment(self, team: Team) -> None:
        token = await team.member("ada", "editor", PROFILE)
        async with team.speaking(token) as ada:
            explained = (await ada.ask(wire.Explain(profile=PROFILE))).explained
            assert explained is not None
            assert {(g.permission, g.role, g.scope) for g in explained.grants} == {
                ("profile.read", "editor", PROFILE), ("profile.write", "editor", PROFILE),
                ("run.record", "editor", PROFILE),
            }  # fmt: skip
            nothing = (await ada.ask(wire.Explain(profile=OTHER))).explained
            assert nothing is not None
            assert nothing.grants == ()
            assert (await ada.ask(wire.Explain("root"))).code == "not_allowed"
        async with team.speaking(team.root) as root:
            assert (await root.ask(wire.Explain("ada", PROFILE))).explained == explained
            assert (await root.ask(wire.Explain("nobody"))).code == "unknown_entity"


async def test_rights_are_asked_again_in_the_transaction(team: Team) -> None:
    """A push and the withdrawal of its right arrive together: whichever is first decides."""
    token = await team.member("ada", "editor")
    state = await team.state()
    ada_id = await team.id_of(User, "ada")
    assigned = next(id for id, a in state.all(Assignment) if a.subject == ada_id)
    async with team.speaking(token) as ada, team.speaking(team.root) as root:
        base = len(await team.hub.commits(HUB.id))
        server = team.hub.server
        await root.say(wire.Push(HUB.id, (root.proposal((assigned, RoleRevoked()), base=base),)))
        await ada.say(wire.Push(PROFILE, (ada.proposal(component(1), base=1),)))
        (revoked,) = (await root.hear(wire.Results)).answers
        (answer,) = (await ada.hear(wire.Results)).answers
        people = await team.hub.commits(HUB.id)
        profile = await team.hub.commits()
        assert revoked.outcome == "accepted"
        if answer.outcome == "rejected":
            assert (answer.code, len(profile)) == ("not_allowed", 1)
        else:
            assert profile[-1].accepted <= people[-1].accepted
        assert server.committer.ready


async def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    from stackroom.events.sqlite.log import SqliteLog
    from tests.sync.speaking import serving

    path = tmp_path / "hub.db"
    async with serving_team(path, Settings(port=0)) as team:
        root = team.root
        ada = await team.member("ada", "viewer")
        async with team.speaking(ada, 70):
            pass
    log = await SqliteLog.open(path, new_id=HUB.id)
    access = await log.read(PeopleAccess.load)
    await log.aclose()
    async with serving(path, access=access, people=HUB.id) as hub:
        async with speaking(hub.url, 71, token=root), speaking(hub.url, 70, token=ada):
            pass
        assert (await turned_away(hub.url, root, 70)).code == "replica_taken"

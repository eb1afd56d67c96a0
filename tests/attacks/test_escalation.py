"""Somebody who has some rights tries to come by more; and the hub's people are asked for nonsense."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackroom.events.codec import CHANGES
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    ConflictJoined,
    ConflictOpened,
    ConflictResolved,
    Held,
    ProfileCreated,
    ProfileDeleted,
    ProfileRenamed,
    ProfileUpdated,
)
from stackroom.events.people.entities import Assignment, Token, User
from stackroom.events.people.model import (
    AssignmentUpdated,
    HubFounded,
    IdentityLinked,
    IdentityUnlinked,
    InvitationEnded,
    KeyRegistered,
    KeyRevoked,
    PasswordRemoved,
    PasswordSet,
    ProjectCreated,
    ProjectDeleted,
    ProjectRenamed,
    ProjectUpdated,
    RoleAssigned,
    RoleCreated,
    RoleDeleted,
    RoleRenamed,
    RoleRevoked,
    RoleUpdated,
    TeamCreated,
    TeamDeleted,
    TeamRenamed,
    TeamUpdated,
    TokenCreated,
    TokenRevoked,
    TokenUpdated,
    UserCreated,
    UserDeleted,
    UserInvited,
    UserUpdated,
)
from stackroom.events.people.people import BUILT_IN
from stackroom.events.people.permissions import PEOPLE
from stackroom.sync import protocol as wire
from stackroom.sync.people import tokens
from tests.attacks.standing import coming, standing
from tests.events.world import uid
from tests.sync.members import Team, made, redeem
from tests.sync.speaking import HUB, PROFILE, component

pytestmark = pytest.mark.anyio

TEAM, PROJECT, ROLE, OTHER = uid(50), uid(51), uid(52), uid(2)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with standing(tmp_path / "hub.db") as team:
        for change in (
            (TEAM, TeamCreated("ml")),
            (PROJECT, ProjectCreated("lake")),
            (ROLE, RoleCreated("flyer", permissions={"profile.read": True})),
        ):
            assert (await team.change(change)).outcome == "accepted"
        yield team


async def every_change(team: Team, self: str) -> list[tuple[str, Change]]:
    """One change of each type among people, by which `self` would come by something."""
    state = await team.state()
    root = await team.id_of(User, "root")
    token = next(id for id, t in state.all(Token) if t.user == root)
    assigned = next(id for id, a in state.all(Assignment) if a.subject == root)
    return [
        (uid(90), HubFounded("mine")),
        (uid(91), UserCreated("eve2")),
        (self, UserUpdated({"/active": True})),
        (root, UserDeleted()),
        (uid(92), TeamCreated("eves", members={self: True})),
        (TEAM, TeamUpdated({f"/members/{self}": True})),
        (TEAM, TeamRenamed("admin")),
        (TEAM, TeamDeleted()),
        (uid(93), ProjectCreated("eves", profiles={PROFILE: True})),
        (PROJECT, ProjectUpdated({f"/profiles/{PROFILE}": True})),
        (PROJECT, ProjectRenamed("x")),
        (PROJECT, ProjectDeleted()),
        (uid(94), RoleCreated("super", permissions={"people.write": True})),
        (ROLE, RoleUpdated({"/permissions/people.write": True})),
        (ROLE, RoleRenamed("admins")),
        (ROLE, RoleDeleted()),
        (uid(95), RoleAssigned("", self, "admin")),
        (assigned, AssignmentUpdated({"/description": "x"})),
        (assigned, RoleRevoked()),
        (uid(96), TokenCreated("t", root, "srm_12345678")),
        (token, TokenUpdated({"/expires": None})),
        (token, TokenRevoked()),
        (uid(97), UserInvited("eve3", "srj_12345678", "admin", 10**13)),
        (uid(98), InvitationEnded()),
        (uid(100), IdentityLinked("x", root, "https://provider.example", "eve")),
        (uid(101), PasswordSet("x", root)),
        (uid(102), IdentityUnlinked()),
        (uid(103), PasswordRemoved()),
        (uid(104), KeyRegistered("x", self, uid(500), "00" * 32)),
        (uid(105), KeyRevoked()),
        (uid(99), ConflictResolved("ours")),
    ]


HUB_ROLES = ["", "viewer", "editor", "maintainer", "auditor"]


@pytest.mark.parametrize("role", HUB_ROLES)
async def test_nobody_without_the_right_changes_people(team: Team, role: str) -> None:
    token = await team.member("eve", role)
    eve_id = await team.id_of(User, "eve")
    changes = await every_change(team, eve_id)
    tried = {type(change).__name__ for _, change in changes}
    among_people = {name for name, change in CHANGES.items() if change.kind in PEOPLE}
    assert among_people <= tried, f"not tried: {among_people - tried}"
    before = await team.hub.commits(HUB.id)
    for change in changes:
        answer = await team.change(change, token=token)
        assert (answer.outcome, answer.seq) == ("rejected", None)
        assert answer.code in ("not_allowed", "reserved"), (change, answer)
    assert await team.hub.commits(HUB.id) == before


async def test_an_administrator_of_one_profile_administers_no_people(team: Team) -> None:
    """Rights are held where they were granted: on a profile, or a project, not on the hub."""
    token = await team.member("eve", "admin", PROFILE)
    eve_id = await team.id_of(User, "eve")
    await team.change((uid(80), RoleAssigned("", eve_id, "admin", PROJECT)))
    await team.change((uid(81), RoleAssigned("", eve_id, "admin", HUB.id)))
    for change in await every_change(team, eve_id):
        assert (await team.change(change, token=token)).code in ("not_allowed", "reserved")
    code = made(tokens.JOIN)
    async with team.speaking(token) as eve:
        order = wire.Invite("eve2", code.prefix, code.hash, 1_000, "admin")
        assert (await eve.ask(order)).code == "not_allowed"
        assert (await eve.ask(wire.ListTokens(everybody=True))).code == "not_allowed"


async def test_a_maintainers_reach(team: Team) -> None:
    """A maintainer of one profile makes no other, and may do in theirs what the role says."""
    token = await team.member("eve", "maintainer", PROFILE)
    async with team.speaking(token) as eve:
        made = (OTHER, ProfileCreated("eves"))
        (answer,) = await eve.push(eve.proposal(made), profile=OTHER)
        assert answer.code == "not_allowed"
        answers = await eve.push(
            eve.proposal((PROFILE, ProfileRenamed("ours")), base=2),
            eve.proposal((PROFILE, ProfileUpdated({"/settings/merge": "entity"})), base=2),
            eve.proposal((PROFILE, ProfileDeleted()), base=2),
        )
        assert [a.outcome for a in answers] == ["accepted"] * 3


EDITORS_REACH = [
    ((PROFILE, ProfileRenamed("x")), "not_allowed"),
    ((PROFILE, ProfileUpdated({"/settings/merge": "entity"})), "not_allowed"),
    ((PROFILE, ProfileUpdated({}, ("/settings/merge",))), "not_allowed"),
    (
        (PROFILE, ProfileUpdated({"/description": "x", "/settings/merge": "entity"})),
        "not_allowed",
    ),
    ((PROFILE, ProfileDeleted()), "not_allowed"),
    ((PROFILE, ProfileCreated("x")), "not_allowed"),
    ((PROFILE, ProfileUpdated({"/description": "x"})), ""),
    (component(5), ""),
]


@pytest.mark.parametrize(("change", "code"), EDITORS_REACH)
async def test_an_editors_reach(team: Team, change: tuple[str, Change], code: str) -> None:
    token = await team.member("eve", "editor")
    async with team.speaking(token) as eve:
        alone, hidden = eve.proposal(change, base=2), eve.proposal(component(6), change, base=2)
        answers = await eve.push(hidden, alone)
    assert [a.code for a in answers] == [code, code if code else answers[1].code]


class TestNonsenseFromAnAdministrator:
    """Whoever may change people is still held to what makes sense."""

    async def refused(self, team: Team, *changes: tuple[str, Change]) -> str:
        answer = await team.change(*changes)
        assert answer.outcome == "rejected", answer
        return answer.code

    async def test_what_the_hub_alone_makes(self, team: Team) -> None:
        root = await team.id_of(User, "root")
        for change in (
            (uid(90), HubFounded("mine")),
            (uid(91), TokenCreated("t", root, "srm_12345678")),
            (uid(92), UserInvited("eve", "srj_12345678", "admin", 10**13)),
        ):
            assert await self.refused(team, change) == "reserved"
        async with team.speaking(team.root) as peer:
            for change in ((OTHER, HubFounded("mine")), (PROFILE, HubFounded("mine"))):
                (answer,) = await peer.push(peer.proposal(change), profile=change[0])
                assert (answer.outcome, answer.code) == ("rejected", "reserved")

    async def test_each_kind_stays_in_its_stream(self, team: Team) -> None:
        assert await self.refused(team, (HUB.id, ProfileCreated("people"))) == "wrong_stream"
        assert await self.refused(team, (uid(90), ProfileCreated("people"))) == "wrong_stream"
        assert await self.refused(team, component(1)) == "wrong_stream"
        async with team.speaking(team.root) as root:
            (answer,) = await root.push(root.proposal((uid(91), TeamCreated("x")), base=2))
            assert answer.code == "wrong_stream"
            made = ComponentRegistered("x", "orchestrator", "k8s")
            mixed = [root.proposal((uid(92), made), (uid(93), TeamCreated("x")), base=2)]
            (answer,) = await root.push(*mixed)
            assert answer.code == "wrong_stream"

    async def test_no_conflict_is_made_up(self, team: Team) -> None:
        async with team.speaking(team.root) as root:
            held = Held("ann", root.replica, root.proposal(component(3)))
            for profile in (PROFILE, HUB.id):
                for change in (ConflictOpened(held, ()), ConflictJoined(held)):
                    forged = root.proposal((uid(90), change), base=1)
                    (answer,) = await root.push(forged, profile=profile)
                    assert answer.code == "reserved"
            (answer,) = await root.push(
                root.proposal((uid(90), ConflictResolved("ours")), base=3), profile=HUB.id
            )
            assert answer.code == "unknown_entity"

    @pytest.mark.parametrize("name", [*BUILT_IN, "Admin", "ADMIN", " admin", "admin\u200b\n"])
    async def test_a_role_that_looks_like_a_built_in_one(self, team: Team, name: str) -> None:
        assert await self.refused(team, (uid(90), RoleCreated(name))) in (
            "reserved_name",
            "invalid_name",
        )
        assert await self.refused(team, (ROLE, RoleRenamed(name))) in (
            "reserved_name",
            "invalid_name",
        )

    async def test_what_leads_to_nothing(self, team: Team) -> None:
        root = await team.id_of(User, "root")
        for change, code in (
            ((uid(90), RoleAssigned("", uid(999), "viewer")), "unknown_reference"),
            ((uid(90), RoleAssigned("", root, uid(999))), "unknown_reference"),
            ((uid(90), RoleAssigned("", root, TEAM)), "unknown_reference"),
            ((uid(90), RoleAssigned("", ROLE, "viewer")), "unknown_reference"),
            ((uid(90), RoleAssigned("", root, "viewer", "../x")), "invalid_id"),
            ((TEAM, TeamUpdated({f"/members/{TEAM}": True})), "unknown_reference"),
            ((TEAM, TeamUpdated({f"/members/{uid(999)}": True})), "unknown_reference"),
            ((TEAM, TeamUpdated({f"/members/{root}": False})), "invalid_value"),
            ((PROJECT, ProjectUpdated({"/profiles/x": True})), "invalid_id"),
            ((ROLE, RoleUpdated({"/permissions/people.everything": True})), "unknown_permission"),
        ):
            assert await self.refused(team, change) == code, change

    async def test_the_last_administrator(self, team: Team) -> None:
        """By any way: the account, its role, the role of a team, a custom role's permission."""
        root, state = await team.id_of(User, "root"), await team.state()
        assigned = next(id for id, a in state.all(Assignment) if a.subject == root)
        for change in (
            (root, UserDeleted()),
            (root, UserUpdated({"/active": False})),
            (assigned, RoleRevoked()),
        ):
            assert await self.refused(team, change) == "no_admin_left"
        boss = uid(60)
        await team.change((boss, RoleCreated("boss", permissions={"people.write": True})))
        await team.change((TEAM, TeamUpdated({f"/members/{root}": True})))
        await team.change((uid(61), RoleAssigned("", TEAM, boss)))
        assert (await team.change((assigned, RoleRevoked()))).outcome == "accepted"
        for change in (
            (boss, RoleUpdated({}, ("/permissions/people.write",))),
            (boss, RoleDeleted()),
            (TEAM, TeamUpdated({}, (f"/members/{root}",))),
            (TEAM, TeamDeleted()),
            (uid(61), RoleRevoked()),
            (root, UserDeleted()),
        ):
            assert await self.refused(team, change) == "no_admin_left", change

    async def test_two_changes_that_lock_everybody_out_together(self, team: Team) -> None:
        await team.member("ada", "admin")
        ada, root = await team.id_of(User, "ada"), await team.id_of(User, "root")
        both = ((ada, UserDeleted()), (root, UserUpdated({"/active": False})))
        assert await self.refused(team, *both) == "no_admin_left"

    async def test_a_name_that_signed_commits_is_nobody_elses(self, team: Team) -> None:
        token = await team.member("ada", "editor")
        async with team.speaking(token) as ada:
            await ada.push(ada.proposal(component(2), base=2))
        await team.change((await team.id_of(User, "ada"), UserDeleted()))
        for name in ("ada", "ADA", "Ada"):
            assert await self.refused(team, (uid(90), UserCreated(name))) == "name_used_before"
        assert await self.refused(team, (uid(91), UserCreated("Root"))) == "name_in_use"
        for name in ("", "root ", "ro ot", "róot", "root\n", "a/b", "root\u202e", "x" * 65):
            assert await self.refused(team, (uid(92), UserCreated(name))) == "invalid_name"


async def test_an_invitation_whose_name_was_taken_meanwhile(team: Team) -> None:
    """Whoever holds the code comes in as that user, and with no more than that user has."""
    code = await team.invite("ada", "admin")
    assert (await team.change((uid(70), UserCreated("ada")))).outcome == "accepted"
    reply, token = await redeem(team.url, code)
    assert reply.user == "ada"
    async with team.speaking(token) as ada:
        assert next(m for m in ada.heard if isinstance(m, wire.Rights)).hub == ()


async def test_an_account_that_was_ended_is_not_let_in_by_an_old_code(team: Team) -> None:
    await team.member("ada", "editor")
    code = await team.invite("ada")
    await team.change((await team.id_of(User, "ada"), UserUpdated({"/active": False})))
    reply, token = await redeem(team.url, code)
    assert reply.code == ""
    said = await coming(team.url, wire.Hello(uid(700), token))
    assert isinstance(said, wire.Error)
    await team.change((await team.id_of(User, "ada"), UserDeleted()))
    again = await coming(team.url, wire.Hello(uid(700), token))
    assert isinstance(again, wire.Error)


async def test_the_token_of_a_service_is_made_by_who_administers_people(team: Team) -> None:
    await team.change((uid(70), UserCreated("ci", service=True)))
    token = await team.member("eve", "maintainer")
    async with team.speaking(token) as eve:
        new = wire.NewToken("mine", made().prefix, made().hash)
        for user in (uid(70), await team.id_of(User, "root")):
            assert (await eve.ask(wire.MakeToken(new, user))).code == "not_allowed"


async def test_a_deleted_account_does_not_come_back_under_its_id(team: Team) -> None:
    """Its tokens and roles hang on its id: a new account must not inherit them."""
    token = await team.member("ada", "admin")
    ada = await team.id_of(User, "ada")
    await team.change((ada, UserDeleted()))
    answer = await team.change((ada, UserCreated("nobody")))
    assert (answer.outcome, answer.code) == ("rejected", "id_in_use")
    assert isinstance(await coming(team.url, wire.Hello(uid(701), token)), wire.Error)

"""Users, teams, projects, roles and assignments: what follows from them, and what no change may say."""

from typing import Any

import pytest

from stackroom.events.codec import CHANGES
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    check_changes,
)
from stackroom.events.fold import apply
from stackroom.events.model import Change
from stackroom.events.people.model import (
    AssignmentUpdated,
    HubFounded,
    IdentityLinked,
    InvitationEnded,
    KeyRegistered,
    PasswordSet,
    ProjectCreated,
    ProjectDeleted,
    ProjectUpdated,
    RoleAssigned,
    RoleCreated,
    RoleDeleted,
    RoleRenamed,
    RoleRevoked,
    RoleUpdated,
    TeamCreated,
    TeamDeleted,
    TeamUpdated,
    TokenCreated,
    TokenRevoked,
    UserCreated,
    UserDeleted,
    UserInvited,
    UserUpdated,
)
from stackroom.events.people.people import BUILT_IN, Directory
from stackroom.events.people.permissions import PEOPLE, PERMISSIONS, READING, Who
from stackroom.events.state import State, decode, encode
from tests.events.world import started, uid

HUB, ROOT, ADA, BEN, TEAM, PROJECT, ROLE = (uid(n) for n in range(1, 8))
LAKE, RIVER, OTHER = uid(91), uid(92), uid(93)
ASSIGNED = uid(11)
TOKEN = uid(31)

ALL = frozenset(PERMISSIONS)


class People:
    """A hub with the administrator `root`; changes go through the rules."""

    def __init__(self) -> None:
        self.state = State()
        for change in (
            (HUB, HubFounded("hub")),
            (ROOT, UserCreated("root")),
            (uid(10), RoleAssigned("", ROOT, "admin")),
        ):
            assert isinstance(self.do(change), Accepted)

    def do(
        self,
        *changes: tuple[str, Change],
        base: int | None = None,
        replica: str = "hub",
        rights: frozenset[str] | None = None,
        is_hub: bool = True,
    ) -> Outcome:
        who = Who(replica, replica, rights, is_hub)
        base = self.state.seq if base is None else base
        outcome = check_changes(self.state, base, changes, who)
        if isinstance(outcome, Accepted | Converged):
            apply(self.state, self.state.seq + 1, replica, changes)
        return outcome

    def ok(self, *changes: tuple[str, Change]) -> "People":
        outcome = self.do(*changes)
        assert isinstance(outcome, Accepted), outcome
        return self

    def refused(self, *changes: tuple[str, Change], **how: Any) -> str:
        outcome = self.do(*changes, **how)
        assert isinstance(outcome, Rejected), outcome
        return outcome.refusal.code

    @property
    def directory(self) -> Directory:
        return Directory(self.state)


@pytest.fixture
def people() -> People:
    return People().ok((ADA, UserCreated("ada")), (BEN, UserCreated("ben")))


class TestRights:
    def test_nothing_is_granted_by_itself(self, people: People) -> None:
        assert people.directory.rights(ADA) == frozenset()
        assert people.directory.rights(ADA, LAKE) == frozenset()

    @pytest.mark.parametrize("role", BUILT_IN)
    def test_a_built_in_role_on_the_hub_is_good_everywhere(self, people: People, role: str) -> None:
        people.ok((ASSIGNED, RoleAssigned("", ADA, role)))
        assert people.directory.rights(ADA) == BUILT_IN[role]
        assert people.directory.rights(ADA, LAKE) == BUILT_IN[role]
        assert people.directory.rights(BEN, LAKE) == frozenset()

    def test_a_role_in_a_profile_is_good_there(self, people: People) -> None:
        people.ok((ASSIGNED, RoleAssigned("", ADA, "editor", LAKE)))
        directory = people.directory
        assert directory.rights(ADA, LAKE) == BUILT_IN["editor"]
        assert directory.rights(ADA, RIVER) == directory.rights(ADA) == frozenset()
        assert list(directory.beside(ADA)) == [LAKE]

    def test_a_role_in_a_project_is_good_in_its_profiles(self, people: People) -> None:
        people.ok((PROJECT, ProjectCreated("water", profiles={LAKE: True})))
        people.ok((ASSIGNED, RoleAssigned("", ADA, "viewer", PROJECT)))
        assert people.directory.rights(ADA, LAKE) == BUILT_IN["viewer"]
        people.ok((PROJECT, ProjectUpdated({f"/profiles/{RIVER}": True}, (f"/profiles/{LAKE}",))))
        assert people.directory.rights(ADA, LAKE) == frozenset()
        assert people.directory.rights(ADA, RIVER) == BUILT_IN["viewer"]
        assert list(people.directory.beside(ADA)) == [RIVER]

    def test_a_team_gives_its_members_what_it_has(self, people: People) -> None:
        people.ok((TEAM, TeamCreated("ml", members={ADA: True})))
        people.ok((ASSIGNED, RoleAssigned("", TEAM, "editor", LAKE)))
        assert people.directory.rights(ADA, LAKE) == BUILT_IN["editor"]
        (grant, *_) = people.directory.grants(ADA, LAKE)
        assert (grant.team, grant.role, grant.assignment) == ("ml", "editor", ASSIGNED)
        people.ok((TEAM, TeamUpdated({}, (f"/members/{ADA}",))))
        assert people.directory.rights(ADA, LAKE) == frozenset()

    def test_a_custom_role_is_what_it_says_now(self, people: People) -> None:
        people.ok((ROLE, RoleCreated("scribe", permissions={"profile.read": True})))
        people.ok((ASSIGNED, RoleAssigned("", ADA, ROLE)))
        people.ok((ROLE, RoleUpdated({"/permissions/hub.audit": True})))
        assert people.directory.rights(ADA, LAKE) == {"profile.read", "hub.audit"}

    @pytest.mark.parametrize(
        "end",
        [
            (ASSIGNED, RoleRevoked()),
            (ADA, UserDeleted()),
            (ADA, UserUpdated({"/active": False})),
            (TEAM, TeamDeleted()),
            (PROJECT, ProjectDeleted()),
            (ROLE, RoleDeleted()),
        ],
        ids=lambda end: type(end[1]).__name__,
    )
    def test_what_ended_grants_nothing(self, people: People, end: tuple[str, Change]) -> None:
        people.ok(
            (TEAM, TeamCreated("ml", members={ADA: True})),
            (PROJECT, ProjectCreated("water", profiles={LAKE: True})),
            (ROLE, RoleCreated("scribe", permissions={"profile.read": True})),
            (ASSIGNED, RoleAssigned("", TEAM, ROLE, PROJECT)),
        )
        assert people.directory.rights(ADA, LAKE) == {"profile.read"}
        people.ok(end)
        assert people.directory.rights(ADA, LAKE) == frozenset()


class TestTokens:
    def token(self, people: People, **scope: Any) -> Directory:
        people.ok((ASSIGNED, RoleAssigned("", ADA, "maintainer")))
        people.ok((TOKEN, TokenCreated("laptop", ADA, "abc", **scope)))
        return people.directory

    def test_a_token_is_good_for_all_that_its_user_may(self, people: People) -> None:
        assert self.token(people).rights(ADA, LAKE, TOKEN) == BUILT_IN["maintainer"]

    def test_a_read_only_token_changes_nothing(self, people: People) -> None:
        assert self.token(people, read_only=True).rights(ADA, LAKE, TOKEN) <= READING

    def test_a_token_for_some_profiles_is_good_there_alone(self, people: People) -> None:
        directory = self.token(people, profiles=[LAKE])
        assert directory.rights(ADA, LAKE, TOKEN) == BUILT_IN["maintainer"]
        assert (
            directory.rights(ADA, RIVER, TOKEN) == directory.rights(ADA, "", TOKEN) == frozenset()
        )

    def test_it_is_found_until_it_ends(self, people: People) -> None:
        directory = self.token(people, expires=1_000)
        assert directory.token("abc", 999) is not None
        assert directory.token("abc", 1_000) is None
        assert directory.token("abd", 999) is None

    @pytest.mark.parametrize(
        "end",
        [(TOKEN, TokenRevoked()), (ADA, UserUpdated({"/active": False})), (ADA, UserDeleted())],
    )
    def test_a_token_that_was_revoked_opens_nothing(
        self, people: People, end: tuple[str, Change]
    ) -> None:
        self.token(people)
        people.ok(end)
        assert people.directory.token("abc", 0) is None
        assert people.directory.rights(ADA, LAKE, TOKEN) == frozenset()


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (UserCreated("ADA"), "name_in_use"),
            (UserCreated("a b"), "invalid_name"),
            (UserCreated("ädä"), "invalid_name"),
            (UserCreated("x" * 65), "invalid_name"),
            (UserCreated("a\nb"), "invalid_name"),
            (RoleCreated("admin"), "reserved_name"),
            (RoleCreated("r", permissions={"profile.fly": True}), "unknown_permission"),
            (TeamCreated("t", members={OTHER: True}), "unknown_reference"),
            (ProjectCreated("p", profiles={"lake": True}), "invalid_id"),
            (RoleAssigned("", OTHER, "editor"), "unknown_reference"),
            (RoleAssigned("", ADA, "flyer"), "unknown_reference"),
            (RoleAssigned("", ADA, "editor", "lake"), "invalid_id"),
            (UserInvited("ben", "abc", "editor", 1), "name_in_use"),
        ],
    )
    def test_what_makes_no_sense(self, people: People, change: Change, code: str) -> None:
        assert people.refused((uid(99), change)) == code

    def test_a_name_is_nobody_elses_ever_after(self, people: People) -> None:
        people.ok((ADA, UserDeleted()))
        assert people.refused((uid(99), UserCreated("Ada"))) == "name_used_before"

    @pytest.mark.parametrize(
        "last",
        [
            (ROOT, UserDeleted()),
            (ROOT, UserUpdated({"/active": False})),
            (uid(10), RoleRevoked()),
        ],
    )
    def test_an_administrator_must_remain(self, people: People, last: tuple[str, Change]) -> None:
        assert people.refused(last) == "no_admin_left"
        people.ok((ASSIGNED, RoleAssigned("", ADA, "admin")))
        people.ok(last)

    def test_who_may_not_change_people(self, people: People) -> None:
        change = (uid(99), TeamCreated("ml"))
        assert people.refused(change, rights=BUILT_IN["maintainer"], is_hub=False) == "not_allowed"
        assert isinstance(people.do(change, rights=BUILT_IN["admin"], is_hub=False), Accepted)

    def test_secrets_are_made_by_the_hub_alone(self, people: People) -> None:
        token = (uid(99), TokenCreated("mine", ADA, "abc"))
        assert people.refused(token, rights=ALL, is_hub=False) == "reserved"

    def test_people_and_profiles_do_not_mix(self, people: People) -> None:
        world = started()
        outcome = world.do("ann", (uid(99), UserCreated("eve")))
        assert isinstance(outcome, Rejected)
        assert outcome.refusal.code == "wrong_stream"
        component = CHANGES["ComponentRegistered"]("k8s", "orchestrator", "local")  # type: ignore[call-arg]
        assert people.refused((uid(99), component)) == "wrong_stream"


class TestMerging:
    def test_two_administrators_grant_the_same(self, people: People) -> None:
        base = people.state.seq
        people.ok((ASSIGNED, RoleAssigned("", ADA, "editor", LAKE)))
        twin = people.do(
            (uid(12), RoleAssigned("", ADA, "editor", LAKE)), base=base, replica="other"
        )
        assert isinstance(twin, Converged)
        people.ok((uid(12), RoleRevoked()))
        assert people.directory.rights(ADA, LAKE) == frozenset()

    def test_withdrawing_wins_over_what_was_written_meanwhile(self, people: People) -> None:
        base = people.state.seq
        people.ok((ADA, UserUpdated({"/email": "ada@example.org"})))
        gone = people.do((ADA, UserDeleted()), base=base, replica="other")
        assert isinstance(gone, Accepted)
        late = people.do((ADA, UserUpdated({"/email": "a@b.c"})), base=base, replica="third")
        assert isinstance(late, Conflicted)

    def test_different_members_merge(self, people: People) -> None:
        people.ok((TEAM, TeamCreated("ml")))
        base = people.state.seq
        people.ok((TEAM, TeamUpdated({f"/members/{ADA}": True})))
        people.do((TEAM, TeamUpdated({f"/members/{BEN}": True})), base=base, replica="other")
        people.ok((ASSIGNED, RoleAssigned("", TEAM, "viewer")))
        assert (
            people.directory.rights(ADA)
            == people.directory.rights(BEN)
            == READING & {"profile.read"}
        )


def test_every_kind_of_people_is_encoded_and_decoded(people: People) -> None:
    people.ok((TEAM, TeamCreated("ml", members={ADA: True})))
    people.ok((PROJECT, ProjectCreated("water", profiles={LAKE: True})))
    people.ok((ROLE, RoleCreated("scribe", permissions={"profile.read": True})))
    people.ok((ROLE, RoleRenamed("writer")))
    people.ok((ASSIGNED, RoleAssigned("", TEAM, ROLE, PROJECT)))
    people.ok((ASSIGNED, AssignmentUpdated({"/description": "until June"})))
    people.ok((TOKEN, TokenCreated("laptop", ADA, "abc", profiles=[LAKE], expires=5, lifetime=9)))
    people.ok((uid(32), UserInvited("cleo", "def", "editor", 9, LAKE, {TEAM: True})))
    people.ok((uid(33), UserInvited("dan", "ghi", "editor", 9)))
    people.ok((uid(33), InvitationEnded()))
    people.ok((uid(34), IdentityLinked("ada", ADA, "https://provider.example", "a|1")))
    people.ok((uid(35), PasswordSet("ada", ADA)))
    people.ok((uid(36), KeyRegistered("0a1b", ADA, uid(70), "0a" * 32)))
    data = encode(people.state)
    assert encode(decode(data)) == data
    assert {e.kind for e in people.state.entities.values()} == PEOPLE
    assert Directory(decode(data)).rights(ADA, LAKE) == {"profile.read"}

"""Who may do what on a hub, written down by hand: the expectation that a real hub is held to.

`docs/access-matrix.md` is made of this (`python -m tests.access_page`), and `test_matrix` tries every
cell of it. The permissions of the roles are spelled out again here, so that a change of a role in the
code is a change of this table, too.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from stackroom.events import model
from stackroom.events.model import Change
from stackroom.events.people import model as people_model
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.messages.drafts import Approve
from tests.events.world import uid
from tests.sync.speaking import HUB, PROFILE

Place: TypeAlias = Literal["own", "other", "absent", "people", "hub"]

PLACES: dict[Place, str] = {
    "own": PROFILE,
    "other": uid(2),
    "absent": uid(3),
    "people": HUB.id,
    "hub": "",
}
"""The profile in which roles are held, another, one that is not there, the people's stream, the hub."""

READ, WRITE = {"profile.read"}, {"profile.write", "run.record"}
MAINTAIN = {
    "profile.approve", "profile.protect", "profile.create", "profile.rename", "profile.archive",
}  # fmt: skip
LOOK = {"profile.read", "people.read", "hub.audit"}
ROLES: dict[str, set[str]] = {
    "nobody": set(),
    "viewer": READ,
    "editor": READ | WRITE,
    "maintainer": READ | WRITE | MAINTAIN,
    "auditor": LOOK,
    "admin": READ | WRITE | MAINTAIN | LOOK | {"profile.redact", "people.write", "hub.heal"},
    "undertaker": READ | {"profile.archive"},
}
"""What each role holds; the last is a custom one."""

CUSTOM = "undertaker"


class Subject(NamedTuple):
    """Somebody who tries: a role, where it is held, and what their token leaves of it."""

    role: str
    on_hub: bool = True
    read_only: bool = False
    one_profile: bool = False

    @property
    def name(self) -> str:
        if self.read_only or self.one_profile:
            return f"{self.role}, {'read-only' if self.read_only else 'one-profile'} token"
        return self.role if self.on_hub or self.role == "nobody" else f"{self.role} of own"

    def may(self, needed: str, place: Place) -> bool:
        """Whether they hold the permission at that place."""
        if needed == ANYBODY:
            return True
        limited = self.read_only or self.one_profile
        if needed == UNLIMITED:
            return not limited
        if needed == WRITING:
            return not self.read_only
        if needed == NOBODY:
            return False
        held = ROLES[self.role] if self.on_hub or place == "own" else set()
        if self.read_only:
            held = held & LOOK
        if self.one_profile and place != "own":
            held = set()
        return needed in held


SUBJECTS = [
    Subject("nobody"),
    *(Subject(role, on_hub=False) for role in ROLES if role != "nobody"),
    *(Subject(role) for role in ROLES if role != "nobody"),
    Subject("admin", read_only=True),
    Subject("admin", one_profile=True),
]

ANYBODY = "anybody"
UNLIMITED = "a token without limits"
WRITING = "a token that may write"
NOBODY = "nobody"


class Case(NamedTuple):
    """What a subject has at hand when they try: ids that are there, and fresh ones."""

    fresh: Callable[[], str]
    token: wire.NewToken
    name: str
    own_token: str
    others_token: str
    """A token of somebody else's, that nobody has revoked yet."""
    service: str
    own_key: bytes = bytes(32)
    others_key: bytes = bytes(32)
    """A key that another's replica signs with."""


AHEAD = 1_000_000
"""A base beyond every head: whoever is told so was refused for nothing else."""


class Row(NamedTuple):
    """One thing to try at one place, and what it needs there."""

    what: str
    place: Place
    needed: str
    make: Callable[[Case], wire.FromReplica | tuple[str, Change]]
    """The message; or a change, with its entity, that is to be pushed."""
    done: str = "yes"
    """What comes of it for who has what it needs: `yes`; `hub` (the hub alone makes this change) or
    `stream` (it belongs in another stream), which is no for everybody."""

    @property
    def base(self) -> int:
        """That of the proposal which pushes it: nothing is changed, and all that a hub asks before is asked."""
        return AHEAD if self.done == "yes" else 0

    def expected(self, subject: Subject) -> str:
        """What comes of it for `subject`."""
        return self.done if subject.may(self.needed, self.place) else "no"


def reading() -> Iterator[Row]:
    """Messages that ask for what a profile says."""
    for place, id in PLACES.items():
        if place != "hub":
            needed = "people.read" if place == "people" else "profile.read"
            yield Row(
                "subscribe", place, needed, lambda case, id=id: wire.Subscribe(id, 0, EMPTY_ROOT)
            )  # type: ignore[misc]
            yield Row("fetch", place, needed, lambda case, id=id: wire.Fetch(id, 0))  # type: ignore[misc]
            yield Row(  # type: ignore[misc]
                "fetch packed", place, needed, lambda case, id=id: wire.Fetch(id, 0, blocks=True)
            )
            yield Row("watch", place, needed, lambda case, id=id: wire.Watch(id))  # type: ignore[misc]
            yield Row("look", place, needed, lambda case, id=id: wire.Look(0, id, 1))  # type: ignore[misc]
            yield Row("read_log", place, needed, lambda case, id=id: wire.ReadLog(0, id))  # type: ignore[misc]
            yield Row("diff", place, needed, lambda case, id=id: wire.Diff(0, id, 0, 1))  # type: ignore[misc]
            yield Row("prove", place, needed, lambda case, id=id: wire.Prove(0, id, (1,)))  # type: ignore[misc]
            yield Row("draft", place, needed, lambda case, id=id: wire.Draft(0, id, Approve(id)))  # type: ignore[misc]
            yield Row("list_runs", place, needed, lambda case, id=id: wire.ListRuns(0, id, uid(4)))  # type: ignore[misc]
            yield Row("inspect, a profile", place, needed, lambda case, id=id: wire.Inspect(0, id))  # type: ignore[misc]
            yield Row("unwatch", place, ANYBODY, lambda case, id=id: wire.Unwatch(id))  # type: ignore[misc]
            yield Row("fetch_roots", place, needed, lambda case, id=id: wire.FetchRoots(id, (1,)))  # type: ignore[misc]
            yield Row("unsubscribe", place, ANYBODY, lambda case, id=id: wire.Unsubscribe(id))  # type: ignore[misc]
            for said in (
                wire.Compare(id, ()),
                wire.Offer(id, 0, 1, EMPTY_ROOT),
                wire.Returned(id, 0),
            ):
                what = f"{type(said).__name__.lower()}, unasked"
                yield Row(what, place, ANYBODY, lambda case, said=said: said)  # type: ignore[misc]
    yield Row("inspect", "hub", "hub.audit", lambda case: wire.Inspect(0))
    for place in ("own", "other"):
        yield Row("list_profiles", place, "profile.read", lambda case: wire.ListProfiles())
    yield Row("hello again", "hub", NOBODY, lambda case: wire.Hello(uid(1), "srm_"))
    yield Row("redeem after hello", "hub", NOBODY, lambda case: wire.Redeem("srj_", case.token))
    yield Row("list_ways", "hub", ANYBODY, lambda case: wire.ListWays())
    yield Row(
        "sign_in after hello", "hub", NOBODY, lambda case: wire.SignIn("root", "x", case.token)
    )
    yield Row(
        "sign_in_oidc after hello", "hub", NOBODY, lambda case: wire.SignInOidc("x", case.token)
    )


def orders() -> Iterator[Row]:
    """What is asked of the hub itself."""

    def ask(what: str, needed: str, make: Callable[[Case], wire.AnyOrder]) -> Row:
        return Row(what, "hub", needed, lambda case: wire.Ask(0, make(case)))

    yield ask("make_token for oneself", UNLIMITED, lambda c: wire.MakeToken(c.token))
    yield ask(
        "make_token for a service", "people.write", lambda c: wire.MakeToken(c.token, c.service)
    )
    yield ask("renew_token, this one", ANYBODY, lambda c: wire.RenewToken())
    yield ask("renew_token of another's", NOBODY, lambda c: wire.RenewToken(c.others_token))
    yield ask(
        "revoke_token of another's", "people.write", lambda c: wire.RevokeToken(c.others_token)
    )
    yield ask("list_tokens, one's own", ANYBODY, lambda c: wire.ListTokens())
    yield ask("list_tokens, everybody's", "people.read", lambda c: wire.ListTokens(everybody=True))
    yield ask(
        "invite", "people.write",
        lambda c: wire.Invite(c.name, c.token.prefix, c.token.hash, 1_000, "viewer"),
    )  # fmt: skip
    yield ask("set_password to none", UNLIMITED, lambda c: wire.SetPassword())
    yield ask("link_identity to none", UNLIMITED, lambda c: wire.LinkIdentity())
    yield ask(
        "register_key, without the key", WRITING, lambda c: wire.RegisterKey(bytes(32), bytes(64))
    )
    yield ask("revoke_key, one's own", UNLIMITED, lambda c: wire.RevokeKey(c.own_key))
    yield ask("revoke_key of another's", "people.write", lambda c: wire.RevokeKey(c.others_key))
    for place in ("own", "other"):
        redact = wire.Redact(PLACES[place], 1, "/name", "why", dry_run=True)
        yield Row("redact", place, "profile.redact", lambda c, redact=redact: wire.Ask(0, redact))  # type: ignore[misc]
    yield ask("list_offers", "hub.heal", lambda c: wire.ListOffers())
    yield ask("heal", "hub.heal", lambda c: wire.Heal((uid(4),)))
    yield ask("explain, oneself", ANYBODY, lambda c: wire.Explain())
    yield ask("explain, another", "people.read", lambda c: wire.Explain("root"))
    yield ask("list_notes", "hub.audit", lambda c: wire.ListNotes())
    yield ask("revoke_token, this one", ANYBODY, lambda c: wire.RevokeToken(c.own_token))


IN_PROFILES: list[tuple[str, Change]] = [
    ("profile.create", model.ProfileCreated("x")),
    ("profile.write", model.ProfileUpdated({"/description": "x"})),
    ("profile.protect", model.ProfileUpdated({"/settings/merge": "entity"})),
    ("profile.rename", model.ProfileRenamed("x")),
    ("profile.archive", model.ProfileDeleted()),
    ("profile.write", model.FlavorRegistered("x", "orchestrator")),
    ("profile.write", model.FlavorUpdated({"/source": "x"})),
    ("profile.write", model.FlavorRenamed("x")),
    ("profile.write", model.FlavorDeleted()),
    ("profile.write", model.ComponentRegistered("x", "orchestrator", "k8s")),
    ("profile.write", model.ComponentUpdated({"/config/a": 1})),
    ("profile.write", model.ComponentRenamed("x")),
    ("profile.write", model.ComponentDeleted()),
    ("profile.write", model.StackRegistered("x")),
    ("profile.write", model.StackUpdated({"/description": "x"})),
    ("profile.write", model.StackRenamed("x")),
    ("profile.write", model.StackDeleted()),
    ("profile.write", model.DefaultStackSet(None)),
    ("profile.write", model.TagRegistered("x", 1)),
    ("profile.write", model.TagUpdated({"/seq": 1})),
    ("profile.write", model.TagDeleted()),
    ("profile.write", model.RequestClosed("withdrawn")),
    ("profile.approve", model.RequestClosed("rejected")),
    ("profile.approve", model.RequestApproved()),
    ("run.record", model.RunRecorded("x", uid(1))),
    ("run.record", model.RunUpdated("failed")),
    ("profile.write", model.ConflictResolved("ours")),
]
HELD = model.Held("x", uid(1), model.Proposal(uid(1), 1, 0, "", 0, ()))
OF_CONFLICTS: list[Change] = [
    model.ConflictOpened(HELD, ()),
    model.ConflictJoined(HELD),
    model.ChangeRequested(HELD, ()),
    model.RequestJoined(HELD),
]
AMONG_PEOPLE: list[Change] = [
    people_model.UserCreated("x"),
    people_model.UserUpdated({"/full_name": "x"}),
    people_model.UserDeleted(),
    people_model.TeamCreated("x"),
    people_model.TeamUpdated({"/description": "x"}),
    people_model.TeamRenamed("x"),
    people_model.TeamDeleted(),
    people_model.ProjectCreated("x"),
    people_model.ProjectUpdated({"/description": "x"}),
    people_model.ProjectRenamed("x"),
    people_model.ProjectDeleted(),
    people_model.RoleCreated("x"),
    people_model.RoleUpdated({"/description": "x"}),
    people_model.RoleRenamed("x"),
    people_model.RoleDeleted(),
    people_model.RoleAssigned("", uid(1), "admin"),
    people_model.AssignmentUpdated({"/description": "x"}),
    people_model.RoleRevoked(),
    people_model.TokenRevoked(),
    people_model.InvitationEnded(),
    people_model.IdentityUnlinked(),
    people_model.PasswordRemoved(),
    people_model.KeyRevoked(),
    model.ConflictResolved("ours"),
]
BY_THE_HUB: list[Change] = [
    people_model.HubFounded("x"),
    people_model.TokenCreated("x", uid(1), "srm_12345678"),
    people_model.TokenUpdated({"/expires": None}),
    people_model.UserInvited("x", "srj_12345678", "admin", 1),
    people_model.IdentityLinked("x", uid(1), "https://provider.example", "x"),
    people_model.PasswordSet("x", uid(1)),
    people_model.KeyRegistered("x", uid(1), uid(2), "00" * 32),
    model.Redacted("x", ()),
]


def pushing() -> Iterator[Row]:
    """Every type of change, pushed."""

    def push(change: Change, place: Place, needed: str, done: str = "yes") -> Row:
        policy = needed == "profile.protect"
        what = f"{type(change).__name__}{' of a policy' if policy else ''}"
        return Row(what, place, needed, lambda case: (case.fresh(), change), done)

    for place in ("own", "other"):
        for needed, change in IN_PROFILES:
            yield push(change, place, needed)
    yield push(model.ProfileCreated("x"), "absent", "profile.create")
    yield push(model.ComponentDeleted(), "absent", "profile.write")
    for change in AMONG_PEOPLE:
        yield push(change, "people", "people.write")
    for change in OF_CONFLICTS:
        yield push(change, "own", "profile.write", "hub")
        yield push(change, "people", "people.write", "hub")
    for change in BY_THE_HUB:
        yield push(change, "own", ANYBODY, "hub")
        yield push(change, "people", ANYBODY, "hub")
    for change in AMONG_PEOPLE[:-1]:
        yield push(change, "own", "people.write", "stream")
    for _, change in IN_PROFILES[:-1]:
        yield push(change, "people", "people.write", "stream")


ROWS = [*reading(), *pushing(), *orders()]

GETS: dict[str, int] = {
    "/": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/metrics": 200,
    "/auth/login": 404,
    "/auth/callback": 404,
    "/auth/done": 404,
    "/auth/cookie": 401,
    "/auth/forget": 204,
    "/p/team": 200,
    "/worker.js": 200,
    "/p/no-such-profile/stacks/x": 200,
    "/static/x": 404,
    "/anything-else": 404,
}
"""What plain HTTP answers, to whoever asks."""

"""A hub without sockets or tasks: the server's own core on a real log, and a witness of what it sends."""

import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path

from stackroom.events.codec import leaf, seal
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import fold
from stackroom.events.history.history import state_at
from stackroom.events.log import Identity, Listed, LogWriter
from stackroom.events.model import Commit, ComponentRegistered, ProfileCreated, Proposal
from stackroom.events.people.entities import Assignment, Project, Role, Team, Token, User
from stackroom.events.people.model import RoleAssigned, TokenCreated, UserCreated
from stackroom.events.people.permissions import PERMISSIONS, Who
from stackroom.events.proofs import merkle
from stackroom.events.proofs.authors import author_finding, known_keys
from stackroom.events.sqlite.log import LogFile
from stackroom.events.state import State, decode, encode
from stackroom.sync import effects
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.healing.mending import Outcome, Unmended, mend
from stackroom.sync.hosting.inspecting import Found
from stackroom.sync.hosting.inspector import Tally
from stackroom.sync.hub import Hub
from stackroom.sync.people import founding, orders, tokens
from stackroom.sync.people.access import TOKEN_FACT, PeopleAccess
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.reading.contrasting import read_diff
from stackroom.sync.reading.drafting import draft
from stackroom.sync.reading.paging import compared, read_page, read_roots
from stackroom.sync.reading.run_listing import list_runs
from stackroom.sync.reading.showing import Past, read_log, read_past
from stackroom.sync.reading.vouching import read_proofs
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.notaries import notary_of

IDENTITY = Identity(uid(9), 1)
SHARED, OTHER, ABSENT = uid(1), uid(2), uid(3)
NOW = 1_800_000_000_000
FURNISHED = 7
"""The author's time of what every run begins with."""
SETTINGS = Settings(
    page_commits=2, snapshot_every=3, snapshot_worth=2, states_kept=1, push_proposals=3,
    batch_proposals=3, subscriptions=2,
)  # fmt: skip

USERS = {"root": ("admin", ""), "edna": ("editor", SHARED), "vic": ("viewer", ""), "nemo": ("", "")}
"""(role, scope) by name."""

PERMITTED: dict[str, set[str]] = {
    "viewer": {"profile.read"},
    "editor": {"profile.read"},
    "maintainer": {"profile.read"},
    "auditor": {"profile.read", "people.read", "hub.audit"},
    "admin": {"profile.read", "people.read", "hub.audit"},
}
"""What may be seen by whom: said again, as the witness believes no core."""


def token_of(name: str) -> tokens.Made:
    """The token that each user has from the beginning."""
    return tokens.make(tokens.PERSONAL, lambda n: name.encode().ljust(n, b"."))


@cache
def template() -> Path:
    """The file that every run begins with: four users, two profiles."""
    folder = Path(tempfile.mkdtemp(prefix="stackroom-fuzz-"))
    path = folder / "template.db"
    file = LogFile.open(path, new_id=IDENTITY.id, synchronous="OFF")
    salts = count(1)
    authority = Authority(
        lambda: next(salts).to_bytes(16), snapshot_every=100, states_kept=8, people=IDENTITY.id
    )
    file.write(partial(_furnish, authority))
    file.close()
    return path


def _furnish(authority: Authority, log: LogWriter) -> None:
    code = token_of("code")
    founding.found(authority, NOW, log, code)
    ids = count(100)
    for name, (role, scope) in USERS.items():
        user, token = uid(next(ids)), token_of(name)
        changes = [(user, UserCreated(name))]
        if role:
            changes.append((uid(next(ids)), RoleAssigned("", user, role, scope)))  # type: ignore[arg-type]
        limits = {"lifetime": 1_000, "expires": NOW + 1_000} if name == "vic" else {}
        made = TokenCreated(name, user, token.prefix, NOW, **limits)  # type: ignore[arg-type]
        changes.append((uid(next(ids)), made))  # type: ignore[arg-type]
        assert isinstance(authority.commit(IDENTITY.id, name, changes, "", NOW, log), Commit)
        log.put_fact(TOKEN_FACT, token.prefix, token.hash)
    for number, profile in enumerate((SHARED, OTHER)):
        made_first = ProfileCreated(f"profile {number}")
        component = ComponentRegistered("c", "orchestrator", "k8s", {"a": {"b": 1}})
        events = (
            seal(profile, made_first, bytes(16)),
            seal(uid(50 + number), component, bytes(16)),
        )
        proposal = Proposal(uid(60 + number), 1, 0, "", FURNISHED, events)
        who = Who(uid(70), "root", frozenset(PERMISSIONS))
        authority.decide([Submission(profile, who, proposal)], NOW, log)


class Witness:
    """Holds what the hub sends against who may see it, by the people that are in its log."""

    def __init__(self, file: LogFile) -> None:
        self.file = file
        self.authors: dict[str, set[str]] = {}
        """Who proposed under an id."""
        self.names: dict[int, str] = {}
        """Whose token a session came by."""
        self.tokens = {token_of(name).text: name for name in USERS}

    def proposed(self, id: str, name: str) -> None:
        """Somebody pushed a proposal under this id."""
        self.authors.setdefault(id, set()).add(name)

    def may_read(self, name: str, profile: str) -> bool:
        """Whether the user may see the profile."""
        return self.holds(
            name, "people.read" if profile == IDENTITY.id else "profile.read", profile
        )

    def holds(self, name: str, needed: str, profile: str = "") -> bool:
        """Whether the user holds the permission there, worked out anew from the log."""
        state = fold(State(), *self.file.read(lambda log: log.commits(IDENTITY.id, 0, 100_000)))
        found = state.find(User, name)
        prefix = token_of(name).prefix
        token = next((t for _, t in state.all(Token) if t.prefix == prefix), None)
        if token is None or found is None or not found[1].active or token.user != found[0]:
            return False
        user = found[0]
        on_hub = profile in ("", IDENTITY.id)
        if token.profiles is not None and (on_hub or profile not in token.profiles):
            return False
        subjects = {user, *(id for id, team in state.all(Team) if user in team.members)}
        scopes = {""}
        if not on_hub:
            scopes |= {profile, *(id for id, p in state.all(Project) if profile in p.profiles)}
        for _, assignment in state.all(Assignment):
            if assignment.subject in subjects and assignment.scope in scopes:
                role = state.get(assignment.role)
                held = role.permissions if isinstance(role, Role) else ()
                if needed in held or needed in PERMITTED.get(assignment.role, ()):
                    return True
        return False

    def said_hello(self, session: int, token: str) -> None:
        """Somebody came by a token, whom the hub takes for the first time."""
        self.names.setdefault(session, self.tokens.get(token, ""))

    def sent(self, session: int, message: wire.FromHub) -> None:
        """The hub sends `message` to the session of that number."""
        if isinstance(message, wire.Error | wire.Reply):
            return
        name = self.names.get(session)
        assert name, f"{type(message).__name__} to somebody without a token"
        match message:
            case (
                wire.Commits(profile)
                | wire.History(profile)
                | wire.Block(profile)
                | wire.Snapshot(profile)
                | wire.CaughtUp(profile)
                | wire.Roots(profile)
                | wire.Presence(profile)
                | wire.Changed(profile)
                | wire.Looked(profile=profile)
                | wire.LogRead(profile=profile)
                | wire.Differed(profile=profile)
                | wire.Proved(profile=profile)
                | wire.RunsListed(profile=profile)
                | wire.Drafted(profile=profile)
                | wire.Compared(profile)
                | wire.Recall(profile)
                | wire.Healed(profile)
            ):
                assert self.may_read(name, profile), (name, message)
            case wire.Inspected():
                told = {f.profile for each in message.connections for f in each.follows}
                if message.condition is not None:
                    told |= {kept.profile for kept in message.condition.kept}
                assert message.profile or self.holds(name, "hub.audit"), (name, message)
                assert all(self.may_read(name, profile) for profile in told), (name, message)
            case wire.Profiles(profiles):
                assert all(self.may_read(name, p.id) for p in profiles), message
            case wire.Welcome(user=user):
                assert user == name, f"{name} was taken for {user}"
            case wire.Rights() | wire.Results():
                pass
            case _:
                raise AssertionError(message)


class FuzzedHub:
    """The hub, its log, what waits for it, and its connections."""

    def __init__(self, path: Path) -> None:
        self.file = LogFile.open(path, new_id=IDENTITY.id, synchronous="OFF")
        self.salts = count(1_000_000)
        self.now = NOW
        access = self.file.read(PeopleAccess.load)
        self.hub = Hub(IDENTITY, access, SETTINGS, "fuzzed", notary=notary_of(IDENTITY))
        self.authority = Authority(
            lambda: next(self.salts).to_bytes(16),
            snapshot_every=SETTINGS.snapshot_every,
            states_kept=SETTINGS.states_kept,
            people=IDENTITY.id,
        )
        self.witness = Witness(self.file)
        self.work: deque[effects.Submit | effects.Ordered | effects.Mending] = deque()
        self.reads: deque[effects.Asked] = deque()
        self.past = Past(SETTINGS.pasts_kept)
        self.blocks = Blocks(SETTINGS)
        self.tally = Tally()
        self.sessions: list[Session] = []

    def send(self, sessions: tuple[int, ...], message: wire.FromHub) -> None:
        for coding in wire.SUBPROTOCOLS:
            data = wire.encode(message, coding)
            assert wire.decode_from_hub(data, coding) == message
        for id in sessions:
            if id in self.hub.sessions:
                self.witness.sent(id, message)

    def carry_out(self) -> None:
        """Does what the hub wants done; what takes time, waits."""
        for effect in self.hub.effects():
            match effect:
                case effects.Send(sessions, message):
                    self.send(sessions, message)
                case effects.SendEach(messages):
                    for id, message in messages:
                        self.send((id,), message)
                case effects.Submit() | effects.Ordered() | effects.Mending():
                    self.work.append(effect)
                case effects.Forget(profile):
                    self.past.forget(profile)
                    self.tally.forget(profile)
                case effects.Keep(facts):
                    self.file.write(
                        lambda log, facts=facts: [  # type: ignore[misc]
                            log.put_fact(f.kind, f.key, f.value) for f in facts
                        ]
                    )
                case effects.Close(session):
                    self.close(session)
                case effects.Noted() | effects.Prove():
                    pass
                case _:
                    self.reads.append(effect)

    def close(self, id: int) -> None:
        """A connection ends."""
        if (session := self.hub.sessions.get(id)) is not None:
            self.hub.closed(session)
            self.sessions.remove(session)

    def receive(self, session: Session, message: wire.FromReplica) -> None:
        """A message comes, as bytes; what is none is said to be malformed."""
        try:
            data = wire.encode(message, wire.MSGPACK)
            decoded = wire.decode_from_replica(data, wire.MSGPACK)
        except wire.MessageError as error:
            self.hub.malformed(session, str(error)[:200])
        else:
            if isinstance(decoded, wire.Hello):
                self.witness.said_hello(session.id, decoded.token)
            if isinstance(decoded, wire.Push):
                for proposal in decoded.proposals:
                    self.witness.proposed(proposal.id, self.witness.names.get(session.id, ""))
            self.hub.receive(session, decoded, self.now)
        self.carry_out()

    def commit(self) -> None:
        """The next transaction."""
        if not self.work:
            return
        first = self.work.popleft()
        if isinstance(first, effects.Ordered):
            work = partial(orders.carry_out, self.authority, first.sender, first.ask, self.now)
            self.hub.carried_out(first, self.file.write(work), self.now)
        elif isinstance(first, effects.Mending):
            self.mend(first)
        else:
            batch = [first]
            while self.work and isinstance(self.work[0], effects.Submit) and len(batch) < 3:
                batch.append(self.work.popleft())  # type: ignore[arg-type]
            submissions = [s for submit in batch for s in submit.submissions]
            decision = self.file.write(partial(self.authority.decide, submissions, self.now))
            self.hub.decided(batch, decision, self.now)
        self.carry_out()

    def mend(self, mending: effects.Mending) -> None:
        outcome: Outcome | Refusal
        try:
            outcome = self.file.write(lambda log: mend(self.authority, mending, self.now, log))
        except Unmended as refused:
            self.authority.forget()
            outcome = refused.refusal
        self.hub.mended(mending, outcome, self.now)

    def read(self) -> None:
        """The next page, or whatever else was asked for."""
        if not self.reads:
            return
        request = self.reads.popleft()
        read = self.file.read
        match request:
            case effects.Read():
                self.hub.page(
                    request, read(partial(read_page, request, SETTINGS, self.blocks)), self.now
                )
            case effects.FetchRoots():
                self.hub.roots(request, read(partial(read_roots, request)), self.now)
            case effects.Show(_, profile):
                if self.hub.must_fold(profile):
                    self.hub.folded(profile, read(partial(state_at, profile=profile)))
                self.hub.show(request)
            case effects.LookBack():
                self.hub.recalled(request, read(partial(read_past, request, self.past, SETTINGS)))
            case effects.WorkOut(_, asked, who):
                most = SETTINGS.shown_bytes
                self.hub.worked_out(request, read(partial(draft, asked, who, self.past, most)))
            case effects.Recount():
                self.hub.recounted(request, read(partial(read_log, request, self.past, SETTINGS)))
            case effects.Contrast():
                page = read(partial(read_diff, request, self.past, SETTINGS))
                self.hub.contrasted(request, page)
            case effects.Vouch():
                self.hub.vouched(request, read(partial(read_proofs, request, SETTINGS)), self.now)
            case effects.FindRuns(_, asked):
                ran = read(partial(list_runs, asked, self.past, SETTINGS))
                self.hub.runs_found(request, ran)
            case effects.Inspecting():
                profiles = read(lambda log: log.profiles())
                wanted = self.hub.worth_keeping(request, profiles)
                kept = read(partial(self.tally.kept, wanted))
                self.hub.inspected(request, found(profiles, kept), self.now)
            case effects.ListAll(session):
                self.hub.catalogue(session, read(lambda log: log.profiles()))
            case effects.ReadNotes():
                self.hub.notes(request, ())
            case effects.Survey():
                self.hub.surveyed(request, read(lambda log: log.profiles()))
            case effects.Look(_, compare):
                self.hub.compared(request, read(partial(compared, compare)))
        self.carry_out()

    def judge(self) -> None:
        """What is in the log holds together, and is whose it says it is, by its signature too."""
        people_commits = self.file.read(lambda log: log.commits(IDENTITY.id, 0, 100_000))
        keys = known_keys(people_commits)
        profiles = {p.id for p in self.file.read(lambda log: log.profiles())} | {IDENTITY.id}
        for profile in sorted(profiles):
            commits = self.file.read(lambda log, p=profile: log.commits(p, 0, 100_000))  # type: ignore[misc]
            frontier, state = merkle.Frontier(), State()
            for commit in commits:
                frontier = merkle.grow(frontier, merkle.leaf_hash(leaf(profile, commit)))
                assert merkle.root(frontier) == commit.root
                state = fold(state, commit)
                own = commit.replica == IDENTITY.id or commit.time == FURNISHED
                assert own or commit.author in self.witness.authors[commit.id], commit
                found = author_finding(profile, commit, keys).result
                assert found in ("valid", "unsigned"), commit
            assert encode(decode(encode(state))) == encode(state)
            kept = self.file.read(lambda log, p=profile: self.authority.state(p, log))  # type: ignore[misc]
            assert encode(kept) == encode(state)
        people = self.hub.access
        assert isinstance(people, PeopleAccess)
        assert list(people.directory.administrators()), "nobody administers this hub"


def found(profiles: list[Listed], kept: tuple[wire.Kept, ...]) -> Found:
    """What a shell without sockets and files finds."""
    heads = {listed.id: listed.seq for listed in profiles}
    counters, stored = wire.Counters(), wire.Stored()
    return Found(heads, {}, wire.Condition(True, 0, "fuzzed", counters, stored, len(heads), kept))


@contextmanager
def fuzzed_hub() -> Iterator[FuzzedHub]:
    """A hub on a copy of the template."""
    with tempfile.TemporaryDirectory(prefix="stackroom-fuzz-") as folder:
        path = Path(folder) / "hub.db"
        shutil.copy(template(), path)
        hub = FuzzedHub(path)
        try:
            yield hub
        finally:
            hub.file.close()

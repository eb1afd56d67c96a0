"""Every cell of `docs/access-matrix.md`, tried on one hub: what is asked, by whom, and what comes of it."""

import ast
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import get_args

import pytest
from websockets.exceptions import ConnectionClosed

from stackroom.events.codec import CHANGES
from stackroom.events.model import ProfileCreated
from stackroom.events.people.entities import Token, User
from stackroom.events.people.model import RoleCreated, UserCreated
from stackroom.events.people.people import BUILT_IN
from stackroom.sync import protocol as wire
from stackroom.sync.web import http
from stackroom.sync.web.pages import VIEWS
from tests import access_page
from tests.attacks.matrix import (
    CUSTOM,
    GETS,
    PLACES,
    ROLES,
    ROWS,
    SUBJECTS,
    Case,
    Row,
    Subject,
)
from tests.attacks.standing import connecting, standing
from tests.events.world import uid
from tests.sync.members import Team, made, new, registered
from tests.sync.speaking import PROFILE, Peer
from tests.sync.test_http import ask

ROOT = Path(__file__).parents[2]
DAY = 86_400_000
CLOSING = (
    "hello again",
    "redeem after hello",
    "sign_in after hello",
    "sign_in_oidc after hello",
    "revoke_token, this one",
)

CODES = {
    "base_ahead": "yes",
    "bad_proof": "yes",
    "nothing_to_end": "yes",
    "healing_under_way": "yes",
    "nothing_to_redact": "yes",
    "not_allowed": "no",
    "reserved": "hub",
    "wrong_stream": "stream",
    "": "yes",
}
"""What a cell says, by the code of the hub's answer."""


class TestTheTable:
    def test_the_page_says_what_the_table_says(self) -> None:
        written = (ROOT / "docs" / "access-matrix.md").read_text()
        assert written == access_page.page(), "run make generate"

    def test_every_message_has_its_rows(self) -> None:
        case = Case(lambda: uid(1), new(made()), "x", uid(2), uid(3), uid(4))
        made_by = [row.make(case) for row in ROWS]
        tried = {type(m) for m in made_by if isinstance(m, wire.Message)} | {wire.Push}
        assert tried == set(get_args(wire.FromReplica))
        orders = {type(m.order) for m in made_by if isinstance(m, wire.Ask)}
        assert orders == set(get_args(wire.AnyOrder))

    @pytest.mark.parametrize("place", ["own", "people"])
    def test_every_change_has_its_row(self, place: str) -> None:
        case = Case(lambda: uid(1), new(made()), "x", uid(2), uid(3), uid(4))
        made_by = [row.make(case) for row in ROWS if row.place == place]
        assert {type(m[1]).__name__ for m in made_by if isinstance(m, tuple)} == set(CHANGES)

    def test_every_get_has_its_row(self) -> None:
        tree = ast.parse(Path(http.__file__).read_text("utf-8"))
        served = {
            node.pattern.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.match_case)
            and isinstance(node.pattern, ast.MatchValue)
            and isinstance(node.pattern.value, ast.Constant)
        }
        pages = {path for path in GETS if path.startswith(VIEWS)}
        assert served == {path for path, status in GETS.items() if status == 200} - pages

    def test_the_roles_are_those_of_the_code(self) -> None:
        assert {role: set(held) for role, held in BUILT_IN.items()} == {
            role: held for role, held in ROLES.items() if role not in ("nobody", CUSTOM)
        }


class Trial:
    """The hub, and one subject after the other."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.numbers = count(5_000)
        self.keys: dict[str, bytes] = {}
        """The key that the user of each token has registered."""

    def fresh(self) -> str:
        return uid(800_000_000_000 + next(self.numbers))

    async def token(self, subject: Subject) -> str:
        """A token of a new user who holds the role."""
        name = f"user{next(self.numbers)}"
        role = {"nobody": "", CUSTOM: uid(70)}.get(subject.role, subject.role)
        whole = await self.team.member(name, role, "" if subject.on_hub or not role else PROFILE)
        token = made()
        profiles = (PROFILE,) if subject.one_profile else None
        order = wire.MakeToken(
            new(token), read_only=subject.read_only, profiles=profiles, lifetime=DAY
        )
        async with self.team.speaking(whole) as peer:
            assert not (await peer.ask(order)).code
            self.keys[token.text] = await registered(peer, name)
        return token.text

    async def case(self, token: str) -> Case:
        """What the next trial of the holder of `token` has at hand."""
        others, state = made(), await self.team.state()
        async with self.team.speaking(self.team.root) as root:
            assert not (await root.ask(wire.MakeToken(new(others)))).code
            others_key = await registered(root, "root")
        ids = {t.prefix: id for id, t in (await self.team.state()).all(Token)}
        service = state.find(User, "ci")
        assert service is not None
        return Case(
            self.fresh,
            new(made()),
            f"user{next(self.numbers)}",
            ids[token[:12]],
            ids[others.prefix],
            service[0],
            self.keys.get(token, b""),
            others_key,
        )

    async def outcome(self, row: Row, peer: Peer, case: Case) -> str:
        """What comes of it: a word of `SHOWN`, or what else was said."""
        message = row.make(case)
        if isinstance(message, tuple):
            (answer,) = await peer.push(
                peer.proposal(message, base=row.base), profile=PLACES[row.place]
            )
            return CODES.get(answer.code, answer.code)
        if isinstance(message, wire.Ask):
            reply = await peer.ask(message.order)
            return CODES.get(reply.code, reply.code)
        await peer.say(message)
        match message:
            case wire.ListProfiles():
                listed = {p.id for p in (await peer.hear(wire.Profiles)).profiles}
                return "yes" if PLACES[row.place] in listed else "no"
            case wire.ListWays():
                return "yes" if await peer.hear(wire.Ways) else "no"
            case (
                wire.Unsubscribe()
                | wire.Unwatch()
                | wire.Compare()
                | wire.Offer()
                | wire.Returned()
            ):
                return "yes" if not (await peer.ask(wire.Explain())).code else "no"
            case _:
                return await self.data(peer)

    async def data(self, peer: Peer) -> str:
        while True:
            match await peer.next():
                case (
                    wire.CaughtUp()
                    | wire.History()
                    | wire.Block()
                    | wire.LogRead()
                    | wire.Drafted()
                    | wire.Roots()
                    | wire.Proved()
                ):
                    return "yes"
                case wire.Inspected() | wire.RunsListed():
                    return "yes"
                case (
                    wire.Changed(complete=True)
                    | wire.Looked(complete=True)
                    | wire.Differed(complete=True)
                ):
                    return "yes"
                case wire.Error(code):
                    return "no" if code == "forbidden" else code

    async def closing(self, row: Row, subject: Subject) -> str:
        """What comes of what ends the connection: of a `hello` too many, or of one's own token."""
        token = await self.token(subject)
        case = await self.case(token)
        async with self.team.speaking(token) as peer:
            message = row.make(case)
            assert not isinstance(message, tuple)
            await peer.say(message)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await peer.next()
        assert closed.value.rcvd is not None
        return {wire.CloseCode.MALFORMED: "no", wire.CloseCode.UNAUTHORISED: "yes"}[
            closed.value.rcvd.code
        ]


@pytest.fixture
async def trial(tmp_path: Path) -> AsyncIterator[Trial]:
    """A hub with two profiles, a service account, and the custom role."""
    async with standing(tmp_path / "hub.db") as team:
        async with team.speaking(team.root) as root:
            other = PLACES["other"]
            await root.push(root.proposal((other, ProfileCreated("other"))), profile=other)
        held = dict.fromkeys(sorted(ROLES[CUSTOM]), True)
        for change in (
            (uid(70), RoleCreated(CUSTOM, permissions=held)),
            (uid(71), UserCreated("ci", service=True)),
        ):
            assert (await team.change(change)).outcome == "accepted"
        yield Trial(team)


@pytest.mark.anyio
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.name)
async def test_every_cell(trial: Trial, subject: Subject) -> None:
    token, wrong = await trial.token(subject), []
    case = await trial.case(token)
    async with trial.team.speaking(token) as peer:
        for row in ROWS:
            if row.what not in CLOSING:
                case = case._replace(token=new(made()), name=f"user{next(trial.numbers)}")
                found = await trial.outcome(row, peer, case)
                if found != row.expected(subject):
                    wrong.append((row.what, row.place, row.expected(subject), found))
    for row in ROWS:
        if row.what in CLOSING:
            found = await trial.closing(row, subject)
            if found != row.expected(subject):
                wrong.append((row.what, row.place, row.expected(subject), found))
    assert wrong == []
    assert len(await trial.team.hub.commits()) == 2


@pytest.mark.anyio
async def test_nothing_is_answered_before_hello(trial: Trial) -> None:
    case = await trial.case(trial.team.root)
    messages = {type(m): m for row in ROWS if isinstance(m := row.make(case), wire.Message)}
    messages[wire.Push] = wire.Push(PROFILE, ())
    first = {wire.Hello, wire.ListWays, *get_args(wire.SigningIn)}
    for kind in set(get_args(wire.FromReplica)) - first:
        async with connecting(trial.team.url) as socket:
            await socket.send(wire.encode(messages[kind], wire.MSGPACK))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == wire.CloseCode.UNAUTHORISED


@pytest.mark.anyio
async def test_every_get(trial: Trial) -> None:
    for path, status in GETS.items():
        assert (await ask(trial.team.hub, path))[0] == status, path

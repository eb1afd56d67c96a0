"""Reading another profile: somebody who may edit their own one tries every way to see into the other."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from stackroom.events.model import ComponentRegistered, ComponentUpdated, ProfileCreated
from stackroom.events.people.entities import Project, User
from stackroom.events.people.model import ProjectCreated, RoleAssigned, TeamCreated
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.messages.drafts import Approve, Do, Intended, Revert
from stackroom.sync.web.pages import dashboard
from tests.attacks.standing import standing
from tests.events.world import uid
from tests.sync.members import Team
from tests.sync.speaking import HUB, PROFILE, Peer, component

pytestmark = pytest.mark.anyio

OWN, NOWHERE = uid(2), uid(3)
TELLING = (
    wire.Commits,
    wire.History,
    wire.Block,
    wire.Snapshot,
    wire.Changed,
    wire.Looked,
    wire.LogRead,
    wire.Differed,
    wire.Proved,
    wire.RunsListed,
    wire.Inspected,
)
CANARIES = (
    "canary-profile",
    "canary-name",
    "canary-value",
    "canary-team",
    "canary-project",
    "hidden-ann",
)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """Two profiles: one is Eve's, and everything in the other sings."""
    async with standing(tmp_path / "hub.db") as team:
        ann = await team.member("hidden-ann", "editor", PROFILE)
        await team.change((uid(50), TeamCreated("canary-team")))
        await team.change((uid(51), ProjectCreated("canary-project", profiles={PROFILE: True})))
        async with team.speaking(team.root) as root, team.speaking(ann) as other:
            await root.push(root.proposal((OWN, ProfileCreated("own"))), profile=OWN)
            sung = ComponentRegistered("canary-name", "orchestrator", "k8s", {"k": "canary-value"})
            await root.push(root.proposal((uid(60), sung), base=2))
            await other.push(
                other.proposal((component(1)[0], ComponentUpdated({"/config/a": 1})), base=2)
            )
            (lost,) = await root.push(
                root.proposal((component(1)[0], ComponentUpdated({"/config/a": 2})), base=2)
            )
            renamed = structs.replace(root.proposal(component(9), base=0), message="canary-value")
            assert lost.outcome == "conflict"
            await root.push(renamed)
        yield team


def every_way(peer: Peer, profile: str, known: list[str]) -> list[wire.FromReplica]:
    """Everything that might tell something of `profile`; `known` are ids of proposals in it."""
    changes = [
        component(1), component(77), (uid(60), ComponentUpdated({"/config/k": "x"})),
        (profile, ProfileCreated("own too")),
    ]  # fmt: skip
    proposals = [peer.proposal(change, base=base) for change in changes for base in (0, 3, 10_000)]
    proposals += [structs.replace(peer.proposal(changes[0]), id=id) for id in known]
    return [
        wire.Subscribe(profile, 0, EMPTY_ROOT),
        wire.Subscribe(profile, 0, EMPTY_ROOT, snapshot=True),
        wire.Subscribe(profile, 2, bytes(32)),
        wire.Subscribe(profile, 10_000, bytes(32)),
        wire.Unsubscribe(profile),
        wire.Subscribe(profile, 0, EMPTY_ROOT, snapshot=True, seen=2),
        *(wire.Fetch(profile, after) for after in (0, 2, 10_000)),
        wire.Watch(profile),
        wire.Unwatch(profile),
        *(wire.Look(n, profile, n) for n in (0, 2, 10_000)),
        *(wire.ReadLog(n, profile, n, entity=id) for n in (0, 3) for id in ("", uid(60), profile)),
        *(wire.Diff(n, profile, 0, n) for n in (0, 2, 10_000)),
        *(wire.Prove(n, profile, (1, n), n) for n in (0, 2, 10_000)),
        *(wire.Draft(n, profile, step, n) for n in (0, 3) for step in (Approve(uid(60)), Revert(1))),
        *(wire.Draft(1, profile, Do((Intended("StackDeleted", id, "{}"),))) for id in (uid(60), profile)),
        *(wire.ListRuns(n, profile, uid(60), before=n) for n in (0, 3)),
        wire.Inspect(5),
        wire.Inspect(6, profile),
        wire.ReadLog(1, profile, author="root", kind="stack", text="a"),
        wire.FetchRoots(profile, (0, 2, 10_000)),
        *(wire.Push(profile, (proposal,)) for proposal in proposals),
        wire.Push(profile, tuple(proposals)),
        wire.Push(profile, ()),
        *(wire.Ask(n, wire.Explain(user, profile)) for n, user in enumerate(("", "root", "hidden-ann"))),
        wire.Ask(9, wire.ListTokens()),
        wire.Ask(10, wire.ListTokens(everybody=True)),
        wire.ListProfiles(),
    ]  # fmt: skip


async def all_said(peer: Peer, messages: list[wire.FromReplica]) -> list[wire.FromHub]:
    """What the hub says to `messages`, one after the other; an order takes its turn behind pushes."""
    begun = len(peer.heard)
    for n, message in enumerate(messages, 1_000):
        await peer.say(message)
        if isinstance(message, wire.ListProfiles):
            await peer.hear(wire.Profiles)
        await peer.say(wire.Ask(n, wire.RenewToken()))
        while not (isinstance(said := await peer.next(), wire.Reply) and said.id == n):
            pass
    return [m for m in peer.heard[begun:] if not (isinstance(m, wire.Reply) and m.id >= 1_000)]


async def test_every_way_into_another_profile(team: Team) -> None:
    known = [commit.id for commit in await team.hub.commits()]
    token = await team.member("eve", "maintainer", OWN)
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        await eve.subscribe(profile=OWN)
        said = await all_said(eve, every_way(eve, PROFILE, known))
        await root.push(root.proposal(component(5), base=0))
        said += await all_said(eve, every_way(eve, HUB.id, known))
        told = "".join(str(wire.encode(m, wire.JSON)) for m in said)
        # The name that she asked for herself comes back in the refusal alone.
        told = told.replace("there is no user 'hidden-ann'", "")
        assert [canary for canary in CANARIES if canary in told] == []
        assert not [m for m in said if isinstance(m, TELLING)]
        assert not [
            m
            for m in said
            if isinstance(m, wire.Presence | wire.CaughtUp | wire.Roots) and m.profile != OWN
        ]
        answers = [a for m in said if isinstance(m, wire.Results) for a in m.answers]
        assert {(a.outcome, a.seq, a.code) for a in answers} == {("rejected", None, "not_allowed")}


async def test_a_profile_that_is_hidden_and_one_that_is_not_there_answer_alike(team: Team) -> None:
    token = await team.member("eve", "maintainer", OWN)
    async with team.speaking(token) as eve:
        told = []
        for profile in (PROFILE, NOWHERE):
            said = await all_said(eve, every_way(eve, profile, []))
            text = "".join(str(wire.encode(m, wire.JSON)) for m in said).replace(profile, "THERE")
            ids = {a.id for m in said if isinstance(m, wire.Results) for a in m.answers}
            for n, id in enumerate(sorted(ids)):
                text = text.replace(id, f"PROPOSAL {n}")
            told.append(text)
        assert told[0] == told[1]


async def test_a_name_that_is_taken_says_so_and_nothing_else(team: Team) -> None:
    """Names are unique on a hub: this much is told, to whoever may make or rename a profile."""
    token = await team.member("eve", "maintainer")
    hidden_from = await team.id_of(User, "eve")
    assert hidden_from
    async with team.speaking(token) as eve:
        (answer,) = await eve.push(eve.proposal((NOWHERE, ProfileCreated("team"))), profile=NOWHERE)
    assert (answer.code, answer.seq) == ("name_in_use", None)
    assert PROFILE not in answer.sentence


async def test_who_administers_people_alone_sees_no_profile(team: Team) -> None:
    """A role of people's permissions reaches the rules, and is told nothing there but no."""
    from stackroom.events.people.model import RoleCreated

    permissions = {"people.read": True, "people.write": True}
    await team.change((uid(70), RoleCreated("recruiter", permissions=permissions)))
    token = await team.member("eve", uid(70))
    known = [commit.id for commit in await team.hub.commits()]
    async with team.speaking(token) as eve:
        told = []
        for profile in (PROFILE, NOWHERE):
            messages = [m for m in every_way(eve, profile, []) if isinstance(m, wire.Push)]
            said = await all_said(eve, messages)
            answers = [a for m in said if isinstance(m, wire.Results) for a in m.answers]
            told.append([(a.outcome, a.seq, a.code, a.sentence) for a in answers])
        assert told[0] == told[1]
        assert {code for _, _, code, _ in told[0]} == {"not_allowed"}
        answers = await eve.push(
            *(structs.replace(eve.proposal(component(1)), id=id) for id in known), profile=NOWHERE
        )
        assert {(a.code, a.seq) for a in answers} == {("id_in_use", None)}


async def test_presence_of_a_profile_reaches_its_readers_alone(team: Team) -> None:
    token = await team.member("eve", "maintainer", OWN)
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        await eve.subscribe(profile=OWN)
        for profile in (PROFILE, HUB.id):
            await root.subscribe(profile=profile)
            await root.say(wire.Unsubscribe(profile))
        await root.subscribe(profile=OWN)
        joined = await eve.hear(wire.Presence)
        assert (joined.profile, [p.user for p in joined.joined]) == (OWN, ["root"])
        assert not [m for m in eve.heard if isinstance(m, wire.Presence) and m.profile != OWN]


async def test_somebody_without_any_right_sees_nothing(team: Team) -> None:
    token = await team.member("nobody")
    async with team.speaking(token) as nobody:
        for profile in (PROFILE, OWN, HUB.id, NOWHERE):
            said = await all_said(nobody, every_way(nobody, profile, []))
            kinds = {type(m) for m in said}
            assert kinds == {wire.Error, wire.Results, wire.Reply, wire.Profiles}
            assert [m.profiles for m in said if isinstance(m, wire.Profiles)] == [()]
            told = "".join(str(wire.encode(m, wire.JSON)) for m in said)
            assert not [canary for canary in CANARIES if canary in told]
        rights = [m for m in nobody.heard if isinstance(m, wire.Rights)]
        assert [(r.hub, r.profiles, r.people) for r in rights] == [((), {}, "")]


PATHS = [
    "/", "/healthz", "/readyz", "/metrics", "/nothing", "/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fhub.db", "/hub.db", "//hub.db", "/static/../hub.db", "/metrics/../hub.db", "/\\..\\hub.db",
    "/healthz?token=x", "/p/team", f"/p/{PROFILE}/stacks/canary-name", "/p/../hub.db", "/p/..%2f..%2fhub.db",
    "/static/", "/static/{static}/../../hub.db", "/static/{static}/lib/../../../hub.db", "/static/{static}//app.js",
    "/static/{static}/..%2f..%2fprotocol.py", "/static/{static}/%2e%2e/%2e%2e/server.py", "/static/{static}",
    "/static/{static}/index.html", "/static/{static}/lib", "/static/{static}/app.js%00", "/static/{static}/APP.JS",
    "/static/0000000000000000/app.js", "/auth/done", "/auth/cookie", "/auth/cookie?token=x",
    f"/{PROFILE}", f"/profiles/{PROFILE}", "/metrics?profile=team", "/hub.db%00.html",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_plain_http_tells_nothing_of_profiles_people_or_files(team: Team, path: str) -> None:
    stream = await anyio.connect_tcp("127.0.0.1", team.hub.server.port)
    async with stream:
        path = path.replace("{static}", dashboard().version)
        await stream.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = b""
        try:
            while True:
                answer += await stream.receive()
        except anyio.EndOfStream:
            pass
    status = int(answer.split()[1])
    bare = path.split("?")[0]
    there = bare in ("/", "/healthz", "/readyz", "/metrics") or bare.startswith("/p/")
    assert status == (200 if there else 401 if bare == "/auth/cookie" else 404)
    text = answer.decode()
    assert not [c for c in (*CANARIES, PROFILE, OWN, "root", "SQLite", "x:0:0") if c in text]


async def test_explaining_ones_own_access_names_nothing_of_others(team: Team) -> None:
    token = await team.member("eve", "viewer", OWN)
    eve_id = await team.id_of(User, "eve")
    await team.change((uid(80), RoleAssigned("", eve_id, "viewer", uid(51))))
    async with team.speaking(token) as eve:
        reply = await eve.ask(wire.Explain(profile=PROFILE))
    assert reply.explained is not None
    assert {g.project for g in reply.explained.grants} == {"canary-project"}
    assert await team.id_of(Project, "canary-project") == uid(51)
    assert "hidden-ann" not in json.dumps([str(g) for g in reply.explained.grants])

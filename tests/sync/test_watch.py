"""What a hub shows folded: watching a profile, looking back, and what commits changed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from stackroom.events import state as states
from stackroom.events.history.history import state_at
from stackroom.events.model import (
    Change,
    ComponentDeleted,
    ComponentRegistered,
    ComponentUpdated,
    ConflictResolved,
    StackDeleted,
    StackRegistered,
)
from stackroom.events.people.entities import Assignment, User
from stackroom.events.people.model import RoleRevoked, TeamCreated
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.link import Link
from tests.events.world import uid
from tests.sync.members import Team, serving_team
from tests.sync.speaking import HUB, PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

SMALL = Settings(port=0, shown_bytes=400)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "hub.db", SMALL) as hub:
        yield hub


class Screen:
    """What a watcher has been told of: one that does not fold."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.entities: dict[str, object] = {}
        self.seq = 0
        self.complete = False

    async def upto(self, seq: int) -> None:
        """Hears until it shows `seq` whole."""
        while not self.complete or self.seq < seq:
            self.take(await self.peer.hear(wire.Changed))

    def take(self, changed: wire.Changed | wire.Looked) -> None:
        self.seq, self.complete = changed.seq, changed.complete
        for id, entity in json.loads(changed.entities).items():
            if entity is None:
                del self.entities[id]
            else:
                self.entities[id] = entity


async def as_folded(hub: Running, seq: int | None = None, profile: str = PROFILE) -> object:
    """The entities as everybody else folds them."""
    state = await hub.log.read(lambda log: state_at(log, profile, seq))
    return json.loads(states.encode(state)).get("entities", {})


async def push(peer: Peer, *changes: tuple[str, Change], base: int = 0) -> None:
    """Pushes each change as a commit of its own."""
    for change in changes:
        (answer,) = await peer.push(peer.proposal(change, base=base))
        assert answer.outcome != "rejected", answer


async def test_a_watcher_has_what_everybody_folds(hub: Running) -> None:
    async with speaking(hub.url) as ann, speaking(hub.url, 71, coding=wire.JSON) as bob:
        await push(ann, created(), *(component(n, size=150) for n in range(10)))
        await bob.say(wire.Watch(PROFILE))
        screen = Screen(bob)
        await screen.upto(11)
        pages = [m for m in bob.heard if isinstance(m, wire.Changed)]
        assert len(pages) > 3
        assert all(len(page.entities) < 1_000 for page in pages)
        assert screen.entities == await as_folded(hub)
        await push(
            ann,
            (component(1)[0], ComponentUpdated({"/config/value": "new"})),
            (component(2)[0], ComponentDeleted()),
            (uid(5), StackRegistered("prod", {"orchestrator": [component(1)[0]]})),
        )
        await screen.upto(14)
        assert screen.entities == await as_folded(hub)
        assert component(2)[0] not in screen.entities


async def test_one_commit_of_very_much_comes_in_pages(hub: Running) -> None:
    async with speaking(hub.url) as ann, speaking(hub.url, 71) as bob:
        await push(ann, created())
        await bob.say(wire.Watch(PROFILE))
        screen = Screen(bob)
        await screen.upto(1)
        many = tuple(component(n, size=100) for n in range(1_200))
        for first in range(0, 1_200, 1_100):
            await ann.push(ann.proposal(*many[first : first + 1_100], base=1))
        await screen.upto(3)
        assert screen.entities == await as_folded(hub)


async def test_a_slow_watcher_gets_many_commits_as_one_change(hub: Running) -> None:
    """Its connection seems full for as long as a batch takes: what it is not told, it is told later."""
    async with speaking(hub.url) as ann, speaking(hub.url, 71) as bob:
        await push(ann, created(), component(1))
        await bob.say(wire.Watch(PROFILE))
        screen = Screen(bob)
        await screen.upto(2)
        full = hub.server.settings.live_buffer
        for link in hub.server.links.values():

            def write(frame: bytes, most: int, link: Link = link) -> bool:
                return most > full and Link.write(link, frame)

            link.write = write  # type: ignore[method-assign, assignment]
        changes = [(component(1)[0], ComponentUpdated({"/config/value": n})) for n in range(50)]
        changes += [component(3), (component(1)[0], ComponentDeleted())]  # type: ignore[list-item]
        for change in changes:
            await ann.say(wire.Push(PROFILE, (ann.proposal(change, base=2),)))
        await screen.upto(54)
        assert screen.entities == await as_folded(hub)
        assert hub.server.metrics.lagging > 0
        assert len([m for m in bob.heard if isinstance(m, wire.Changed)]) <= 53


async def test_the_hub_keeps_a_state_as_long_as_somebody_watches(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await push(ann, created())
        for peers in range(2):
            async with speaking(hub.url, 71 + peers) as bob:
                await bob.say(wire.Watch(PROFILE))
                await Screen(bob).upto(1)
                assert PROFILE in hub.server.hub.projections
                if peers:
                    await bob.say(wire.Unwatch(PROFILE))
                    await bob.say(wire.ListProfiles())
                    await bob.hear(wire.Profiles)
                    assert not hub.server.hub.projections
        await push(ann, component(1))
        assert not hub.server.hub.watchers
        assert not hub.server.hub.projections


async def test_a_connection_watches_so_many(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        for n in range(SMALL.watches + 1):
            await ann.say(wire.Watch(uid(100 + n)))
        error = await ann.hear(wire.Error)
        assert (error.code, error.profile) == ("too_large", uid(100 + SMALL.watches))


async def test_every_moment_can_be_looked_at(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        changes = [(component(n % 7)[0], ComponentUpdated({"/config/n": n})) for n in range(20)]
        await push(ann, created(), *(component(n) for n in range(7)), *changes)
        for seq in (28, 1, 9, 20, 21, 0, 1_000):
            await ann.say(wire.Look(seq, PROFILE, seq))
            screen = Screen(ann)
            while not screen.complete:
                looked = await ann.hear(wire.Looked)
                assert looked.id == seq
                screen.take(looked)
            assert screen.entities == await as_folded(hub, seq)
            assert screen.seq == min(seq, 28)
        assert len(hub.server.desk.past._states) <= SMALL.pasts_kept


async def look(peer: Peer, seq: int, held: int, era: int) -> list[wire.Looked]:
    """The hub's answer, page by page."""
    await peer.say(wire.Look(5, PROFILE, seq, held, era))
    pages = [await peer.hear(wire.Looked)]
    while not pages[-1].complete:
        pages.append(await peer.hear(wire.Looked))
    return pages


async def test_whoever_holds_a_moment_is_told_what_differs(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        changes = [(component(n % 7)[0], ComponentUpdated({"/config/n": n})) for n in range(20)]
        await push(ann, created(), *(component(n) for n in range(7)), *changes)
        await push(ann, (component(3)[0], ComponentDeleted()))
        screen, held, era = Screen(ann), 0, 0
        for seq in (28, 27, 9, 29, 28, 3, 1, 29, 29):
            for page in await look(ann, seq, held, era):
                assert page.held == held
                screen.take(page)
                era = page.era
            assert screen.entities == await as_folded(hub, seq)
            held = seq
        for page in await look(ann, 27, 28, era):
            assert len(json.loads(page.entities)) == 1


async def test_nothing_is_built_upon_what_is_of_another_era(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await push(ann, created(), component(1), component(2))
        (page, *_) = await look(ann, 3, 2, 7)
        assert (page.held, page.era) == (0, 0)
        hub.server.hub._forget(PROFILE)
        pages = await look(ann, 3, 2, page.era)
        assert {(page.held, page.era) for page in pages} == {(0, 1)}
        assert {id for page in pages for id in json.loads(page.entities)} == {
            PROFILE, component(1)[0], component(2)[0],
        }  # fmt: skip


async def whole_log(peer: Peer) -> list[wire.Entry]:
    """All entries, newest first, a page after the other."""
    found: list[wire.Entry] = []
    while True:
        before = found[-1].seq if found else 0
        await peer.say(wire.ReadLog(before, PROFILE, before))
        if not (page := (await peer.hear(wire.LogRead)).entries) or page[-1].seq == 1:
            return [*found, *page]
        found += page


async def test_what_commits_changed(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        id = component(1)[0]
        await push(
            ann,
            created(),
            component(1, "k8s"),
            component(2),
            (id, ComponentUpdated({"/config/value": 2, "/labels/team": "ml"})),
        )
        async with speaking(hub.url, 71, "bob") as bob:
            await push(bob, (id, ComponentUpdated({"/config/value": 3})), base=3)
        await ann.say(wire.ReadLog(1, PROFILE, most=2))
        newest, before = (await ann.hear(wire.LogRead)).entries
        assert (newest.types, newest.differences) == (("ConflictOpened",), ())
        (opened,) = newest.turns
        assert (opened.id, opened.kind, opened.number, opened.what) == (
            newest.id,
            "conflict",
            5,
            "opened",
        )
        assert (before.seq, before.author, before.types) == (4, "ann", ("ComponentUpdated",))
        told = [(d.kind, d.name, d.path, d.before, d.after) for d in before.differences]
        assert told == [
            ("component", "k8s", "/config/value", "x" * 10, 2),
            ("component", "k8s", "/labels/team", msgspec.UNSET, "ml"),
        ]
        assert [e.seq for e in await whole_log(ann)] == [5, 4, 3, 2, 1]
        await ann.say(wire.ReadLog(3, PROFILE, entity=id))
        entries = (await ann.hear(wire.LogRead)).entries
        assert [e.seq for e in entries] == [4, 2]
        assert {d.entity for e in entries for d in e.differences} == {id}
        await ann.say(wire.ReadLog(3, PROFILE, before=5, most=1, values=False))
        (bare,) = (await ann.hear(wire.LogRead)).entries
        assert (bare.seq, bare.message, bare.types) == (4, "why", ("ComponentUpdated",))
        assert (bare.differences, bare.left_out) == ((), 0)
        await push(ann, (newest.id, ConflictResolved("theirs")), base=5)
        await ann.say(wire.ReadLog(5, PROFILE, entity=newest.id))
        turns = [t for e in (await ann.hear(wire.LogRead)).entries for t in e.turns]
        assert [(t.number, t.what) for t in turns] == [(5, "theirs"), (5, "opened")]
        for nothing in (wire.ReadLog(4, PROFILE, before=1), wire.ReadLog(4, uid(77))):
            await ann.say(nothing)
            assert (await ann.hear(wire.LogRead)).entries == ()


async def test_only_some_commits_are_asked_for(tmp_path: Path) -> None:
    settings = Settings(port=0, log_sought=4)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        await push(ann, created(), component(1, "K8s"), (uid(5), StackRegistered("prod")))
        async with speaking(hub.url, 71, "bob") as bob:
            change = ComponentUpdated({"/config/value": "Spot", "/labels/team": "ml"})
            await push(bob, (component(1)[0], change), base=3)
        await push(ann, (uid(5), StackDeleted()), component(2), component(3), base=4)

        async def asked(**wanted: str) -> tuple[list[int], list[int]]:
            """The commits that are found, and where the hub stopped looking each time."""
            before, seqs, stops = 0, [], []
            while before or not stops:
                await ann.say(wire.ReadLog(1, PROFILE, before, most=2, **wanted))  # type: ignore[arg-type]
                read = await ann.hear(wire.LogRead)
                seqs += [entry.seq for entry in read.entries]
                before = read.upto
                stops.append(before)
            return seqs, stops

        assert await asked(author="bob") == ([4], [4, 0])
        assert await asked(author="ann", kind="stack") == ([5, 3], [4, 0])
        assert await asked(kind="component") == ([7, 6, 4, 2], [6, 2, 0])
        assert await asked(text="k8S SPOT") == ([4], [4, 0])
        assert await asked(text="prod #3") == ([3], [4, 0])
        assert await asked(text="/labels/team") == ([4], [4, 0])
        assert await asked(text="nothing says this") == ([], [4, 0])
        await ann.say(wire.ReadLog(1, PROFILE, author="bob"))
        (entry,) = (await ann.hear(wire.LogRead)).entries
        assert [(d.path, d.before, d.after) for d in entry.differences] == [
            ("/config/value", "x" * 10, "Spot"),
            ("/labels/team", msgspec.UNSET, "ml"),
        ]


async def test_what_is_too_much_is_counted(tmp_path: Path) -> None:
    settings = Settings(port=0, shown_bytes=2_000, log_differences=5)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        wide = ComponentRegistered("wide", "orchestrator", "k8s", {f"k{n}": n for n in range(50)})
        long = ComponentRegistered("long", "orchestrator", "k8s", {"a": "x" * 3_000, "b": 1})
        await push(ann, created(), (uid(20), wide), (uid(21), long))
        await ann.say(wire.ReadLog(1, PROFILE))
        (entry,) = (await ann.hear(wire.LogRead)).entries
        assert (entry.seq, entry.left_out) == (3, 1)
        assert "x" * 3_000 not in str(entry)
        await ann.say(wire.ReadLog(2, PROFILE, before=3))
        entry = (await ann.hear(wire.LogRead)).entries[0]
        assert (len(entry.differences), entry.left_out) == (5, 1)
        await ann.push(ann.proposal(component(1), component(2), component(3), base=3))
        await ann.say(wire.ReadLog(3, PROFILE))
        entry = (await ann.hear(wire.LogRead)).entries[0]
        assert (len(entry.differences), entry.left_out) == (5, 2)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with serving_team(tmp_path / "hub.db") as team:
        yield team


async def test_a_value_that_was_redacted_is_shown_to_nobody(team: Team) -> None:
    async with team.speaking(team.root) as root, team.speaking(team.root) as bob:
        secret = ComponentRegistered("k8s", "orchestrator", "k8s", {"password": "hunter2hunter2"})
        await root.push(root.proposal(created()), root.proposal((uid(20), secret), base=1))
        await bob.say(wire.Watch(PROFILE))
        screen = Screen(bob)
        await screen.upto(2)
        await bob.say(wire.Look(1, PROFILE, 2))
        assert "hunter2" in (await bob.hear(wire.Looked)).entities
        assert not (await root.ask(wire.Redact(PROFILE, 2, "/config/password", "leaked"))).code
        await screen.upto(3)
        assert "hunter2" not in str(screen.entities)
        assert screen.entities == await as_folded(team.hub)
        begun = len(bob.heard)
        await bob.say(wire.Look(2, PROFILE, 2))
        assert "hunter2" not in (await bob.hear(wire.Looked)).entities
        await bob.say(wire.ReadLog(3, PROFILE))
        assert "hunter2" not in str(await bob.hear(wire.LogRead))
        await bob.say(wire.Diff(4, PROFILE, 1, 2))
        assert "hunter2" not in str(await bob.hear(wire.Differed))
        await bob.say(wire.Prove(5, PROFILE, (2,)))
        assert "hunter2" not in str(await bob.hear(wire.Proved))
        assert "hunter2" not in str(bob.heard[begun:])


async def test_the_people_are_shown_to_whoever_may_read_them(team: Team) -> None:
    """Live, as a profile is, up to the very commit that takes the right away."""
    auditor = await team.member("eve", "auditor")
    async with team.speaking(auditor) as eve, team.speaking(await team.member("bob")) as bob:
        screen = Screen(eve)
        await eve.say(wire.Watch(HUB.id))
        await screen.upto(await head(team))
        await team.change((uid(30), TeamCreated("ml")))
        await screen.upto(await head(team))
        assert screen.entities == await as_folded(team.hub, profile=HUB.id)
        for asks in (wire.Watch(HUB.id), wire.Look(1, HUB.id, 1), wire.ReadLog(2, HUB.id)):
            await bob.say(asks)
            assert (await bob.hear(wire.Error)).code == "forbidden"
        held = await assigned(team, "eve")
        begun = len(eve.heard)
        assert (await team.change((held, RoleRevoked()))).outcome == "accepted"
        assert (await eve.hear(wire.Rights)).people == ""
        assert (await eve.hear(wire.Error)).code == "forbidden"
        await team.change((uid(31), TeamCreated("secret")))
        for asks in (wire.Look(1, HUB.id, 1), wire.ReadLog(2, HUB.id)):
            await eve.say(asks)
            assert (await eve.hear(wire.Error)).code == "forbidden"
        assert not [m for m in eve.heard[begun:] if isinstance(m, wire.Changed)]
        assert "secret" not in str(eve.heard)


async def head(team: Team) -> int:
    """The seq of the last commit among the people."""
    return len(await team.hub.commits(HUB.id))


async def assigned(team: Team, name: str) -> str:
    """The id of the one role that a user holds."""
    state, user = await team.state(), await team.id_of(User, name)
    (id,) = (id for id, held in state.all(Assignment) if held.subject == user)
    return id

"""Redaction on a real hub and real replicas: the bytes are gone from every file, and all roots stand."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest
from msgspec import structs

from stackroom.client.connection.exchange import exchange
from stackroom.client.workspace import Workspace
from stackroom.events.audit.verify import verify
from stackroom.events.codec import digest, seal
from stackroom.events.errors import IntegrityError
from stackroom.events.history.history import state_at
from stackroom.events.model import ComponentRegistered, ComponentUpdated, Redacted
from stackroom.events.secrets.redaction import redacted
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.events.state import encode
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.client.people import open_home, person, set_key
from tests.events.commits import PROFILE as OTHER
from tests.events.commits import Chain
from tests.events.world import S3, uid
from tests.sync.members import Team, serving_team
from tests.sync.speaking import HUB, PROFILE, created, serving

pytestmark = pytest.mark.anyio

CANARY = "canary-3b9f7a61d2"
SETTINGS = Settings(port=0, snapshot_every=2)


def traces(folder: Path, text: str = CANARY) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def verified(path: Path) -> None:
    with open_reader(path) as log:
        assert verify(log, PROFILE).seq == 5
        verify(log, HUB.id)


def joined(team: Team, home: Path, token: str) -> None:
    with person(home, team.url) as workspace:
        workspace.home.keep_token(team.url, token)
        exchange(workspace, team.url)


def again(team: Team, home: Path) -> tuple[bytes, bytes, object]:
    """What a home has of the profile after another exchange: state, root, and the component's secret."""
    workspace: Workspace = open_home(home)
    try:
        exchange(workspace, team.url)
        copy = workspace.copy(PROFILE)
        with workspace.cache.reader() as log:
            root = verify(log, PROFILE).root
        component = copy.view.get(S3)
        return encode(copy.confirmed), root, getattr(component, "config", None)
    finally:
        workspace.close()


async def leaked(team: Team) -> None:
    async with team.speaking(team.root) as root:
        registered = ComponentRegistered("s3", "artifact_store", "s3", {"secret": CANARY, "a": 1})
        updated = ComponentUpdated({"/config/other": {"deep": [CANARY]}})
        for base, change in enumerate([created(), (S3, registered), (S3, updated)]):
            (answer,) = await root.push(root.proposal(change, base=base))
            assert answer.outcome == "accepted"
        change = (S3, ComponentUpdated({"/config/secret": "{{s3.secret}}"}))
        await root.push(root.proposal(change, base=3))


async def order(team: Team, token: str = "", **more: object) -> wire.Reply:
    async with team.speaking(token or team.root) as peer:
        asked = wire.Redact(PROFILE, 2, "/config/secret", "leaked", **more)  # type: ignore[arg-type]
        return await peer.ask(asked)


async def test_the_value_goes_and_every_root_stands(tmp_path: Path) -> None:
    run = anyio.to_thread.run_sync
    hub_folder, homes = tmp_path / "hub", [tmp_path / "ann", tmp_path / "bob"]
    hub_folder.mkdir()
    async with serving_team(hub_folder / "hub.db", SETTINGS) as team:
        await leaked(team)
        ann, bob = await team.member("ann", "viewer"), await team.member("bob", "viewer")
        await run(partial(joined, team, homes[0], ann))
        before = await team.hub.commits()
        assert len(traces(hub_folder)) > 0
        assert len(traces(homes[0])) > 0
        dry = await order(team, dry_run=True)
        assert [(r.seq, r.paths) for r in dry.rewritten] == [
            (2, ("/config/secret",)), (3, ("/set/~1config~1other/deep/0",)),
        ]  # fmt: skip
        assert dry.seq is None
        reply = await order(team)
        assert (reply.code, reply.seq) == ("", 5)
        assert [(r.seq, r.paths) for r in reply.rewritten] == [
            (r.seq, r.paths) for r in dry.rewritten
        ]
        after = await team.hub.commits()
        assert [c.root for c in after[:4]] == [c.root for c in before]
        assert (after[4].author, after[4].message) == ("root", "leaked")
        assert traces(hub_folder) == []
        first = await run(partial(again, team, homes[0]))
        await run(partial(joined, team, homes[1], bob))
        second = await run(partial(again, team, homes[1]))
        assert first == second
        assert first[1] == after[4].root
        assert first[2] == {
            "secret": "{{s3.secret}}", "a": 1, "other": {"deep": ["[redacted in #5]"]},
        }  # fmt: skip
        for home in homes:
            assert traces(home) == []
        assert await run(partial(again, team, homes[0])) == first
    await run(partial(verified, hub_folder / "hub.db"))
    assert traces(hub_folder) == []


async def test_a_live_connection_sees_it_and_goes_on(tmp_path: Path) -> None:
    async with serving_team(tmp_path / "hub.db", SETTINGS) as team:
        await leaked(team)
        async with team.speaking(team.root) as root:
            await root.subscribe(snapshot=True)
            assert (await order(team)).seq == 5
            (commit,) = (await root.hear(wire.Commits)).commits
            assert [e.type for e in commit.events] == [Redacted.__name__]
            change = (uid(99), ComponentRegistered("k8s", "orchestrator", "local"))
            (answer,) = await root.push(root.proposal(change, base=5))
            assert (answer.outcome, answer.seq) == ("accepted", 6)


async def test_who_may_not(tmp_path: Path) -> None:
    async with serving_team(tmp_path / "hub.db", SETTINGS) as team:
        await leaked(team)
        for role in ("editor", "maintainer", "auditor"):
            token = await team.member(role, role)
            assert (await order(team, token)).code == "not_allowed"
            assert (await order(team, token, dry_run=True)).code == "not_allowed"
        async with team.speaking(team.root) as root:
            for seq, path, code in (
                (2, "/name", "nothing_to_redact"),
                (2, "/config/a", "nothing_to_redact"),
                (9, "/config/secret", "unknown_entity"),
                (2, "config", "invalid_path"),
            ):
                reply = await root.ask(wire.Redact(PROFILE, seq, path, "why"))
                assert reply.code == code, (seq, path)
            people = await root.ask(wire.Redact(HUB.id, 1, "/name", "why"))
            assert people.code == "not_allowed"
        assert len(await team.hub.commits()) == 4


async def test_twice_in_one_event(tmp_path: Path) -> None:
    """A replica that has the first redaction of an event has the second one too, after its next sync."""
    run, other = anyio.to_thread.run_sync, "other-secret-7d1"
    hub_folder, home = tmp_path / "hub", tmp_path / "ann"
    hub_folder.mkdir()
    async with serving_team(hub_folder / "hub.db", SETTINGS) as team:
        config = {"secret": CANARY, "other": other, "url": f"db://me:{CANARY}@host"}
        async with team.speaking(team.root) as root:
            await root.push(root.proposal(created()))
            registered = ComponentRegistered("s3", "artifact_store", "s3", config)
            await root.push(root.proposal((S3, registered), base=1))
            token = await team.member("ann", "viewer")
            await run(partial(joined, team, home, token))
            for path, reply in (
                ("/config/secret", wire.Remnant(2, "0/config/url")),
                ("/config/other", None),
                ("/config/url", None),
            ):
                done = await root.ask(wire.Redact(PROFILE, 2, path, "leaked"))
                assert done.code == ""
                assert done.remnants == (() if reply is None else (reply,))
                await run(partial(again, team, home))
        state, _, shown = await run(partial(again, team, home))
        assert shown == {
            "secret": "[redacted in #3]", "other": "[redacted in #4]", "url": "[redacted in #5]",
        }  # fmt: skip
        assert state == encode(await team.hub.log.read(lambda log: state_at(log, PROFILE)))
        for folder in (hub_folder, home):
            assert traces(folder) == []
            assert traces(folder, other) == []


async def test_what_was_lost_in_a_conflict(tmp_path: Path) -> None:
    async with serving_team(tmp_path / "hub.db", SETTINGS) as team:
        await leaked(team)
        bob = await team.member("bob", "editor")
        async with team.speaking(bob) as peer:
            change = (S3, ComponentUpdated({"/config/a": "bobs-secret-91"}))
            async with team.speaking(team.root) as root:
                await root.push(root.proposal((S3, ComponentUpdated({"/config/a": 2})), base=4))
            (answer,) = await peer.push(peer.proposal(change, base=4))
            assert (answer.outcome, answer.seq) == ("conflict", 6)
        async with team.speaking(team.root) as root:
            reply = await root.ask(wire.Redact(PROFILE, 6, "/config/a", "leaked", S3))
        assert (reply.code, len(reply.rewritten[0].paths)) == ("", 2)
        assert traces(tmp_path, "bobs-secret-91") == []


async def test_what_waits_and_would_bring_it_back_is_parked(tmp_path: Path) -> None:
    run = anyio.to_thread.run_sync
    home = tmp_path / "ann"
    (tmp_path / "hub").mkdir()

    def offline() -> None:
        workspace = open_home(home)
        for key, value in (("again", f"is {CANARY}"), ("fine", "else")):
            set_key(workspace, PROFILE, key, value)
        workspace.close()

    def online() -> tuple[list[str], int, list[str]]:
        workspace = open_home(home)
        done = exchange(workspace, team.url).profiles[PROFILE]
        parked = workspace.store.parked(PROFILE)
        workspace.close()
        codes = [one.code for one in parked]
        return [one.code for one in done.parked], len(done.committed), codes

    async with serving_team(tmp_path / "hub" / "hub.db", SETTINGS) as team:
        await leaked(team)
        async with team.speaking(team.root) as root:
            k8s = ComponentRegistered("k8s", "orchestrator", "kubernetes")
            await root.push(root.proposal((uid(98), k8s), base=4))
        await run(partial(joined, team, home, await team.member("ann", "editor")))
        await run(offline)
        assert (await order(team)).code == ""
        assert await run(online) == (["redacted_value"], 1, ["redacted_value"])
        assert traces(tmp_path / "hub") == []
        assert [path.name for path in traces(home)] == ["proposals.db"], "it is its author's"


async def test_a_file_that_cannot_be_rewritten_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub goes on, says so, and makes up for it when it starts."""
    monkeypatch.setattr("stackroom.events.sqlite.file.BUSY_SECONDS", 0.1)
    path = tmp_path / "hub.db"
    async with serving_team(path, SETTINGS) as team:
        await leaked(team)
        with closing(sqlite3.connect(path)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM commits").fetchone()
            reply = await order(team)
            assert (reply.code, reply.seq) == ("not_scrubbed", 5)
        async with team.speaking(team.root) as root:
            change = (uid(99), ComponentRegistered("k8s", "orchestrator", "local"))
            (answer,) = await root.push(root.proposal(change, base=5))
            assert (answer.outcome, answer.seq) == ("accepted", 6)
        assert traces(tmp_path) != []
    async with serving(path, SETTINGS) as hub:
        assert len(await hub.commits()) == 6
        assert traces(tmp_path) == []


async def test_a_reason_does_not_say_it(tmp_path: Path) -> None:
    async with serving_team(tmp_path / "hub.db", SETTINGS) as team:
        await leaked(team)
        async with team.speaking(team.root) as root:
            asked = wire.Redact(PROFILE, 2, "/config/secret", f"{CANARY} leaked")
            assert (await root.ask(asked)).code == "reason_says_it"
        assert len(await team.hub.commits()) == 4


async def test_a_hub_that_puts_another_value_there_is_caught_by_replicas(tmp_path: Path) -> None:
    """Every hash adds up; but no redaction says what the event says now."""
    run = anyio.to_thread.run_sync

    def lie() -> None:
        file = LogFile.open(tmp_path / "hub.db", new_id=uid(1))
        with file.writing() as log:
            (commit,) = log.commits(PROFILE, 1, 1)
            (event,) = commit.events
            body = event.body.replace(CANARY, "s3://evil")
            forged = structs.replace(event, body=body, digest=digest(event))
            log.redact(PROFILE, [structs.replace(commit, events=(forged,))])
        file.close()

    def told() -> tuple[str, str] | None:
        with person(tmp_path / "ann", team.url) as workspace:
            workspace.home.keep_token(team.url, token)
            problem = exchange(workspace, team.url).profiles[PROFILE].problem
            return None if problem is None else (problem.code, problem.sentence)

    async with serving_team(tmp_path / "hub.db", SETTINGS) as team:
        await leaked(team)
        token = await team.member("ann", "viewer")
        await run(lie)
        problem = await run(told)
    assert problem is not None
    assert problem[0] == "integrity"
    assert "commit #2" in problem[1]


def test_a_hub_that_redacts_without_saying_so_is_caught(tmp_path: Path) -> None:
    chain = Chain()
    file = LogFile.open(tmp_path / "log.db", new_id=uid(1), synchronous="OFF")
    event = seal(S3, ComponentUpdated({"/config/key": CANARY}), bytes(16))
    taken = chain.commit(event)
    with file.writing() as log:
        log.append(OTHER, [taken], chain.frontier)
        changed, _ = redacted(taken.commit, {CANARY: "another value"}, lambda: bytes(16))
        log.redact(OTHER, [changed])
        with pytest.raises(IntegrityError, match="no redaction vouches"):
            verify(log, OTHER)
        with pytest.raises(IntegrityError, match="would change commit"):
            log.redact(OTHER, [structs.replace(changed, message="other")])
    file.close()

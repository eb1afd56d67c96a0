"""What a hub says of itself: who is connected, how far each has got, what is kept, and how it fares."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stackroom.events.model import ProfileCreated
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.anchoring import Anchors, Schedule
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.inspector import COUNTED_AT_ONCE, Tally
from stackroom.sync.hosting.storage import stored
from stackroom.sync.settings import Settings
from tests.attacks.standing import connecting, standing
from tests.events.world import uid
from tests.sync.members import Team
from tests.sync.notaries import notary_of
from tests.sync.speaking import HUB, PROFILE, Peer, component, serving, speaking

pytestmark = pytest.mark.anyio

OTHER = uid(2)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    """A hub with two profiles."""
    async with standing(tmp_path / "hub.db", Settings(port=0, inspected=3)) as team:
        async with team.speaking(team.root) as root:
            made = root.proposal((OTHER, ProfileCreated("other")))
            await root.push(made, profile=OTHER)
        yield team


async def inspected(peer: Peer, profile: str = "") -> wire.Inspected:
    """The hub's answer."""
    await peer.say(wire.Inspect(7, profile))
    answer = await peer.hear(wire.Inspected)
    assert (answer.id, answer.profile) == (7, profile)
    return answer


def of(answer: wire.Inspected, user: str) -> wire.Connected:
    """The one connection of that user."""
    (found,) = [each for each in answer.connections if each.user == user]
    return found


async def test_whoever_may_sees_who_is_there(team: Team) -> None:
    auditor = await team.member("aud", "auditor")
    viewer = await team.member("vic", "viewer")
    async with team.speaking(auditor) as aud, team.speaking(viewer) as vic:
        await vic.subscribe()
        await vic.say(wire.Watch(OTHER))
        await vic.hear(wire.Changed)
        answer = await inspected(aud)
        assert answer.connected == 2
        told = of(answer, "vic")
        assert told.address == "127.0.0.1"
        assert not told.here
        assert (told.replica, told.profiles) == (vic.replica, 2)
        assert {(f.profile, f.seq, f.behind, f.folded) for f in told.follows} == {
            (PROFILE, 2, 0, False),
            (OTHER, 1, 0, True),
        }
        assert of(answer, "aud").here


async def test_the_hub_as_a_whole(team: Team) -> None:
    async with team.speaking(team.root) as root:
        before = (await inspected(root)).condition
        refused, taken = root.proposal(component(1), base=2), root.proposal(component(2), base=2)
        await root.push(refused, taken)
        answer = await inspected(root)
        after = answer.condition
    assert before is not None
    assert after is not None
    assert after.ready
    assert before.started == after.started > 0
    assert after.counters.commits - before.counters.commits == 1
    assert after.counters.proposals - before.counters.proposals == 2
    assert after.counters.refused - before.counters.refused == 1
    assert after.counters.batches > before.counters.batches
    assert after.counters.sent_bytes > before.counters.sent_bytes
    assert after.counters.received_bytes > before.counters.received_bytes
    kept = {each.name: each for each in after.kept}
    assert {name: (k.seq, k.events, k.counted) for name, k in kept.items() if name != ""} == {
        "other": (1, 1, 1),
        "team": (3, 3, 3),
    }
    head = await team.hub.log.read(lambda log: log.head(PROFILE))
    assert kept["team"].root == head.root
    assert after.profiles == 3  # The people's stream is one.


async def test_a_reader_sees_who_follows_what_they_may_read(team: Team) -> None:
    token = await team.member("eve", "viewer", PROFILE)
    async with team.speaking(token) as eve, team.speaking(team.root) as root:
        await root.subscribe()
        await root.subscribe(profile=OTHER)
        answer = await inspected(eve, PROFILE)
        told = of(answer, "root")
        assert answer.condition is None
        assert [f.profile for f in told.follows] == [PROFILE]
        assert (told.address, told.profiles, told.unsent) == ("", 1, 0)
        for profile in ("", OTHER, HUB.id, uid(77), "no id"):
            await eve.say(wire.Inspect(8, profile))
            assert (await eve.hear(wire.Error)).code == "forbidden"


async def test_only_the_first_are_listed_and_all_are_counted(team: Team) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(5):

            async def stay(*, task_status: anyio.abc.TaskStatus[None]) -> None:
                async with team.speaking(team.root):
                    task_status.started()
                    await anyio.sleep_forever()

            await tasks.start(stay)
        async with team.speaking(team.root) as root:
            answer = await inspected(root)
            assert (answer.connected, len(answer.connections)) == (6, 3)
        tasks.cancel_scope.cancel()


async def test_one_that_does_not_read_is_behind(team: Team) -> None:
    """What it was sent fills what lies between; then it reads the log at its own pace, and has not."""
    team.hub.server.settings = Settings(port=0, live_buffer=1 << 16)
    token = await team.member("slow", "viewer")
    async with connecting(team.url, small=True) as slow, team.speaking(team.root) as root:
        await slow.send(wire.encode(wire.Hello(uid(600), token, "s" * 200), wire.MSGPACK))
        await slow.send(wire.encode(wire.Subscribe(PROFILE, 0, EMPTY_ROOT), wire.MSGPACK))
        await slow.send(wire.encode(wire.Watch(PROFILE), wire.MSGPACK))
        with anyio.fail_after(60):
            for n in range(10, 1_000):
                await root.push(root.proposal(component(n, size=200_000), base=2))
                told = of(await inspected(root), "slow")
                if told.follows and all(f.behind > 3 for f in told.follows):
                    break
        assert told.unsent > 0
        assert {f.folded for f in told.follows} == {False, True}
        head = (await team.hub.log.read(lambda log: log.head(PROFILE))).seq
        assert all(f.seq + f.behind == head for f in told.follows)
        assert (await inspected(root)).connections[0].user == "slow"
        assert (await inspected(root, PROFILE)).connections[0].follows[0].behind > 3


async def test_a_right_that_ends_ends_the_answers(team: Team) -> None:
    async with team.speaking(await team.member("vic", "viewer")) as vic:
        await vic.say(wire.Inspect(1))
        assert (
            await vic.hear(wire.Error)
        ).sentence == "you may not see how the hub fares (hub.audit)"


async def test_a_long_history_is_counted_bit_by_bit(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db", notary=notary_of(HUB)) as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal((PROFILE, ProfileCreated("team")), component(1)))
        await ann.push(*(ann.proposal(component(n), base=1) for n in range(2, 8)))
        tally = Tally()
        profiles = await hub.log.read(lambda log: log.profiles())
        (kept,) = await hub.log.read(lambda log: tally.kept(profiles, log))
        assert (kept.events, kept.counted) == (8, 7)
        tally.forget(PROFILE)
        (kept,) = await hub.log.read(lambda log: tally.kept(profiles, log))
        assert (kept.events, kept.counted) == (8, 7)
        assert COUNTED_AT_ONCE > 7
        answer = await inspected(ann)
        assert answer.condition is not None
        (said,) = answer.condition.kept
        assert 0 < said.signed <= answer.time
        again = await inspected(ann)
        assert again.condition is not None
        assert again.condition.kept[0].signed == said.signed


async def test_anchors_say_how_it_went(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal((PROFILE, ProfileCreated("team"))))
        secret = "http://user:secret@127.0.0.1:9/hook?key=secret"
        for target, shown in (
            (secret, "127.0.0.1"),
            (str(tmp_path / "kept"), str(tmp_path / "kept")),
        ):
            anchors = Anchors(Schedule(target, 0.01, 1.0), hub.log, notary_of(HUB), lambda: 5)
            assert anchors.said() == wire.Anchored(shown, 10)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anchors.run)
                with anyio.fail_after(10):
                    while not (anchors.last or anchors.error):
                        await anyio.sleep(0.01)
                tasks.cancel_scope.cancel()
            assert (anchors.last, bool(anchors.error)) == (
                (0, True) if target == secret else (5, False)
            )
            assert "secret" not in anchors.said().error


def test_what_the_files_take(tmp_path: Path) -> None:
    folder = HubFolder(tmp_path)
    assert stored(folder).database == 0
    folder.log.write_bytes(secrets.token_bytes(5_000))
    (tmp_path / "hub.db-wal").write_bytes(bytes(300))
    folder.note_backup(7)
    found = stored(folder)
    assert (found.database, found.wal, found.backup) == (5_000, 300, 7)
    assert 0 < found.free < found.disk
    folder.backup.write_text("no JSON")
    assert folder.backed_up() == 0

"""What the hub signs, over real sockets: with each batch of commits, at the end of what there was, with snapshots."""

from pathlib import Path

import pytest

from stackroom.events.model import Commit
from stackroom.events.proofs import checkpoint, merkle
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.proofs.merkle_proofs import is_consistent
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.sync.notaries import key_of, notary_of
from tests.sync.speaking import HUB, PROFILE, component, created, serving, speaking

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def stated(note: str) -> Checkpoint:
    """What the hub has signed."""
    return checkpoint.verify(note, HUB.id, key_of(1).public)


def said_of(commit: Commit) -> tuple[str, int, bytes, int]:
    return (PROFILE, commit.seq, commit.root, HUB.epoch)


def about(found: Checkpoint) -> tuple[str, int, bytes, int]:
    return (found.profile, found.size, found.root, found.epoch)


async def test_commits_and_the_end_of_history_are_signed(path: Path) -> None:
    async with serving(path, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        assert ann.welcome.key == notary_of(HUB).key.public
        await ann.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT))
        empty = stated((await ann.hear(wire.CaughtUp)).checkpoint)
        assert about(empty) == (PROFILE, 0, EMPTY_ROOT, 1)
        for n in range(3):
            await ann.push(ann.proposal(created() if n == 0 else component(n), base=n))
        live = [m for m in ann.heard if isinstance(m, wire.Commits)]
        while not live or live[-1].commits[-1].seq < 3:  # Results may come before commits.
            live.append(await ann.hear(wire.Commits))
        assert [about(stated(m.checkpoint)) for m in live] == [said_of(m.commits[-1]) for m in live]
        async with speaking(hub.url, 2) as bob:
            await bob.say(wire.Subscribe(PROFILE, 1, (await hub.commits())[0].root))
            page = await bob.hear(wire.Commits)
            assert page.checkpoint == ""
            end = await bob.hear(wire.CaughtUp)
            # One signature, whoever asks for it.
            assert end.checkpoint == live[-1].checkpoint
            assert (end.seq, end.root) == (3, live[-1].commits[-1].root)


async def test_a_snapshot_is_signed_and_proved(path: Path) -> None:
    settings = Settings(port=0, snapshot_every=4, snapshot_worth=1)
    async with serving(path, settings, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        await ann.push(ann.proposal(created(), base=0))
        for n in range(1, 10):
            await ann.push(ann.proposal(component(n), base=n))
        commits = await hub.commits()
        for seen in (0, 1, 3, 7, 8, 9, 10):
            async with speaking(hub.url, 2) as bob:
                await bob.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT, snapshot=True, seen=seen))
                begun = await bob.hear(wire.Snapshot)
                assert about(stated(begun.checkpoint)) == said_of(commits[begun.seq - 1])
                assert merkle.root(begun.frontier) == commits[begun.seq - 1].root
                if 0 < seen < begun.seq:
                    old, new = commits[seen - 1].root, commits[begun.seq - 1].root
                    assert is_consistent(seen, begun.seq, old, new, begun.proof)
                else:
                    assert begun.proof == ()


async def test_who_has_seen_more_than_there_is_is_told(path: Path) -> None:
    async with serving(path, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        await ann.push(ann.proposal(created(), base=0))
        await ann.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT, seen=2))
        error = await ann.hear(wire.Error)
        assert (error.code, error.profile) == ("parted", PROFILE)
        assert error.sentence == "you are at #2, and this hub at #1"


async def test_roots_that_are_asked_for(path: Path) -> None:
    async with serving(path, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        await ann.push(ann.proposal(created(), base=0))
        await ann.push(ann.proposal(component(1), base=1))
        await ann.say(wire.FetchRoots(PROFILE, (0, 1, 2, 3)))
        told = await ann.hear(wire.Roots)
        one, two = await hub.commits()
        assert told.roots == (EMPTY_ROOT, one.root, two.root, None)
        assert (told.seqs, told.seq) == ((0, 1, 2, 3), 2)
        assert about(stated(told.checkpoint)) == said_of(two)


async def test_a_hub_without_a_key_signs_nothing(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url, 1) as ann:
        assert (ann.welcome.key, ann.welcome.rotations) == ("", ())
        await ann.subscribe()
        await ann.push(ann.proposal(created(), base=0))
        assert not [m for m in ann.heard if getattr(m, "checkpoint", "")]

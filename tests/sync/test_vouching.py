"""Commits as they are stored, with proofs that whoever keeps no replica verifies itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackroom.events.codec import leaf
from stackroom.events.proofs import checkpoint, signed_note
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.merkle import leaf_hash
from stackroom.events.proofs.merkle_proofs import is_consistent, is_included
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.hub_key import HubKey
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.speaking import HUB, PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio

KEY = PrivateKey(bytes(range(32)))
SETTINGS = Settings(port=0, snapshot_every=4, page_bytes=6_000)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    notary = Notary(HUB, HubKey(HUB.id, KEY))
    async with serving(tmp_path / "hub.db", SETTINGS, notary=notary) as hub:
        yield hub


async def grown(peer: Peer, commits: int, size: int = 10) -> None:
    await peer.push(peer.proposal(created()))
    for n in range(1, commits):
        await peer.push(peer.proposal(component(n, size=size), base=n))


async def proved(peer: Peer, *seqs: int, seen: int = 0) -> wire.Proved:
    await peer.say(wire.Prove(3, PROFILE, seqs, seen))
    return await peer.hear(wire.Proved)


async def test_every_commit_is_proved_from_every_tree_that_was_seen(hub: Running) -> None:
    async with speaking(hub.url, coding=wire.JSON) as ann:
        await grown(ann, 11)
        commits = await hub.commits()
        for seen in range(12):
            answer = await proved(ann, *range(11, 0, -1), seen=seen)
            signed = checkpoint.verify(answer.checkpoint, HUB.id, KEY.public)
            assert (answer.size, signed.size, signed.root) == (11, 11, commits[-1].root)
            assert [each.commit for each in answer.proven] == commits[::-1]
            for each in answer.proven:
                hashed = leaf_hash(leaf(PROFILE, each.commit))
                assert is_included(hashed, each.commit.seq - 1, 11, each.path, signed.root)
            if seen:
                old = commits[seen - 1].root
                assert is_consistent(seen, 11, old, signed.root, answer.consistency)


async def test_what_is_too_much_is_left_for_another_time(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await grown(ann, 6, size=3_500)
        answer = await proved(ann, 6, 5, 4, 3, 2)
        assert [each.commit.seq for each in answer.proven] == [6, 5]


async def test_what_is_not_there_is_not_proved(hub: Running) -> None:
    async with speaking(hub.url) as ann:
        await grown(ann, 3)
        answer = await proved(ann, 0, 2, 9, seen=10**6)
        assert [each.commit.seq for each in answer.proven] == [2]
        assert answer.consistency == ()
        await ann.say(wire.Prove(4, uid(77), (1,)))
        nothing = await ann.hear(wire.Proved)
        assert (nothing.size, nothing.proven) == (0, ())


async def test_a_hub_without_a_key_signs_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url) as ann:
        await grown(ann, 2)
        assert (await proved(ann, 1)).checkpoint == ""
        with pytest.raises(signed_note.BadNote):
            checkpoint.parse("")

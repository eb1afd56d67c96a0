"""A replica's key: registered by proof, asked for in every signature, and ended, over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from stackroom.events.deciding.approval import held_changes
from stackroom.events.model import (
    ComponentRegistered,
    ComponentUpdated,
    Proposal,
    RequestApproved,
)
from stackroom.events.people.model import KeyRevoked
from stackroom.events.proofs.authors import AuthorFinding, author_finding, held_by, known_keys
from stackroom.events.proofs.fingerprints import key_id
from stackroom.events.proofs.signing import Signer
from stackroom.sync import protocol as wire
from stackroom.sync.people import keys
from tests.events.world import uid
from tests.sync.members import Team, made, new, serving_team
from tests.sync.speaking import HUB, PROFILE, Peer, component, created

pytestmark = pytest.mark.anyio

ANN, EVE = Signer(bytes(32)), Signer(b"e" * 32)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with serving_team(tmp_path / "hub.db") as team:
        yield team


async def register(peer: Peer, signer: Signer, user: str = "root") -> wire.Reply:
    proof = signer.possession(HUB.id, user, peer.replica)
    return await peer.ask(wire.RegisterKey(signer.key, proof))


def signed(peer: Peer, proposal: Proposal, signer: Signer = ANN) -> Proposal:
    return signer.sign(PROFILE, peer.replica, proposal)


async def codes(peer: Peer, *proposals: Proposal) -> list[str]:
    return [answer.code or answer.outcome for answer in await peer.push(*proposals)]


async def findings(team: Team) -> list[AuthorFinding]:
    known = known_keys(await team.hub.commits(HUB.id))
    return [author_finding(PROFILE, commit, known) for commit in await team.hub.commits()]


async def test_a_commit_keeps_its_authors_signature(team: Team) -> None:
    async with team.speaking(team.root) as root:
        assert (await register(root, ANN)).user == "root"
        proposal = signed(root, root.proposal(created()))
        assert await codes(root, proposal) == ["accepted"]
        (commit,) = await root.subscribe()
        assert (commit.key, commit.signature) == (proposal.key, proposal.signature)
    assert await findings(team) == [AuthorFinding("valid", ANN.key)]
    registered = (await team.hub.commits(HUB.id))[-1]
    assert (registered.author, registered.key) == ("root", b"")


async def test_who_has_no_key_need_not_sign(team: Team) -> None:
    async with team.speaking(team.root) as root:
        assert await codes(root, root.proposal(created())) == ["accepted"]
        await register(root, ANN)
        unsigned = root.proposal(component(1), base=1)
        assert await codes(root, unsigned) == ["not_signed"]
        assert await codes(root, signed(root, unsigned)) == ["accepted"]
    assert [f.result for f in await findings(team)] == ["unsigned", "valid"]


async def test_what_is_signed_wrongly_is_refused_and_not_remembered(team: Team) -> None:
    """Whose the proposal is was not shown: its author may push it all the same."""
    async with team.speaking(team.root) as root:
        proposal = root.proposal(created())
        right = signed(root, proposal)
        assert await codes(root, right) == ["unknown_key"]
        await register(root, ANN)
        elsewhere = ANN.sign(PROFILE, uid(71), proposal)
        for wrong in (
            structs.replace(right, message="other"),
            structs.replace(right, signature=bytes(64)),
            structs.replace(right, signature=b""),
            elsewhere,
        ):
            assert await codes(root, wrong) == ["bad_signature"]
        assert await codes(root, signed(root, proposal, EVE)) == ["unknown_key"]
        assert await codes(root, structs.replace(right, key=b"")) == ["unknown_key"]
        assert await codes(root, right, right) == ["accepted", "accepted"]


async def test_who_may_not_write_is_told_that_first(team: Team) -> None:
    viewer = await team.member("vic", "viewer")
    async with team.speaking(team.root) as root:
        await root.push(root.proposal(created()))
    async with team.speaking(viewer) as peer:
        forged = structs.replace(peer.proposal(component(1), base=1), key=EVE.key)
        assert await codes(peer, forged) == ["not_allowed"]


async def test_what_a_conflict_holds_is_signed_by_its_author(team: Team) -> None:
    async with team.speaking(team.root) as root, team.speaking(team.root) as other:
        await register(root, ANN)
        await register(other, EVE)
        id, registered = component(1)
        assert isinstance(registered, ComponentRegistered)
        begin = signed(root, root.proposal(created(), (id, registered)))
        mine = signed(root, root.proposal((id, ComponentUpdated({"/config/a": 1})), base=1))
        theirs = other.proposal((id, ComponentUpdated({"/config/a": 2})), base=1)
        assert await codes(root, begin, mine) == ["accepted", "accepted"]
        assert await codes(other, signed(other, theirs, EVE)) == ["conflict"]
    assert await findings(team) == [
        AuthorFinding("valid", ANN.key),
        AuthorFinding("valid", ANN.key),
        AuthorFinding("valid", EVE.key),
    ]
    assert not (await team.hub.commits())[-1].signature


async def test_a_change_request_and_its_approval_are_signed_by_their_authors(team: Team) -> None:
    maintainer = await team.member("mia", "maintainer")
    async with team.speaking(team.root) as root, team.speaking(maintainer) as mia:
        await register(root, ANN)
        await register(mia, EVE, "mia")
        id, registered = component(1)
        assert isinstance(registered, ComponentRegistered)
        begin = root.proposal(created(), (id, structs.replace(registered, protected=True)))
        change = root.proposal((id, ComponentUpdated({"/config/a": 1})), base=1)
        assert await codes(root, signed(root, begin), signed(root, change)) == [
            "accepted",
            "requested",
        ]
        held = held_by((await team.hub.commits())[-1])
        assert held is not None
        approval = mia.proposal((change.id, RequestApproved()), *held_changes((held,)), base=2)
        assert await codes(mia, signed(mia, approval, EVE)) == ["accepted"]
    found = await findings(team)
    assert [f.result for f in found] == ["valid"] * 3
    assert [f.key for f in found] == [ANN.key, ANN.key, EVE.key]


async def test_a_redaction_leaves_signatures_and_is_not_signed(team: Team) -> None:
    async with team.speaking(team.root) as root:
        await register(root, ANN)
        secret = ComponentUpdated({"/config/key": "hunter22"})
        first = root.proposal(created(), component(1))
        second = root.proposal((component(1)[0], secret), base=1)
        await root.push(signed(root, first), signed(root, second))
        assert not (await root.ask(wire.Redact(PROFILE, 2, "/config/key", "leaked"))).code
    commits = await team.hub.commits()
    assert "hunter22" not in commits[1].events[0].body
    assert [f.result for f in await findings(team)] == ["valid", "valid", "unsigned"]


async def test_a_key_is_registered_by_who_has_it(team: Team) -> None:
    editor = await team.member("eve", "editor")
    async with team.speaking(team.root, 90) as root:
        assert (await register(root, ANN, "eve")).code == "bad_proof"
        elsewhere = ANN.possession(HUB.id, "root", uid(91))
        assert (await root.ask(wire.RegisterKey(ANN.key, elsewhere))).code == "bad_proof"
        before = len(await team.hub.commits(HUB.id))
        assert not (await register(root, ANN)).code
        assert (await register(root, ANN)).seq is None
        assert (await register(root, EVE)).code == "replica_has_key"
        assert len(await team.hub.commits(HUB.id)) == before + 1
    async with team.speaking(editor) as eve:
        assert (await register(eve, ANN, "eve")).code == "key_in_use"


async def test_a_token_that_only_reads_registers_none(team: Team) -> None:
    token = made()
    async with team.speaking(team.root) as root:
        assert not (await root.ask(wire.MakeToken(new(token), read_only=True))).code
    async with team.speaking(token.text) as reader:
        assert (await register(reader, ANN)).code == "not_allowed"


@pytest.mark.parametrize("by", ["order", "push"])
async def test_an_ended_key_signs_nothing_more(team: Team, by: str) -> None:
    editor = await team.member("ben", "editor")
    async with team.speaking(team.root) as root, team.speaking(editor) as ben:
        await root.push(root.proposal(created()))
        assert not (await register(ben, EVE, "ben")).code
        before = signed(ben, ben.proposal(component(1), base=1), EVE)
        assert await codes(ben, before) == ["accepted"]
        if by == "order":
            assert (await root.ask(wire.RevokeKey(EVE.key))).user == "ben"
        else:
            assert (await team.change((key_id(EVE.key), KeyRevoked()))).outcome == "accepted"
        after = ben.proposal(component(2), base=1)
        assert await codes(ben, signed(ben, after, EVE)) == ["unknown_key"]
        assert (await register(ben, EVE, "ben")).code == "key_ended"
        assert (await root.ask(wire.RevokeKey(EVE.key))).code == "unknown_entity"
        assert not (await register(ben, ANN, "ben")).code
        assert await codes(ben, signed(ben, after)) == ["accepted"]
    assert [f.result for f in await findings(team)] == ["unsigned", "valid", "valid"]


async def test_who_ends_whose_key(team: Team) -> None:
    ben, eve = await team.member("ben", "editor"), await team.member("eve", "editor")
    async with team.speaking(ben) as owner, team.speaking(eve) as other:
        await register(owner, ANN, "ben")
        assert (await other.ask(wire.RevokeKey(ANN.key))).code == "not_allowed"
        assert not (await owner.ask(wire.RevokeKey(ANN.key))).code


async def test_one_key_more_than_a_user_may_have_ends_the_oldest(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "KEYS_PER_USER", 2)
    signers = [Signer(bytes([n]) * 32) for n in range(3)]
    for signer in signers:
        async with team.speaking(team.root) as root:
            assert not (await register(root, signer)).code
    known = known_keys(await team.hub.commits(HUB.id))
    assert [known[s.key].ended is None for s in signers] == [False, True, True]


async def test_a_hello_with_a_key_is_told_whether_it_is_known(team: Team) -> None:
    async def told(key: bytes) -> bool | None:
        async with connect(
            team.url, subprotocols=[Subprotocol(wire.MSGPACK)], compression=None, proxy=None
        ) as socket:
            peer = Peer(socket, uid(90))
            await peer.say(wire.Hello(peer.replica, team.root, key=key))
            welcome = await peer.hear(wire.Welcome)
            if key and not welcome.key_registered:
                await register(peer, ANN)
            return welcome.key_registered

    assert [await told(b""), await told(ANN.key), await told(ANN.key)] == [None, False, True]
    assert await told(EVE.key) is False

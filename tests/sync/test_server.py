"""A hub on real sockets and a real file: what it says, to whom, and what it survives."""

import socket
from itertools import count
from pathlib import Path

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from stackroom.events.model import ComponentRegistered, ComponentUpdated, ProfileRenamed
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.sqlite.log import SqliteLog
from stackroom.events.state import decode
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.open_access import PASSWORD
from tests.sync.speaking import (
    PROFILE,
    Peer,
    component,
    created,
    serving,
    speaking,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


async def test_both_codings_meet_on_one_profile(path: Path) -> None:
    async with (
        serving(path) as hub,
        speaking(hub.url, 70, "ann", wire.MSGPACK) as ann,
        speaking(hub.url, 71, "bob", wire.JSON) as bob,
    ):
        assert await bob.subscribe() == []
        (answer,) = await ann.push(ann.proposal(created()))
        assert (answer.outcome, answer.seq) == ("accepted", 1)
        (heard,) = await bob.commits(1)
        assert (heard.author, heard.message) == ("ann", "why")
        assert await hub.commits() == [heard]


async def test_the_author_is_who_the_connection_proved_to_be(path: Path) -> None:
    """Promise 6: a proposal has no place for an author or a replica, and adding one changes nothing."""
    async with serving(path) as hub, speaking(hub.url, 70, "ann", wire.JSON) as ann:
        text = wire.encode(wire.Push(PROFILE, (ann.proposal(created()),)), wire.JSON)
        assert isinstance(text, str)
        forged = text.replace('"message":"why"', '"message":"why","author":"eve","replica":"x"')
        assert forged != text
        await ann.socket.send(forged)
        await ann.hear(wire.Results)
        (commit,) = await hub.commits()
        assert (commit.author, commit.replica) == ("ann", ann.replica)


async def test_subscribing_from_any_seq(path: Path) -> None:
    settings = Settings(port=0, page_commits=3)
    async with serving(path, settings) as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal(created()), *(ann.proposal(component(n)) for n in range(9)))
        all_commits = await hub.commits()
        for after in range(11):
            root = all_commits[after - 1].root if after else EMPTY_ROOT
            async with speaking(hub.url, 71) as bob:
                assert await bob.subscribe(after, root) == all_commits[after:]


async def test_a_snapshot_and_the_tail(path: Path) -> None:
    settings = Settings(port=0, snapshot_every=4, snapshot_worth=5)
    async with serving(path, settings) as hub, speaking(hub.url) as ann:
        for n in range(10):
            await ann.push(ann.proposal(component(n) if n else created()))
        async with speaking(hub.url, 71) as bob:
            tail = await bob.subscribe(snapshot=True)
            (snapshot,) = [m for m in bob.heard if isinstance(m, wire.Snapshot)]
            assert snapshot.seq == 8
            assert [c.seq for c in tail] == [9, 10]
            assert len(decode(snapshot.state.encode()).entities) == 8
            await bob.say(wire.Fetch(PROFILE, 0))
            history = await bob.hear(wire.History)
            assert history.commits == tuple(await hub.commits())


async def test_a_push_twice_is_answered_alike(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url) as ann:
        good, bad = (
            ann.proposal(created()),
            ann.proposal((uid(5), ComponentUpdated({"/config/a": 1}))),
        )
        first = await ann.push(good, bad)
        async with speaking(hub.url) as again:
            assert await again.push(good, bad, good) == [*first, first[0]]
        assert len(await hub.commits()) == 1
        assert first[1].code == "unknown_entity"


async def test_a_number_used_twice_means_a_copied_replica(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url) as ann, speaking(hub.url) as copy:
        await ann.push(ann.proposal(created()))
        copy._ids = count(999_999)
        (answer,) = await copy.push(copy.proposal(component(1)))
        assert (answer.outcome, answer.code) == ("rejected", "replica_copied")


async def test_what_a_copied_replica_pushes_next_is_not_taken_as_its_own(path: Path) -> None:
    """It may build on what was refused; and the writes of the other would count as its own."""
    async with serving(path) as hub, speaking(hub.url) as ann, speaking(hub.url) as copy:
        begin = ann.proposal(created(), component(1))
        await ann.push(begin)
        copy._ids = count(999_999)
        colliding, next_one = (copy.proposal(component(n), base=1) for n in (2, 3))
        answers = await copy.push(colliding, next_one)
        assert [answer.code for answer in answers] == ["replica_copied"] * 2
        later, known = await copy.push(copy.proposal(component(4), base=1), begin)
        assert (later.code, known.outcome) == ("replica_copied", "accepted")
        async with speaking(hub.url, 71) as renewed:
            answers = await renewed.push(colliding, next_one)
        assert [answer.outcome for answer in answers] == ["accepted", "accepted"]


async def test_presence(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url, 70, "ann") as ann:
        await ann.subscribe()
        assert [p.user for m in ann.heard if isinstance(m, wire.Presence) for p in m.joined] == [
            "ann"
        ]
        async with speaking(hub.url, 71, "bob") as bob:
            await bob.subscribe()
            everyone = next(m for m in bob.heard if isinstance(m, wire.Presence))
            assert [p.user for p in everyone.joined] == ["ann", "bob"]
            assert [p.user for p in (await ann.hear(wire.Presence)).joined] == ["bob"]
        assert (await ann.hear(wire.Presence)).left == (uid(71),)


async def test_group_commit(path: Path) -> None:
    """Forty writers, each with one proposal under way: fewer transactions than proposals."""
    async with serving(path) as hub, speaking(hub.url) as first:
        await first.push(first.proposal(created()))

        async def write(writer: int) -> None:
            async with speaking(hub.url, writer) as peer:
                for n in range(5):
                    (answer,) = await peer.push(peer.proposal(component(writer * 100 + n)))
                    assert answer.outcome == "accepted"

        async with anyio.create_task_group() as tasks:
            for writer in range(100, 140):
                tasks.start_soon(write, writer)
        assert len(await hub.commits()) == 201
        assert sum(hub.server.metrics.batch_sizes.counts) < 201


async def test_a_wrong_token(path: Path) -> None:
    async with serving(path) as hub:
        async with connect(hub.url, subprotocols=[Subprotocol(wire.JSON)], proxy=None) as socket:
            peer = Peer(socket, uid(70))
            await peer.say(wire.Hello(peer.replica, "srm_guess"))
            error = await peer.hear(wire.Error)
            assert error.code == "unauthorised"
            assert "srm_guess" not in error.sentence + error.hint
            with pytest.raises(ConnectionClosed) as closed:
                await peer.next()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.UNAUTHORISED


async def test_asking_before_hello(path: Path) -> None:
    async with serving(path) as hub:
        async with connect(hub.url, subprotocols=[Subprotocol(wire.JSON)], proxy=None) as socket:
            peer = Peer(socket, uid(70))
            await peer.say(wire.Subscribe(PROFILE, 0, EMPTY_ROOT))
            with pytest.raises(ConnectionClosed, match="first message must be hello"):
                await peer.next()


async def test_no_hello_in_time(path: Path) -> None:
    settings = Settings(port=0, hello_timeout=0.2)
    async with serving(path, settings) as hub:
        async with connect(hub.url, subprotocols=[Subprotocol(wire.JSON)], proxy=None) as socket:
            with pytest.raises(ConnectionClosed) as closed, anyio.fail_after(20):
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.HELLO_TIMEOUT


@pytest.mark.parametrize("offered", [[], ["stackroom.v2+msgpack"], ["chat"]])
async def test_no_common_subprotocol(path: Path, offered: list[str]) -> None:
    async with serving(path) as hub:
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                hub.url, subprotocols=[Subprotocol(o) for o in offered] or None, proxy=None
            )
        assert refused.value.response.status_code == 400


BAD = [
    b"\x00\xff\xfe",
    b"",
    wire.encode(wire.Hello("r", "t"), wire.MSGPACK)[:-3],
    b"\x81\xa4type\xa7unknown",
    b"\x82\xa4type\xa5hello\xa7replica\x01",
    b"\x91" * 5_000,
    b"\xdd\xff\xff\xff\xff",
    "text where binary is spoken",
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
async def test_what_is_no_message_ends_only_its_own_connection(
    path: Path, bad: str | bytes
) -> None:
    async with serving(path) as hub, speaking(hub.url, 70) as ann, speaking(hub.url, 71) as eve:
        await eve.socket.send(bad)
        error = await eve.hear(wire.Error)
        assert error.code == "malformed"
        with pytest.raises(ConnectionClosed) as closed:
            await eve.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == wire.CloseCode.MALFORMED
        (answer,) = await ann.push(ann.proposal(created()))
        assert answer.outcome == "accepted"


async def test_a_huge_message(path: Path) -> None:
    settings = Settings(port=0, message_bytes=10_000)
    async with serving(path, settings) as hub, speaking(hub.url, 70) as ann:
        async with speaking(hub.url, 71) as eve:
            with pytest.raises(ConnectionClosed) as closed:
                await eve.socket.send(b"x" * 20_000)
                await eve.next()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.TOO_BIG
        assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"


async def test_too_many_proposals_in_one_push(path: Path) -> None:
    settings = Settings(port=0, push_proposals=2)
    async with serving(path, settings) as hub, speaking(hub.url) as ann:
        await ann.say(wire.Push(PROFILE, tuple(ann.proposal(component(n)) for n in range(3))))
        error = await ann.hear(wire.Error)
        assert (error.code, error.profile) == ("too_large", PROFILE)
        assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"


async def test_a_frame_cut_in_the_middle(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url, 70) as ann, speaking(hub.url, 71) as eve:
        push = wire.encode(wire.Push(PROFILE, (eve.proposal(created()),)), wire.MSGPACK)
        header = bytes([0x82, 0x80 | 126]) + len(push).to_bytes(2) + bytes(4)
        raw = eve.socket.transport.get_extra_info("socket")
        eve.socket.transport.write(header + push[: len(push) // 2])
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        eve.socket.transport.abort()
        assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"
        assert len(await hub.commits()) == 1


async def test_parted_histories_are_said_plainly(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal(created()))
        for after, root in ((1, bytes(32)), (7, bytes(32)), (0, bytes(32))):
            await ann.say(wire.Subscribe(PROFILE, after, root))
            error = await ann.hear(wire.Error)
            assert (error.code, error.profile) == ("parted", PROFILE)
            assert "nothing was changed" in error.hint


async def test_a_hub_under_load_goes_down_in_good_order(path: Path) -> None:
    """Writers that never pause do not keep it: each hears the code, and what was answered is there."""
    settings = Settings(port=0, shutdown_grace=10.0, batch_proposals=1)
    accepted: list[str] = []
    codes: list[int] = []

    async def write(url: str, n: int) -> None:
        async with speaking(url, 100 + n) as peer:
            value = count()

            async def push() -> None:
                update = ComponentUpdated({f"/config/key{n}": next(value)})
                proposal = peer.proposal((uid(2_000), update), base=1)
                await peer.say(wire.Push(PROFILE, (proposal,)))

            try:
                for _ in range(3):
                    await push()
                while True:
                    await push()
                    accepted.extend(answer.id for answer in (await peer.hear(wire.Results)).answers)
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                codes.append(closed.rcvd.code)

    async with serving(path, settings) as hub:
        async with speaking(hub.url) as ann:
            made = ComponentRegistered("k8s", "orchestrator", "kubernetes")
            await ann.push(ann.proposal(created(), (uid(2_000), made)))
        with anyio.fail_after(8):
            async with anyio.create_task_group() as tasks:
                for n in range(8):
                    tasks.start_soon(write, hub.url, n)
                while len(accepted) < 50:
                    await anyio.lowlevel.checkpoint()
                hub.server.stop(wire.CloseCode.RESTART)
    assert codes == [wire.CloseCode.RESTART] * 8
    log = await SqliteLog.open(path, new_id="unused")
    commits = await log.read(lambda reader: reader.commits(PROFILE, 0, 100_000))
    await log.aclose()
    assert set(accepted) <= {commit.id for commit in commits}


@pytest.mark.parametrize("code", [wire.CloseCode.GOING_AWAY, wire.CloseCode.RESTART])
async def test_a_graceful_end(path: Path, code: int) -> None:
    async with serving(path) as hub, speaking(hub.url) as ann:
        await ann.say(wire.Push(PROFILE, (ann.proposal(created()),)))
        await ann.hear(wire.Results)
        hub.server.stop(code)
        with pytest.raises(ConnectionClosed) as closed:
            await ann.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


async def test_a_slow_reader_costs_a_position_and_not_data(path: Path) -> None:
    """Somebody who reads nothing while 24 MB are committed; the hub holds little, others get all."""
    settings = Settings(port=0, live_buffer=64 << 10, page_bytes=64 << 10)
    async with (
        serving(path, settings) as hub,
        speaking(hub.url, 70) as ann,
        speaking(hub.url, 71) as bob,
        speaking(hub.url, 72) as slow,
    ):
        await ann.push(ann.proposal(created()))
        await bob.subscribe(1, (await hub.commits())[0].root)
        await slow.subscribe()
        slow.socket.transport.pause_reading()
        most, last = 0, 1
        for n in range(120):
            (answer,) = await ann.push(ann.proposal(component(n, size=200_000)))
            last = answer.seq or 0
            most = max(most, *(link.unsent() for link in hub.server.links.values()))
            await bob.commits(last)
        assert hub.server.metrics.lagging >= 1
        assert most < 2 << 20
        slow.socket.transport.resume_reading()
        assert (await slow.commits(last))[-1].seq == last


async def test_a_full_disk(path: Path) -> None:
    async with serving(path) as hub, speaking(hub.url) as ann:
        await ann.push(ann.proposal(created()))
        await hub.log._writer.run(
            lambda conn: conn.execute("PRAGMA max_page_count = 40").fetchone()
        )
        kept, lost = 1, None
        for n in range(40):
            proposal = ann.proposal(component(n, size=20_000))
            await ann.say(wire.Push(PROFILE, (proposal,)))
            told = await ann.next()
            if isinstance(told, wire.Error):
                assert told.code == "hub_full"
                lost = proposal
                break
            kept += 1
        assert lost is not None
        assert not hub.server.committer.ready
        assert len(await hub.commits()) == kept
        await hub.log._writer.run(
            lambda conn: conn.execute("PRAGMA max_page_count = 100000").fetchone()
        )
        (answer,) = await ann.push(lost)
        assert (answer.outcome, answer.seq) == ("accepted", kept + 1)
        assert hub.server.committer.ready


async def test_one_bad_push_does_not_take_the_others_down(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in deciding one proposal is told to its author; whoever shared the batch is served."""
    async with serving(path) as hub, speaking(hub.url, 70) as ann, speaking(hub.url, 71) as eve:
        await ann.push(ann.proposal(created()))
        authority = hub.server.committer.authority
        decide = authority._answer

        def fragile(submission, *rest):  # type: ignore[no-untyped-def]
            if submission.who.replica == eve.replica:
                raise RuntimeError("a fault")
            return decide(submission, *rest)

        monkeypatch.setattr(authority, "_answer", fragile)
        await eve.say(wire.Push(PROFILE, (eve.proposal(component(1)),)))
        await ann.say(wire.Push(PROFILE, (ann.proposal(component(2)),)))
        assert (await eve.hear(wire.Error)).code == "hub_failed"
        assert (await ann.hear(wire.Results)).answers[0].outcome == "accepted"
        assert [c.author for c in await hub.commits()] == ["ann", "ann"]
        assert PASSWORD not in repr(eve.heard)


async def test_the_catalogue_is_told_anew_when_it_changes(path: Path) -> None:
    async with (
        serving(path) as hub,
        speaking(hub.url, 70, "ann") as ann,
        speaking(hub.url, 71, "bob") as bob,
    ):
        await bob.say(wire.ListProfiles())
        assert (await bob.hear(wire.Profiles)).profiles == ()
        await ann.push(ann.proposal(created()))
        assert [p.name for p in (await bob.hear(wire.Profiles)).profiles] == ["team"]
        await ann.push(ann.proposal((PROFILE, ProfileRenamed("crew"))))
        assert [p.name for p in (await bob.hear(wire.Profiles)).profiles] == ["crew"]

"""Secrets: forged, stolen, guessed by their timing, lost in a crash."""

import ast
import os
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from websockets.exceptions import ConnectionClosed, WebSocketException

from stackroom.events.people.entities import User
from stackroom.sync import protocol as wire
from stackroom.sync.hosting import service
from stackroom.sync.people import tokens
from tests.attacks.standing import coming, connecting, standing
from tests.events.world import uid
from tests.sync.members import Team, made, new, redeem, set_up
from tests.sync.speaking import PROFILE, component, speaking
from tests.sync.test_crash import ended, start

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with standing(tmp_path / "hub.db") as team:
        yield team


class TestForgery:
    async def test_the_author_is_nobody_whom_a_message_names(self, team: Team) -> None:
        """Neither a field beside, nor the client's name, nor a held proposal of another's."""
        token = await team.member("eve", "editor")
        async with team.speaking(token) as eve:
            proposal = eve.proposal(component(2), base=2)
            message = wire.encode(wire.Push(PROFILE, (proposal,)), wire.JSON)
            assert isinstance(message, str)
            assert message.count('"message":"why"') == 1
            claims = '"message":"why","author":"root","replica":"x","user":"root","who":{}'
            forged = message.replace('"message":"why"', claims)
            packed = wire.decode_from_replica(forged, wire.JSON)
            assert isinstance(packed, wire.Push)
            (answer,) = await eve.push(*packed.proposals)
            assert answer.outcome == "accepted"
        *_, commit = await team.hub.commits()
        assert (commit.author, commit.replica) == ("eve", eve.replica)

    async def test_anothers_replica_is_not_taken_by_who_comes_first_again(self, team: Team) -> None:
        """Ann's replica is Ann's from her first hello, whoever is connected, and for good."""
        ann, eve = await team.member("ann", "editor"), await team.member("eve", "editor")
        async with team.speaking(ann, 70):
            said = await coming(team.url, wire.Hello(uid(70), eve))
            assert isinstance(said, wire.Error)
            assert said.code == "replica_taken"
        said = await coming(team.url, wire.Hello(uid(70), eve))
        assert isinstance(said, wire.Error)

    async def test_of_two_who_claim_a_replica_at_once_one_has_it(self, team: Team) -> None:
        both = [await team.member(name, "editor") for name in ("ann", "eve")]
        said: list[wire.FromHub] = []

        async def claim(token: str) -> None:
            said.append(await coming(team.url, wire.Hello(uid(70), token)))

        async with anyio.create_task_group() as tasks:
            for token in both * 3:
                tasks.start_soon(claim, token)
        welcomed = {m.user for m in said if isinstance(m, wire.Welcome)}
        refused = [m.code for m in said if isinstance(m, wire.Error)]
        assert len(welcomed) == 1
        assert refused == ["replica_taken"] * 3

    async def test_a_token_with_a_slip_or_of_another_kind(self, team: Team) -> None:
        code = await team.invite("ada", "admin")
        swapped = team.root[:-1] + ("a" if team.root[-1] != "a" else "b")
        wrong = [
            "", "srm_", swapped, team.root[:-1], team.root + "x", team.root.swapcase(), f" {team.root}",
            tokens.prefix_of(team.root), code, "srm" + code[3:], tokens.prefix_of(team.root) + "x" * 39,
            "\x00", "\u202e" + team.root, "x" * 4_096,
        ]  # fmt: skip
        for token in wrong:
            said = await coming(team.url, wire.Hello(uid(71), token))
            assert isinstance(said, wire.Error), token
            assert said.sentence == "this hub does not know this token"
        # And no token is a code.
        reply, _ = await redeem(team.url, team.root)
        assert reply.code == "bad_code"


class TestTiming:
    """Secrets are looked up by their public prefix, and compared in a time that says nothing."""

    async def test_every_way_ends_in_one_comparison_of_digests(
        self, team: Team, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code = await team.invite("ada", "viewer")
        compared: list[tuple[int, int]] = []
        compare = tokens.hmac.compare_digest

        def counted(a: bytes, b: bytes) -> bool:
            compared.append((len(a), len(b)))
            return compare(a, b)

        monkeypatch.setattr(tokens.hmac, "compare_digest", counted)
        known_token = tokens.prefix_of(team.root) + "x" * 39
        known_code = tokens.prefix_of(code) + "x" * 39
        for first in (
            wire.Hello(uid(71), made().text),
            wire.Hello(uid(71), known_token),
            wire.Hello(uid(71), ""),
            wire.Redeem(made(tokens.JOIN).text, new(made())),
            wire.Redeem(known_code, new(made())),
            wire.Redeem("", new(made())),
        ):
            compared.clear()
            said = await coming(team.url, first)
            assert isinstance(said, wire.Error | wire.Reply)
            assert compared == [(32, 32)], first

    def test_secrets_are_compared_in_one_place(self) -> None:
        """`compare_digest` stands in `tokens.is_it`; nothing else in the hub compares hashes."""
        users = []
        for path in sorted((ROOT / "sync").rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr == "compare_digest":
                    users.append(path.name)
                if isinstance(node, ast.Compare):
                    sides = ast.unparse(node)
                    assert "digest(" not in sides, f"{path.name}: {sides}"
                    assert ".hash " not in sides, f"{path.name}: {sides}"
        assert users == ["tokens.py"]

    def test_a_token_holds_192_random_bits(self) -> None:
        asked: list[int] = []

        def random(count: int) -> bytes:
            asked.append(count)
            return secrets.token_bytes(count)

        texts = {tokens.make(tokens.PERSONAL, random).text for _ in range(200)}
        assert len(texts) == 200
        assert asked[1::2] == [24] * 200


@pytest.mark.timeout(120)
async def test_killed_while_a_code_is_redeemed(tmp_path: Path) -> None:
    """kill -9 between the code and the answer: the code was used, or it was not; never both, never lost."""
    data = tmp_path / "hub"
    started = await start(data)
    root = await set_up(started.url, started.code)
    for round in range(4):
        code, token = made(tokens.JOIN), made()
        async with speaking(started.url, 900, token=root) as peer:
            order = wire.Invite(f"user{round}", code.prefix, code.hash, 60_000, "viewer")
            assert not (await peer.ask(order)).code
        async with connecting(started.url) as socket:
            await socket.send(wire.encode(wire.Redeem(code.text, new(token)), wire.MSGPACK))
            if round % 2:
                await socket.recv()
            else:
                await anyio.sleep(0.001 * round)
            os.kill(started.pid, signal.SIGKILL)
            with pytest.raises((ConnectionClosed, WebSocketException, OSError)):
                while True:
                    await socket.recv()
        await ended(data)
        started = await start(data)
        said = await coming(started.url, wire.Hello(uid(910 + round), token.text))
        reply, other = await redeem(started.url, code.text)
        if isinstance(said, wire.Welcome):
            assert (said.user, reply.code) == (f"user{round}", "bad_code")
        else:
            assert round % 2 == 0
            assert (reply.code, reply.user) == ("", f"user{round}")
            async with speaking(started.url, 910 + round, token=other):
                pass
    await anyio.to_thread.run_sync(service.down, data)


async def test_what_a_hub_leaves_on_its_disk_is_its_owners_alone(tmp_path: Path) -> None:
    """The set-up code stands in `hub.json` until somebody has come in."""
    data = tmp_path / "hub"
    old = os.umask(0)
    try:
        started = await start(data)
        await set_up(started.url, started.code)
        await anyio.to_thread.run_sync(service.down, data)
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o077 for path in [data, *data.iterdir()]}
    assert set(modes.values()) == {0}, modes
    assert started.code is not None
    for path in data.iterdir():
        assert started.code[12:].encode() not in path.read_bytes(), path.name


async def test_no_code_no_user(team: Team) -> None:
    """A name in a redemption is taken from the invitation, and never from the message."""
    code = await team.invite("ada", "viewer")
    message = wire.Redeem(code, new(made()), "root")
    said = await coming(team.url, message)
    assert isinstance(said, wire.Reply)
    assert said.user == "ada"
    assert [u.name for _, u in (await team.state()).all(User)] == ["root", "ada"]

"""Requests that no browser sends, and names that would like to be more than names."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stackroom.sync import protocol as wire
from tests.attacks.standing import coming, connecting, standing, until
from tests.events.world import uid
from tests.sync.members import Team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with standing(tmp_path / "hub.db") as team:
        yield team


async def said_to(team: Team, request: bytes) -> bytes:
    """What the port answers to some bytes."""
    stream = await anyio.connect_tcp("127.0.0.1", team.hub.server.port)
    async with stream:
        await stream.send(request)
        answer = b""
        with anyio.fail_after(20):
            try:
                while True:
                    answer += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return answer


HOST = b"Host: 127.0.0.1\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: stackroom.v1+json\r\n"
)
NONE = {
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", (400,)),
    "two hosts, one to upgrade": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n" + UPGRADE + b"\r\n", (400,)
    ),
    "two origins": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Origin: http://127.0.0.1\r\nOrigin: http://x\r\n" + UPGRADE + b"\r\n", (400, 403)
    ),
    "an origin that is no address": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Origin: http://[\r\n" + UPGRADE + b"\r\n", (400, 403)
    ),
    "an opaque origin": (b"GET / HTTP/1.1\r\n" + HOST + b"Origin: null\r\n" + UPGRADE + b"\r\n", (403,)),
    "a path that is no address": (b"GET http://[/x HTTP/1.1\r\n" + HOST + b"\r\n", (400,)),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", (400, 421)),
    "an old HTTP": (b"GET / HTTP/1.0\r\n" + HOST + b"\r\n", (200, 400)),
    "escapes in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x1b[31mred\x07\r\n\r\n", ()),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", ()),
    "a very long line": (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", ()),
    "very many headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 1_000 + b"\r\n", ()),
    "a body": (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", (400, 413)),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "statuses"), NONE.values(), ids=NONE.keys())
async def test_a_request_that_is_none_is_answered_and_not_logged(
    team: Team, request_: bytes, statuses: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await said_to(team, request_)
    if answer:
        assert int(answer.split()[1]) in (statuses or range(400, 500)), answer
        assert b"switching" not in answer.lower()
    assert not caplog.records
    async with team.speaking(team.root):
        pass


async def test_names_cannot_forge_a_line_of_the_log(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    """What a client calls itself is not logged; what is logged is one line, and quoted."""
    forged = "x\n2026-01-01 INFO stackroom.hub: 'root' joined\x1b[2J\u2028"
    with caplog.at_level(logging.INFO):
        async with connecting(team.url) as socket:
            hello = wire.Hello(uid(700), team.root, forged)
            await socket.send(wire.encode(hello, wire.MSGPACK))
            assert isinstance(wire.decode_from_hub(await socket.recv(), wire.MSGPACK), wire.Welcome)
        said = await coming(
            team.url, wire.Redeem(forged, wire.NewToken("x", "srm_12345678", bytes(32)), forged)
        )
        assert isinstance(said, wire.Reply)
        await until(lambda: not team.hub.server.links)
    lines = [
        record.getMessage() for record in caplog.records if record.name.startswith("stackroom")
    ]
    assert lines
    for line in lines:
        assert "2026-01-01" not in line
        assert line.isprintable(), line

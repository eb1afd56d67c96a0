"""Attacks at the door, on real sockets: half-open handshakes, floods, other sites, other names, forged lines."""

import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.typing import Origin, Subprotocol

from stackroom.client.errors import SlowDown
from stackroom.client.settings import Settings as ClientSettings
from stackroom.client.transport.line import dial
from stackroom.sync import protocol as wire
from stackroom.sync.hosting.security_log import SecurityLog
from stackroom.sync.settings import Settings
from stackroom.sync.web.headers import USUAL
from tests.attacks.standing import coming, connecting, rest, standing, until
from tests.events.world import uid
from tests.sync.members import Team, made, new, redeem
from tests.sync.notes import Noted
from tests.sync.open_access import token_of
from tests.sync.speaking import PROFILE, Peer, Running, component, created, serving, speaking

pytestmark = pytest.mark.anyio


def settings(**more: Any) -> Settings:
    return Settings(**{"port": 0, "tick": 0.01, **more})


@asynccontextmanager
async def hub_with(path: Path, **more: Any) -> AsyncIterator[tuple[Running, Noted]]:
    noted = Noted()
    async with serving(path / "hub.db", settings(**more), security=noted) as hub:
        yield hub, noted


def raw(hub: Running, *, small: bool = False) -> socket.socket:
    connection = socket.socket()
    if small:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.connect(("127.0.0.1", hub.server.port))
    connection.settimeout(20)
    return connection


def request(hub: Running, *lines: str, path: str = "/", method: str = "GET") -> bytes:
    host = (
        []
        if any(line.startswith("Host:") for line in lines)
        else [f"Host: 127.0.0.1:{hub.server.port}"]
    )
    return "\r\n".join((f"{method} {path} HTTP/1.1", *host, *lines, "", "")).encode("latin-1")


UPGRADE = (
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", f"Sec-WebSocket-Protocol: {wire.MSGPACK}",
)  # fmt: skip


async def answer(hub: Running, sent: bytes) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of what comes back to `sent`, up to the end."""

    def run() -> bytes:
        with raw(hub) as connection:
            connection.sendall(sent)
            received = b""
            while b"\r\n\r\n" not in received or b" 101 " not in received[:20]:
                if not (data := connection.recv(65536)):
                    break
                received += data
            return received

    head, _, body = (await anyio.to_thread.run_sync(run)).decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


async def is_served(hub: Running, number: int = 99) -> None:
    async with speaking(hub.url, number) as ann:
        (said,) = await ann.push(ann.proposal(created()))
        assert said.outcome in ("accepted", "converged", "rejected")


class TestHalfOpen:
    async def test_a_handshake_a_byte_at_a_time_ends(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, hello_timeout=0.3, failure_delay_most=0.1) as (hub, _):
            slow = raw(hub)
            slow.sendall(b"GET / HT")
            await until(lambda: hub.server.porch.turnstile.strangers == 1)
            await until(lambda: hub.server.porch.turnstile.strangers == 0)
            slow.close()

    async def test_a_handshake_without_hello_ends(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, hello_timeout=0.2, failure_delay_most=0.1) as (hub, _):
            async with connecting(hub.url) as quiet:
                with pytest.raises(ConnectionClosed) as closed:
                    await quiet.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.HELLO_TIMEOUT

    async def test_half_open_ones_shut_nobody_out(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, strangers=8, strangers_address=8) as (hub, noted):
            slow = []
            for n in range(1, 31):
                slow.append(raw(hub))
                slow[-1].sendall(b"GET / HTTP/1.1\r\nHost: ")
                await until(lambda n=n: hub.server.porch.turnstile.strangers == min(n, 8))  # type: ignore[misc]
            await is_served(hub)
            assert noted.of("limit", limit="strangers", address="127.0.0.1")
            for each in slow:
                each.close()

    async def test_a_head_without_an_end(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path) as (hub, _):
            for sent, status in (
                (b"GET /" + b"a" * 20_000, 414),
                (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000, 431),
                (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500, 431),
            ):
                found, headers, _ = await answer(hub, sent)
                assert found == status
                assert headers["X-Content-Type-Options"] == "nosniff"
            await is_served(hub)


class TestCaps:
    async def test_connections_of_a_user(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, connections_user=3) as (hub, noted):
            async with AsyncExitStack() as stack:
                for n in range(3):
                    await stack.enter_async_context(speaking(hub.url, 70 + n, "eve"))
                async with connecting(hub.url) as fourth:
                    peer = Peer(fourth, uid(80))
                    await peer.say(wire.Hello(peer.replica, token_of("eve")))
                    (error,) = await rest(peer)
                    assert isinstance(error, wire.Error)
                    assert error.code == "too_many_connections"
                    assert fourth.close_code == wire.CloseCode.TOO_MANY_CONNECTIONS
                async with speaking(hub.url, 81, "ann"):
                    pass
            assert noted.of("limit", limit="connections_user", user="eve", address="127.0.0.1")
            await until(lambda: not hub.server.links)
            async with speaking(hub.url, 82, "eve"):
                pass

    async def test_connections_of_an_address(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, connections_address=3) as (hub, noted):
            async with AsyncExitStack() as stack:
                for n in range(3):
                    await stack.enter_async_context(speaking(hub.url, 70 + n, f"u{n}"))
                status, headers, body = await answer(hub, request(hub, *UPGRADE))
                assert (status, headers["Retry-After"]) == (429, "5")
                assert "at most 3 connections" in body
                with pytest.raises(SlowDown, match="at most 3 connections"):
                    async with dial(hub.url, ClientSettings()):
                        pass
            assert noted.of("limit", limit="connections_address")
            await until(lambda: not hub.server.porch.turnstile.is_crowded("127.0.0.1"))

    async def test_a_flood_of_handshakes(self, tmp_path: Path) -> None:
        """Told first, then dropped, and the log does not fill with it."""
        async with hub_with(tmp_path, opened_second=1.0, opened_burst=10.0) as (hub, noted):
            statuses: list[int] = []
            while statuses.count(429) < 2:  # On a slow machine, a few more get through meanwhile.
                statuses.append((await answer(hub, request(hub, path="/healthz")))[0])
            assert statuses[:10] == [200] * 10
            dropped = 0
            while dropped < 15:
                try:
                    await answer(hub, request(hub, path="/healthz"))
                except (ConnectionError, IndexError):
                    dropped += 1
            assert len(noted.of("limit", limit="opened_second")) == 1

    async def test_a_proxy_speaks_for_many(self, tmp_path: Path) -> None:
        trusted = frozenset({"127.0.0.1"})
        more = {"opened_burst": 2.0, "connections_address": 1, "trusted_proxies": trusted}
        async with hub_with(tmp_path, **more) as (hub, noted):
            for n in range(10):
                from_ = f"X-Forwarded-For: 66.6.6.6, 10.0.0.{n}"
                status, _, _ = await answer(
                    hub, request(hub, *UPGRADE, from_, "Origin: http://e.example")
                )
                assert status == 403
            assert [note["address"] for note in noted.of("refused")] == [
                f"10.0.0.{n}" for n in range(10)
            ]


class TestFloods:
    async def test_a_flood_of_messages_is_read_slowly_and_then_ended(self, tmp_path: Path) -> None:
        more = {"messages_second": 50.0, "messages_burst": 20.0, "slow_patience": 0.5}
        async with hub_with(tmp_path, **more) as (hub, noted):
            async with speaking(hub.url, 70, "eve") as eve, speaking(hub.url, 71, "ann") as ann:

                async def flood() -> None:
                    with pytest.raises(ConnectionClosed):
                        while True:
                            await eve.say(wire.Unsubscribe(PROFILE))

                begun = anyio.current_time()
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(flood)
                    for n in range(10):
                        base = 0 if n == 0 else 1
                        change = created() if n == 0 else component(n)
                        (said,) = await ann.push(ann.proposal(change, base=base))
                        assert said.outcome == "accepted"
                    said_last = await rest(eve)
                assert anyio.current_time() - begun > 0.4
                errors = [m.code for m in said_last if isinstance(m, wire.Error)]
                assert errors == ["too_fast"]
                assert eve.socket.close_code == wire.CloseCode.TOO_FAST
            assert len(noted.of("limit", limit="slow_patience", user="eve")) == 1

    async def test_many_connections_of_a_user_share_one_rate(self, tmp_path: Path) -> None:
        more = {"messages_second": 20.0, "messages_burst": 20.0}
        async with hub_with(tmp_path, **more) as (hub, _), AsyncExitStack() as stack:
            peers = [
                await stack.enter_async_context(speaking(hub.url, 70 + n, "eve")) for n in range(4)
            ]
            begun = anyio.current_time()
            for _ in range(8):
                for peer in peers:
                    await peer.say(wire.Fetch(PROFILE, 0))
            for peer in peers:
                for _ in range(8):
                    await peer.hear(wire.History)
            # 4 hellos and 32 fetches, of which 20 are free; each connection reads ahead by one.
            assert anyio.current_time() - begun > 0.3

    async def test_a_flood_of_proposals_waits_its_turn(self, tmp_path: Path) -> None:
        more = {"proposals_second": 100.0, "proposals_burst": 50.0}
        async with hub_with(tmp_path, **more) as (hub, _), speaking(hub.url) as eve:
            await eve.push(eve.proposal(created()))
            begun = anyio.current_time()
            for n in range(4):
                proposals = [eve.proposal(component(n * 25 + m), base=1) for m in range(25)]
                await eve.push(*proposals)
            await eve.say(wire.Fetch(PROFILE, 0))
            await eve.hear(wire.History)
            assert anyio.current_time() - begun > 0.4
            assert len(await hub.commits()) == 101, "slow is not lost"

    async def test_a_well_behaved_client_is_not_slowed(self, tmp_path: Path) -> None:
        """At the defaults: a backlog of thousands goes out in one go."""
        async with hub_with(tmp_path) as (hub, noted), speaking(hub.url) as ann:
            await ann.push(ann.proposal(created()))
            for n in range(5):
                await ann.push(*(ann.proposal(component(n * 500 + m), base=1) for m in range(500)))
            link = next(iter(hub.server.links.values()))
            assert link.slowed is None
            assert not noted.of("limit")

    async def test_a_client_that_is_told_so_says_so(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, connections_user=1) as (hub, _):
            async with speaking(hub.url, 70, "eve"):
                with pytest.raises(SlowDown, match="has 1 connection to") as told:
                    async with (
                        dial(hub.url, ClientSettings()) as line,
                        anyio.create_task_group() as tasks,
                    ):
                        tasks.start_soon(line.write)
                        line.send(wire.Hello(uid(71), token_of("eve")))
                        try:
                            await line.receive()
                        except SlowDown as error:
                            failure = error
                        tasks.cancel_scope.cancel()
                    raise failure
                assert told.value.exit_code == 6

    async def test_whoever_does_not_read_is_cut(self, tmp_path: Path) -> None:
        more = {"buffer_most": 200_000, "live_buffer": 100_000, "page_bytes": 50_000}
        async with hub_with(tmp_path, **more) as (hub, _), speaking(hub.url, 70) as ann:
            await ann.push(ann.proposal(created()))
            async with connecting(hub.url, small=True) as socket:
                eve = Peer(socket, uid(71))
                await eve.say(wire.Hello(eve.replica, token_of("eve")))
                await eve.hear(wire.Rights)
                for n in range(3_000):
                    await eve.say(wire.Subscribe(uid(1_000 + n), 5, bytes(32)))
                for n in range(40):
                    (said,) = await ann.push(ann.proposal(component(n, size=20_000), base=1))
                    assert said.outcome == "accepted"
                unsent = max(link.unsent() for link in hub.server.links.values())
                assert unsent < 1 << 20


class TestBombs:
    async def test_compression_is_never_agreed_on(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path) as (hub, _):
            offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            status, headers, _ = await answer(hub, request(hub, *UPGRADE, offer))
            assert status == 101
            assert "Sec-WebSocket-Extensions" not in headers
            async with connect(
                hub.url,
                extensions=[ClientPerMessageDeflateFactory()],
                subprotocols=[Subprotocol(wire.MSGPACK)],
                proxy=None,
            ) as socket:
                assert not socket.protocol.extensions

    async def test_a_compressed_frame_all_the_same(self, tmp_path: Path) -> None:
        """RSV1 without the extension breaks the protocol (RFC 6455 section 5.2)."""
        async with hub_with(tmp_path) as (hub, _):
            bomb = zlib.compress(b"\x00" * (64 << 20), 9)[2:-4]
            async with connecting(hub.url) as socket:
                header = bytes([0xC2, 0x80 | 127]) + struct.pack("!Q", len(bomb)) + bytes(4)
                socket.transport.write(header + bomb)
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002
            await is_served(hub)

    @pytest.mark.parametrize("coding", wire.SUBPROTOCOLS)
    async def test_nesting_without_an_end(self, tmp_path: Path, coding: str) -> None:
        deep: str | bytes
        if coding == wire.JSON:
            deep = '{"type":"hello","replica":' + "[" * 100_000
        else:
            deep = b"\x82\xa4type\xa5hello\xa1x" + b"\x91" * 100_000
        async with hub_with(tmp_path) as (hub, _):
            async with connect(
                hub.url, subprotocols=[Subprotocol(coding)], compression=None, proxy=None
            ) as socket:
                await socket.send(deep)
                peer = Peer(socket, uid(70))
                (error,) = await rest(peer)
            assert isinstance(error, wire.Error)
            assert error.code == "malformed"
            await is_served(hub)

    async def test_a_length_that_is_announced_and_never_sent(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path) as (hub, _):
            for claimed in (wire.CloseCode.TOO_BIG, 1 << 40, (1 << 63) - 1):
                async with connecting(hub.url) as socket:
                    socket.transport.write(
                        bytes([0x82, 0xFF]) + struct.pack("!Q", max(claimed, 9 << 20)) + bytes(4)
                    )
                    with pytest.raises(ConnectionClosed) as closed:
                        await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == wire.CloseCode.TOO_BIG

    async def test_fragments_without_an_end(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path, message_bytes=100_000, push_bytes=50_000) as (hub, _):
            async with connecting(hub.url) as socket:
                socket.transport.write(
                    bytes([0x02, 0x80 | 126]) + struct.pack("!H", 60_000) + bytes(60_004)
                )
                socket.transport.write(
                    bytes([0x00, 0x80 | 126]) + struct.pack("!H", 60_000) + bytes(60_004)
                )
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == wire.CloseCode.TOO_BIG


class TestOtherSites:
    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "null",
            "file://",
            "http://127.0.0.1:1",
            "http://127.0.0.1.evil.example",
        ],
    )
    async def test_a_page_of_another_site_may_not_connect(
        self, tmp_path: Path, origin: str
    ) -> None:
        async with hub_with(tmp_path) as (hub, noted):
            with pytest.raises(InvalidStatus) as refused:
                await connect(
                    hub.url,
                    origin=Origin(origin),
                    subprotocols=[Subprotocol(wire.JSON)],
                    proxy=None,
                )
            assert refused.value.response.status_code == 403
            assert noted.of("refused", what="origin", value=origin)

    async def test_one_that_was_allowed_may(self, tmp_path: Path) -> None:
        origins = frozenset({"https://dash.example"})
        async with hub_with(tmp_path, allowed_origins=origins) as (hub, _):
            own = f"http://127.0.0.1:{hub.server.port}"
            for origin in ("https://dash.example", own):
                async with connect(
                    hub.url,
                    origin=Origin(origin),
                    subprotocols=[Subprotocol(wire.JSON)],
                    proxy=None,
                ):
                    pass

    @pytest.mark.parametrize("header", ["Host", "Origin"])
    async def test_a_header_that_came_twice(self, tmp_path: Path, header: str) -> None:
        async with hub_with(tmp_path) as (hub, _):
            twice = [f"{header}: 127.0.0.1:{hub.server.port}", f"{header}: evil.example"]
            status, _, _ = await answer(hub, request(hub, *UPGRADE, *twice))
            assert status in (400, 403)

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1]x"]
    )
    async def test_a_rebound_name(self, tmp_path: Path, host: str) -> None:
        """In every way of listening, and whatever is asked for."""
        for listening in ({"host": "127.0.0.1"}, {"host": "0.0.0.0", "insecure": True}):
            (folder := tmp_path / listening["host"]).mkdir()  # type: ignore[operator]
            async with hub_with(folder, **listening) as (hub, noted):
                for path, more in (("/metrics", ()), ("/", UPGRADE), ("/healthz", ())):
                    status, headers, _ = await answer(
                        hub, request(hub, f"Host: {host}", *more, path=path)
                    )
                    assert status == 421
                    assert headers["X-Content-Type-Options"] == "nosniff"
                assert len(noted.of("refused", what="host")) == 3

    async def test_names_that_were_given(self, tmp_path: Path) -> None:
        names = frozenset({"hub.example"})
        async with hub_with(tmp_path, host="0.0.0.0", insecure=True, allowed_hosts=names) as (
            hub,
            _,
        ):
            for host, status in (
                ("hub.example", 200),
                ("HUB.EXAMPLE:1", 200),
                ("localhost", 200),
                ("x.hub.example", 421),
            ):
                assert (await answer(hub, request(hub, f"Host: {host}", path="/healthz")))[
                    0
                ] == status

    @pytest.mark.parametrize(("sent", "status"), [
        (("GET", "/", ()), 200), (("GET", "/nothing", ()), 404), (("POST", "/", ()), 405),
        (("GET", "/../../etc/passwd", ()), 404), (("GET", "/metrics", ("X-Forwarded-For: 1.2.3.4",)), 401),
        (("GET", "/", ("Upgrade: websocket",)), 400), (("GET", "/", ("Upgrade: h2c", "Connection: Upgrade")), 426),
        (("GET", "/", (*UPGRADE[:-1], "Sec-WebSocket-Protocol: other")), 400),
        (("GET", "/", (*UPGRADE, "Origin: http://evil.example")), 403),
    ])  # fmt: skip
    async def test_every_answer_has_the_usual_headers(
        self, tmp_path: Path, sent: tuple[str, str, tuple[str, ...]], status: int
    ) -> None:
        method, path, lines = sent
        async with hub_with(tmp_path) as (hub, _):
            found, headers, _ = await answer(hub, request(hub, *lines, path=path, method=method))
            assert found in (status, 426)
            for name, value in USUAL:
                assert headers[name] == value, name
            assert "Strict-Transport-Security" not in headers
            assert "Server" not in headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


class TestTokens:
    async def test_a_token_in_the_url_opens_nothing_and_stands_in_no_log(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        noted = Noted()
        async with serving(tmp_path / "hub.db", settings(), security=noted) as hub:
            token = token_of("ann", "srm_canary")
            for path in (f"/metrics?token={token}", f"/?access_token={token}", f"/{token}"):
                _, _, body = await answer(hub, request(hub, path=path))
                assert token not in body
            url = f"{hub.url}/?token={token_of('ann')}"
            async with connect(url, subprotocols=[Subprotocol(wire.MSGPACK)], proxy=None) as socket:
                peer = Peer(socket, uid(70))
                await peer.say(wire.Hello(peer.replica, ""))
                (error,) = await rest(peer)
            assert isinstance(error, wire.Error)
            assert error.code == "unauthorised"
            assert "canary" not in caplog.text + repr(noted.notes)

    async def test_a_token_in_the_header_does(self, tmp_path: Path) -> None:
        async with hub_with(tmp_path) as (hub, noted):
            headers = {"Authorization": f"Bearer {token_of('ann')}"}
            async with connect(
                hub.url,
                additional_headers=headers,
                subprotocols=[Subprotocol(wire.MSGPACK)],
                proxy=None,
            ) as socket:
                peer = Peer(socket, uid(70))
                await peer.say(wire.Hello(peer.replica, ""))
                assert (await peer.hear(wire.Welcome)).user == "ann"
            assert noted.of("signed_in", user="ann")

    async def test_metrics_are_for_this_machine_or_a_token(self, tmp_path: Path) -> None:
        async with standing(tmp_path / "hub.db", settings()) as team:
            hub = team.hub
            from_afar = "X-Forwarded-For: 1.2.3.4"
            assert (await answer(hub, request(hub, path="/metrics")))[0] == 200
            for credentials, status in (
                ((), 401),
                ((f"Authorization: Bearer {team.root}",), 200),
                ((f"authorization: bearer {team.root}",), 200),
                ((f"Authorization: Bearer {team.root}x",), 401),
                ((f"Authorization: Basic {team.root}",), 401),
                ((f"Authorization: Bearer {team.root}", f"Authorization: Bearer {team.root}"), 401),
                (("Authorization: Bearer",), 401),
            ):
                found, headers, body = await answer(
                    hub, request(hub, from_afar, *credentials, path="/metrics")
                )
                assert found == status, credentials
                assert team.root not in body
                if status == 401:
                    assert headers["WWW-Authenticate"] == "Bearer"
            for path in ("/healthz", "/readyz"):
                assert (await answer(hub, request(hub, from_afar, path=path)))[0] == 200


class TestSignIns:
    SETTINGS = settings(
        failures_free=2,
        failure_delay=0.2,
        failure_delay_most=0.4,
        hello_timeout=5.0,
        delayed_address=2,
    )

    async def test_guesses_are_slowed_down(self, tmp_path: Path) -> None:
        async with standing(tmp_path / "hub.db", self.SETTINGS) as team:
            times = []
            for _ in range(4):
                begun = anyio.current_time()
                said = await coming(team.url, wire.Hello(uid(700), made().text))
                assert isinstance(said, wire.Error)
                times.append(anyio.current_time() - begun)
            assert max(times[:2]) < 0.2 <= times[2] < 0.4 <= times[3]

    async def test_guessed_codes_likewise(self, tmp_path: Path) -> None:
        async with standing(tmp_path / "hub.db", self.SETTINGS) as team:
            for _ in range(3):
                assert (await redeem(team.url, made("srj").text))[0].code == "bad_code"
            begun = anyio.current_time()
            assert (await redeem(team.url, made("srj").text))[0].code == "bad_code"
            assert anyio.current_time() - begun >= 0.4

    async def test_nobody_is_locked_out(self, tmp_path: Path) -> None:
        """The guesser shares the address with somebody who was there before, and with nobody else's luck."""
        async with standing(tmp_path / "hub.db", self.SETTINGS) as team:
            ann = await team.member("ann", "editor")
            async with team.speaking(ann):
                pass
            for _ in range(4):
                await coming(team.url, wire.Hello(uid(700), made().text))
            begun = anyio.current_time()
            async with team.speaking(ann):
                pass
            assert anyio.current_time() - begun < 0.2
            code = await team.invite("ben", "viewer")
            reply, _ = await redeem(team.url, code)
            assert not reply.code, "late, and let in"

    async def test_those_that_wait_are_bounded(self, tmp_path: Path) -> None:
        async with standing(tmp_path / "hub.db", self.SETTINGS) as team:
            for _ in range(4):
                await coming(team.url, wire.Hello(uid(700), made().text))
            said: list[str] = []

            async def guess() -> None:
                answered = await coming(team.url, wire.Hello(uid(700), made().text))
                assert isinstance(answered, wire.Error)
                said.append(answered.code)

            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(guess)
            assert said.count("unauthorised") == 2
            assert said.count("too_many_attempts") == 8

    async def test_a_token_that_has_ended_is_no_guess(self, tmp_path: Path) -> None:
        async with standing(tmp_path / "hub.db", self.SETTINGS) as team:
            async with team.speaking(team.root) as root:
                short = made()
                await root.ask(wire.MakeToken(new(short, "short"), lifetime=1))
            for _ in range(6):
                begun = anyio.current_time()
                said = await coming(team.url, wire.Hello(uid(700), short.text))
                assert isinstance(said, wire.Error)
                assert "expired" in said.sentence
                assert anyio.current_time() - begun < 0.2


class TestSecurityLog:
    async def test_what_happened_and_no_secret(self, tmp_path: Path) -> None:
        path = tmp_path / "security.jsonl"

        def failed(error: OSError) -> None:
            raise error

        log = SecurityLog(
            path, most=1 << 20, files=2, waiting=1_000, clock=lambda: 0, failed=failed
        )
        noted = Noted()
        async with standing(tmp_path / "hub.db", settings()) as team:
            for where in (log, noted):
                team.hub.server.security = where
            viewer = await team.member("eve", "viewer")
            guess, code = made(), made("srj")
            async with team.speaking(viewer) as eve:
                await eve.push(eve.proposal(component(5), base=2))
                await eve.ask(wire.Invite("mallory", code.prefix, code.hash, 1_000))
            await coming(team.url, wire.Hello(uid(700), guess.text, 'x\n{"kind":"joined"}'))
            await redeem(team.url, code.text)
        await anyio.to_thread.run_sync(log.close)
        assert noted.of("joined", user="eve", address="127.0.0.1")
        assert noted.of("signed_in", user="eve", token=viewer[:12])
        assert noted.of("people", by="root")
        assert noted.of("refused", code="not_allowed", user="eve", profile=PROFILE)
        assert noted.of("refused", what="Invite", user="eve")
        assert noted.of("sign_in_refused", code="unauthorised", token=guess.prefix)
        assert noted.of("sign_in_refused", code="bad_code")
        text = repr(noted.notes)
        for secret in (viewer, guess.text, code.text, team.root):
            assert secret[12:] not in text

    @pytest.mark.parametrize(
        "forged", ['a\t{"kind":"joined"}', "\x85\xa0", "x" * 5_000, "\xff\xfe"]
    )
    async def test_headers_forge_no_line(self, tmp_path: Path, forged: str) -> None:
        path = tmp_path / "security.jsonl"

        def failed(error: OSError) -> None:
            raise error

        log = await anyio.to_thread.run_sync(
            partial(
                SecurityLog,
                path,
                most=1 << 20,
                files=2,
                waiting=100,
                clock=lambda: 0,
                failed=failed,
            )
        )
        async with serving(tmp_path / "hub.db", settings(), security=log) as hub:
            assert (await answer(hub, request(hub, f"Host: {forged}")))[0] == 421
            status, _, _ = await answer(hub, request(hub, *UPGRADE, f"Origin: {forged}"))
            assert status == 403
        await anyio.to_thread.run_sync(log.close)
        lines = path.read_text("utf-8").splitlines()
        assert [json.loads(line)["what"] for line in lines] == ["host", "origin"]
        assert all(line.isprintable() and len(line) < 3_000 for line in lines)


async def test_a_team_is_served_meanwhile(tmp_path: Path) -> None:
    """All of it at once, from other connections: whoever behaves notices nothing."""
    async with standing(tmp_path / "hub.db", settings(strangers=10)) as team:
        assert isinstance(team, Team)
        slow = [raw(team.hub) for _ in range(30)]
        async with team.speaking(team.root) as root:
            for n in range(2, 8):
                (said,) = await root.push(root.proposal(component(n), base=n))
                assert said.outcome == "accepted"
        for each in slow:
            each.close()

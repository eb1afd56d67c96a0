"""TLS on real sockets: who is trusted, what is spoken, and certificates that change under way."""

import shutil
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import anyio
import anyio.to_thread
import pytest
from cryptography import x509

from stackroom.client.errors import NotTrusted, Unencrypted, Unreachable
from stackroom.client.home.trust import Trust
from stackroom.client.settings import Settings as ClientSettings
from stackroom.client.transport import plain_line
from stackroom.client.transport.certificates import context_of
from stackroom.client.transport.line import dial
from stackroom.sync.errors import BadCertificate
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.pinning import (
    BadFingerprint,
    fingerprint,
    parse,
    pinned_context,
    unverified_context,
)
from stackroom.sync.sockets.self_signed import BadName, make
from stackroom.sync.sockets.tls import Tls
from tests.sync.certificates import Authority, own
from tests.sync.notes import Noted
from tests.sync.speaking import Running, created, serving, speaking

pytestmark = pytest.mark.anyio
T = TypeVar("T")
Reach: TypeAlias = Callable[[Running, Trust], Awaitable[None]]

SETTINGS = Settings(port=0, tick=0.02, hello_timeout=0.5, failure_delay_most=0.1)
CLIENT = ClientSettings(open_timeout=5.0)


async def run(work: Callable[..., T], *args: object) -> T:
    return await anyio.to_thread.run_sync(partial(work, *args))


def presented(port: int, context: ssl.SSLContext | None = None) -> tuple[str, str | None]:
    """The fingerprint and the TLS version that a new handshake gets."""
    context = context or unverified_context()
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as wrapped:
            certificate = wrapped.getpeercert(binary_form=True)
            assert certificate is not None
            return fingerprint(certificate), wrapped.version()


async def in_a_loop(hub: Running, trust: Trust) -> None:
    async with dial(hub.url, CLIENT, trust):
        pass


async def without_a_loop(hub: Running, trust: Trust) -> None:
    def dialled() -> None:
        with plain_line.dial(hub.url, CLIENT, trust, plain_line.Clock(None)):
            pass

    await run(dialled)


@pytest.mark.parametrize("reached", [in_a_loop, without_a_loop])
class TestTrust:
    async def test_a_pinned_certificate(self, reached: Reach, tmp_path: Path) -> None:
        tls = await run(own(tmp_path).tls)
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            pin = pinned_context(tls.fingerprint)
            async with speaking(hub.url, tls=pin) as ann:
                assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"
            await reached(hub, Trust(fingerprint=tls.fingerprint))

    async def test_another_certificate_than_the_pinned_one(
        self, reached: Reach, tmp_path: Path
    ) -> None:
        tls = await run(own(tmp_path).tls)
        other = parse("AB:" * 31 + "AB")
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            with pytest.raises(NotTrusted) as refused:
                await reached(hub, Trust(fingerprint=other))
            assert other in str(refused.value)
            assert tls.fingerprint in str(refused.value)
            assert f"connect {hub.url} --fingerprint {tls.fingerprint}" in refused.value.hint
            assert not hub.server.links, "nothing was sent"

    async def test_one_that_nobody_signed_is_shown(self, reached: Reach, tmp_path: Path) -> None:
        tls = await run(own(tmp_path).tls)
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            with pytest.raises(NotTrusted, match="self-signed") as refused:
                await reached(hub, Trust())
            assert tls.fingerprint in str(refused.value)
            assert "--fingerprint" in refused.value.hint

    async def test_an_authority_of_the_companys_own(
        self, reached: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = Authority(tmp_path)
        tls = await run(authority.sign("127.0.0.1").tls)
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            with pytest.raises(NotTrusted, match="local issuer"):
                await reached(hub, Trust())
            await reached(hub, Trust(ca_file=str(authority.file)))
            monkeypatch.setenv("STACKROOM_CA_FILE", str(authority.file))
            await reached(hub, Trust())

    @pytest.mark.parametrize(
        ("name", "days", "why"),
        [("10.0.0.1", 30, "IP address mismatch"), ("127.0.0.1", -1, "expired")],
    )
    async def test_a_signed_one_of_another_name_or_time(
        self, reached: Reach, tmp_path: Path, name: str, days: int, why: str
    ) -> None:
        authority = Authority(tmp_path)
        tls = await run(authority.sign(name, days=days).tls)
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            with pytest.raises(NotTrusted, match=why):
                await reached(hub, Trust(ca_file=str(authority.file)))


class TestAddresses:
    def test_without_tls_nothing_goes_to_other_machines(self) -> None:
        for url in ("ws://10.1.2.3:8765", "ws://hub.example:80", "ws://localhost.evil.example:80"):
            with pytest.raises(Unencrypted) as refused:
                context_of(url, Trust())
            assert f"connect {url} --insecure" in refused.value.hint
            assert context_of(url, Trust(insecure=True)) is None
        assert context_of("ws://127.0.0.1:8765", Trust()) is None

    def test_a_file_of_authorities_that_is_none(self, tmp_path: Path) -> None:
        for text in (None, "nothing"):
            file = tmp_path / "ca.pem"
            if text is not None:
                file.write_text(text)
            with pytest.raises(NotTrusted, match=r"ca\.pem"):
                context_of("wss://hub.example:1", Trust(ca_file=str(file)))

    async def test_the_wrong_scheme_is_said(self, tmp_path: Path) -> None:
        async with serving(tmp_path / "plain.db", SETTINGS) as hub:
            with pytest.raises(Unreachable, match="begins with ws://"):
                async with dial(hub.url.replace("ws://", "wss://"), CLIENT, Trust(fingerprint="x")):
                    pass
        tls = await run(own(tmp_path).tls)
        async with serving(tmp_path / "tls.db", SETTINGS, tls=tls) as hub:
            with pytest.raises(Unreachable, match="begins with wss://"):
                async with dial(hub.url.replace("wss://", "ws://"), CLIENT):
                    pass


class TestFingerprints:
    @pytest.mark.parametrize(
        "text", ["AB:" * 31 + "AB", "sha256:" + "ab" * 32, " SHA256:" + "ab" * 32]
    )
    def test_as_people_write_them(self, text: str) -> None:
        assert parse(text) == "sha256:" + "ab" * 32

    @pytest.mark.parametrize("text", ["", "sha256:", "sha1:" + "ab" * 20, "ab" * 31, "xy" * 32])
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(BadFingerprint):
            parse(text)

    def test_no_prefix_of_it_is_enough(self, tmp_path: Path) -> None:
        assert len(own(tmp_path).tls().fingerprint) == len("sha256:") + 64


class TestVersions:
    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    async def test_nothing_older_than_1_2(self, tmp_path: Path) -> None:
        tls = await run(own(tmp_path).tls)
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls) as hub:
            for newest, expected in (
                (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
            ):
                context = unverified_context()
                context.maximum_version = newest
                assert (await run(presented, hub.server.port, context))[1] == expected
            old = unverified_context()
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises(ssl.SSLError):
                await run(presented, hub.server.port, old)


class TestReload:
    async def test_new_handshakes_get_the_new_one_and_open_connections_go_on(
        self, tmp_path: Path
    ) -> None:
        files = own(tmp_path)
        tls, noted = await run(files.tls), Noted()
        first = tls.fingerprint
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls, security=noted) as hub:
            async with speaking(hub.url, tls=pinned_context(first)) as ann:
                assert (await run(presented, hub.server.port))[0] == first
                own(tmp_path, "hub.example")
                with anyio.fail_after(10):
                    while tls.fingerprint == first:
                        await anyio.sleep(0.01)
                second = tls.fingerprint
                assert (await run(presented, hub.server.port))[0] == second != first
                assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"
            assert "hub.example" in tls.names
            assert noted.of("certificate", outcome="loaded", fingerprint=second)

    async def test_files_that_do_not_fit_change_nothing(self, tmp_path: Path) -> None:
        files = own(tmp_path)
        tls, noted = await run(files.tls), Noted()
        first = tls.fingerprint
        async with serving(tmp_path / "hub.db", SETTINGS, tls=tls, security=noted) as hub:
            files.key.write_bytes(make((), 0)[1])
            with anyio.fail_after(10):
                while not noted.of("certificate", outcome="refused"):
                    await anyio.sleep(0.01)
            assert (await run(presented, hub.server.port))[0] == first
            files.key.unlink()
            await anyio.sleep(0.1)
            assert len(noted.of("certificate")) == 1, "told once, not at each look"
            assert (await run(presented, hub.server.port))[0] == first


class TestFiles:
    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        good, other = own(tmp_path), tmp_path / "other.key"
        other.write_bytes(make((), 0)[1])
        empty, locked = tmp_path / "empty", tmp_path / "locked.key"
        empty.write_text("")
        locked.write_text(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
        )
        broken = tmp_path / "broken.crt"
        broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        for certificate, key, why in (
            (tmp_path / "none", good.key, "No such file"),
            (good.certificate, tmp_path / "none", "No such file"),
            (empty, good.key, "holds no certificate"),
            (good.key, good.key, "holds no certificate"),
            (good.certificate, empty, "holds no private key"),
            (good.certificate, good.certificate, "holds no private key"),
            (good.certificate, locked, "passphrase"),
            (good.certificate, other, "not the key of the certificate"),
            (broken, good.key, "cannot be used"),
        ):
            with pytest.raises(BadCertificate, match=why):
                Tls(certificate, key)

    def test_a_self_signed_one(self, tmp_path: Path) -> None:
        files = own(tmp_path, "Hub.Example", "10.0.0.7", "fd00::7", "bücher.example", "hub.example")
        tls = files.tls()
        assert tls.names == (
            "localhost", "hub.example", "xn--bcher-kva.example", "127.0.0.1", "::1", "10.0.0.7", "fd00::7",
        )  # fmt: skip
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert 3_600 < lasts.days < 3_700
        for name in ("a b", "x\n", "", "ü" * 100):
            with pytest.raises(BadName):
                make([name], 0)


class TestSlowHandshakes:
    async def test_tls_that_is_never_finished_ends(self, tmp_path: Path) -> None:
        tls = await run(own(tmp_path).tls)
        settings = Settings(port=0, hello_timeout=0.3, failure_delay_most=0.1, strangers_address=5)
        async with serving(tmp_path / "hub.db", settings, tls=tls) as hub:
            raw = [socket.create_connection(("127.0.0.1", hub.server.port)) for _ in range(5)]
            raw[0].sendall(b"\x16\x03\x01\x02\x00")  # The head of a record, and never its body.
            raw[1].sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                with anyio.fail_after(10):
                    while hub.server.porch.turnstile.strangers < 2:
                        await anyio.sleep(0.005)
                    while hub.server.porch.turnstile.strangers:
                        await anyio.sleep(0.01)
            finally:
                for each in raw:
                    each.close()

    async def test_those_that_wait_make_room_for_an_honest_one(self, tmp_path: Path) -> None:
        tls, noted = await run(own(tmp_path).tls), Noted()
        settings = Settings(port=0, strangers_address=5, strangers=50)
        async with serving(tmp_path / "hub.db", settings, tls=tls, security=noted) as hub:
            raw = []
            for n in range(1, 21):
                raw.append(socket.create_connection(("127.0.0.1", hub.server.port)))
                with anyio.fail_after(10):
                    while hub.server.porch.turnstile.strangers < min(n, 5):
                        await anyio.sleep(0.001)
            async with speaking(hub.url, tls=pinned_context(tls.fingerprint)) as ann:
                assert (await ann.push(ann.proposal(created())))[0].outcome == "accepted"
            assert hub.server.porch.turnstile.strangers <= 5
            assert noted.of("limit", limit="strangers", address="127.0.0.1")
            for each in raw:
                each.close()


def test_a_renewal_that_copies_or_moves_is_seen(tmp_path: Path) -> None:
    files = own(tmp_path)
    tls = Tls(*files)
    assert not tls.changed()
    again = tmp_path / "again"
    again.mkdir()
    newer = own(again)
    shutil.copy(newer.key, files.key)
    assert tls.changed()
    newer.certificate.replace(files.certificate)
    tls.reload()
    assert not tls.changed()

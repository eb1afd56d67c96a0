"""The dashboard's files over HTTP, and the cookie that its pages come by."""

import gzip
import http.client
import re
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from stackroom.events.people.entities import Token
from stackroom.sync import permission_words
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from stackroom.sync.web.pages import FILES, Pages, dashboard
from tests.attacks.standing import rest
from tests.events.world import uid
from tests.sync.members import Team, serving_team
from tests.sync.speaking import HUB, Peer

pytestmark = pytest.mark.anyio

FIRST_VIEW = 100_000
"""Bytes, compressed, that a browser may have to load before it shows anything."""

NAME = f"stackroom-{HUB.id[-12:]}"


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with serving_team(tmp_path / "hub.db") as team:
        yield team


class Got:
    """An answer, as a browser has it."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        packed = headers["Content-Encoding"] == "gzip"
        self.text = (gzip.decompress(body) if packed else body).decode()

    @property
    def cookie(self) -> str:
        """What is set, as it is sent back."""
        return self.headers["Set-Cookie"].partition(";")[0]


async def get(team: Team, path: str, method: str = "GET", **headers: str) -> Got:
    def run() -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", team.hub.server.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            return Got(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    return await anyio.to_thread.run_sync(run)


async def test_a_browser_gets_the_page_and_everything_that_it_names(team: Team) -> None:
    for path in ("/", "/p/team", "/p/team/stacks/a%2Fb", "/p/no/such/thing"):
        page = await get(team, path, Accept="text/html,*/*", Accept_Encoding="gzip, br")
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Cache-Control"] == "no-cache"
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert f"{dashboard().base}/app.js" in named
    for path in named:
        file = await get(team, path, Accept_Encoding="gzip")
        assert (file.status, file.headers["Content-Encoding"]) == (200, "gzip"), path
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert (await get(team, path)).text == file.text
    assert (await get(team, named[0], "HEAD")).text == ""


async def test_who_shows_no_pages_is_told_how_to_join(team: Team) -> None:
    answer = await get(team, "/")
    assert "stackroom connect ws://" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_every_script_that_is_imported_is_there() -> None:
    scripts = list(FILES.rglob("*.js"))
    assert len(scripts) > 20
    for script in scripts:
        for name in re.findall(
            r'(?:from\s*|import\s*\(?\s*)"(\.[^"]+)"', script.read_text("utf-8")
        ):
            assert (script.parent / name).resolve() in scripts, (script, name)


async def test_nothing_in_a_page_is_inline_and_none_is_from_elsewhere() -> None:
    page = dashboard().index.plain.decode()
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "//" not in re.sub(r"<!--.*?-->", "", page)


async def test_the_policy(team: Team) -> None:
    policy = (await get(team, "/p/team")).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_the_first_view_is_small() -> None:
    assert dashboard().packed_bytes < FIRST_VIEW
    links = re.findall(r'rel="(\w+)" href="([^"]+)"', dashboard().index.plain.decode())
    assert not any("/later/" in href for _, href in links)
    assert {rel for rel, href in links if href.endswith("/lib/wire.js")} == {"modulepreload"}


def test_the_permissions_that_pages_know_are_those_of_the_code() -> None:
    written = (FILES / "lib" / "permissions.js").read_text()
    assert written == permission_words.module(), "run make generate"


def test_the_address_of_files_is_of_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("{base}")
    (tmp_path / "a.js").write_text("1")
    (tmp_path / "worker.js").write_text("2")
    (tmp_path / ".hidden").write_text("no")
    first = Pages(tmp_path)
    assert first.base == Pages(tmp_path).base
    (tmp_path / "a.js").write_text("2")
    assert first.base != Pages(tmp_path).base
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({first.base, Pages(tmp_path).base}) == 2


# The cookie


async def cookie_of(team: Team, token: str) -> str:
    answer = await get(team, "/auth/cookie", Authorization=f"Bearer {token}")
    assert (answer.status, answer.text) == (204, "")
    return answer.cookie


async def coming(team: Team, token: str = "", **headers: str) -> tuple[wire.FromHub, Peer]:
    """What a page's handshake with those headers, and a hello with `token`, is answered."""
    origin = headers.pop("origin", f"http://127.0.0.1:{team.hub.server.port}")
    socket = await connect(
        team.url,
        subprotocols=[Subprotocol(wire.JSON)],
        origin=Origin(origin) if origin else None,
        additional_headers=headers,
        compression=None,
        proxy=None,
    )
    peer = Peer(socket, uid(700))
    await peer.say(wire.Hello(peer.replica, token))
    first = await peer.next()
    await socket.close()
    return first, peer


async def test_a_token_becomes_a_cookie_that_opens_the_socket(team: Team) -> None:
    answer = await get(team, "/auth/cookie", Authorization=f"Bearer {team.root}")
    flags = answer.headers["Set-Cookie"].split("; ")
    assert flags == [f"{NAME}={team.root}", "Path=/", "HttpOnly", "SameSite=Strict"]
    first, _ = await coming(team, Cookie=f'other=1; {answer.cookie}; x="y')
    assert isinstance(first, wire.Welcome)
    assert first.user == "root"


async def test_under_tls_the_cookie_is_held_to_it(team: Team) -> None:
    bearer = f"Bearer {team.root}"
    answer = await get(team, "/auth/cookie", Authorization=bearer, X_Forwarded_Proto="https")
    assert answer.headers["Set-Cookie"].startswith(f"__Host-{NAME}=")
    assert answer.headers["Set-Cookie"].endswith("; Secure")
    first, _ = await coming(team, Cookie=answer.cookie)
    assert isinstance(first, wire.Welcome)


@pytest.mark.parametrize("origin", ["", "https://allowed.example"])
async def test_the_cookie_is_for_pages_of_this_hub_alone(tmp_path: Path, origin: str) -> None:
    settings = Settings(port=0, allowed_origins=frozenset({"https://allowed.example"}))
    async with serving_team(tmp_path / "hub.db", settings) as team:
        cookie = await cookie_of(team, team.root)
        first, _ = await coming(team, origin=origin, Cookie=cookie)
        assert isinstance(first, wire.Error)
        assert first.code == "unauthorised"
        with pytest.raises(InvalidStatus):
            await coming(team, origin="https://evil.example", Cookie=cookie)
        first, _ = await coming(team, team.root, origin=origin)
        assert isinstance(first, wire.Welcome)


async def test_the_cookie_opens_nothing_over_http(team: Team) -> None:
    cookie = await cookie_of(team, team.root)
    answer = await get(team, "/metrics", Cookie=cookie, X_Forwarded_For="192.0.2.1")
    assert answer.status == 401
    assert (await get(team, "/auth/cookie", Cookie=cookie)).status == 401


@pytest.mark.parametrize("token", ["", "srm_nothing", "x" * 5_000])
async def test_what_is_no_token_becomes_no_cookie(team: Team, token: str) -> None:
    answer = await get(team, "/auth/cookie", Authorization=f"Bearer {token}")
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers


async def test_a_cookie_whose_token_was_revoked_opens_nothing(team: Team) -> None:
    token = await team.member("ann", "viewer")
    cookie = await cookie_of(team, token)
    id = next(id for id, t in (await team.state()).all(Token) if t.prefix == token[:12])
    async with team.speaking(team.root) as root:
        assert not (await root.ask(wire.RevokeToken(id))).code
    first, peer = await coming(team, Cookie=cookie)
    assert isinstance(first, wire.Error)
    assert first.code == "unauthorised"
    assert not await rest(peer)


async def test_signing_out_takes_the_cookie_away(team: Team) -> None:
    answer = await get(team, "/auth/forget")
    assert answer.status == 204
    assert answer.headers["Set-Cookie"].startswith(f"{NAME}=; Max-Age=0; Path=/; HttpOnly")


@pytest.mark.parametrize("path", ["/auth/cookie", "/auth/forget"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_a_page_elsewhere_signs_nobody_in_or_out(team: Team, path: str, site: str) -> None:
    bearer = f"Bearer {team.root}"
    answer = await get(team, path, Authorization=bearer, Sec_Fetch_Site=site)
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers

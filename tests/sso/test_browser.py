"""The way of a browser: to the provider, back to the hub, and in by a one-time code; and who is stopped on it."""

from pathlib import Path
from urllib.parse import urlencode, urlsplit

import anyio
import anyio.to_thread
import pytest

from stackroom.sync import protocol as wire
from stackroom.sync.oidc.fetching import basic, fetch
from stackroom.sync.oidc.logins import Logins
from stackroom.sync.people import tokens
from stackroom.sync.people.proofs import Identified
from stackroom.sync.settings import Settings
from tests.attacks.standing import coming
from tests.events.world import uid
from tests.sso.provider import CLIENT, SECRET, Provider
from tests.sso.standing import hub_with
from tests.sso.visiting import Browser, Seen, query
from tests.sync.members import Team, made, redeem, serving_team
from tests.sync.speaking import HUB

pytestmark = pytest.mark.anyio


def at(team: Team, path: str) -> str:
    """The address of a page of the hub."""
    return team.url.replace("ws:", "http:") + path


async def begun(team: Team, browser: Browser, path: str = "/auth/login") -> str:
    """Where the hub sends the browser."""
    seen = await browser.get(at(team, path))
    assert seen.status == 303, seen
    return seen.to


async def came_back(team: Team, browser: Browser, user: str = "ada") -> Seen:
    """What the hub says to a browser that has signed in at the provider."""
    return await browser.get(await browser.sign_in(await begun(team, browser), user))


def code_in(seen: Seen) -> str:
    """The one-time code that the browser was handed."""
    assert seen.status == 303, seen
    code = urlsplit(seen.to).fragment
    assert tokens.kind_of(code) == tokens.LOGIN
    return code


class TestTheWay:
    async def test_in_by_a_code(self, team: Team) -> None:
        browser = Browser()
        seen = await came_back(team, browser)
        page = await browser.get(seen.to.partition("#")[0])
        assert (page.status, "/app.js" in page.body) == (200, True)
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]
        reply, token = await redeem(team.url, code_in(seen))
        assert (reply.code, reply.user) == ("", "ada")
        async with team.speaking(token) as peer:
            assert peer.heard[0].user == "ada"  # type: ignore[union-attr]

    async def test_what_the_provider_is_asked(self, team: Team, provider: Provider) -> None:
        asked = query(await begun(team, Browser()))
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == at(team, "/auth/callback")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43

    async def test_the_cookie(self, team: Team) -> None:
        seen = await Browser().get(at(team, "/auth/login"))
        name, _, rest = seen.headers["Set-Cookie"].partition("=")
        value, *flags = rest.split("; ")
        assert (name, len(value)) == ("stackroom-login", 43)
        assert flags == ["Max-Age=600", "Path=/", "HttpOnly", "SameSite=Lax"]

    async def test_the_cookie_behind_tls(self, tmp_path: Path, provider: Provider) -> None:
        back = "https://hub.example/auth/callback"
        async with hub_with(tmp_path / "hub.db", provider, redirect_uri=back) as team:
            seen = await Browser().get(at(team, "/auth/login"))
        assert seen.headers["Set-Cookie"].startswith("__Host-stackroom-login=")
        assert seen.headers["Set-Cookie"].endswith("; Secure")
        assert query(seen.to)["redirect_uri"] == back

    async def test_the_code_is_good_once_and_not_for_long(self, team: Team) -> None:
        code = code_in(await came_back(team, Browser()))
        assert not (await redeem(team.url, code))[0].code
        assert (await redeem(team.url, code))[0].code == "bad_code"
        assert (await redeem(team.url, code[:-1] + "x"))[0].code == "bad_code"

    async def test_somebody_whom_nobody_invited(self, team: Team) -> None:
        code = code_in(await came_back(team, Browser(), "ben"))
        before = await team.hub.commits(HUB.id)
        assert (await redeem(team.url, code))[0].code == "not_invited"
        assert await team.hub.commits(HUB.id) == before

    async def test_without_a_provider_there_is_no_way(self, tmp_path: Path) -> None:
        async with serving_team(tmp_path / "hub.db") as team:
            for path in ("/auth/login", "/auth/callback", "/auth/done"):
                assert (await Browser().get(at(team, path))).status == 404

    async def test_head_begins_nothing(self, team: Team) -> None:
        seen = await Browser().get(at(team, "/auth/login"), "HEAD")
        assert (seen.status, "Set-Cookie" in seen.headers) == (404, False)


class TestStopped:
    async def test_a_state_is_good_once(self, team: Team) -> None:
        browser = Browser()
        back = await browser.sign_in(await begun(team, browser), "ada")
        assert (await browser.get(back)).status == 303
        assert (await browser.get(back)).status == 403

    async def test_another_browser_does_not_end_what_this_one_began(self, team: Team) -> None:
        """Nobody is signed in as somebody else by a link that they follow."""
        mallory, victim = Browser(), Browser()
        back = await mallory.sign_in(await begun(team, mallory), "ada")
        assert (await victim.get(back)).status == 403
        await begun(team, victim)
        assert (await victim.get(back)).status == 403
        assert (await mallory.get(back)).status == 303

    async def test_a_code_of_another_sign_in(self, team: Team) -> None:
        """A stolen code is put into one's own sign-in: its challenge is another one's."""
        mallory, victim = Browser(), Browser()
        stolen = query(await victim.sign_in(await begun(team, victim), "ada"))["code"]
        state = query(await begun(team, mallory))["state"]
        seen = await mallory.get(at(team, f"/auth/callback?code={stolen}&state={state}"))
        assert (seen.status, "not believed" in seen.body) == (403, True)

    async def test_a_code_is_worth_nothing_without_its_verifier(
        self, team: Team, provider: Provider
    ) -> None:
        browser = Browser()
        back = query(await browser.sign_in(await begun(team, browser), "ada"))
        form = {
            "grant_type": "authorization_code", "code": back["code"], "client_id": CLIENT,
            "redirect_uri": at(team, "/auth/callback"),
        }  # fmt: skip

        def ask() -> int:
            return fetch(f"{provider.issuer}/token", 10, form, basic(CLIENT, SECRET))[0]

        assert await anyio.to_thread.run_sync(ask) == 400

    async def test_an_id_token_with_another_nonce(self, team: Team) -> None:
        browser = Browser()
        there = await begun(team, browser)
        asked = query(there) | {"nonce": "mine"}
        back = await browser.sign_in(f"{there.partition('?')[0]}?{urlencode(asked)}", "ada")
        seen = await browser.get(back)
        assert (seen.status, "another sign-in" in seen.body) == (403, True)

    async def test_an_answer_of_another_provider(self, team: Team) -> None:
        browser = Browser()
        back = await browser.sign_in(await begun(team, browser), "ada")
        seen = await browser.get(f"{back}&iss=https://evil.example")
        assert (seen.status, "another provider" in seen.body) == (403, True)

    @pytest.mark.parametrize("more", [
        "", "?state=x", "?code=x", "?state=x&code=y", "?" + "a=b&" * 500, "?state=%ff%00", "?state[]=x",
    ])  # fmt: skip
    async def test_what_the_provider_never_sends(self, team: Team, more: str) -> None:
        browser = Browser()
        await begun(team, browser)
        assert (await browser.get(at(team, f"/auth/callback{more}"))).status in (400, 403)

    async def test_two_states(self, team: Team) -> None:
        browser = Browser()
        back = await browser.sign_in(await begun(team, browser), "ada")
        assert (await browser.get(f"{back}&state=x")).status == 403

    async def test_the_provider_says_no(self, team: Team) -> None:
        browser = Browser()
        state = query(await begun(team, browser))["state"]
        said = urlencode({"error": "access_denied\r\nSet-Cookie: x=y", "state": state})
        seen = await browser.get(at(team, f"/auth/callback?{said}"))
        assert (seen.status, "access_denied" in seen.body) == (403, True)
        assert "x" not in browser.cookies[urlsplit(team.url).netloc]

    @pytest.mark.parametrize("field", ["next", "redirect_uri", "return_to", "state", "iss"])
    async def test_it_redirects_nowhere_else(
        self, team: Team, provider: Provider, field: str
    ) -> None:
        browser = Browser()
        there = await begun(team, browser, f"/auth/login?{field}=https://evil.example")
        assert there.startswith(f"{provider.issuer}/authorize?")
        assert "evil" not in there
        back = await browser.sign_in(there, "ada")
        extra = "" if field in ("state", "iss") else f"&{field}=https://evil.example"
        seen = await browser.get(back + extra)
        assert seen.to.startswith(at(team, "/auth/done#"))
        assert seen.headers["Location"].startswith("/auth/done#")

    async def test_a_host_that_is_not_ours(self, team: Team) -> None:
        """The address to come back to is made of no name that somebody makes up."""
        port = urlsplit(team.url).port
        async with await anyio.connect_tcp("127.0.0.1", port or 0) as stream:
            await stream.send(b"GET /auth/login HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            assert (await stream.receive()).startswith(b"HTTP/1.1 421 ")

    async def test_nothing_of_it_is_a_token(self, team: Team) -> None:
        """The cookie and the one-time code open no session by themselves."""
        browser = Browser()
        code = code_in(await came_back(team, browser))
        for text in (code, *browser.cookies[urlsplit(team.url).netloc].values()):
            said = await coming(team.url, wire.Hello(uid(78), text))
            assert isinstance(said, wire.Error)
            assert said.code == "unauthorised"


class TestWhatIsRemembered:
    WHO = Identified("https://provider.example", "ada", 1)

    def logins(self, **settings: float) -> Logins:
        numbers = iter(range(1, 10_000))
        return Logins(
            Settings(**settings),  # type: ignore[arg-type]
            lambda count: next(numbers).to_bytes(count),
        )

    def test_the_oldest_makes_room(self) -> None:
        logins = self.logins(logins=2)
        first, second, third = (logins.begin("r", 0.0) for _ in range(3))
        assert logins.end(first[0].state, first[1], 1.0) is None
        assert logins.end(second[0].state, second[1], 1.0) == second[0]
        assert logins.end(third[0].state, third[1], 1.0) == third[0]

    def test_it_is_too_late_after_a_while(self) -> None:
        logins = self.logins(login_seconds=10, login_code_seconds=5)
        begun, cookie = logins.begin("r", 0.0)
        assert logins.end(begun.state, cookie, 10.0) is None
        code = logins.code_for(self.WHO, 0.0)
        assert logins.redeem(code, 5.0) is None
        code = logins.code_for(self.WHO, 0.0)
        assert logins.redeem(code, 4.9) == self.WHO
        assert logins.redeem(code, 4.9) is None

    def test_a_wrong_cookie_spends_nothing(self) -> None:
        logins = self.logins()
        begun, cookie = logins.begin("r", 0.0)
        for wrong in ("", "x", cookie[:-1], made().text):
            assert logins.end(begun.state, wrong, 1.0) is None
        assert logins.end(begun.state, cookie, 1.0) == begun

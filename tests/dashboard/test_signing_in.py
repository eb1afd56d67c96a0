"""Coming in and going out by a browser, and what is left in it."""

import re
from pathlib import Path

import anyio
from playwright.sync_api import expect

import stackroom.client
from stackroom.sync import protocol as wire
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, standing, token_of
from tests.sync.members import made
from tests.sync.speaking import speaking

KEPT = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


def test_by_a_token(hub: Hub, opens: Opens) -> None:
    token = token_of(hub)
    tab = opens(hub).sign_in(token)
    page = tab.page
    expect(page).to_have_url(f"{tab.origin}/p/team")
    (cookie,) = tab.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    assert cookie["value"] != token, "the browser keeps a token that lasts"
    kept = tab.evaluate(KEPT)
    assert cookie["value"] not in kept
    assert token not in kept
    assert not re.search("sr[a-z]_[0-9A-Za-z]{8}", kept + tab.page.content())
    page.reload()
    page.locator("#main h1").wait_for()
    tokens = apart(lambda: hub.host.data("token", "list"))
    assert "dashboard" in str(tokens)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token or one-time code").wait_for()
    assert tab.context.cookies() == []
    assert "dashboard" not in str(apart(lambda: hub.host.data("token", "list")))
    # Whoever kept the cookie has nothing.
    tab.context.add_cookies([cookie])
    tab.evaluate("localStorage.setItem('stackroom.replica', crypto.randomUUID())")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("You were signed out")


def test_what_is_no_token(hub: Hub, opens: Opens) -> None:
    page = opens(hub).page
    page.goto(hub.url.replace("ws:", "http:"))
    for secret, says in (
        ("hunter2", "or has a slip in it"),
        (token_of(hub)[:-1] + "_", "or has a slip in it"),
    ):
        page.get_by_label("Token or one-time code").fill(secret)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(says)


def test_an_unknown_token_says_so(hub: Hub, opens: Opens) -> None:
    page = opens(hub).page
    page.goto(hub.url.replace("ws:", "http:"))
    page.get_by_label("Token or one-time code").fill(made().text)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("does not know this token")


def test_by_an_invitation_whose_token_is_shown_once(hub: Hub, opens: Opens) -> None:
    code = apart(lambda: hub.invite("ann", "--role", "viewer")).partition("#")[2]
    page = opens(hub).page
    page.goto(hub.url.replace("ws:", "http:"))
    page.get_by_label("Token or one-time code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    token = page.get_by_label("Your token").inner_text()
    page.get_by_role("button", name="I have kept it").click()
    page.locator("#main h1").wait_for()
    expect(page.locator(".user")).to_have_text("ann")
    assert token not in page.content()
    with stackroom.client.connect_sync(hub.url, token=token) as ann:
        assert [p.name for p in ann.profiles()] == ["team"]


def test_a_token_of_limited_scope_is_left_to_its_owner(hub: Hub, opens: Opens) -> None:
    token = apart(lambda: hub.host.data("token", "create", "screen", "--read-only"))["token"]
    tab = opens(hub).sign_in(token)
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.get_by_label("Token or one-time code").wait_for()
    assert tab.context.cookies() == []
    assert "screen" in str(apart(lambda: hub.host.data("token", "list")))


def test_by_a_password(tmp_path: Path, opens: Opens) -> None:
    folder = tmp_path / "hub"
    (folder / "hub").mkdir(parents=True)
    (folder / "hub" / "hub.toml").write_text("passwords = true\n")
    password = "correct horse battery staple"

    with standing(folder) as hub:
        apart(lambda: anyio.run(set_password, hub, password))
        page = opens(hub).page
        page.goto(hub.url.replace("ws:", "http:"))
        for typed in ("not this one at all", password):
            page.get_by_label("User").fill("host")
            page.get_by_label("Password", exact=True).fill(typed)
            page.get_by_role("button", name="Sign in by password").click()
            if typed != password:
                expect(page.get_by_role("alert")).to_be_visible()
        page.locator("#main h1").wait_for()
        expect(page.locator(".user")).to_have_text("host")


async def set_password(hub: Hub, password: str) -> None:
    async with speaking(hub.url, 901, token=token_of(hub)) as peer:
        assert not (await peer.ask(wire.SetPassword(password))).code

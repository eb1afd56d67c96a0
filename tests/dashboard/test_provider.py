"""Signing in at an OpenID provider, by a browser that follows it there and back."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.sso.provider import Provider, running_provider
from tests.sso.standing import hub_with, linked
from tests.sso.visiting import PASSWORD
from tests.sync.members import Team
from tests.sync.speaking import created


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@asynccontextmanager
async def with_ada(path: Path, provider: Provider) -> AsyncIterator[Team]:
    async with hub_with(path, provider) as team:
        await linked(team, provider, "ada", "editor")
        async with team.speaking(team.root) as root:
            await root.push(root.proposal(created()))
        yield team


@pytest.fixture
def address(tmp_path: Path, provider: Provider) -> Iterator[str]:
    """That of a hub on which ada of the provider is an editor, on a thread of its own."""
    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(with_ada(tmp_path / "hub.db", provider)) as team:
            yield team.url.replace("ws:", "http:")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context
    context.close()


def at_the_provider(page: Page) -> None:
    page.locator("input[name=username]").fill("ada")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").first.click()


def test_there_and_back(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name=re.compile("Sign in at")).click()
    at_the_provider(page)
    page.locator("#main h1").wait_for()
    expect(page.locator(".user")).to_have_text("ada")
    assert "#" not in page.url
    assert [c for c in context.cookies(address) if c["httpOnly"] and c["sameSite"] == "Strict"]


def test_who_began_elsewhere_is_asked_where_to_come_in(
    address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(address + "/auth/login")
    at_the_provider(page)
    expect(page.locator(".command")).to_contain_text(re.compile("stackroom join ws://.*#srl_"))
    expect(page).to_have_url(address + "/auth/done")
    page.get_by_role("button", name="Open the dashboard").click()
    page.locator("#main h1").wait_for()
    expect(page.locator(".user")).to_have_text("ada")

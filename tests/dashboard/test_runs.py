"""Runs on the pages of what they ran on: newest first, live, and as they stood then."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

import stackroom.client
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, standing, tell, token_of

EVIL = "<img src=x onerror=alert(1)>"


def record(hub: Hub, pipeline: str, *options: str, stack: str = "prod") -> None:
    """Reports a run on the command line."""
    words = ("--pipeline", pipeline, "--stack", stack, "--profile", "team", *options)
    apart(lambda: hub.host.stackroom("run", "record", *words).ok())


def rows(page: Page) -> Locator:
    return page.locator(".runs tbody tr")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A profile on whose stacks pipelines ran, before and after a change: #10 to #13."""
    with standing(tmp_path_factory.mktemp("runs")) as hub:
        tell(hub)
        record(hub, "training", "--id", "nightly-1", "--url", "https://ci.example/1")
        with edit(hub, "more room") as draft:
            draft.component("orchestrator", "k8s").set("namespace", "wide")
            draft.stack("prod").rename("production")
        record(hub, EVIL, "--status", "failed", "--id", EVIL, stack="production")
        record(hub, "trying", stack="dev")
        yield hub


def test_the_runs_of_a_stack(past: Hub, opens: Opens) -> None:
    tab = opens(past, viewport={"width": 1280, "height": 900})
    page = tab.sign_in(token_of(past), "/p/team/stacks/production").page
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(0)).to_contain_text(EVIL)
    expect(rows(page).nth(0)).to_contain_text("failed")
    expect(rows(page).nth(1)).to_contain_text("training nightly-1")
    expect(rows(page).nth(1)).to_contain_text("host")
    elsewhere = rows(page).nth(1).get_by_role("link", name="Open")
    expect(elsewhere).to_have_attribute("href", "https://ci.example/1")
    expect(elsewhere).to_have_attribute("rel", "noopener noreferrer")
    assert tab.evaluate("document.querySelectorAll('main img').length") == 0
    page.locator("#runs").scroll_into_view_if_needed()
    tab.shot("runs-stack")
    rows(page).nth(1).get_by_role("link", name="as of #9").click()
    expect(page).to_have_url(re.compile(r"/stacks/prod\?at=9$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("prod")
    expect(page.locator(".members")).to_contain_text("namespace night")
    expect(page.get_by_role("region", name="Runs")).to_contain_text("No run is known of then.")


def test_the_runs_of_a_component_and_of_then(past: Hub, opens: Opens) -> None:
    tab = opens(past, viewport={"width": 1280, "height": 900})
    page = tab.sign_in(token_of(past), "/p/team/components/orchestrator/k8s").page
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(0)).to_contain_text("production as of #11")
    expect(rows(page).nth(1)).to_contain_text("prod as of #9")
    tab.go("/p/team/components/orchestrator/k8s?at=10")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("training")
    tab.go("/p/team/components/orchestrator/laptop")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("trying")
    tab.go("/p/team/components/alerter/pager")
    expect(page.get_by_role("region", name="Runs")).to_contain_text("No run is known.")


def test_they_are_live_and_earlier_ones_are_at_hand(hub: Hub, opens: Opens) -> None:
    tell(hub)
    with stackroom.client.connect_sync(hub.url, home=hub.host.home) as connected:
        profile = connected.profile("team")
        for n in range(25):
            profile.record_run("training", "prod", id=f"run-{n}")
    page = opens(hub).sign_in(token_of(hub), "/p/team/stacks/prod").page
    expect(rows(page)).to_have_count(20)
    page.get_by_role("button", name="Show earlier").last.click()
    expect(rows(page)).to_have_count(25)
    expect(rows(page).last).to_contain_text("run-0")
    record(hub, "training", "--status", "running", "--id", "latest")
    expect(rows(page)).to_have_count(25)
    expect(rows(page).first).to_contain_text("running")
    record(hub, "training", "--status", "failed", "--id", "latest")
    expect(rows(page).first).to_contain_text("failed")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_them(past: Hub, opens: Opens, scheme: str, width: int) -> None:
    tab = opens(past, color_scheme=scheme, viewport={"width": width, "height": 860})
    page = tab.sign_in(token_of(past), "/p/team/components/orchestrator/k8s").page
    expect(rows(page)).to_have_count(2)
    page.locator("#runs").scroll_into_view_if_needed()
    assert tab.examined("runs", scheme) == []

"""Two moments of a profile beside each other."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, edit, tell, token_of
from tests.dashboard.test_hostile import SCRIPTS, named, values

AT = "/p/team/compare"


@pytest.fixture
def page(story: Hub, opens: Opens) -> Page:
    return opens(story, viewport={"width": 1280, "height": 800}).sign_in(token_of(story)).page


def go(page: Page, query: str) -> None:
    page.goto(re.sub(r"/p/.*|/$", "", page.url) + AT + query)
    page.get_by_role("heading", level=1).wait_for()


def entity(page: Page, name: str) -> Locator:
    """What is told of the entity of that name."""
    return page.locator(".entity").filter(
        has=page.locator(".what").get_by_text(name, exact=True).first
    )


def test_what_was_added_removed_and_changed(page: Page) -> None:
    go(page, "?from=v1&to=7")
    expect(page.locator(".count")).to_contain_text("2 entities · 2 added")
    nightly = entity(page, "nightly")
    expect(nightly.locator("tbody th")).to_contain_text(
        ["components › orchestrator", "components › alerter"]
    )
    expect(nightly.locator("ins")).to_have_text(["k8s", "pager"])
    go(page, "?from=7&to=now")
    expect(page.locator(".count")).to_contain_text("1 removed · 2 changed")
    expect(entity(page, "nightly").locator("del")).to_have_text(["k8s", "pager"])
    k8s = entity(page, "k8s")
    expect(k8s.locator("del")).to_have_text("platform")
    expect(k8s.locator("ins")).to_have_text("night")
    before, after = k8s.locator("del").bounding_box(), k8s.locator("ins").bounding_box()
    assert before and after
    assert before["y"] == after["y"], "beside each other"
    assert before["x"] + before["width"] <= after["x"]
    entity(page, "nightly").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/stacks/nightly\?at=7$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("nightly")


def test_moments_and_filters_stand_in_the_address(page: Page) -> None:
    go(page, "?from=1")
    start = page.get_by_label("From")
    start.fill("v1")
    start.press("Enter")
    expect(page).to_have_url(re.compile(r"from=v1"))
    expect(page.locator(".point").first).to_contain_text("#6 host")
    page.get_by_label("To", exact=True).fill("#2")
    page.keyboard.press("Tab")
    expect(page.locator(".count")).to_contain_text("removed")
    page.get_by_role("button", name="Swap the two moments").click()
    expect(page).to_have_url(re.compile(r"from=%232&to=v1"))
    expect(page.locator(".count")).to_contain_text("added")
    page.keyboard.press("/")
    page.keyboard.type("NAMESPACE platform")
    expect(page.locator(".entity")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=NAMESPACE\+platform"))
    page.reload()
    expect(page.locator(".entity")).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="Of", exact=True).select_option("stack")
    expect(page.locator(".entity")).to_have_count(2)
    page.get_by_role("combobox", name="Of", exact=True).select_option("")
    page.get_by_role("combobox", name="What", exact=True).select_option("changed")
    expect(page.locator(".entity")).to_have_count(2)
    page.get_by_label("Search differences").fill("nothing is called that")
    expect(page.get_by_role("heading", name="No difference is like that")).to_be_visible()
    go(page, "?from=4&to=4")
    expect(page.get_by_role("heading", name="Nothing differs")).to_be_visible()
    go(page, "?from=no-such")
    expect(page.get_by_role("alert")).to_contain_text("no-such is no moment of this profile")


def test_the_ways_to_it(page: Page) -> None:
    page.goto(page.url + "?at=6")
    page.get_by_role("link", name="Compare with now").click()
    expect(page).to_have_url(re.compile(r"/compare\?from=6$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("a")
    entries = page.locator(".entry")
    expect(entries).to_have_count(11)
    expect(entries.first.get_by_role("link", name="Compare with now")).to_have_count(0)
    entries.filter(has_text="prices").get_by_role("link", name="Compare with now").click()
    expect(page).to_have_url(re.compile(r"/compare\?from=7$"))
    page.go_back()
    page.get_by_role("link", name="Compare two moments").click()
    expect(page.get_by_label("To", exact=True)).to_have_value("now")


def test_it_is_a_file_too(page: Page) -> None:
    go(page, "?from=2&to=6&q=track")
    expect(page.locator(".entity")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "differences-2-6.json"
    told = json.loads(Path(download.value.path()).read_text())
    assert (told["profile"], told["before"], told["after"]) == ("team", 2, 6)
    track = next(e for e in told["entities"] if e["name"] == "track")
    assert track["change"] == "added"
    assert {"path": "/config/retries", "after": 2**60} in track["values"]


def test_it_follows_and_knows_what_was_renamed(hub: Hub, opens: Opens) -> None:
    tell(hub)
    tab = opens(hub).sign_in(token_of(hub), AT + "?from=9")
    expect(tab.page.get_by_role("heading", name="Nothing differs")).to_be_visible()
    with edit(hub, "names") as draft:
        draft.component("orchestrator", "k8s").rename("kube")
        draft.stack("prod").rename("production")
    expect(tab.page.locator(".count")).to_contain_text("2 entities · 2 renamed")
    expect(entity(tab.page, "kube")).to_contain_text("renamed, was k8s")
    with edit(hub, "gone") as draft:
        draft.stack("dev").use("orchestrator", "kube")
        draft.component("orchestrator", "laptop").delete()
    expect(entity(tab.page, "laptop")).to_contain_text("removed")
    expect(entity(tab.page, "dev").locator("del")).to_have_text("laptop")
    expect(entity(tab.page, "dev").locator("ins")).to_have_text("kube")


def test_every_name_and_value_is_text(hub: Hub, opens: Opens) -> None:
    with edit(hub, "hostile") as draft:
        for text in SCRIPTS:
            config, labels = values(text)
            draft.register_component(
                "orchestrator", named(text), named(text), config=config, labels=labels
            )
            draft.register_stack(named(text), {"orchestrator": named(text)}, extra={text: text})
    tab = opens(hub).sign_in(token_of(hub), AT + "?from=1")
    expect(tab.page.locator(".entity")).to_have_count(2 * len(SCRIPTS))
    more = tab.page.get_by_role("button", name=re.compile("more value"))
    for _ in range(len(SCRIPTS)):
        more.first.click()
    expect(more).to_have_count(0)
    for text in SCRIPTS:
        expect(entity(tab.page, named(text))).to_have_count(2)
    for text in SCRIPTS:
        tab.page.get_by_label("Search differences").fill(text)
        expect(tab.page.locator(".entity")).not_to_have_count(0)
    assert (
        tab.evaluate("document.querySelectorAll('main script, main iframe, main img').length") == 0
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_it(story: Hub, opens: Opens, scheme: str, width: int) -> None:
    tab = opens(
        story,
        color_scheme=scheme,
        viewport={"width": width, "height": 860},
        reduced_motion="reduce",
    ).sign_in(token_of(story), AT + "?from=2")
    expect(tab.page.locator(".entity")).to_have_count(6)
    expect(tab.page.locator(".point").first).to_contain_text("host")
    assert tab.examined("compare", scheme) == []

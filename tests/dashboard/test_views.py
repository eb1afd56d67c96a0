"""Every view of a small team's profile: what it shows, by pointer and by keys, now and then."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stackroom.client.files.text import parse
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, token_of
from tests.dashboard.watched import Broken

VIEWS = {
    "stacks": "/p/team",
    "components": "/p/team/components",
    "stack": "/p/team/stacks/prod",
    "component": "/p/team/components/orchestrator/k8s",
    "activity": "/p/team/activity",
    "time": "/p/team?at=6",
    "absent": "/p/team/stacks/no-such",
    "nowhere": "/p/no-such",
}


@pytest.fixture
def page(story: Hub, opens: Opens) -> Page:
    return opens(story, viewport={"width": 1280, "height": 800}).sign_in(token_of(story)).page


def see(page: Page, view: str) -> None:
    """Goes to a view, and waits until all that it says is there."""
    page.goto(re.sub(r"/p/.*|/$", "", page.url) + VIEWS[view])
    page.locator("#main h1, #main h2").first.wait_for()
    expect(page.locator("#main .waiting")).to_have_count(0)


def row(page: Page, name: str) -> str:
    return (
        page.get_by_role("row")
        .filter(has=page.get_by_role("link", name=name, exact=True))
        .inner_text()
    )


def test_the_matrix(page: Page) -> None:
    see(page, "stacks")
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert heads == ["Stack", "artifact store", "orchestrator", "experiment tracker", "Last change"]
    expect(page.get_by_role("row")).to_have_count(3)
    prod = page.get_by_role("row").filter(has_text="prod")
    expect(prod.get_by_role("img", name="protected")).to_be_visible()
    expect(prod).to_contain_text("k8s")
    expect(prod).to_contain_text("bucket")
    expect(prod.locator(".who")).to_contain_text("host just now")
    dev = page.get_by_role("row").filter(has_text="dev")
    expect(dev.get_by_role("img", name="default stack")).to_be_visible()


def test_search_and_filters_stand_in_the_address(page: Page) -> None:
    see(page, "stacks")
    page.keyboard.press("/")
    page.keyboard.type("KUBER prod")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=KUBER\+prod$"))
    page.reload()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Clear").click()
    for label, choice, left in (
        ("Flavor", "Flavor: s3", "prod"),
        ("Label", "Label: env=prod", "prod"),
    ):
        page.get_by_role("combobox", name=label, exact=True).select_option(label=choice)
        expect(page.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row").last).to_contain_text(left)
        page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="Changed by").select_option(label="Changed by: host")
    page.get_by_role("combobox", name="Changed", exact=True).select_option(
        label="Changed: in the last day"
    )
    expect(page.get_by_role("row")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("nothing is called that")
    expect(page.get_by_role("heading", name="No stack is like that")).to_be_visible()


def test_a_stack(page: Page, story: Hub) -> None:
    see(page, "stacks")
    page.get_by_role("link", name="prod", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("prod")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator(".members")).to_contain_text("namespace night")
    written = apart(lambda: exported(story, "stacks/prod.yaml"))
    assert parse(page.locator(".yaml pre").inner_text(), "page") == parse(written, "file")
    expect(page.locator(".history .entry")).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("grid")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("prod")


def exported(hub: Hub, name: str) -> str:
    folder = hub.folder / "exported"
    hub.host.stackroom("profile", "export", str(folder), "--profile", "team", "--yes").ok()
    return Path(folder / name).read_text()


def test_a_component_with_blame_history_and_yaml(page: Page, story: Hub) -> None:
    see(page, "component")
    value = page.get_by_role("button", name="night")
    value.hover()
    blame = page.locator(".blame.told")
    expect(blame).to_contain_text("host wrote this just now in #9")
    expect(blame).to_contain_text("more replicas")
    page.mouse.move(0, 0)
    expect(blame).to_have_count(0)
    value.focus()
    expect(blame).to_contain_text("more replicas")
    assert "more replicas" in value.evaluate(
        "e => document.getElementById(e.getAttribute('aria-describedby')).textContent"
    )
    page.keyboard.press("Enter")
    below = page.locator(".below .entry")
    expect(below).to_have_count(3)
    expect(below.first).to_contain_text("platform")
    expect(below.first).to_contain_text("night")
    expect(page.locator(".below")).not_to_contain_text("cpu")
    expect(page.locator(".values").first).to_contain_text("1.0")
    expect(page.locator(".uses a")).to_have_text("prod")
    written = apart(lambda: exported(story, "components/orchestrator/k8s.yaml"))
    assert parse(page.locator(".yaml pre").inner_text(), "page") == parse(written, "file")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "k8s.yaml"


def test_numbers_stay_what_they_were(page: Page) -> None:
    page.goto(page.url + "/components/experiment_tracker/track")
    expect(page.locator(".values").first).to_contain_text(str(2**60))
    expect(page.locator(".yaml pre")).to_contain_text(f"retries: {2**60}")


def test_activity(page: Page) -> None:
    see(page, "activity")
    entries = page.locator(".entry")
    expect(entries).to_have_count(11)
    namespace = entries.filter(has_text="one namespace for all")
    expect(namespace).to_contain_text("config › namespace")
    expect(namespace.locator("del")).to_have_text(["ml", "4"])
    expect(namespace.locator("ins")).to_have_text(["platform", "8"])
    expect(entries.filter(has_text="the default")).to_contain_text("dev")
    expect(entries.filter(has_text="nobody used it")).to_contain_text("stack nightly")
    page.get_by_label("Search commits").fill("accident")
    expect(entries).to_have_count(1)
    page.get_by_label("Search commits").fill("")
    page.get_by_role("combobox", name="Of", exact=True).select_option("profile")
    expect(entries).to_have_count(2)
    expect(page.locator(".end")).to_have_text("That is all.")
    page.get_by_label("Search commits").fill("nobody says this")
    expect(page.get_by_role("heading", name="No commit is like that")).to_be_visible()


def test_time(page: Page) -> None:
    see(page, "stacks")
    page.keyboard.press("t")
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_have_value("11")
    page.get_by_label("Tag").select_option(label="v1 (#6)")
    expect(page).to_have_url(re.compile(r"\?at=6$"))
    expect(page.locator(".moment")).to_contain_text("host: one namespace for all")
    slider.fill("7")
    expect(page).to_have_url(re.compile(r"\?at=7$"))
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.locator(".moment")).to_contain_text("host: prices")
    page.get_by_role("link", name="nightly").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("nightly")
    expect(page).to_have_url(re.compile(r"/stacks/nightly\?at=7$"))
    page.get_by_role("link", name="k8s").click()
    expect(page.locator(".values").first).to_contain_text("platform")
    expect(page.locator(".yaml pre")).to_contain_text("namespace: platform")
    expect(page.locator(".page .history .entry").first).to_contain_text("#6")
    for _ in range(2):
        page.get_by_role("button", name="One commit back").click()
    expect(page.locator(".values").first).to_contain_text("ml")
    page.get_by_role("button", name="Now").click()
    expect(page.locator(".values").first).to_contain_text("night")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("row")).to_have_count(3)


def test_arrows_go_through_the_table(page: Page) -> None:
    see(page, "stacks")
    page.get_by_role("link", name="dev", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="prod", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="k8s, kubernetes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("k8s")


def test_the_keys_are_told(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("time slider")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for key, title in (("a", "Activity"), ("c", "Components"), ("s", "team")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 420)])
def test_everybody_can_read_it(story: Hub, opens: Opens, scheme: str, width: int) -> None:
    """No rule of axe-core is broken in any view, wide or narrow, light or dark; and a picture of each."""
    tab = opens(
        story,
        color_scheme=scheme,
        viewport={"width": width, "height": 860},
        reduced_motion="reduce",
    )
    broken: list[Broken] = []
    tab.go("/")
    tab.page.get_by_label("Token or one-time code").wait_for()
    for view in ("sign-in", *VIEWS):
        if view != "sign-in":
            if view == "stacks":
                tab.sign_in(token_of(story))
            see(tab.page, view)
        broken += tab.examined(view, scheme)
    assert broken == []

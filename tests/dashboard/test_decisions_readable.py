"""Every page of conflicts and change requests, wide and narrow, light and dark: axe-core, and a picture of each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.dashboard.conftest import Opens, apart, standing, token_of
from tests.dashboard.quarrels import UPDATE, begin, clash, people, torn
from tests.dashboard.watched import Broken


class Story(NamedTuple):
    """A hub, and the addresses of an open conflict of each kind, one that was resolved, and change requests."""

    hub: Hub
    views: dict[str, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with standing(tmp_path_factory.mktemp("decisions")) as hub:
        yield apart(lambda: tell(hub))


def tell(hub: Hub) -> Story:
    ada, ben = people(hub, "ada", "ben")
    begin(ada)
    at = {"conflict-resolved": torn(ada, ben)}
    decision = (
        "conflicts",
        "resolve",
        str(at["conflict-resolved"]),
        "--theirs",
        "-m",
        "hers it is",
    )
    ada.stackroom("sync")
    ada.stackroom(*decision).ok()
    hers = (*UPDATE, "--ns=platform", "--resources={cpu: 4, memory: 16Gi}", "-m", "one for all")
    his = (*UPDATE, "--ns=night", "--resources={cpu: 16}", "--zone=eu-west", "-m", "for the night")
    at["conflict-values"] = clash(ada, hers, ben, his)
    store = ("component", "register", "artifact_store", "models", "-f", "s3", "--no-validate")
    mine = (*store, "--path=s3://ben", "--region=eu")
    at["conflict-name"] = clash(ada, (*store, "--path=s3://ada"), ben, mine)
    for name in ("old", "idle"):
        ada.stackroom("component", "register", "orchestrator", name, "-f", "local").ok()
    update = ("component", "update", "orchestrator")
    delete = ("component", "delete", "orchestrator")
    gone = (*update, "old", "--retries=3", "--no-validate")
    at["conflict-gone"] = clash(ada, (*delete, "old", "--yes"), ben, gone)
    kept = (*update, "idle", "--retries=2", "--no-validate", "-m", "in use again")
    at["conflict-deletion"] = clash(ada, kept, ben, (*delete, "idle", "--yes"))
    ada.stackroom("stack", "protect", "prod", "-m", "the shop runs on it").ok()
    at["request-outdated"] = ask(ben, "--size=3")
    at["request-approved"] = ask(ada, "--size=5")
    approve = ("request", "approve", str(at["request-approved"]), "--profile", "team")
    hub.host.stackroom("sync")
    hub.host.stackroom(*approve).ok()
    at["request-open"] = ask(ben, "--replicas=8", "--timeout=1.5")
    views = {name: f"/p/team/{name.partition('-')[0]}s/{number}" for name, number in at.items()}
    empty = {f"{name}-empty": f"/p/team/{name}?at=1" for name in ("conflicts", "requests")}
    lists = {name: f"/p/team/{name}" for name in ("conflicts", "requests", "activity")}
    return Story(hub, {**lists, **empty, **views})


def ask(person: Person, *options: str) -> int:
    person.stackroom("sync")
    asked: Any = person.data(*UPDATE, *options, "-m", "more of it")
    return int(asked["seq"])


def see(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#main h1").wait_for()
    expect(page.locator("#main .waiting")).to_have_count(0)
    for choice in ("All theirs", "All ours"):
        if (button := page.get_by_role("button", name=choice)).count():
            button.click()
            page.locator(".result").wait_for()
    if (other := page.get_by_role("radio", name="nother value")).count():
        other.first.check()
        page.get_by_label("Read as").select_option("text")
        page.get_by_label("Value", exact=True).fill("day and night")
        expect(page.locator(".result")).to_contain_text("day and night")
    expect(page.locator(".asking")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_it(story: Story, opens: Opens, scheme: str, width: int) -> None:
    tab = opens(
        story.hub,
        color_scheme=scheme,
        viewport={"width": width, "height": 1_100},
        reduced_motion="reduce",
    ).sign_in(token_of(story.hub))
    broken: list[Broken] = []
    for view, path in story.views.items():
        see(tab.page, tab.origin + path)
        broken += tab.examined(view, scheme)
    assert broken == []

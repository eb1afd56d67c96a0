"""Proposals of the page: kept before they are sent, sent when they can be, never lost."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, tell, token_of
from tests.dashboard.watched import Watched

NAMESPACE = "/config/namespace"


def module(page: Page, name: str) -> str:
    """The address of one of the page's own modules."""
    script = page.locator("script[type=module]").get_attribute("src")
    assert script is not None
    return re.sub(r"app\.js$", f"lib/{name}.js", script)


def propose(page: Page, value: str, message: str = "by a page") -> Any:
    """Proposes another namespace of the component k8s, as a form does; what became of it."""
    return page.evaluate(
        """async ([edits, app, path, value, message]) => {
          const { propose } = await import(edits);
          const live = (await import(app)).app.live;
          const { id } = live.index.component("orchestrator", "k8s");
          const body = { set: { [path]: value } };
          return propose([{ type: "ComponentUpdated", entity: id, body }], message);
        }""",
        [module(page, "edits"), module(page, "app"), NAMESPACE, value, message],
    )


def waiting(page: Page) -> Any:
    """The own proposals that wait, by message and state."""
    return page.evaluate(
        "async (app) => (await import(app)).app.outbox.mine.map((p) => [p.message, p.state, p.code ?? ''])",
        module(page, "app"),
    )


def log(hub: Hub) -> Any:
    """The history as the command line tells it, newest first."""
    hub.host.stackroom("sync").ok()
    return hub.host.data("log", "--profile", "team")


def opened(hub: Hub, opens: Opens) -> Watched:
    tell(hub)
    return opens(hub).sign_in(token_of(hub), "/p/team/components/orchestrator/k8s")


def test_what_is_proposed_is_committed(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens).page
    answer = propose(page, "from-the-page")
    assert (answer["outcome"], answer["seq"]) == ("accepted", 10)
    assert waiting(page) == []
    expect(page.locator(".values").first).to_contain_text("from-the-page")
    shown = apart(lambda: log(hub))
    assert shown[0]["message"] == "by a page"


def test_what_loses_is_in_a_conflict(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens).page
    page.evaluate(
        "async (app) => { window.base = (await import(app)).app.live.seq; }", module(page, "app")
    )
    with edit(hub, "theirs") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "theirs")
    expect(page.locator(".values").first).to_contain_text("theirs")
    answer = page.evaluate(
        """async ([edits, app, path]) => {
          const { id } = (await import(app)).app.live.index.component("orchestrator", "k8s");
          const changes = [{ type: "ComponentUpdated", entity: id, body: { set: { [path]: "ours" } } }];
          const { propose, rehearse } = await import(edits);
          const foreseen = await rehearse({ step: "change", changes }, { base: window.base });
          return [foreseen.outcome, foreseen.overlaps[0].theirs, await propose(changes, "ours", { base: window.base })];
        }""",
        [module(page, "edits"), module(page, "app"), NAMESPACE],
    )
    assert answer[:2] == ["conflict", "theirs"]
    assert answer[2]["outcome"] == "conflict"
    expect(page.locator(".values").first).to_contain_text("theirs")
    assert waiting(page) == []


def test_the_hub_is_down_meanwhile(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    page = tab.page
    tab.may_be_gone = True
    apart(hub.down)
    expect(page.locator(".banner")).to_contain_text("Offline")
    assert propose(page, "offline", "while it was down")["outcome"] == "pending"
    expect(page.locator(".values").first).to_contain_text("offline")
    expect(page.locator(".values tr", has_text="offline").locator(".who")).to_have_text(
        "not sent yet"
    )
    assert waiting(page) == [["while it was down", "pending", ""]]
    apart(hub.up)
    expect(page.locator(".values tr", has_text="offline")).to_contain_text("host", timeout=40_000)
    assert waiting(page) == []
    shown = apart(lambda: log(hub))
    assert shown[0]["message"] == "while it was down"


def test_the_tab_is_closed_meanwhile(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    tab.may_be_gone = True
    apart(hub.down)
    expect(tab.page.locator(".banner")).to_contain_text("Offline")
    propose(tab.page, "kept")
    tab.page.close()
    apart(hub.up)
    tab.page = tab.context.new_page()
    tab.go("/p/team/components/orchestrator/k8s")
    expect(tab.page.locator(".values").first).to_contain_text("kept")
    expect(tab.page.locator(".values tr", has_text="kept")).to_contain_text("host")
    assert waiting(tab.page) == []


def test_what_is_refused_is_kept(hub: Hub, opens: Opens) -> None:
    tell(hub)
    token = apart(lambda: hub.token("eve", "--role", "viewer"))
    page = opens(hub).sign_in(token, "/p/team/components/orchestrator/k8s").page
    answer = propose(page, "mine")
    assert (answer["outcome"], answer["code"]) == ("rejected", "not_allowed")
    assert waiting(page) == [["by a page", "parked", "not_allowed"]]
    page.reload()
    expect(page.locator(".values").first).to_contain_text("night")
    assert waiting(page) == [["by a page", "parked", "not_allowed"]]


def test_two_tabs_push_each_once(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    other = tab.context.new_page()
    tab.go("/p/team/components/orchestrator/k8s")
    other.goto(tab.page.url)
    expect(other.locator(".values").first).to_contain_text("night")
    for n in range(4):
        assert propose((tab.page, other)[n % 2], f"n{n}")["outcome"] in ("accepted", "merged")
        expect(tab.page.locator(".values").first).to_contain_text(f"n{n}")
        expect(other.locator(".values").first).to_contain_text(f"n{n}")
    assert len(apart(lambda: log(hub))) == 13


def test_who_signs_in_anew_sends_what_waited(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    tab.may_be_gone = True
    apart(hub.down)
    expect(tab.page.locator(".banner")).to_contain_text("Offline")
    propose(tab.page, "kept")
    apart(hub.up)
    tab.evaluate("localStorage.setItem('stackroom.replica', crypto.randomUUID())")
    tab.page.reload()
    expect(tab.page.locator(".values").first).to_contain_text("kept")
    expect(tab.page.locator(".values tr", has_text="kept")).to_contain_text("host")
    assert waiting(tab.page) == []

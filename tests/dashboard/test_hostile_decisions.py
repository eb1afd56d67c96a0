"""Conflicts and change requests whose every name, value, message and author would like to be more than text."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from stackroom.events.values import pointer
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, token_of
from tests.dashboard.test_hostile import SCRIPTS, named

VILLAIN = SCRIPTS[1]
"""What the author is called on the page; no hub lets anybody take such a name."""

ASKED, DECIDED = SCRIPTS[1::3], SCRIPTS[1:2]
"""What is asked for, and what is decided, too: each is in every field already."""

PROPOSE = """async ([set, base, message, type, name]) => {
  const { app } = await window.from('app'), { propose } = await window.from('edits');
  const changes = [{ type, entity: app.live.index[type === 'StackUpdated' ? 'stack' : 'component'](...name).id, body: { set } }];
  return propose(changes, message, { base: base || app.live.seq });
}"""


def renaming(page: Page) -> None:
    """Has the page hear of another author than there is."""

    def route(page: WebSocketRoute) -> None:
        hub = page.connect_to_server()
        page.on_message(hub.send)
        hub.on_message(lambda message: page.send(str(message).replace("villain", VILLAIN)))

    page.context.route_web_socket(re.compile("^ws"), route)


def test_everything_is_text(hub: Hub, opens: Opens) -> None:
    his = opens(hub).sign_in(apart(lambda: hub.token("villain", "--role", "maintainer"))).page
    his.evaluate(
        """() => { window.from = (name) => import(
          document.querySelector('script[type=module]').src.replace('app.js', `lib/${name}.js`)); }"""
    )
    tab = opens(hub)
    renaming(tab.page)
    page = tab.sign_in(token_of(hub)).page
    with edit(hub, SCRIPTS[0]) as draft:
        for text in SCRIPTS:
            name = named(text)
            draft.register_component("orchestrator", name, "local", config={text: "before"})
            draft.register_stack(name, {"orchestrator": name})
    expect(his.get_by_role("row")).to_have_count(len(SCRIPTS) + 1)
    base = his.evaluate("async () => (await window.from('app')).app.live.seq")
    with edit(hub, SCRIPTS[0]) as draft:
        for text in SCRIPTS:
            draft.component("orchestrator", named(text)).set(text, [text])
    for text in SCRIPTS:
        place = ["ComponentUpdated", ["orchestrator", named(text)]]
        wanted = {pointer("config", text): {text: text}, pointer("labels", text): text}
        answer = his.evaluate(PROPOSE, [wanted, base, text, *place])
        assert answer["outcome"] == "conflict"
        page.goto(f"{tab.origin}/p/team/conflicts")
        expect(page.locator(".card-link").last).to_contain_text(f"{VILLAIN} against host")
        page.locator(".card-link").last.click()
        shows(page.locator(".held, .question"), [VILLAIN, text, named(text)])
        assert clean(page)
        if text in DECIDED:
            decide_conflict(page, text)
    with edit(hub, "nobody touches them by accident") as draft:
        for text in SCRIPTS:
            draft.stack(named(text)).protect()
    expect(his.get_by_role("img", name="protected")).to_have_count(len(SCRIPTS))
    for text in ASKED:
        wanted = {pointer("extra", text): text, "/description": text}
        answer = his.evaluate(PROPOSE, [wanted, 0, text, "StackUpdated", [named(text)]])
        assert answer["outcome"] == "requested"
        page.goto(f"{tab.origin}/p/team/requests")
        expect(page.locator(".card-link").last).to_contain_text(f"{VILLAIN} asks")
        page.locator(".card-link").last.click()
        shows(page.locator("main"), [VILLAIN, text, named(text)])
        assert clean(page)
        if text in DECIDED:
            decide_request(page, text)
    page.goto(f"{tab.origin}/p/team/activity")
    expect(page.locator(".turns").first).to_be_visible()
    assert clean(page)


def decide_conflict(page: Page, text: str) -> None:
    asked = page.locator("fieldset.question").first
    asked.get_by_role("radio", name="Another value").check()
    asked.get_by_label("Read as").select_option("text")
    asked.get_by_label("Value", exact=True).fill(text)
    page.get_by_role("radio", name="Take it").check()
    shows(page.locator(".result"), [text, named(text)])
    page.get_by_label("Why").fill(text)
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".under")).to_contain_text("resolved")
    shows(page.locator(".entry"), [text, named(text)])
    shows(page.locator("main"), [VILLAIN])
    assert clean(page)


def decide_request(page: Page, text: str) -> None:
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".under")).to_contain_text("approved")
    shows(page.locator(".entry"), [f"of {VILLAIN}: {text}", named(text)])
    assert clean(page)


def shows(where: Locator, texts: list[Any]) -> None:
    for text in texts:
        expect(where.filter(has_text=text).first).to_be_visible()


def clean(page: Page) -> bool:
    found = page.evaluate("document.querySelectorAll('main script, main iframe, main img').length")
    return bool(found == 0)

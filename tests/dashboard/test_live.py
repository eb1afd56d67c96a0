"""The page while things happen: changes, a token that is revoked, a hub that goes and comes back."""

import re
import time

from playwright.sync_api import expect

from stackroom.client.drafting.draft import Draft
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, tell, token_of


def test_a_change_on_the_command_line_is_seen(hub: Hub, opens: Opens) -> None:
    tell(hub)
    page = opens(hub).sign_in(token_of(hub), "/p/team/components/orchestrator/k8s").page
    expect(page.locator(".values").first).to_contain_text("night")
    ran = hub.host.process(
        "component",
        "update",
        "orchestrator",
        "k8s",
        "--namespace=day",
        "--no-validate",
        "--profile",
        "team",
        "-m",
        "by hand",
    ).ok()
    assert "committed" in ran.out
    expect(page.locator(".values").first).to_contain_text("day")
    expect(page.locator(".page .history .entry").first).to_contain_text("by hand")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".entry")).to_have_count(10)
    with edit(hub, "and again") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "noon")
    expect(page.locator(".entry").first).to_contain_text("and again")
    expect(page.locator(".entry")).to_have_count(11)


def test_a_thousand_stacks(hub: Hub, opens: Opens) -> None:
    """The figures are printed; what is asserted is that only what is in view is there."""
    many(hub, 1_000)
    tab = opens(hub, viewport={"width": 1400, "height": 900}).sign_in(token_of(hub))
    page = tab.page
    page.reload()
    page.get_by_role("row").nth(20).wait_for()
    shown = tab.evaluate("performance.now()")
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "1001")
    assert page.get_by_role("row").count() < 60
    typed = tab.evaluate(
        """() => new Promise((done) => {
          const input = document.getElementById('search'), begun = performance.now();
          input.value = 'stack-0777';
          input.dispatchEvent(new Event('input', { bubbles: true }));
          const look = () => document.querySelectorAll('[role=row]').length === 2
            ? done(performance.now() - begun) : requestAnimationFrame(look);
          look();
        })"""
    )
    page.get_by_label("Search stacks").fill("")
    grid.evaluate("e => e.scrollTo(0, e.scrollHeight)")
    expect(page.get_by_role("link", name="stack-0999", exact=True)).to_be_visible()
    page.get_by_role("link", name="stack-0999", exact=True).focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="stack-0000", exact=True)).to_be_focused()
    tab.evaluate(
        """() => { window.seen = new Promise((done) => new MutationObserver((_, o) => {
          if (document.body.textContent.includes('seen-at-once')) { o.disconnect(); done(Date.now()); }
        }).observe(document.body, { subtree: true, childList: true, characterData: true })); }"""
    )
    with edit(hub, "renamed") as draft:
        draft.stack("stack-0000").rename("aaa-seen-at-once")
        begun = time.time()
    seen = tab.evaluate("window.seen") / 1_000 - begun
    print(f"\nfirst rows {shown:.0f} ms, search {typed:.1f} ms, a change {seen * 1_000:.0f} ms")


def many(hub: Hub, count: int) -> None:
    """So many stacks, of four components each."""
    types = {
        "orchestrator": "kubernetes",
        "artifact_store": "s3",
        "alerter": "slack",
        "step_operator": "vertex",
    }

    def some(draft: Draft, first: int) -> None:
        for n in range(first, first + 250):
            for type, flavor in types.items():
                draft.register_component(
                    type, f"{type}-{n:04}", flavor, config={"n": n, "where": "eu"}
                )
            draft.register_stack(f"stack-{n:04}", {type: f"{type}-{n:04}" for type in types})

    for first in range(0, count, 250):
        with edit(hub, f"stacks from {first} on") as draft:
            some(draft, first)


def test_a_token_that_is_revoked_ends_the_page(hub: Hub, opens: Opens) -> None:
    tab = opens(hub).sign_in(token_of(hub))
    tokens = apart(lambda: hub.host.data("token", "list"))
    (own,) = [t for t in tokens if t["name"] == "dashboard"]
    apart(lambda: hub.host.stackroom("token", "revoke", own["prefix"], "--yes").ok())
    expect(tab.page.get_by_label("Token or one-time code")).to_be_visible()
    expect(tab.page.get_by_role("status")).to_contain_text("this token was revoked")
    assert "team" not in tab.page.locator("#app").inner_text()


def test_a_right_that_is_withdrawn_empties_the_page(hub: Hub, opens: Opens) -> None:
    token = apart(lambda: hub.token("ann", "--role", "viewer"))
    page = opens(hub).sign_in(token).page
    apart(lambda: hub.host.stackroom("role", "revoke", "viewer", "--user", "ann").ok())
    expect(
        page.get_by_role("heading", name=re.compile("may not read|that you may read"))
    ).to_be_visible()


def test_the_hub_goes_and_comes_back(hub: Hub, opens: Opens) -> None:
    tell(hub)
    tab = opens(hub).sign_in(token_of(hub))
    tab.may_be_gone = True
    apart(hub.down)
    banner = tab.page.locator(".banner")
    expect(banner).to_contain_text("Offline. What you see is as of #9")
    expect(tab.page.get_by_role("link", name="prod", exact=True)).to_be_visible()
    apart(hub.up)
    tab.page.get_by_role("button", name="Try now").click(
        timeout=5_000
    ) if banner.is_visible() else None
    expect(banner).to_have_count(0, timeout=40_000)
    with edit(hub, "while you were away") as draft:
        draft.register_stack("fresh", {"orchestrator": "laptop"})
    expect(tab.page.get_by_role("link", name="fresh", exact=True)).to_be_visible()


def test_two_tabs_at_once(hub: Hub, opens: Opens) -> None:
    tell(hub)
    tab = opens(hub).sign_in(token_of(hub))
    other = tab.context.new_page()
    other.goto(tab.origin + "/p/team/activity")
    expect(other.locator(".entry")).to_have_count(9)
    with edit(hub, "seen twice") as draft:
        draft.register_stack("fresh", {"orchestrator": "laptop"})
    expect(tab.page.get_by_role("link", name="fresh", exact=True)).to_be_visible()
    expect(other.locator(".entry").first).to_contain_text("seen twice")
    tab.page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("Token or one-time code")).to_be_visible()

"""The page without its hub: it opens, shows what was there last, and takes changes."""

from playwright.sync_api import expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, tell, token_of
from tests.dashboard.test_proposals import module, propose, waiting
from tests.dashboard.watched import Watched

KEPT = """async () => {
  await navigator.serviceWorker.ready;
  const worlds = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("stackroom");
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const all = asked.result.transaction("worlds").objectStore("worlds").getAllKeys();
      all.onsuccess = () => (asked.result.close(), resolve(all.result));
    };
  });
  while ((await worlds()).length < 2) await new Promise(requestAnimationFrame);
}"""


def shown(hub: Hub, opens: Opens) -> Watched:
    """A tab that has been shown the profile, and keeps it."""
    tell(hub)
    tab = opens(hub, service_workers="allow").sign_in(token_of(hub), "/p/team")
    expect(tab.page.get_by_role("link", name="prod", exact=True)).to_be_visible()
    tab.evaluate(KEPT)
    tab.may_be_gone = True
    return tab


def test_it_opens_without_the_hub(hub: Hub, opens: Opens) -> None:
    tab = shown(hub, opens)
    apart(hub.down)
    tab.page.close()
    tab.page = tab.context.new_page()
    tab.go("/p/team/components/orchestrator/k8s")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("k8s")
    expect(tab.page.locator(".banner")).to_contain_text("Offline. What you see is as of #9")
    assert propose(tab.page, "typed offline")["outcome"] == "pending"
    tab.page.reload()
    expect(tab.page.locator(".values").first).to_contain_text("typed offline")
    assert waiting(tab.page) == [["by a page", "pending", ""]]
    tab.shot("offline")
    apart(hub.up)
    expect(tab.page.locator(".values tr", has_text="typed offline")).to_contain_text(
        "host", timeout=40_000
    )
    assert waiting(tab.page) == []


def test_who_signs_out_leaves_nothing_behind(hub: Hub, opens: Opens) -> None:
    tab = shown(hub, opens)
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page.get_by_label("Token or one-time code")).to_be_visible()
    left = tab.page.evaluate(
        "async (name) => (await import(name)).person()", module(tab.page, "offline")
    )
    assert left is None
    apart(hub.down)
    tab.page.reload()
    expect(tab.page.get_by_label("Token or one-time code")).to_be_visible()
    assert "prod" not in tab.page.locator("#app").inner_text()

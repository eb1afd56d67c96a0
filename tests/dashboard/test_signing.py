"""What is proposed in a browser is signed by a key that no script can read, and the hub knows whose it is."""

import json
from typing import Any

from playwright.sync_api import expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, tell, token_of
from tests.dashboard.test_proofs import entry, verify
from tests.dashboard.test_proposals import module, opened, propose, waiting

KEYS = """async (at) => (await import(at)).read(["keys"], async ({ keys }) => {
  const of = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const pairs = await of(keys.getAll()), names = await of(keys.getAllKeys());
  return pairs.map((pair, i) => [names[i], pair.privateKey.extractable, pair.privateKey.usages]);
})"""


def audited(hub: Hub) -> dict[int, Any]:
    """What `audit verify --each` tells of the profile's commits, by seq."""
    hub.host.stackroom("sync").ok()
    told = hub.host.stackroom(
        "audit", "verify", "--each", "--profile", "team", "--output", "json"
    ).ok()
    lines = [json.loads(line) for line in told.out.splitlines()]
    return {line["seq"]: line for line in lines if "signature" in line}


def keys(hub: Hub) -> list[Any]:
    """The keys that the hub knows."""
    found: list[Any] = hub.host.data("user", "describe", "host")["keys"]
    return found


def test_the_command_line_sees_who_signed(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    page = tab.page
    before = apart(lambda: keys(hub))
    assert propose(page, "signed")["outcome"] == "accepted"
    assert (
        propose(page, "😀 \u2028 \"'\\ \t", 'a message, too: 😀 \u2028 "\\')["outcome"]
        == "accepted"
    )
    told = apart(lambda: audited(hub))
    for seq in (10, 11):
        assert told[seq]["signature"] == "valid", told[seq]
    assert len(apart(lambda: keys(hub))) == len(before) + 1
    ((replica, extractable, usages),) = page.evaluate(KEYS, module(page, "database"))
    assert (extractable, usages) == (False, ["sign"])
    assert replica == tab.evaluate("localStorage['stackroom.replica']")
    page.reload()
    assert propose(page, "again")["outcome"] == "accepted"
    assert apart(lambda: audited(hub))[12]["key"] == told[10]["key"]
    page.keyboard.press("g")
    page.keyboard.press("a")
    verify(page, 12)
    expect(entry(page, 12)).to_contain_text("verified in this browser")
    expect(entry(page, 12).locator(".checks")).to_contain_text("It is signed by the key")


def test_whoever_only_looks_registers_no_key(hub: Hub, opens: Opens) -> None:
    before = apart(lambda: keys(hub))
    tell(hub)
    page = opens(hub).sign_in(token_of(hub)).page
    expect(page.get_by_role("link", name="prod", exact=True)).to_be_visible()
    after = apart(lambda: keys(hub))
    assert len(after) - len(before) <= 1, "that of the story's own replica alone"


def test_a_key_that_was_ended_is_followed_by_another(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens)
    page = tab.page
    assert propose(page, "first")["outcome"] == "accepted"
    replica = tab.evaluate("localStorage['stackroom.replica']")
    fingerprint = apart(lambda: audited(hub))[10]["key"]
    apart(lambda: hub.host.stackroom("user", "revoke-key", fingerprint, "--yes").ok())
    propose(page, "second")
    expect(page.locator(".values").first).to_contain_text("second")
    expect(page.locator(".page .history .entry").first).to_contain_text("#11")
    expect(page.locator(".badge", has_text="not sent")).to_have_count(0)
    assert waiting(page) == []
    told = apart(lambda: audited(hub))
    assert told[11]["signature"] == "valid"
    assert told[11]["key"] != fingerprint
    assert tab.evaluate("localStorage['stackroom.replica']") != replica


def test_a_browser_without_ed25519_proposes_unsigned(hub: Hub, opens: Opens) -> None:
    tell(hub)
    tab = opens(hub)
    tab.context.add_init_script(
        "const own = crypto.subtle.generateKey.bind(crypto.subtle); crypto.subtle.generateKey = (...given) =>"
        " given[0] === 'Ed25519' ? Promise.reject(new DOMException('no', 'NotSupportedError')) : own(...given);"
    )
    page = tab.sign_in(token_of(hub), "/p/team/components/orchestrator/k8s").page
    assert propose(page, "unsigned")["outcome"] == "accepted"
    assert apart(lambda: audited(hub))[10]["signature"] == "unsigned"

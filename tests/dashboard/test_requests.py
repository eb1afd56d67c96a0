"""Changes of what is protected: asked for at a command line, decided by another person in a browser."""

from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.dashboard.conftest import Opens, apart, token_of
from tests.dashboard.quarrels import UPDATE, begin, people

MANY = "--many=1152921504606846976"
"""2^60, which JavaScript has no number for."""


class Asked(NamedTuple):
    """Eve, an editor, has asked to change what Ada protected."""

    hub: Hub
    ada: Person
    eve: Person
    number: int

    def token(self, person: Person) -> str:
        return person.credentials()[self.hub.url]


@pytest.fixture
def asked(hub: Hub) -> Asked:
    return apart(lambda: ask(hub))


def ask(hub: Hub) -> Asked:
    (ada,) = people(hub, "ada")
    begin(ada)
    ada.stackroom("stack", "protect", "prod", "-m", "the shop runs on it").ok()
    (eve,) = people(hub, "eve", role="editor")
    return Asked(hub, ada, eve, wish(eve, "--ns=eu", "--part=1.0", MANY, "-m", "move to Europe"))


def wish(eve: Person, *options: str) -> int:
    """Has her ask for that; the number of the request."""
    written = eve.data(*UPDATE, *options)
    assert written["outcome"] == "requested"
    return int(written["seq"])


def config(person: Person) -> Any:
    person.stackroom("sync")
    return person.data("component", "describe", "orchestrator", "k8s")["config"]


def waiting(person: Person) -> list[int]:
    """The numbers of the open requests, as the command line tells them."""
    person.stackroom("sync")
    return [int(request["seq"]) for request in person.data("request", "list")]


def differences(page: Page) -> list[str]:
    page.locator(".result li").first.wait_for()
    return page.locator(".result li").all_inner_texts()


def test_another_person_approves(asked: Asked, opens: Opens) -> None:
    theirs = opens(asked.hub).sign_in(asked.token(asked.eve), f"/p/team/requests/{asked.number}")
    own = theirs.page
    expect(own.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(own.get_by_role("button", name="Approve")).to_have_count(0)
    expect(own.locator(".hint")).to_have_text("Nobody approves their own: another person decides.")
    expect(own.locator("header .badge")).to_have_text("1 waits for approval")
    page = opens(asked.hub).sign_in(token_of(asked.hub)).page
    page.get_by_role("link", name="1 to approve").click()
    row = page.locator(".card-link")
    for said in ("orchestrator k8s", "eve asks", "move to Europe", f"#{asked.number}"):
        expect(row).to_contain_text(said)
    row.click()
    expect(page.locator(".protected")).to_have_text("Protected: orchestrator k8s")
    for shown in (own, page):
        expect(shown.locator(".result li")).to_have_text(
            ["config › nsml→eu", "config › part1.0", f"config › many{2**60}"]
        )
    page.get_by_role("button", name="Approve").click()
    for shown in (own, page):
        expect(shown.locator(".under")).to_contain_text("approved, by host")
        expect(shown.locator(".entry")).to_contain_text(
            f"approve #{asked.number} of eve: move to Europe"
        )
        expect(shown.locator(".badge")).to_have_count(0)
    assert apart(lambda: config(asked.eve)) == {"ns": "eu", "gpu": 1, "part": 1.0, "many": 2**60}
    (told,) = apart(lambda: asked.eve.data("request", "list", "--all"))
    assert (told["stage"], told["decided"]["author"]) == ("approved", "host")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".entry").first.locator(".turns")).to_have_text(
        f"approved change request #{asked.number}"
    )


def test_the_bar_counts_what_one_may_approve_oneself(asked: Asked, opens: Opens) -> None:
    apart(lambda: asked.ada.stackroom("stack", "update", "prod", "--description", "x").ok())
    ada = opens(asked.hub).sign_in(asked.token(asked.ada)).page
    expect(ada.locator("header .badge")).to_have_text("1 to approve")
    apart(lambda: asked.eve.stackroom("request", "withdraw", str(asked.number)).ok())
    expect(ada.locator("header .badge")).to_have_text("1 waits for approval")
    host = opens(asked.hub).sign_in(token_of(asked.hub)).page
    expect(host.locator("header .badge")).to_have_text("1 to approve")


def test_it_is_rejected_for_a_reason(asked: Asked, opens: Opens) -> None:
    page = opens(asked.hub).sign_in(token_of(asked.hub), f"/p/team/requests/{asked.number}").page
    expect(page.get_by_role("button", name="Reject")).to_be_disabled()
    page.get_by_label("Why").fill("not before the release")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".under")).to_contain_text("rejected, by host")
    expect(page.locator(".entry")).to_contain_text("not before the release")
    assert apart(lambda: config(asked.eve))["ns"] == "ml"
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="No change request waits")).to_be_visible()
    page.get_by_role("link", name="activity", exact=True).click()
    expect(page.locator(".entry")).to_have_count(2)


def test_its_author_withdraws_it(asked: Asked, opens: Opens) -> None:
    page = opens(asked.hub).sign_in(asked.token(asked.eve), f"/p/team/requests/{asked.number}").page
    page.get_by_label("Why").fill("better not")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".under")).to_contain_text("withdrawn, by eve")
    assert apart(lambda: waiting(asked.ada)) == []


def test_it_is_outdated(asked: Asked, opens: Opens) -> None:
    page = opens(asked.hub).sign_in(token_of(asked.hub), f"/p/team/requests/{asked.number}").page
    own = opens(asked.hub).sign_in(asked.token(asked.eve), f"/p/team/requests/{asked.number}").page
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    other = apart(lambda: (asked.ada.stackroom("sync"), wish(asked.ada, "--ns=us"))[1])
    apart(lambda: asked.hub.host.stackroom("sync").ok())
    approve = ("request", "approve", str(other), "--profile", "team")
    apart(lambda: asked.hub.host.stackroom(*approve).ok())
    for shown in (page, own):
        alert = shown.get_by_role("alert")
        expect(alert).to_contain_text("It cannot be approved any more: ")
        expect(alert).to_contain_text(f"stackroom request retry {asked.number}")
        expect(shown.locator(".result")).to_contain_text("config › ns")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    page.get_by_label("Why").fill("outdated")
    expect(page.get_by_role("button", name="Reject")).to_be_enabled()


def test_who_may_not_approve(asked: Asked, opens: Opens) -> None:
    token = apart(lambda: asked.hub.token("vic", "--role", "viewer"))
    page = opens(asked.hub).sign_in(token, f"/p/team/requests/{asked.number}").page
    expect(page.locator(".note")).to_contain_text("you may look at it")
    assert differences(page)[0].startswith("config › ns")
    assert page.locator("main").get_by_role("button").count() == 0
    forge(page, asked.number, "not_allowed")
    own = apart(lambda: wish(asked.ada, "--ns=us"))
    ada = opens(asked.hub).sign_in(asked.token(asked.ada), f"/p/team/requests/{own}").page
    expect(ada.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(ada.get_by_role("button", name="Approve")).to_have_count(0)
    forge(ada, own, "own_request")
    assert apart(lambda: waiting(asked.ada)) == [asked.number, own]


def forge(page: Page, number: int, code: str) -> None:
    """Approves as a page would that asks nobody: it is neither foreseen as possible, nor taken."""
    said = page.evaluate(
        """async (number) => {
          const from = (name) => import(document.querySelector('script[type=module]').src.replace('app.js', `lib/${name}.js`));
          const { app } = await from('app'), { propose, rehearse } = await from('edits');
          const { id } = app.live.index.requests.find((r) => r.number === number);
          const { code, changes } = await rehearse({ step: 'approve', request: id });
          return [code, (await propose(changes, 'forged')).code];
        }""",
        number,
    )
    assert said == [code, code]


def test_a_decision_waits_for_the_hub(asked: Asked, opens: Opens) -> None:
    tab = opens(asked.hub).sign_in(token_of(asked.hub), f"/p/team/requests/{asked.number}")
    tab.may_be_gone, page = True, tab.page
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    apart(asked.hub.down)
    expect(page.locator(".banner")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("The preview needs the hub")
    page.get_by_label("Why").fill("not now")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".decide .note")).to_contain_text("Saved in this browser")
    apart(asked.hub.up)
    expect(page.locator(".under")).to_contain_text("rejected, by host", timeout=40_000)

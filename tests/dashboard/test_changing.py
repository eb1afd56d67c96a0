"""What pages let somebody do beside the forms: dialogs, rights, drafts, and one's own work that waits."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, tell, token_of
from tests.dashboard.test_forms import described, foreseen, opened, save
from tests.dashboard.watched import Broken, Watched


def ask(page: Page, action: str) -> None:
    """Opens the dialog of an action of the page."""
    page.get_by_role("button", name=action, exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_is_in_use_is_not_deleted(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "components/orchestrator/k8s")
    page = tab.page
    ask(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("In use by prod")
    expect(foreseen(page)).to_contain_text("It would be refused")
    tab.shot("dialog-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("prod")
    page.keyboard.press("Escape")
    tab.go("/p/team/components/alerter/pager")
    ask(page, "Delete")
    page.get_by_label("Message").fill("nobody is paged")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Components")
    expect(page.get_by_role("link", name="pager")).to_have_count(0)


def test_renamed_made_default_and_protected(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "stacks/prod").page
    ask(page, "Rename")
    page.get_by_label("New name").fill("dev")
    expect(foreseen(page)).to_contain_text("It would be refused")
    page.get_by_label("New name").fill("night")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("night")
    ask(page, "Make default")
    page.get_by_role("dialog").get_by_role("button", name="Make default").click()
    expect(page.locator(".under")).to_contain_text("default of this profile")
    ask(page, "Protect")
    page.get_by_role("dialog").get_by_role("button", name="Protect").click()
    expect(page.get_by_role("button", name="Unprotect")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("e")
    page.get_by_label("Description").fill("what runs at night, and by day")
    expect(foreseen(page)).to_contain_text("another person's approval")
    save(page)
    expect(page.locator(".note")).to_contain_text(re.compile(r"This is change request #\d+"))
    assert described(hub, "stack", "night")["description"] == "what runs at night"
    requests = apart(lambda: hub.host.data("request", "list", "--profile", "team"))
    assert len(requests) == 1


def test_who_may_only_read_sees_nothing_to_do(hub: Hub, opens: Opens) -> None:
    tell(hub)
    token = apart(lambda: hub.token("ann", "--role", "viewer"))
    tab = opens(hub).sign_in(token, "/p/team/components/orchestrator/k8s")
    page = tab.page
    expect(page.locator(".page .history .entry").first).to_be_visible()
    expect(page.locator(".actions")).to_have_count(0)
    page.keyboard.press("e")
    for path, shown in (("", "team"), ("/components", "Components")):
        tab.go(f"/p/team{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text(shown)
        expect(page.get_by_role("link", name="New")).to_have_count(0)
    tab.go("/p/team/edit/components/orchestrator/k8s")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not change this profile")


def test_what_is_typed_outlives_the_page(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "edit/components/orchestrator/k8s")
    page = tab.page
    page.get_by_label("Value of namespace").fill("half a thou")
    page.get_by_label("Value of limits").fill("cpu: [")
    page.get_by_label("Message").fill("because")
    page.reload()
    expect(page.locator(".note")).to_contain_text("is here again")
    expect(page.get_by_label("Value of namespace")).to_have_value("half a thou")
    expect(page.get_by_label("Value of limits")).to_have_value("cpu: [")
    expect(page.get_by_label("Message")).to_have_value("because")
    page.keyboard.press("Escape")
    tab.page.get_by_role("link", name="Activity").click()
    page.get_by_role("link", name="1 begun").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Yours")
    page.close()
    again = tab.context.new_page()
    again.goto(f"{tab.origin}/p/team/yours")
    again.get_by_role("link", name="k8s").click()
    expect(again.get_by_label("Value of namespace")).to_have_value("half a thou")
    with edit(hub, "renamed meanwhile") as draft:
        draft.component("orchestrator", "k8s").rename("cluster")
    expect(again.locator(".news")).to_contain_text("now cluster, by host")
    again.get_by_role("button", name="Discard it").click()
    expect(again.get_by_label("Value of namespace")).to_have_value("night")
    expect(again.locator("header .badge")).to_have_count(0)


def test_ones_own_that_was_refused(hub: Hub, opens: Opens, tmp_path: Path) -> None:
    tab = opened(hub, opens, "new/component?type=orchestrator&flavor=local")
    page = tab.page
    page.get_by_label("Name *").fill("laptop")
    save(page, "Register the component")
    page.get_by_role("link", name="1 refused").click()
    page.get_by_role("button", name="Discard").click()
    article = page.get_by_role("article")
    expect(article).to_contain_text("refused")
    expect(article).to_contain_text("orchestrator laptop")
    expect(article.locator(".problem")).to_contain_text("laptop")
    tab.shot("yours")
    with page.expect_download() as download:
        article.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "proposal.json")
    exported = json.loads((tmp_path / "proposal.json").read_text())
    assert exported["events"][0]["body"]["name"] == "laptop"
    article.get_by_role("button", name="Retry").click()
    expect(article.locator(".problem")).to_be_visible()
    article.get_by_role("button", name="Edit again").click()
    page.get_by_label("Name *").fill("laptop-2")
    save(page, "Register the component")
    expect(page.get_by_role("heading", level=1)).to_have_text("laptop-2")
    expect(page.locator("header .badge")).to_have_count(0)
    tab.go("/p/team/new/component?type=orchestrator&flavor=local")
    page.get_by_label("Name *").fill("laptop")
    save(page, "Register the component")
    page.get_by_role("link", name="1 refused").click()
    page.get_by_role("button", name="Discard").click()
    article.get_by_role("button", name="Drop", exact=True).click()
    article.get_by_role("button", name="Drop it").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing waits")


def test_a_component_is_made_as_it_was(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "components/orchestrator/k8s?at=2").page
    expect(page.locator(".values").first).to_contain_text("ml")
    ask(page, "Restore this")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page).to_have_url(re.compile(r"/components/orchestrator/k8s$"))
    expect(page.locator(".values").first).to_contain_text("ml")
    assert described(hub, "component", "orchestrator", "k8s")["config"] == {
        "namespace": "ml",
        "gpu": 1.0,
        "limits": {"cpu": 4, "memory": "16Gi"},
    }


def test_what_was_deleted_is_brought_back(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "stacks/nightly?at=7")
    page = tab.page
    ask(page, "Restore this")
    page.get_by_role("dialog").get_by_role("button", name="Bring back").click()
    expect(page).to_have_url(re.compile(r"/stacks/nightly$"))
    expect(page.locator(".members a")).to_have_text(["k8s", "pager"])


def test_the_profile_itself(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "").page
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings of team")
    page.get_by_label("Description").fill("ours")
    page.get_by_label("Default stack").select_option("prod")
    page.get_by_label("A credential in plain text").select_option("refuse")
    page.get_by_label("Name *").fill("crew")
    expect(foreseen(page)).to_contain_text("Nothing stands against it")
    save(page)
    expect(page).to_have_url(re.compile(r"/p/crew$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("crew")
    expect(page.locator(".lead")).to_have_text("ours")
    page.goto(page.url + "/new/component?type=artifact_store&flavor=s3")
    page.get_by_label("Name *").fill("leaky")
    page.locator("#config-path").fill("s3://x")
    page.get_by_role("button", name="more settings").click()
    page.locator("#config-secret").fill("hunter2")
    expect(foreseen(page)).to_contain_text("takes references alone")
    expect(page.get_by_role("button", name="Register the component")).to_be_disabled()
    page.get_by_label("Save a credential in plain text").check()
    save(page, "Register the component")
    expect(page.locator(".problem")).to_contain_text("in plain text")
    page.locator("#config-secret").fill("{{leaky.secret}}")
    save(page, "Register the component")
    expect(page.get_by_role("heading", level=1)).to_have_text("leaky")


FORMS = {
    "form-new-component": "new/component?type=orchestrator&flavor=kubernetes",
    "form-edit-component": "edit/components/orchestrator/k8s",
    "form-edit-stack": "edit/stacks/prod",
    "form-settings": "settings",
    "form-yours": "yours",
}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_use_the_forms(story: Hub, opens: Opens, scheme: str, width: int) -> None:
    size = {"width": width, "height": 860}
    tab = opens(story, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    tab.sign_in(token_of(story), "/p/team/yours")
    broken: list[Broken] = []

    def look(view: str) -> None:
        broken.extend(tab.examined(view, scheme))

    for view, path in FORMS.items():
        tab.go(f"/p/team/{path}")
        tab.page.locator("#main h1").wait_for()
        expect(tab.page.locator("#main .waiting")).to_have_count(0)
        if view.startswith("form-edit"):
            tab.page.get_by_role("button", name="Add a label").click()
        look(view)
        if view == "form-edit-component":
            tab.page.get_by_role("button", name="Add a value").click()
            tab.page.get_by_label("Value of gpu").fill("many")
            tab.page.get_by_label("Value of limits").fill("a: [")
            look("form-faults")
            tab.page.get_by_label("Value of limits").fill("a: 1")
            tab.page.get_by_role("button", name="Remove new value").click()
            tab.page.get_by_role("tab", name="YAML").click()
            look("form-yaml")
    tab.go("/p/team/stacks/prod")
    ask(tab.page, "Delete")
    look("dialog")
    assert broken == []


def test_begun_in_the_past_is_refused(story: Hub, opens: Opens) -> None:
    tab: Watched = opens(story).sign_in(token_of(story), "/p/team/edit/stacks/prod?at=6")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Nothing is changed in the past")

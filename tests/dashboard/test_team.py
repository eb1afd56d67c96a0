"""The people of a hub in the browser: who is there, who may what, and changing it, live in every page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import stackroom.client
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, standing, token_of
from tests.dashboard.watched import Broken


def ask(page: Page, button: str, does: str, **fields: str) -> None:
    """Opens a dialog by its button, fills it in, and has it done."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        field = dialog.get_by_label(re.compile(f"^{label}", re.IGNORECASE))
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    dialog.get_by_role("button", name=does, exact=True).click()


def test_somebody_is_invited_and_comes_in_by_the_link(hub: Hub, opens: Opens) -> None:
    page = opens(hub).sign_in(token_of(hub), "/team").page
    ask(page, "Invite somebody", "Make the code", name="ann", role="viewer")
    dialog = page.get_by_role("dialog")
    command = dialog.get_by_label("On the command line").inner_text()
    link = dialog.get_by_label("In a browser").inner_text()
    assert re.fullmatch(rf"stackroom join {hub.url}#srj_\w{{47}}", command)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert link.partition("#")[2] not in page.content()
    page.get_by_role("link", name="Invitations").click()
    expect(page.get_by_role("group", name="Open invitations")).to_contain_text("ann")

    other = opens(hub).page
    other.goto(link)
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.get_by_role("button", name="I have kept it").click()
    expect(other.locator(".user")).to_have_text("ann")
    expect(page.get_by_role("heading", name="Nobody is invited")).to_be_visible()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("row").filter(has_text="ann")).to_contain_text("viewer (the hub)")


def test_a_role_that_is_given_opens_to_the_other_at_once_what_it_allows(
    hub: Hub, opens: Opens
) -> None:
    page = opens(hub).sign_in(token_of(hub), "/team?tab=roles").page
    other = opens(hub).sign_in(apart(lambda: hub.token("ann", "--role", "viewer")), "/team").page
    expect(other.locator(".note").first).to_contain_text("people.read")
    expect(other.get_by_role("link", name="People")).to_have_count(0)
    ask(page, "Give a role", "Give it", to="ann", role="auditor", why="for the year's end")
    expect(page.get_by_role("row", name="ann auditor")).to_contain_text("for the year's end")
    other.get_by_role("link", name="People").click()
    expect(other.get_by_role("row").filter(has_text="host")).to_be_visible()
    expect(other.get_by_role("button", name="Invite somebody")).to_have_count(0)
    page.get_by_role("button", name="Revoke auditor of ann").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(other.locator(".note").first).to_contain_text("people.read")
    assert "auditor" not in other.locator("#app").inner_text()
    page.get_by_role("link", name="History").click()
    entries = page.locator(".entry")
    expect(entries.first).to_contain_text("auditor of ann for the hub is revoked")
    expect(entries.nth(1)).to_contain_text("role auditor of ann for the hub")


def test_access_is_explained_by_team_project_and_role(hub: Hub, opens: Opens) -> None:
    apart(lambda: hub.token("ann", "--role", "auditor"))
    tab = opens(hub).sign_in(token_of(hub), "/team?tab=teams")
    page = tab.page
    ask(page, "Add a team", "Add", name="ml", what="machine learning")
    ask(page, "Add a member to ml", "Add", member="ann")
    expect(page.get_by_role("region", name="ml")).to_contain_text("ann")
    page.get_by_role("link", name="Projects").click()
    ask(page, "Add a project", "Add", name="vision")
    ask(page, "Add a profile to vision", "Add", profile="team")
    page.get_by_role("link", name="Roles").click()
    ask(page, "Give a role", "Give it", to="ml", role="editor", good="vision")
    expect(page.get_by_role("row", name="team ml")).to_contain_text("project vision")
    tab.go("/team?tab=access&who=ann&where=team&what=profile.write")
    answer = page.get_by_role("row", name="profile.write")
    expect(answer).to_contain_text("ann may")
    expect(answer).to_contain_text(
        "By the role editor, which the team ml holds for the profiles of project vision."
    )
    page.get_by_role("combobox", name="What").select_option("profile.approve")
    expect(page.get_by_role("row", name="profile.approve")).to_contain_text("ann may not")
    expect(page.get_by_role("row", name="profile.approve")).to_contain_text("maintainer, admin")
    page.get_by_role("combobox", name="Where").select_option("")
    page.get_by_role("combobox", name="What").select_option("")
    expect(page.get_by_role("row", name="profile.write")).to_contain_text("ann may not")
    expect(page.get_by_role("row", name="people.read")).to_contain_text("By the role auditor")
    page.get_by_role("link", name="Teams").click()
    page.get_by_role("button", name="Delete team ml").click()
    expect(page.get_by_role("dialog")).to_contain_text(
        "1 member, and is named in 1 role that ends with it"
    )
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="There are no teams")).to_be_visible()
    tab.go("/team?tab=access&who=ann&where=team&what=profile.write")
    expect(page.get_by_role("row", name="profile.write")).to_contain_text("ann may not")


def test_a_role_of_the_hubs_own(hub: Hub, opens: Opens) -> None:
    page = opens(hub).sign_in(token_of(hub), "/team?tab=roles").page
    page.get_by_role("button", name="Add a role").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Admin")
    dialog.get_by_label("profile.read").check()
    dialog.get_by_label("profile.approve").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("'Admin' is a built-in role")
    dialog.get_by_role("textbox", name="Name").fill("releaser")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("columnheader", name="releaser")).to_be_visible()
    approve = page.get_by_role("row", name="profile.approve").get_by_role("cell")
    expect(approve.last).to_have_text("yes")
    page.get_by_role("button", name="Change role releaser").click()
    page.get_by_role("dialog").get_by_label("profile.approve").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(approve.last).to_have_text("no")
    page.get_by_role("button", name="Delete role releaser").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("columnheader", name="releaser")).to_have_count(0)


def test_one_page_ends_anothers_token(hub: Hub, opens: Opens) -> None:
    other = opens(hub).sign_in(apart(lambda: hub.token("ann", "--role", "viewer")), "/team").page
    ask(other, "Make a token", "Make it", name="laptop", **{"it is": "30 days"})
    token = other.get_by_label("The token").inner_text()
    assert re.fullmatch(r"srm_\w{47}", token)
    other.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(other.get_by_role("row", name="laptop")).to_contain_text("in 30d")
    assert token not in other.content()
    with stackroom.client.connect_sync(hub.url, token=token) as ann:
        assert [p.name for p in ann.profiles()] == ["team"]

    page = opens(hub).sign_in(token_of(hub), "/team").page
    page.get_by_role("link", name="ann", exact=True).click()
    expect(page.get_by_role("heading", name="ann", exact=True)).to_be_focused()
    page.get_by_role("button", name="Revoke token laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("row", name="laptop")).to_be_visible()
    page.get_by_role("button", name="Revoke token laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="laptop")).to_have_count(0)
    page.get_by_role("button", name="Revoke token dashboard").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(other.get_by_role("status")).to_contain_text("You were signed out")
    assert "ann" not in other.locator("#app").inner_text()


def test_who_is_deactivated_is_out_at_once(hub: Hub, opens: Opens) -> None:
    other = opens(hub).sign_in(apart(lambda: hub.token("ann", "--role", "viewer")), "/team").page
    page = opens(hub).sign_in(token_of(hub), "/team?tab=people&user=ann").page
    ask(page, "Edit", "Save", full="Ann Example", address="ann@example.org")
    expect(page.get_by_text("Ann Example, ann@example.org")).to_be_visible()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(other.get_by_role("status")).to_contain_text("You were signed out")
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()


def test_people_are_changed_while_the_hub_is_there(hub: Hub, opens: Opens) -> None:
    tab = opens(hub).sign_in(token_of(hub), "/team?tab=teams")
    tab.may_be_gone = True
    page, dialog = tab.page, tab.page.get_by_role("dialog")
    page.get_by_role("button", name="Add a team").click()
    dialog.get_by_label("Name").fill("ml")
    apart(hub.down)
    expect(page.locator(".banner")).to_contain_text("Offline")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("The hub cannot be reached")
    apart(hub.up)
    expect(page.locator(".banner")).to_have_count(0, timeout=40_000)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="ml")).to_be_visible()


def test_what_the_hub_refuses_is_said_in_the_dialog(hub: Hub, opens: Opens) -> None:
    page = opens(hub).sign_in(token_of(hub), "/team?tab=roles").page
    page.get_by_role("button", name="Revoke admin of host").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("alert")).to_contain_text("without an administrator")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("row", name="host admin")).to_be_visible()
    page.get_by_role("link", name="People").click()
    ask(page, "Invite somebody", "Make the code", name="no such name!", role="viewer")
    expect(page.get_by_role("alert")).to_contain_text("is not made of 1 to 64")


FORGE = """async () => new Promise((done) => {
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/", "stackroom.v1+json");
  const say = (message) => socket.send(JSON.stringify(message));
  const heard = [];
  let hub = "";
  const body = '{"name": "root2"}';
  const event = { type: "UserCreated", version: 1, entity: crypto.randomUUID(), salt: "A".repeat(22) + "==", body };
  const proposal = { id: crypto.randomUUID(), number: 1, base: 0, message: "", time: 1, events: [event] };
  socket.onopen = () => say({ type: "hello", replica: crypto.randomUUID(), token: "", client: "console" });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "welcome") ({ hub } = message);
    if (message.type === "rights") {
      say({ type: "push", profile: hub, proposals: [proposal] });
      say({ type: "watch", profile: hub });
      say({ type: "read_log", id: 1, profile: hub });
      say({ type: "ask", id: 2, order: { order: "list_tokens", everybody: true } });
    }
    heard.push(message);
    const [reply, results] = ["reply", "results"].map((type) => heard.find((m) => m.type === type));
    if (!reply || !results) return;
    socket.close();
    done([reply.code, heard.filter((m) => m.type === "error").map((m) => m.code), results.answers]);
  };
})"""


def test_a_viewer_has_their_own_page_and_forges_nothing(hub: Hub, opens: Opens) -> None:
    tab = opens(hub).sign_in(apart(lambda: hub.token("ann", "--role", "viewer")), "/team?tab=roles")
    page = tab.page
    expect(page.locator(".note").first).to_contain_text("You may not see the people of this hub")
    expect(page.get_by_role("heading", name="ann")).to_be_visible()
    links = page.get_by_role("navigation", name="Team").get_by_role("link")
    assert links.all_inner_texts() == ["Access", "You"]
    assert "host" not in page.locator("#main").inner_text()
    page.get_by_role("link", name="Access").click()
    expect(page.get_by_role("row", name="profile.read")).to_contain_text("By the role viewer")
    expect(page.get_by_role("combobox", name="Who")).to_have_count(0)
    tab.go("/team?tab=access&who=host")
    expect(page.get_by_role("alert")).to_contain_text("people.read")
    code, errors, answers = page.evaluate(FORGE)
    assert (code, errors) == ("not_allowed", ["forbidden", "forbidden"])
    assert [(a["outcome"], a["code"]) for a in answers] == [("rejected", "not_allowed")]


SCRIPT = "<img src=x onerror=alert(1)>"


def test_every_name_among_people_is_text(hub: Hub, opens: Opens) -> None:
    def told() -> None:
        person = hub.host
        person.stackroom("user", "create", "ci", "--service", "--full-name", SCRIPT).ok()
        person.stackroom("team", "create", SCRIPT, "--description", SCRIPT, "--member", "ci").ok()
        person.stackroom("project", "create", SCRIPT, "--description", SCRIPT).ok()
        person.stackroom("role", "create", SCRIPT, "--permission", "profile.read").ok()
        assign = ("assignment", "create", "--role", SCRIPT, "--team", SCRIPT)
        person.stackroom(*assign, "--project", SCRIPT, "--description", SCRIPT, "-m", SCRIPT).ok()
        person.stackroom("token", "create", SCRIPT, "--user", "ci").ok()
        person.stackroom(
            "invite", "ann", "--role", SCRIPT, "--team", SCRIPT, "--project", SCRIPT
        ).ok()

    apart(told)
    tab = opens(hub).sign_in(token_of(hub), "/team")
    for place in (
        *TABS.values(),
        f"?tab={SCRIPT}",
        f"?tab=people&user={SCRIPT}",
        f"?tab=access&who={SCRIPT}",
    ):
        tab.go("/team" + place)
        tab.page.locator("#main h1").wait_for()
        expect(tab.page.locator("#main .waiting")).to_have_count(0)
        assert tab.evaluate("document.querySelectorAll('main script, main img').length") == 0
    for place in (
        "?tab=people&user=ci",
        *(f"?tab={tab}" for tab in ("invitations", "teams", "projects", "roles", "history")),
    ):
        tab.go("/team" + place)
        expect(tab.page.get_by_text(SCRIPT).first).to_be_visible()
        for button in tab.page.locator("#main button[aria-haspopup]").all():
            button.click()
            tab.page.get_by_role("dialog").wait_for()
            tab.page.keyboard.press("Escape")
            expect(tab.page.get_by_role("dialog")).to_have_count(0)


TABS = {
    "people": "?tab=people",
    "person": "?tab=people&user=ann",
    "invitations": "?tab=invitations",
    "teams": "?tab=teams",
    "projects": "?tab=projects",
    "roles": "?tab=roles",
    "people-history": "?tab=history",
    "access": "?tab=access&who=ann&where=team",
    "you": "?tab=you",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with a small team, that nobody changes."""
    with standing(tmp_path_factory.mktemp("office")) as hub:
        apart(lambda: staff(hub))
        yield hub


def staff(hub: Hub) -> None:
    hub.token("ann", "--role", "viewer")
    do = hub.host.stackroom
    do("user", "update", "ann", "--full-name", "Ann Example", "--email", "ann@example.org").ok()
    do("user", "create", "ci", "--service", "--full-name", "builds at night").ok()
    do("user", "create", "ben").ok()
    do("user", "update", "ben", "--inactive").ok()
    do("team", "create", "ml", "--description", "machine learning", "--member", "ann").ok()
    do("project", "create", "vision", "--description", "what sees").ok()
    do("project", "add", "vision", "team").ok()
    do(
        "role",
        "create",
        "releaser",
        "--permission",
        "profile.read",
        "--permission",
        "profile.approve",
    ).ok()
    do("role", "assign", "editor", "--team", "ml", "--project", "vision", "-m", "they own it").ok()
    do("role", "assign", "releaser", "--user", "ci").ok()
    do("token", "create", "deploy", "--user", "ci", "--read-only", "--for-profile", "team").ok()
    do("invite", "cleo", "--role", "viewer", "--team", "ml").ok()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_it(office: Hub, opens: Opens, scheme: str, width: int) -> None:
    """No rule of axe-core is broken in any tab or dialog; and a picture of each."""
    size = {"width": width, "height": 860}
    tab = opens(office, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    tab.sign_in(token_of(office), "/team")
    page = tab.page
    broken: list[Broken] = []

    def look(view: str) -> None:
        broken.extend(tab.examined(f"team-{view}", scheme))

    for view, place in TABS.items():
        tab.go("/team" + place)
        page.locator("#main h1").wait_for()
        expect(page.locator("#main .waiting")).to_have_count(0)
        expect(page.locator("#main .spinner")).to_have_count(0)
        look(view)
    for view, button in (
        ("people", "Invite somebody"),
        ("roles", "Add a role"),
        ("teams", "Delete team ml"),
    ):
        tab.go("/team" + TABS[view])
        page.get_by_role("button", name=button).click()
        page.get_by_role("dialog").wait_for()
        look(f"{view}-dialog")
    assert broken == []


def test_ones_own_password(tmp_path: Path, opens: Opens) -> None:
    folder = tmp_path / "hub"
    (folder / "hub").mkdir(parents=True)
    (folder / "hub" / "hub.toml").write_text("passwords = true\n")
    password = "correct horse battery staple"
    with standing(folder) as hub:
        page = opens(hub).sign_in(token_of(hub), "/team?tab=you").page
        for new, again, says in (
            (password, password + "x", "The two are not the same"),
            ("short", "short", "has 15 to 1000 characters"),
        ):
            ask(page, "Set a password", "Set it", new=new, once=again)
            expect(page.get_by_role("alert")).to_contain_text(says)
            page.keyboard.press("Escape")
        ask(page, "Set a password", "Set it", new=password, once=password)
        expect(page.get_by_text("You can sign in by a password.")).to_be_visible()
        other = opens(hub).page
        other.goto(hub.url.replace("ws:", "http:") + "/team?tab=you")
        other.get_by_label("User").fill("host")
        other.get_by_label("Password", exact=True).fill(password)
        other.get_by_role("button", name="Sign in by password").click()
        other.get_by_role("heading", name="Team").wait_for()
        page.get_by_role("button", name="Remove it").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
        expect(page.get_by_text("You have no password here.")).to_be_visible()

"""Conflicts of two people at their command lines, seen and decided in a browser."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.dashboard.conftest import Opens, apart, token_of
from tests.dashboard.quarrels import UPDATE, begin, clash, conflicts, people, torn


def question(page: Page, place: str) -> Locator:
    """The part of the page that asks about a place."""
    return page.locator("fieldset.question").filter(has=page.locator("legend", has_text=place))


def resolve(page: Page, message: str = "") -> None:
    page.get_by_label("Why").fill(message)
    page.get_by_role("button", name="Resolve").click()


def config(person: Person, name: str = "k8s") -> Any:
    person.stackroom("sync")
    return person.data("component", "describe", "orchestrator", name)["config"]


class SlowLine:
    """A connection on which the page may hear nothing for a while, though the hub hears it."""

    def __init__(self, page: Page) -> None:
        self._held: list[Callable[[], None]] | None = None
        page.context.route_web_socket(re.compile("^ws"), self._route)

    def _route(self, page: WebSocketRoute) -> None:
        hub = page.connect_to_server()
        page.on_message(hub.send)
        hub.on_message(lambda message: self._heard(lambda: page.send(message)))

    def _heard(self, deliver: Callable[[], None]) -> None:
        if self._held is None:
            deliver()
        else:
            self._held.append(deliver)

    def stop(self) -> None:
        self._held = []

    def go_on(self) -> None:
        held, self._held = self._held or [], None
        for deliver in held:
            deliver()


def test_it_is_resolved_place_by_place_while_others_go_on(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    first = apart(lambda: torn(ada, ben))
    tab = opens(hub)
    page, line = tab.page, SlowLine(tab.page)
    tab.sign_in(token_of(hub))
    page.get_by_role("link", name="1 in conflict").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    row = page.locator(".card-link")
    for said in ("k8s", "config › ns", "config › gpu", "ben against ada", "mine", f"#{first}"):
        expect(row).to_contain_text(said)
    row.click()
    ns, gpu = question(page, "config › ns"), question(page, "config › gpu")
    expect(ns.locator(".column")).to_contain_text(["ml", "ada", "ben"])
    expect(ns.locator(".column").nth(1)).to_contain_text(f"by ada in #{first - 1}")
    resolving = page.get_by_role("button", name="Resolve")
    expect(resolving).to_be_disabled()
    ns.get_by_role("radio", name="Theirs").focus()
    page.keyboard.press("Space")
    expect(ns.locator(".column.chosen")).to_contain_text("ada")
    page.keyboard.press("ArrowDown")
    expect(ns.locator(".column.chosen")).to_contain_text("ben")
    page.keyboard.press("ArrowUp")
    gpu.get_by_role("radio", name="Another value").check()
    gpu.get_by_label("Value", exact=True).fill("6.0 GB")
    expect(gpu).to_contain_text("This is no JSON")
    gpu.get_by_label("Value", exact=True).fill("6.0")
    page.get_by_role("radio", name="Take it").check()
    result = page.locator(".result")
    expect(result.locator("li")).to_have_text(["config › gpu4→6.0", "config › zoneb"])
    line.stop()
    apart(lambda: ada.stackroom(*UPDATE, "--gpu=5", "-m", "five").ok())
    resolve(page, "six is enough")
    expect(page.get_by_role("button", name="Resolving")).to_be_visible()
    line.go_on()
    outcome = page.locator(".decide .note")
    expect(outcome).to_contain_text("your decision is itself in conflict")
    expect(outcome).to_contain_text(f"Conflict #{first} stays open")
    expect(gpu.locator(".column").nth(1)).to_contain_text("Now it is 5")
    assert apart(lambda: conflicts(ada)) == [first, first + 2]

    outcome.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Conflict #{first + 2}")
    expect(page.locator(".held")).to_contain_text("host proposedsix is enough")
    expect(page.locator(".held")).to_contain_text(f"on top of #{first}")
    expect(question(page, "config › gpu").locator(".column")).to_contain_text(["4", "5", "6.0"])
    expect(page.get_by_role("group", name="What else was proposed")).to_contain_text(
        f"resolve conflict #{first}"
    )
    page.get_by_role("button", name="All ours").click()
    expect(result.locator("li")).to_have_text(["config › gpu5→6.0", "config › zoneb"])
    resolve(page, "six it is")
    expect(page.locator(".under")).to_contain_text("resolved: what was proposed was taken, by host")
    expect(page.get_by_role("link", name="in conflict")).to_have_count(0)
    entry = page.locator(".entry")
    expect(entry).to_contain_text("six it is")
    expect(entry).to_contain_text(f"resolved conflict #{first} (edited)")
    expect(entry).to_contain_text(f"conflict #{first + 2} (ours)")

    assert apart(lambda: conflicts(ben)) == []
    assert apart(lambda: config(ben)) == {"ns": "ada", "gpu": 6.0, "zone": "b"}
    told = apart(lambda: ben.data("log"))[0]
    assert (told["message"], told["author"], told["kind"]) == ("six it is", "host", "resolution")
    entry.get_by_role("link", name=f"conflict #{first}", exact=True).click()
    expect(page.locator(".under")).to_contain_text("resolved place by place, by host")
    expect(question(page, "config › ns").locator(".column")).to_contain_text(["ml", "ada", "ben"])
    page.go_back()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".entry").first).to_contain_text(f"resolved conflict #{first} (edited)")
    expect(page.locator(".entry", has_text="mine").locator(".turns")).to_have_text(
        f"opened conflict #{first}"
    )


def test_others_decide_meanwhile(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    number = apart(lambda: torn(ada, ben))
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    page.get_by_role("button", name="All theirs").click()
    expect(page.locator(".result")).to_contain_text("No value changes")
    asked = question(page, "config › ns")
    asked.get_by_role("radio", name="Another value").check()
    asked.get_by_label("Value", exact=True).fill("of my own")
    asked.get_by_role("radio", name="Ours").check()
    asked.get_by_role("radio", name="Another value").check()
    expect(asked.get_by_label("Value", exact=True)).to_have_value("of my own")
    page.get_by_label("Why").fill("because I say so")
    apart(lambda: ada.stackroom(*UPDATE, "--ns=later", "-m", "again").ok())
    expect(question(page, "config › ns")).to_contain_text("Now it is later, by ada")
    apart(
        lambda: ben.stackroom(
            "conflicts", "resolve", str(number), "--theirs", "-m", "hers are right"
        ).ok()
    )
    expect(page.locator(".under")).to_contain_text("resolved: what stood was kept, by ben")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator(".entry")).to_contain_text("hers are right")
    expect(page.locator(".note q")).to_have_text(["of my own", "because I say so"])
    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="Nothing is in conflict")).to_be_visible()
    page.get_by_role("link", name="activity", exact=True).click()
    expect(page.locator(".entry")).to_have_count(2)
    page.go_back()
    page.goto(page.url + f"/{number}?at={number}")
    expect(page.locator(".note")).to_contain_text(f"This is how it was at #{number}")
    expect(page.get_by_role("radio")).to_have_count(0)
    page.goto(re.sub(r"\d+\?.*", "3", page.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no conflict 3")


def test_one_name_for_two_things(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    register = ("component", "register", "artifact_store", "s3", "-f", "s3", "--no-validate")
    number = apart(
        lambda: clash(ada, (*register, "--path=s3://ada"), ben, (*register, "--path=s3://ben"))
    )
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    asked = question(page, "name")
    expect(asked.locator(".column")).to_contain_text(
        ["nothing had this name", "s3://ada", "s3://ben"]
    )
    asked.get_by_role("radio", name="Theirs becomes what ours says").check()
    expect(page.locator(".result li")).to_have_text("config › paths3://ada→s3://ben")
    asked.get_by_role("radio", name="Both stand").check()
    asked.get_by_label("Value", exact=True).fill("s3")
    expect(page.locator(".result")).to_contain_text("No value changes")
    asked.get_by_label("Value", exact=True).fill("s3-ben")
    expect(page.locator(".result")).to_contain_text("s3-ben")
    resolve(page)
    expect(page.locator(".under")).to_contain_text("resolved place by place")
    stores = apart(lambda: (ben.stackroom("sync"), ben.data("component", "list"))[1])
    assert {s["name"]: s["config"]["path"] for s in stores} == {
        "s3": "s3://ada",
        "s3-ben": "s3://ben",
    }


def test_a_name_that_others_took(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    for name in ("a", "b"):
        register = ("component", "register", "orchestrator", name, "-f", "local")
        apart(lambda register=register: ada.stackroom(*register).ok())  # type: ignore[misc]
    rename = ("component", "rename", "orchestrator")
    number = apart(lambda: clash(ada, (*rename, "a", "same"), ben, (*rename, "b", "same")))
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    expect(page.locator(".column").last).to_contain_text("orchestrator b")
    page.get_by_role("button", name="All ours").click()
    expect(page.get_by_role("alert")).to_contain_text("another component called 'same'")
    expect(page.get_by_role("button", name="Resolve")).to_be_disabled()
    page.get_by_label("Value", exact=True).fill("other")
    expect(page.locator(".result li")).to_have_text("nameb→other")
    page.get_by_role("radio", name="Theirs keeps the name").check()
    expect(page.locator(".result")).to_contain_text("No value changes")
    page.get_by_role("radio", name="Both stand").check()
    page.get_by_label("Value", exact=True).fill("other")
    resolve(page)
    expect(page.locator(".under")).to_contain_text("resolved place by place")
    found = apart(lambda: (ben.stackroom("sync"), ben.data("component", "list"))[1])
    assert {component["name"] for component in found} == {"same", "other"}


def test_a_change_of_what_was_deleted(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    apart(lambda: ada.stackroom("stack", "delete", "prod", "--yes").ok())
    number = apart(
        lambda: clash(
            ada,
            ("component", "delete", "orchestrator", "k8s", "--yes"),
            ben,
            (*UPDATE, "--ns=ben", "--gpu=8"),
        )
    )
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    ns = question(page, "orchestrator k8s config › ns")
    expect(ns.locator(".column")).to_contain_text(["ml", "deleted", "ben"])
    page.get_by_role("button", name="All theirs").click()
    expect(page.locator(".result")).to_contain_text("No value changes")
    ns.get_by_role("radio", name="with another value").check()
    ns.get_by_label("Value", exact=True).fill("both")
    expect(page.locator(".result")).to_contain_text("orchestrator k8s")
    expect(page.locator(".result li")).to_contain_text(["cluster", "both", "1"])
    resolve(page)
    expect(page.locator(".under")).to_contain_text("resolved")
    assert apart(lambda: config(ben)) == {"ns": "both", "gpu": 1}


def test_what_builds_on_what_lost(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    his = ((*UPDATE, "--ns=first", "-m", "one"), (*UPDATE, "--ns=then", "--zone=b", "-m", "two"))
    number = apart(lambda: clash(ada, (*UPDATE, "--ns=ada"), ben, *his))
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    expect(page.locator(".held li")).to_contain_text(["one", "two"])
    ours = question(page, "config › ns").locator(".column").last
    for said in ("first", "then", "by ben, in 2 steps"):
        expect(ours).to_contain_text(said)
    page.get_by_role("button", name="All ours").click()
    expect(page.locator(".result li")).to_have_text(["config › nsada→then", "config › zoneb"])
    page.get_by_role("radio", name="Leave it").check()
    expect(page.locator(".result li")).to_have_text(["config › nsada→then"])


def test_a_deletion_of_what_was_changed_or_used(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    register = ("component", "register", "orchestrator")
    for name in ("idle", "spare"):
        apart(lambda name=name: ada.stackroom(*register, name, "-f", "local").ok())  # type: ignore[misc]
    change = ("component", "update", "orchestrator", "idle", "--a=2", "--no-validate")
    delete = ("component", "delete", "orchestrator")
    changed = apart(lambda: clash(ada, change, ben, (*delete, "idle", "--yes")))
    use = ("stack", "register", "new", "-o", "spare")
    used = apart(lambda: clash(ada, use, ben, (*delete, "spare", "--yes")))
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{changed}").page
    asked = question(page, "orchestrator idle")
    expect(asked.locator(".column")).to_contain_text(["nothing", "2", "deleted"])
    asked.get_by_role("radio", name="it is deleted").check()
    expect(page.locator(".result")).to_contain_text("removed")
    resolve(page, "nobody needs it")
    expect(page.locator(".under")).to_contain_text("resolved: what was proposed was taken")
    page.goto(re.sub(r"\d+$", str(used), page.url))
    expect(page.locator(".question").first).to_contain_text("ada changed stack new")
    page.get_by_role("radio", name="Take it").check()
    expect(page.locator(".result")).to_contain_text("stack new")
    page.get_by_role("radio", name="Leave it").check()
    expect(page.locator(".result")).to_contain_text("No value changes")
    resolve(page)
    expect(page.locator(".under")).to_contain_text("resolved: what stood was kept")
    names = apart(lambda: (ben.stackroom("sync"), ben.data("component", "list"))[1])
    assert {"idle", "spare"} & {c["name"] for c in names} == {"spare"}


def test_a_member_of_a_protected_stack(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    for name in ("eu", "us", "asia"):
        register = ("component", "register", "orchestrator", name, "-f", "local")
        apart(lambda register=register: ada.stackroom(*register).ok())  # type: ignore[misc]
    update = ("stack", "update", "prod", "-o")
    number = apart(lambda: clash(ada, (*update, "eu"), ben, (*update, "us")))
    apart(lambda: ada.stackroom("stack", "protect", "prod").ok())
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    asked = question(page, "components › orchestrator")
    expect(asked.locator(".column")).to_contain_text(["k8s", "eu", "us"])
    asked.get_by_role("radio", name="Another value").check()
    asked.get_by_label("Value", exact=True).select_option(["asia"])
    said = page.get_by_role("region", name="What would stand")
    expect(said).to_contain_text("It changes what is protected (stack prod)")
    expect(said.locator("li")).to_have_text(
        ["components › orchestratoreu", "components › orchestratorasia"]
    )
    resolve(page, "neither")
    outcome = page.locator(".decide .note")
    expect(outcome).to_contain_text(f"Conflict #{number} stays open until then")
    outcome.get_by_role("link").click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.locator(".result")).to_contain_text("asia")
    request = page.url.rpartition("/")[2]
    apart(lambda: (ada.stackroom("sync"), ada.stackroom("request", "approve", request).ok()))
    expect(page.locator(".under")).to_contain_text("approved, by ada")
    expect(page.locator(".entry .turns")).to_contain_text(f"resolved conflict #{number}")


def test_what_was_redacted(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    number = apart(
        lambda: clash(ada, (*UPDATE, "--ns=a-long-secret"), ben, (*UPDATE, "--ns=another-secret"))
    )
    page = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}").page
    asked = question(page, "config › ns")
    expect(asked).to_contain_text("a-long-secret")
    redact = ("redact", str(number), "config.ns", "--profile", "team", "--reason", "leaked")
    apart(lambda: hub.host.stackroom(*redact, "--yes").ok())
    for n in (1, 2):
        expect(asked.locator(".column").nth(n)).to_contain_text("redacted in #")
    assert "secret" not in page.locator("#app").inner_text()


def test_who_may_only_look(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    number = apart(lambda: torn(ada, ben))
    token = apart(lambda: hub.token("eve", "--role", "viewer"))
    page = opens(hub).sign_in(token, f"/p/team/conflicts/{number}").page
    expect(page.locator("form .note")).to_contain_text("you may look at it")
    expect(page.get_by_role("radio")).to_have_count(0)
    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    forged = page.evaluate(
        """async (number) => {
          const from = (name) => import(document.querySelector('script[type=module]').src.replace('app.js', `lib/${name}.js`));
          const { app } = await from('app'), { propose, rehearse } = await from('edits');
          const { id } = app.live.index.conflicts.find((c) => c.number === number);
          const step = { step: 'resolve', conflict: id, side: 'ours', takes: [], edits: [] };
          const changes = [{ type: 'ConflictResolved', entity: id, body: { choice: 'theirs' } }];
          return [(await rehearse(step)).code, (await propose(changes, 'forged')).code];
        }""",
        number,
    )
    assert forged == ["not_allowed", "not_allowed"]
    assert apart(lambda: conflicts(ben)) == [number]


def test_without_the_hub(hub: Hub, opens: Opens) -> None:
    ada, ben = apart(lambda: people(hub, "ada", "ben"))
    apart(lambda: begin(ada))
    number = apart(lambda: torn(ada, ben))
    tab = opens(hub).sign_in(token_of(hub), f"/p/team/conflicts/{number}")
    tab.may_be_gone, page = True, tab.page
    page.get_by_role("heading", name="What would stand").wait_for()
    apart(hub.down)
    expect(page.locator(".banner")).to_be_visible()
    page.get_by_role("button", name="All ours").click()
    expect(page.get_by_role("alert")).to_contain_text("The preview needs the hub")
    expect(page.get_by_role("button", name="Resolve")).to_be_disabled()
    apart(hub.up)
    expect(page.locator(".result")).to_contain_text("zone", timeout=40_000)
    resolve(page)
    expect(page.locator(".under")).to_contain_text("resolved: what was proposed was taken")
    apart(lambda: ben.stackroom("sync").ok())
    assert apart(lambda: config(ben))["zone"] == "b"

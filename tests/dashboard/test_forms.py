"""Stacks and components edited in the browser: by forms, by YAML, beside what others do meanwhile."""

import re

from playwright.sync_api import Locator, Page, expect

from stackroom.client.files.shape import ComponentFile
from stackroom.client.files.text import parse
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, tell, token_of
from tests.dashboard.test_hostile import SCRIPTS, named, values
from tests.dashboard.watched import Watched

SCHEMA = {
    "type": "object",
    "properties": {
        "queue": {"type": "string", "description": "where jobs wait", "default": "main"},
        "slots": {"type": "integer", "minimum": 1, "maximum": 64},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
        "spot": {"type": "boolean", "default": False},
        "size": {"enum": ["small", "large", 3]},
        "tags": {"type": "array"},
        "env": {"type": "object"},
        "api_token": {"type": "string", "format": "password"},
    },
    "required": ["queue"],
    "additionalProperties": False,
}


def opened(hub: Hub, opens: Opens, path: str, **options: object) -> Watched:
    tell(hub)
    return opens(hub, **options).sign_in(token_of(hub), f"/p/team/{path}".rstrip("/"))


def save(page: Page, button: str = "Save") -> None:
    page.get_by_role("button", name=button, exact=True).click()


def foreseen(page: Page) -> Locator:
    """What the form says would become of it."""
    return page.locator(".foreseen")


def described(hub: Hub, kind: str, *names: str) -> dict[str, object]:
    """An entity as the command line tells it."""

    def ask() -> dict[str, object]:
        hub.host.stackroom("sync").ok()
        found: dict[str, object] = hub.host.data(kind, "describe", *names, "--profile", "team")
        return found

    return apart(ask)


def test_a_component_of_a_flavor_of_zenml(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "components")
    page = tab.page
    page.get_by_role("link", name="New component").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New component")
    page.get_by_label("Type *").select_option("artifact_store")
    page.get_by_label("Flavor *").fill("s3")
    expect(page.get_by_label("path *")).to_be_visible()
    page.get_by_label("Name *").fill("models")
    page.get_by_label("path *").fill("s3://ours/models")
    page.get_by_role("button", name="more settings").click()
    page.get_by_label("client_kwargs").fill("region: eu\nretries: 1.0\nverify: no")
    page.get_by_label("secret credential").fill("{{s3.secret}}")
    page.get_by_role("button", name="Add a label").click()
    page.get_by_label("Key of new label").fill("team")
    page.get_by_label("Value of team").fill("ml")
    expect(foreseen(page)).to_contain_text("Nothing stands against it")
    tab.shot("form-component-new")
    save(page, "Register the component")
    expect(page.get_by_role("heading", level=1)).to_have_text("models")
    expect(page.locator(".history .entry").first).to_contain_text("Register component models")
    found = described(hub, "component", "artifact-store", "models")
    kwargs = {"region": "eu", "retries": 1.0, "verify": "no"}
    assert found["config"] == {
        "path": "s3://ours/models",
        "client_kwargs": kwargs,
        "secret": "{{s3.secret}}",
    }
    assert found["labels"] == {"team": "ml"}


def test_a_component_by_the_schema_of_the_teams_flavor(hub: Hub, opens: Opens) -> None:
    with edit(hub, "our own flavor") as draft:
        draft.register_flavor("orchestrator", "batch", source="acme.Batch", config_schema=SCHEMA)
    page = opens(hub).sign_in(token_of(hub), "/p/team/new/component?type=orchestrator").page
    page.get_by_label("Flavor *").fill("batch")
    page.get_by_label("Name *").fill("nightly")
    queue = page.locator("#config-queue")
    expect(queue).to_have_attribute("placeholder", "main")
    expect(page.locator(".input").filter(has=queue)).to_contain_text("where jobs wait")
    expect(page.locator(".input").filter(has=queue)).to_contain_text("queue is required")
    queue.fill("gpu")
    page.get_by_role("button", name="more settings").click()
    slots = page.locator("#config-slots")
    for text, says in (("many", "a whole number"), ("65", "at most 64"), ("8", None)):
        slots.fill(text)
        field = page.locator(".input").filter(has=slots)
        if says:
            expect(field.locator(".odd")).to_contain_text(says)
        else:
            expect(field.locator(".odd")).to_have_count(0)
    expect(page.locator("#config-spot option").first).to_have_text("not set (false)")
    page.locator("#config-spot").select_option("true")
    page.locator("#config-size").select_option(label="3")
    page.locator("#config-ratio").fill("0.50")
    page.locator("#config-tags").fill("- a\n- no")
    page.locator("#config-env").fill("A: [")
    expect(page.locator(".fault").first).to_contain_text("line 1")
    expect(page.get_by_role("button", name="Register the component")).to_be_disabled()
    page.locator("#config-env").fill("A: {B: 1152921504606846976}")
    page.locator("#config-api_token").fill("hunter2")
    expect(page.locator("#config-api_token-odd")).to_contain_text("{{nightly.api_token}}")
    page.locator("#config-api_token").fill("{{batch.token}}")
    expect(page.locator("#config-api_token-odd")).to_have_count(0)
    page.get_by_role("button", name="Add a value").click()
    page.get_by_label("Key of new value").fill("slotz")
    page.get_by_label("Kind of slotz").select_option("nothing")
    expect(page.locator(".row .odd")).to_contain_text("no slotz")
    save(page, "Register the component")
    expect(page.get_by_role("heading", level=1)).to_have_text("nightly")
    assert described(hub, "component", "orchestrator", "nightly")["config"] == {
        "queue": "gpu",
        "slots": 8,
        "spot": True,
        "size": 3,
        "ratio": 0.5,
        "tags": ["a", "no"],
        "env": {"A": {"B": 2**60}},
        "api_token": "{{batch.token}}",
        "slotz": None,
    }


def test_what_others_change_meanwhile_is_told_and_kept(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "components/orchestrator/k8s")
    page = tab.page
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit k8s")
    expect(foreseen(page)).to_have_text("Nothing is changed yet.")
    page.get_by_label("Value of limits").fill("cpu: 16\nmemory: 16Gi")
    with edit(hub, "a namespace of theirs") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "theirs").set(
            "limits", "memory", "32Gi"
        )
    expect(page.locator(".news").first).to_contain_text("now theirs, by host")
    expect(page.locator(".news").nth(1)).to_contain_text("32Gi")
    tab.shot("form-news")
    expect(foreseen(page)).to_contain_text("It goes beside what others changed")
    page.locator(".news").nth(1).get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Value of limits")).to_have_value('cpu: 8\nmemory: "32Gi"')
    page.get_by_label("Value of limits").fill("cpu: 16\nmemory: 32Gi")
    expect(foreseen(page)).to_contain_text("Nothing stands against it")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("k8s")
    config = described(hub, "component", "orchestrator", "k8s")["config"]
    assert config == {"namespace": "theirs", "gpu": 1.0, "limits": {"cpu": 16, "memory": "32Gi"}}


def test_a_conflict_is_told_beforehand_and_recorded(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "edit/components/orchestrator/k8s")
    page = tab.page
    page.get_by_label("Value of namespace").fill("ours")
    with edit(hub, "theirs") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "theirs")
    expect(foreseen(page)).to_contain_text("It would be in conflict")
    expect(foreseen(page).locator("li")).to_contain_text(
        "config › namespace theirs by host in #10; yours: ours"
    )
    tab.shot("form-conflict")
    expect(page.get_by_label("Value of namespace")).to_have_value("ours")
    save(page)
    expect(page.locator(".note")).to_contain_text("This is in conflict since #11")
    apart(lambda: hub.host.stackroom("sync"))
    found = apart(lambda: hub.host.data("conflicts", "list", "--profile", "team"))
    assert len(found) == 1


def test_mine_over_theirs(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "edit/components/orchestrator/k8s").page
    page.get_by_label("Value of namespace").fill("ours")
    with edit(hub, "theirs") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "theirs")
    page.get_by_role("button", name="Keep mine").click()
    expect(foreseen(page)).to_contain_text("Nothing stands against it")
    save(page)
    expect(page.locator(".values").first).to_contain_text("ours")


def test_a_refusal_is_told_and_nothing_is_lost(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "new/component?type=orchestrator&flavor=local")
    page = tab.page
    page.get_by_label("Name *").fill("laptop")
    page.get_by_role("button", name="Add a value").click()
    page.get_by_label("Key of new value").fill("x")
    page.get_by_label("Value of x").fill("1")
    expect(foreseen(page)).to_contain_text("It would be refused")
    expect(foreseen(page)).to_contain_text("laptop")
    save(page, "Register the component")
    expect(page.locator(".problem")).to_contain_text("laptop")
    expect(page.locator("header .badge")).to_have_text("1 refused")
    tab.shot("form-refused")
    expect(page.get_by_label("Value of x")).to_have_value("1")
    page.get_by_label("Name *").fill("laptop-2")
    save(page, "Register the component")
    expect(page.get_by_role("heading", level=1)).to_have_text("laptop-2")
    expect(page.locator("header .badge")).to_have_count(0)


def test_yaml(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "edit/components/orchestrator/k8s")
    page = tab.page
    page.get_by_label("Value of namespace").fill("noon")
    page.get_by_role("tab", name="YAML").click()
    area = page.get_by_role("textbox", name="YAML")
    text = area.input_value()
    assert "namespace: noon" in text
    assert "gpu: 1.0" in text
    area.fill(text.replace("namespace: noon", "namespace: [a"))
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Line \d+: this is not YAML"))
    expect(page.get_by_role("tab", name="Form")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Show line").click()
    tab.shot("form-yaml-fault")
    area.fill(text.replace("team: ml", "team: 1"))
    expect(page.get_by_role("alert")).to_contain_text("labels.team: this must be text")
    changed = text.replace("namespace: noon", f"namespace: no\n  big: {2**60}")
    area.fill(changed.replace("name: k8s", "name: cluster"))
    page.get_by_role("tab", name="YAML").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Value of namespace")).to_have_value("no")
    expect(page.get_by_label("Name *")).to_have_value("cluster")
    page.get_by_role("tab", name="YAML").click()
    expect(foreseen(page)).to_contain_text("Nothing stands against it")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("cluster")
    config = described(hub, "component", "orchestrator", "cluster")["config"]
    assert config == {
        "namespace": "no",
        "gpu": 1.0,
        "big": 2**60,
        "limits": {"cpu": 8, "memory": "16Gi"},
    }


def test_a_pasted_file_makes_a_stack(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "new/stack").page
    page.get_by_role("tab", name="YAML").click()
    area = page.get_by_role("textbox", name="YAML")
    file = "kind: stack\nname: pasted\ncomponents:\n  orchestrator: {}\n  artifact_store: bucket\n"
    area.fill(file.format("nobody"))
    expect(page.get_by_role("alert")).to_contain_text("Line 4: components.orchestrator")
    area.fill(file.format("[k8s, laptop]"))
    save(page, "Register the stack")
    expect(page.get_by_role("heading", level=1)).to_have_text("pasted")
    expect(page.locator(".members a")).to_have_text(["k8s", "laptop", "bucket"])


def test_a_stack_of_two_of_a_type(hub: Hub, opens: Opens) -> None:
    tab = opened(hub, opens, "stacks/prod")
    page = tab.page
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Add a component of type orchestrator").select_option(label="laptop (local)")
    page.get_by_role("button", name="Move laptop up").click()
    page.get_by_role("button", name="Remove track").click()
    page.get_by_label("Another type").select_option("alerter")
    page.get_by_label("Add a component of type alerter").select_option(label="pager (slack)")
    tab.shot("form-stack")
    save(page)
    expect(page.locator(".members a")).to_have_text(["laptop", "k8s", "bucket", "pager"])
    page.keyboard.press("e")
    page.get_by_role("button", name="Remove laptop").click()
    with edit(hub, "one more") as draft:
        draft.register_component("orchestrator", "third", "local")
        draft.stack("prod").add("orchestrator", "third")
    expect(page.locator(".news")).to_contain_text("third")
    expect(foreseen(page)).to_contain_text("It goes beside what others changed")
    save(page)
    expect(page.locator(".members a")).to_have_text(["k8s", "third", "bucket", "pager"])


def test_hostile_names_and_values_are_text(hub: Hub, opens: Opens) -> None:
    for text in SCRIPTS:
        with edit(hub, text) as draft:
            name = named(text)
            own = {
                "type": "object",
                "properties": {text: {"description": text, "enum": [text], "title": text}},
            }
            draft.register_flavor("orchestrator", name, config_schema=own)
            config, labels = values(text)
            draft.register_component("orchestrator", name, name, config=config, labels=labels)
            draft.register_stack(name, {"orchestrator": name}, description=text, labels=labels)
    tab = opens(hub).sign_in(token_of(hub))
    page = tab.page
    for text in SCRIPTS:
        name = named(text)
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.keyboard.press("e")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Edit {name}")
        expect(page.get_by_label("Description")).to_have_value(text)
        expect(page.locator(".member-name")).to_have_text(name)
        page.get_by_role("button", name="Cancel").click()
        page.locator(".members a").click()
        page.keyboard.press("e")
        expect(page.get_by_label("Value of v", exact=True)).to_have_value(text)
        expect(foreseen(page)).to_have_text("Nothing is changed yet.")
        page.get_by_role("tab", name="YAML").click()
        written = page.get_by_role("textbox", name="YAML").input_value()
        assert parse(written, "page") == ComponentFile("orchestrator", name, name, *values(text))
        page.get_by_role("textbox", name="YAML").fill(
            written.replace("kind: component", "kind:  component")
        )
        expect(foreseen(page)).to_have_text("Nothing is changed yet.")
        page.get_by_role("tab", name="Form").click()
        page.get_by_label("Value of v", exact=True).fill(text + "!")
        expect(foreseen(page)).to_contain_text("Nothing stands against it")
        expect(page.get_by_label("Message")).to_have_attribute("placeholder", f"Change {name}: v")
        save(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("dialog")).to_contain_text(f"In use by {name}")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name="Stacks").click()
    assert (
        tab.evaluate("document.querySelectorAll('main script, main iframe, main img').length") == 0
    )


def test_a_credential_in_plain_text_is_allowed_by_who_says_so(hub: Hub, opens: Opens) -> None:
    page = opened(hub, opens, "edit/components/artifact_store/bucket").page
    page.get_by_role("button", name="more settings").click()
    page.locator("#config-secret").fill("hunter2")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.get_by_label("Save a credential in plain text").check()
    save(page)
    expect(page.locator(".history .entry").first).to_contain_text(
        "Allow-Plaintext: artifact_store/bucket: config.secret"
    )

"""Stacks and components edited in the browser: by forms, by YAML, beside what others do meanwhile."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
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
    return opens(hub, **options).sign_in(token_of(hub), f"/p/team/{path}")


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

"""What is typed is shown at once, and stands in the address before anybody goes elsewhere."""

import re

from playwright.sync_api import expect

from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, token_of


def test_what_was_typed_is_there_when_one_comes_back(story: Hub, opens: Opens) -> None:
    page = opens(story).sign_in(token_of(story)).page
    page.evaluate(
        """() => {
          const input = document.getElementById('search');
          for (const text of ['p', 'pr', 'pro']) {
            input.value = text;
            input.dispatchEvent(new Event('input', { bubbles: true }));
          }
        }"""
    )
    expect(page.get_by_role("row")).to_have_count(2)
    page.evaluate("() => document.querySelector('.grid-rows .name').click()")
    expect(page.get_by_role("heading", level=1)).to_have_text("prod")
    page.go_back()
    expect(page.get_by_label("Search stacks")).to_have_value("pro")
    expect(page).to_have_url(re.compile(r"\?q=pro$"))


def test_going_back_drops_what_was_typed_a_moment_ago(story: Hub, opens: Opens) -> None:
    """Its address is that of the view that was left, and no other's."""
    page = opens(story).sign_in(token_of(story)).page
    page.get_by_role("link", name="Components").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Components")
    page.evaluate(
        """() => {
          const input = document.getElementById('search');
          input.value = 'k8s';
          input.dispatchEvent(new Event('input', { bubbles: true }));
          history.back();
        }"""
    )
    expect(page.get_by_label("Search stacks")).to_have_value("")
    expect(page).to_have_url(re.compile(r"/p/team$"))

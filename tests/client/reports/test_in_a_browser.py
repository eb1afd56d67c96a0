"""The HTML report in a real browser: nothing runs, nothing is asked for, and what was typed shows as text."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import CHROMIUM, MISSING, started
from tests.client.reports.story import GOLDEN, IMAGE, XSS

SHOTS = Path(__file__).parents[3] / "build" / "shots"
REPORT = (GOLDEN / "report.html").as_uri()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report as it opens; at the end, nothing was said on the console and nothing asked of the network."""
    opened = browser.new_page(color_scheme=request.param, viewport={"width": 1100, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: said.append(dialog.message))
    opened.on("request", lambda each: asked.append(each.url))
    opened.goto(REPORT)
    SHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SHOTS / f"report-{request.param}.png", full_page=True)
    yield opened
    opened.close()
    assert said == []
    assert asked == [REPORT]


def test_its_sections_are_there(page: Page) -> None:
    titles = page.locator("h2").all_inner_texts()
    assert titles == [
        "By person",
        "By stack",
        "Conflicts, and how they were decided",
        "Protected changes and approvals",
        "Access changes",
        "Redactions",
        "Runs of pipelines",
        "Every commit",
    ]
    assert page.title() == "Activity report · team, vision · 2026-11-02 09:00 to 2026-11-23 09:00"
    for section in page.locator("section").all():
        assert section.locator("tbody tr").count() > 0
    assert page.locator("figure rect").count() == 22
    assert page.locator("#people rect").count() == 5


def test_what_was_typed_shows_as_text(page: Page) -> None:
    shown = page.locator("#commits").inner_text()
    assert XSS in shown
    assert IMAGE in shown
    assert page.locator("script, img").count() == 0


def test_it_fits_its_window_and_a_phone(page: Page) -> None:
    for width in (1100, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_can_be_read_in_either_light(page: Page) -> None:
    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def style(selector: str, name: str) -> str:
        script = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        return str(page.evaluate(script, [selector, name]))

    paper = luminance(style("body", "backgroundColor"))
    for selector in ("td", "th", "dt", "figcaption", "td.none"):
        ink = luminance(style(selector, "color"))
        # WCAG 2.2, 1.4.3: at least 4.5 to 1.
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, selector


def test_it_prints(page: Page) -> None:
    page.emulate_media(media="print")
    assert (
        page.locator("thead").first.evaluate("e => getComputedStyle(e).display")
        == "table-header-group"
    )
    page.screenshot(path=SHOTS / "report-print.png", full_page=True)

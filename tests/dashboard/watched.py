"""A page that is watched: whatever it says on the console, fails to do or asks elsewhere is a fault."""

import re
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Dialog, Page

from tests.commands.hubs import Hub

SHOTS = Path(__file__).parents[2] / "build" / "shots"

GONE = re.compile(
    "WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|Failed to load resource"
)
"""What the browser itself says while there is no hub."""

BLOCKED = "Service Worker registration blocked"
"""What a browser says that was told to have no worker."""

Broken: TypeAlias = tuple[str, ...]
"""What breaks a rule: the view, the rule, and the element."""


def broken_rules(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds hard to use for somebody: the rule, and the element."""
    found = Axe().run(page).response["violations"]
    return [(rule["id"], node["html"][:160]) for rule in found for node in rule["nodes"]]


class Watched:
    """One tab. `faults` is what should be empty at the end; `may_be_gone`, if the hub ends meanwhile."""

    def __init__(self, context: BrowserContext, hub: Hub) -> None:
        self.context = context
        self.hub = hub
        self.origin = hub.url.replace("ws:", "http:")
        self.page = context.new_page()
        self.may_be_gone = False
        self._said: list[str] = []
        self.page.on("console", lambda message: self._told(message.type, message.text))
        self.page.on("pageerror", lambda error: self._said.append(f"{error}\n{error.stack}"))
        self.page.on("dialog", self._asked_by)
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked_by(self, dialog: Dialog) -> None:
        """Leaves a page that warns of what is not saved; nothing else may open a dialog."""
        if dialog.type != "beforeunload":
            self._said.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _told(self, kind: str, text: str) -> None:
        if BLOCKED not in text:
            self._said.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.origin).netloc and not url.startswith("blob:"):
            self._said.append(f"asked elsewhere: {url}")

    @property
    def faults(self) -> list[str]:
        """What went wrong in it."""
        return [said for said in self._said if not (self.may_be_gone and GONE.search(said))]

    def go(self, path: str) -> None:
        """Opens an address of the hub."""
        self.page.goto(self.origin + path)

    def sign_in(self, token: str, path: str = "/") -> "Watched":
        """Comes in by a token, at that address."""
        self.go(path)
        self.page.get_by_label("Token or one-time code").fill(token)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.locator("#main h1").wait_for()
        return self

    def shot(self, name: str) -> None:
        """Keeps a picture of it."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"dashboard-{name}.png")

    def examined(self, view: str, scheme: str) -> list[Broken]:
        """Keeps a picture of it in that colour scheme; it fits its window. Gives the rules that it breaks."""
        size = self.page.viewport_size
        assert size is not None
        self.shot(f"{view}-{scheme}-{'wide' if size['width'] > 1_000 else 'narrow'}")
        wide = self.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{view} is wider than the window"
        return [(view, *broken) for broken in broken_rules(self.page)]

    def evaluate(self, script: str) -> Any:
        """What a script says that runs in the page."""
        return self.page.evaluate(script)

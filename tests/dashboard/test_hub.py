"""The hub's own view: who is connected and how far behind, its rates, its files, and whether it is well."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import WebSocket, expect
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import stackroom.client
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command
from tests.dashboard.conftest import Opens, apart, edit, tell, token_of

EVIL = "<img src=x onerror=alert(1)>"


@contextmanager
def watching(person: Person) -> Iterator[subprocess.Popen[str]]:
    """`stackroom sync --watch`, connected."""
    process = subprocess.Popen(
        command("sync", "--watch"),
        env=person.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "connected" in process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def stranger(hub: Hub, token: str, client: str) -> Iterator[ClientConnection]:
    """Somebody who speaks the protocol, by a program that calls itself anything."""
    with connect(
        hub.url, subprotocols=[Subprotocol("stackroom.v1+json")], compression=None, proxy=None
    ) as socket:
        replica = "00000000-0000-7000-8000-0000000000aa"
        hello = {"type": "hello", "replica": replica, "token": token, "client": client}
        socket.send(json.dumps(hello))
        socket.recv()
        yield socket


def test_who_is_connected_and_who_is_behind(hub: Hub, opens: Opens) -> None:
    """One of two who follow stops in the middle, as a laptop does that is closed: it falls behind, and catches up."""
    ann, bob = Person(hub.folder / "ann", "ann"), Person(hub.folder / "bob", "bob")
    apart(lambda: (hub.join(ann), hub.join(bob)))
    page = opens(hub, viewport={"width": 1280, "height": 900}).sign_in(token_of(hub), "/hub").page
    with watching(ann), watching(bob) as stopped:
        rows = page.locator(".connections tbody tr")
        for user in ("ann", "bob"):
            expect(rows.filter(has_text=user)).to_contain_text("up to date")
            expect(rows.filter(has_text=user)).to_contain_text("127.0.0.1")
        expect(rows.filter(has_text="this page")).to_have_count(1)
        os.kill(stopped.pid, signal.SIGSTOP)
        with stackroom.client.connect_sync(hub.url, home=hub.host.home) as connected:
            profile = connected.profile("team")
            for n in range(60):
                with profile.edit(f"much {n}") as draft:
                    config = {"value": "x" * 220_000}
                    draft.register_component("orchestrator", f"big-{n}", "local", config=config)
        expect(rows.filter(has_text="bob")).to_contain_text("behind")
        expect(rows.filter(has_text="bob")).to_contain_text("unsent")
        expect(rows.first).to_contain_text("bob")
        expect(rows.filter(has_text="ann")).to_contain_text("up to date")
        os.kill(stopped.pid, signal.SIGCONT)
        expect(rows.filter(has_text="bob")).to_contain_text("up to date")
    expect(page.locator(".connections tbody tr").filter(has_text="bob")).to_have_count(0)


def test_what_the_hub_does_and_keeps(hub: Hub, opens: Opens) -> None:
    tell(hub)
    page = opens(hub, viewport={"width": 1280, "height": 900}).sign_in(token_of(hub), "/hub").page
    health = page.get_by_role("region", name="Health")
    expect(health).to_contain_text("takes changes")
    expect(health).to_contain_text("none that the hub knows of")
    rates = page.get_by_role("region", name="The last minute")
    expect(rates).to_contain_text("0 a second")
    with edit(hub, "one more") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "day")
    commits = rates.locator(".rate").filter(has_text="Commits")
    expect(commits).not_to_contain_text("Commits0 a second")
    assert page.locator(".spark-line").count() >= 5
    kept = page.get_by_role("region", name="Storage")
    team = kept.get_by_role("row").filter(has_text="team")
    expect(team.get_by_role("cell").nth(0)).to_have_text("10")
    expect(team).to_contain_text("just now")
    expect(kept).to_contain_text("the hub's people")
    key = apart(lambda: hub.host.data("hub", "status", "--data", str(hub.data)))["key"]
    expect(page.get_by_role("region", name="Checkpoints")).to_contain_text(key)
    expect(page.get_by_role("region", name="Checkpoints")).to_contain_text("nowhere")
    backup = str(hub.folder / "backup.db")
    apart(lambda: hub.host.stackroom("hub", "backup", backup, "--data", str(hub.data)).ok())
    expect(health.locator(".fact").filter(has_text="Last backup")).to_contain_text("just now")
    page.locator("#storage").scroll_into_view_if_needed()
    team.get_by_role("link", name="team").click()
    expect(page.get_by_role("grid")).to_be_visible()


def test_it_is_asked_only_while_somebody_looks(hub: Hub, opens: Opens) -> None:
    tab = opens(hub)
    asked: list[float] = []

    def heard(socket: WebSocket) -> None:
        socket.on("framesent", lambda data: '"inspect"' in str(data) and asked.append(1))

    tab.page.on("websocket", heard)
    page = tab.sign_in(token_of(hub), "/hub").page
    expect(page.get_by_role("region", name="Health")).to_be_visible()
    expect(page.get_by_role("region", name="The last minute")).not_to_contain_text("measuring")
    assert len(asked) >= 2
    page.evaluate(
        """() => { Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true });
        window.away = true; document.dispatchEvent(new Event('visibilitychange')); }"""
    )
    hidden = len(asked)
    page.evaluate("() => new Promise((done) => setTimeout(done, 2500))")
    assert len(asked) == hidden
    page.evaluate(
        "() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    assert len(asked) == hidden + 1
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("team")
    left = len(asked)
    page.evaluate("() => new Promise((done) => setTimeout(done, 2500))")
    assert len(asked) == left
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hub")


def test_a_reader_sees_who_follows_what_they_read(hub: Hub, opens: Opens) -> None:
    tell(hub)
    token = apart(lambda: hub.token("vic", "--role", "viewer", "--profile", "team"))
    apart(lambda: hub.host.stackroom("profile", "create", "secret", "-m", "ours").ok())
    tab = opens(hub, viewport={"width": 1280, "height": 700}).sign_in(token, "/hub")
    page = tab.page
    expect(page.locator(".connections")).to_contain_text("vic")
    expect(page.locator(".connections")).not_to_contain_text("127.0.0.1")
    expect(page.get_by_role("region", name="Health")).to_have_count(0)
    with watching(hub.host):
        expect(page.locator(".connections tbody tr").filter(has_text="host")).to_contain_text(
            "team"
        )
    assert "secret" not in page.locator("#main").inner_text()
    tab.shot("hub-reader")


def test_a_right_that_is_given_and_taken(hub: Hub, opens: Opens) -> None:
    """The view is another one as soon as the right is there, and again when it is gone."""
    token = apart(lambda: hub.token("vic", "--role", "viewer"))
    page = opens(hub).sign_in(token, "/hub").page
    expect(page.get_by_role("heading", name="Who follows it")).to_be_visible()
    apart(lambda: hub.host.stackroom("role", "assign", "auditor", "--user", "vic").ok())
    expect(page.get_by_role("region", name="Health")).to_be_visible()
    apart(lambda: hub.host.stackroom("role", "revoke", "auditor", "--user", "vic").ok())
    expect(page.get_by_role("region", name="Health")).to_have_count(0)
    expect(page.get_by_role("heading", name="Who follows it")).to_be_visible()


def test_names_are_text(hub: Hub, opens: Opens) -> None:
    apart(lambda: hub.host.stackroom("profile", "create", EVIL, "-m", EVIL).ok())
    token = apart(lambda: hub.host.data("token", "create", "any"))["token"]
    tab = opens(hub).sign_in(token_of(hub), "/hub")
    with stranger(hub, token, f"{EVIL}{'w' * 150}"):
        cell = tab.page.locator(".connections .client").filter(has_text=EVIL)
        expect(cell).to_have_count(1)
        expect(tab.page.get_by_role("region", name="Storage")).to_contain_text(EVIL)
        wide = "document.documentElement.scrollWidth > innerWidth"
        assert not tab.evaluate(wide)
        tab.shot("hub-hostile")
    assert tab.evaluate("document.querySelectorAll('main img, main script').length") == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_it(story: Hub, opens: Opens, scheme: str, width: int) -> None:
    tab = opens(
        story,
        color_scheme=scheme,
        viewport={"width": width, "height": 860},
        reduced_motion="reduce",
    ).sign_in(token_of(story), "/hub")
    expect(tab.page.locator(".spark-line").first).to_be_attached()
    assert tab.examined("hub", scheme) == []
    tab.page.locator("#checkpoints").scroll_into_view_if_needed()
    tab.shot(f"hub-below-{scheme}-{'wide' if width > 1_000 else 'narrow'}")

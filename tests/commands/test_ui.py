"""`stackroom ui`: a real hub, a server that is none, and a browser that is a script."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from stackroom.client.commands.hubs.ui import NoDashboard, dashboard
from stackroom.client.errors import Unreachable
from stackroom.client.home.trust import Trust
from tests.commands.hubs import Hub
from tests.commands.runner import Person


@contextmanager
def server(kind: str, status: int = 200) -> Iterator[str]:
    """Something that answers GET / as told; its address as a hub's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(b"<!doctype html>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{serving.server_port}"
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def test_a_hub_has_one(team: Hub, ada: Person) -> None:
    address = team.url.replace("ws:", "http:") + "/"
    assert ada.stackroom("ui", "--hub", team.url, "--print").ok().out == f"{address}\n"


def test_the_browser_opens_it(ada: Person, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    with server("text/html; charset=utf-8") as url:
        address = url.replace("ws:", "http:") + "/"
        ran = ada.process("ui", "--hub", url, BROWSER=f"{browser} %s").ok()
        assert ran.out == f"Opened {address} in the browser.\n"
        assert opened.read_text() == f"{address}\n"


def test_it_can_be_printed_only(ada: Person, tmp_path: Path) -> None:
    with server("text/html") as url:
        address = url.replace("ws:", "http:") + "/"
        ran = ada.process("ui", "--hub", url, "--print", BROWSER="false %s").ok()
        assert ran.out == f"{address}\n"
        printed = ada.data("ui", "--hub", url, "--print")
        assert printed == {"url": address, "opened": False}


@pytest.mark.parametrize(("kind", "status"), [("text/plain", 200), ("text/html", 404)])
def test_what_is_no_page_is_no_dashboard(kind: str, status: int) -> None:
    with server(kind, status) as url, pytest.raises(NoDashboard):
        dashboard(url, 10, Trust())


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        dashboard(f"ws://127.0.0.1:{port}", 10, Trust())


def test_without_a_hub_there_is_nothing_to_open(ada: Person) -> None:
    ada.stackroom("ui").failed(3, "stackroom connect URL --token TOKEN")
    ada.stackroom("profile", "create", "mine", "--local").ok()
    ada.stackroom("ui").failed(3, "local", "stackroom profile publish mine")
    ada.stackroom("ui", "--offline").failed(2, "--offline")

"""`stackroom redact` with a hub: shown beforehand, asked about, and told in the history."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person

CANARY = "canary-5ac81e"
REGISTER = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")
ANYWAY = ("--allow-plaintext", "--no-validate")
REDACT = ("redact", "2", "config.secret", "--reason", "leaked")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as hub:
        hub.host.stackroom("profile", "create", "lake").ok()
        hub.host.stackroom(*REGISTER, f"--secret={CANARY}", "--allow-plaintext").ok()
        yield hub


def test_from_the_leak_to_the_end(hub: Hub, ada: Person) -> None:
    host = hub.host
    hub.join(ada, "--role", "maintainer")
    ada.stackroom(*REDACT, "--yes").failed(Exit.NOT_AUTHORISED, "profile.redact")
    found = host.stackroom("secrets", "scan", "--output", "json").json
    assert [row["seq"] for row in found] == [2]
    assert "1 place, in #2" in host.stackroom(*REDACT, "--dry-run").ok().out
    host.stackroom(*REDACT).failed(Exit.USAGE, "--yes")
    ran = host.stackroom(*REDACT, "--yes").ok()
    assert "committed as #3" in ran.out
    assert CANARY not in ran.out + ran.err
    ada.stackroom("sync").ok()
    for who in (host, ada):
        shown = who.data("component", "describe", "artifact_store", "s3")
        assert shown["config"]["secret"] == "[redacted in #3]"
        newest, *_ = who.data("log")
        assert (newest["author"], newest["message"]) == ("host", "leaked")
        assert "leaked" in who.stackroom("show", "3").ok().out
        assert "[redacted in #3]" in who.stackroom("show", "2").ok().out
        assert "[redacted in #3]" in who.stackroom("diff", "1", "2").ok().out
        assert "#2" in who.stackroom("blame", "artifact-store/s3").ok().out
        assert who.stackroom("secrets", "scan", "--output", "json").ok().json == []
    for folder in (hub.data, host.home, ada.home):
        for path in folder.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    host.stackroom(*REDACT, "--yes").failed(Exit.ERROR, "writes no text")
    host.stackroom("revert", "3").failed(Exit.ERROR, "what was redacted")


def test_where_it_stands_on_is_told(hub: Hub) -> None:
    host = hub.host
    update = ("artifact-store", "update", "s3", f"--url=db://me:{CANARY}@host", *ANYWAY)
    host.stackroom(*update, "-m", f"with {CANARY}").ok()
    ran = host.stackroom(*REDACT, "--yes").ok()
    assert "It stands on" in ran.out
    assert "#3  message\n" in ran.out
    assert "#3  0/set/~1config~1url\n" in ran.out
    assert CANARY not in ran.out
    again = ("redact", "3", "config.url", "--reason", "leaked", "--yes")
    row = host.data(*again)
    assert (row["seq"], row["places"], row["commits"]) == (5, 1, [3])
    assert row["remnants"] == []


def test_what_cannot_be_meant(hub: Hub, ada: Person) -> None:
    host = hub.host
    host.stackroom("redact", "two", "config.secret", "--reason", "x").failed(Exit.USAGE)
    host.stackroom("redact", "2", "name", "--reason", "x").failed(Exit.ERROR, "writes no text")
    ada.stackroom("profile", "create", "mine", "--local").ok()
    ada.stackroom(*REDACT).failed(Exit.NOT_FOUND, "local", "profile clone")

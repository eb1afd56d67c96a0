"""`hub init`, TLS, pins, limits and the security log, by the commands that anybody would use."""

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from stackroom.client.commands.exits import Exit
from stackroom.client.commands.people import access
from stackroom.sync.hosting.security_log import Kind
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.sync.certificates import Authority, own


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Person]:
    """Whoever runs a hub; it is ended in any case."""
    person = Person(tmp_path / "host", "host")
    yield person
    if person.data("hub", "status")["running"]:
        person.stackroom("hub", "down").ok()


def up(host: Person, *options: str) -> Any:
    return host.data("hub", "up", "--port", "0", *options)


class TestSelfSigned:
    def test_from_init_to_a_commit(self, host: Person, ada: Person) -> None:
        made = host.data("hub", "init", "--tls", "self-signed", "--host", "hub.example")
        pin = made["fingerprint"]
        key = host.home / "hub" / "tls.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        started = up(host)
        assert started["url"].startswith("wss://127.0.0.1:")
        assert started["fingerprint"] == pin
        refused = host.stackroom("join", started["join"])
        refused.failed(Exit.INTEGRITY, "self-signed", pin, "--fingerprint")
        host.stackroom("join", started["join"], "--fingerprint", pin).ok()
        invited = host.data("invite", "ada", "--role", "editor")
        assert invited["fingerprint"] == pin
        assert (
            f"--fingerprint {pin}" in host.stackroom("invite", "ben", "--role", "editor").ok().out
        )
        colons = ":".join(pin[7:].upper()[n : n + 2] for n in range(0, 64, 2))
        ada.stackroom("join", invited["join"], "--fingerprint", colons).ok()
        ada.stackroom("profile", "list").ok()
        status = host.data("hub", "status")
        assert (status["ready"], status["fingerprint"]) == (True, pin)
        assert status["metrics"]["sessions"] >= 0
        assert host.stackroom("ui", "--print").ok().out.startswith("https://127.0.0.1:")

    def test_another_certificate_is_refused_with_both_fingerprints(self, host: Person) -> None:
        first = host.data("hub", "init", "--tls", "self-signed")["fingerprint"]
        started = up(host)
        url, port = started["url"], started["url"].rpartition(":")[2]
        host.stackroom("join", started["join"], "--fingerprint", first).ok()
        host.stackroom("profile", "create", "team").ok()
        host.stackroom("hub", "init", "--tls", "self-signed").failed(Exit.ERROR, "--replace")
        second = host.data("hub", "init", "--tls", "self-signed", "--replace")["fingerprint"]
        assert second != first
        host.stackroom("hub", "down").ok()
        host.data("hub", "up", "--port", port)
        refused = host.stackroom("sync")
        refused.failed(Exit.INTEGRITY, first, second, f"connect {url} --fingerprint {second}")
        written = host.stackroom("component", "register", "orchestrator", "k8s", "-f", "kubernetes")
        assert "Not sent" in written.ok().err
        assert "saved offline" in written.out
        wrong = host.stackroom("connect", url, "--fingerprint", first)
        wrong.failed(Exit.INTEGRITY, second)
        host.stackroom("connect", url, "--fingerprint", second).ok()
        assert "nothing" not in host.stackroom("sync").ok().err

    def test_a_pin_that_did_not_work_is_not_kept(self, host: Person) -> None:
        pin = host.data("hub", "init", "--tls", "self-signed")["fingerprint"]
        started = up(host)
        host.stackroom("join", started["join"], "--fingerprint", pin).ok()
        kept = (host.home / "trust.json").read_text()
        host.stackroom("connect", started["url"], "--fingerprint", "ab" * 32).failed(Exit.INTEGRITY)
        assert (host.home / "trust.json").read_text() == kept
        assert stat.S_IMODE((host.home / "trust.json").stat().st_mode) == 0o600
        host.stackroom("disconnect", started["url"], "--yes").ok()
        assert pin not in (host.home / "trust.json").read_text()

    @pytest.mark.parametrize(("url", "options", "said"), [
        ("ws://127.0.0.1:1", ("--fingerprint", "ab" * 32), "for wss:// addresses"),
        ("wss://127.0.0.1:1", ("--fingerprint", "abc"), "64 hexadecimal digits"),
        ("wss://127.0.0.1:1", ("--insecure",), "is encrypted"),
        ("wss://127.0.0.1:1", ("--ca-file", "/nosuch.pem"), "does not exist"),
    ])  # fmt: skip
    def test_wrong_usage(self, ada: Person, url: str, options: tuple[str, ...], said: str) -> None:
        ada.stackroom("connect", url, "--token", "t", *options).failed(Exit.USAGE, said)

    def test_a_name_that_is_none(self, host: Person) -> None:
        ran = host.stackroom("hub", "init", "--tls", "self-signed", "--host", "a b")
        ran.failed(Exit.USAGE, "neither a host's name nor an address")


class TestGivenCertificates:
    def test_a_companys_authority(self, host: Person, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        files = authority.sign("127.0.0.1")
        tls = ("--tls-cert", str(files.certificate), "--tls-key", str(files.key))
        started = up(host, *tls)
        assert "fingerprint" not in started, "nobody pins what an authority renews"
        host.stackroom("join", started["join"]).failed(Exit.INTEGRITY, "local issuer")
        host.stackroom("join", started["join"], "--ca-file", str(authority.file)).ok()
        host.stackroom("sync").ok()
        status = host.data("hub", "status")
        assert status["ready"]
        pid = status["pid"]
        authority.sign("127.0.0.1", "hub.example")
        os.kill(pid, signal.SIGUSR1)
        until = time.monotonic() + 20
        while (renewed := host.data("hub", "status"))["fingerprint"] == status["fingerprint"]:
            assert time.monotonic() < until
        assert (renewed["pid"], renewed["ready"]) == (pid, True)
        host.stackroom("sync").ok()

    def test_files_that_do_not_fit(self, host: Person, tmp_path: Path) -> None:
        files, other = own(tmp_path), tmp_path / "other"
        other.mkdir()
        wrong = own(other).key
        tls = ("--tls-cert", str(files.certificate))
        host.stackroom("hub", "up", *tls).failed(Exit.USAGE, "go together")
        host.stackroom("hub", "up", *tls, "--tls-key", str(wrong)).failed(1, "is not the key of")
        host.stackroom("hub", "serve", *tls, "--tls-key", str(wrong)).failed(1, "is not the key of")


class TestListening:
    @pytest.mark.parametrize("command", ["up", "serve"])
    @pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.1.2.3", "hub.example"])
    def test_beyond_this_machine_only_with_tls(
        self, host: Person, command: str, address: str
    ) -> None:
        ran = host.stackroom("hub", command, "--host", address, "--port", "0")
        ran.failed(Exit.USAGE, "in the clear", "hub init --tls self-signed", "--insecure")

    def test_unless_told(self, host: Person, ada: Person) -> None:
        started = up(host, "--host", "0.0.0.0", "--insecure", "--host-name", "localhost")
        assert started["url"].startswith("ws://localhost:")
        assert host.data("hub", "status")["ready"]
        host.stackroom("join", started["join"]).ok()

    def test_with_a_certificate_it_is_called_by_its_name(self, host: Person) -> None:
        host.stackroom("hub", "init", "--tls", "self-signed", "--host", "hub.example").ok()
        started = up(host, "--host", "0.0.0.0")
        assert started["url"].startswith("wss://hub.example:")
        assert host.data("hub", "status")["ready"]

    def test_a_client_does_not_go_there_either(self, ada: Person) -> None:
        url = "ws://192.0.2.1:8765"
        ran = ada.stackroom("connect", url, "--token", "t")
        ran.failed(Exit.UNREACHABLE, "without TLS", f"connect {url} --insecure")


class TestLimits:
    def test_what_is_in_force(self, host: Person) -> None:
        folder = host.home / "hub"
        folder.mkdir(parents=True)
        (folder / "hub.toml").write_text("connections_user = 7\nprofiles = 1\n")

        def found() -> dict[str, tuple[Any, str]]:
            listed = host.data("hub", "limits")
            assert all(each["meaning"] for each in listed)
            return {each["name"]: (each["value"], each["source"]) for each in listed}

        before = found()
        assert before["connections_user"] == (7, "hub.toml")
        assert before["hello_timeout"] == (10.0, "default")
        up(host, "--set", "connections_user=9", "--allow-origin", "https://a.example")
        running = found()
        assert running["connections_user"] == (9, "command line")
        assert running["profiles"] == (1, "hub.toml")
        assert running["allowed_origins"] == (["https://a.example"], "command line")
        assert "connections_user" in host.stackroom("hub", "limits").ok().out

    def test_one_that_is_hit_parks_the_change(self, host: Person) -> None:
        started = up(host, "--set", "profiles=1")
        host.stackroom("join", started["join"]).ok()
        host.stackroom("profile", "create", "one").ok()
        ran = host.stackroom("profile", "create", "two")
        ran.failed(Exit.ERROR, "profiles", "stackroom explain too_many_profiles")

    def test_a_misspelt_one(self, host: Person) -> None:
        ran = host.stackroom("hub", "up", "--set", "connection_user=5")
        ran.failed(Exit.USAGE, "no setting 'connection_user'", "did you mean 'connections_user'?")
        assert not (host.home / "hub" / "hub.json").exists()


class TestSecurityLog:
    def test_who_came_in(self, hub: Hub, ada: Person) -> None:
        hub.join(ada)
        ada.stackroom("connect", hub.url, "--token", "srm_wrong").failed(Exit.NOT_AUTHORISED)
        data = ("--data", str(hub.data))
        until = time.monotonic() + 20
        kinds: set[str] = set()
        while not {"started", "joined", "signed_in", "people", "sign_in_refused"} <= kinds:
            assert time.monotonic() < until, kinds
            kinds = {
                e["kind"] for e in hub.host.data("hub", "security-log", "--lines", "99", *data)
            }
        path = hub.data / "security.jsonl"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text()
        for token in (*hub.host.credentials().values(), *ada.credentials().values()):
            assert token[12:] not in text
        last = hub.host.stackroom("hub", "security-log", "--lines", "1", *data).ok().out
        assert json.loads(last)["kind"] in kinds

    def test_an_auditor_reads_it_from_afar(self, hub: Hub, ada: Person, ben: Person) -> None:
        hub.join(ada)
        hub.join(ben, "--role", "auditor")
        ada.stackroom("access", "log").failed(Exit.NOT_AUTHORISED, "security log", "hub.audit")
        until = time.monotonic() + 20
        refused: list[dict[str, str]] = []
        while not refused:
            assert time.monotonic() < until
            refused = ben.data("access", "log", "--kind", "refused", "--since", "1h ago")
        assert [(e["user"], e["what"]) for e in refused] == [("ada", "ListNotes")]
        shown = ben.stackroom("access", "log", "--user", "ada", "--limit", "1").ok().out
        assert "ListNotes" in shown
        assert "Nothing of that" in ben.stackroom("access", "log", "--user", "nobody").ok().out
        ben.stackroom("access", "log", "--since", "43").failed(Exit.USAGE, "a time, not a commit")

    def test_the_kinds_are_those_of_the_hub(self) -> None:
        assert set(access.KINDS) == set(get_args(Kind))

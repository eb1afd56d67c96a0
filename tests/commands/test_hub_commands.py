"""`stackroom hub`, `connect`, `disconnect`, `status`: a real hub, real homes."""

import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.sync.server import ServerConnection, serve

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command

UPDATE = ("component", "update", "orchestrator", "k8s")


class TestUpAndDown:
    def test_the_set_up_code_is_good_once(self, hub: Hub, ada: Person) -> None:
        code = hub.link.partition("#")[2]
        assert code.startswith("sru_")
        ada.stackroom("join", hub.link).failed(Exit.ERROR, "used, or withdrawn")
        hub.down()
        again = hub.host.data("hub", "up", "--data", str(hub.data), "--port", "0")
        assert "join" not in again
        assert code not in (hub.data / "hub.log").read_text()

    def test_the_first_start_shows_the_line_that_joins(self, ada: Person, tmp_path: Path) -> None:
        data = str(tmp_path / "another")
        ran = ada.stackroom("hub", "up", "--data", data, "--port", "0").ok()
        try:
            _, line = ran.out.split("stackroom join ")
            assert "as ada" in ada.stackroom("join", *line.split()).ok().out
        finally:
            ada.stackroom("hub", "down", "--data", data).ok()

    def test_a_second_hub_on_the_same_folder_is_refused(self, hub: Hub) -> None:
        ran = hub.host.stackroom("hub", "up", "--data", str(hub.data), "--port", "0")
        ran.failed(Exit.ERROR, "running already", "Hint: stackroom hub status")

    def test_down_twice_says_that_none_is_running(self, hub: Hub) -> None:
        hub.down()
        ran = hub.host.stackroom("hub", "down", "--data", str(hub.data))
        ran.failed(Exit.ERROR, "Hint: stackroom hub up")

    def test_status(self, hub: Hub) -> None:
        found = hub.host.data("hub", "status", "--data", str(hub.data))
        assert (found["running"], found["ready"], found["url"]) == (True, True, hub.url)
        hub.down()
        found = hub.host.data("hub", "status", "--data", str(hub.data))
        assert (found["running"], found["url"]) == (False, None)
        shown = hub.host.stackroom("hub", "status", "--data", str(hub.data)).ok().out
        assert "not running" in shown

    def test_logs(self, hub: Hub) -> None:
        shown = hub.host.stackroom("hub", "logs", "--data", str(hub.data), "--lines", "5").ok().out
        assert f"listening at {hub.url}" in shown
        as_data = hub.host.data("hub", "logs", "--data", str(hub.data), "--lines", "1")
        assert len(as_data) == 1

    def test_a_port_that_is_taken_is_said_plainly(self, hub: Hub, tmp_path: Path) -> None:
        port = hub.url.rpartition(":")[2]
        other = str(tmp_path / "other")
        ran = hub.host.stackroom("hub", "up", "--data", other, "--port", port)
        ran.failed(Exit.ERROR, "in use")

    def test_serve_runs_until_it_is_told_to_end(self, ada: Person, tmp_path: Path) -> None:
        args = ("hub", "serve", "--data", str(tmp_path / "served"), "--port", "0")
        with process(ada, *args, "--output", "json") as serving:
            assert serving.stdout is not None
            up = msgspec.json.decode(serving.stdout.readline())
            ada.stackroom("join", up["join"]).ok()
            serving.send_signal(signal.SIGINT)
            assert serving.wait(timeout=30) == Exit.DONE


class TestConnect:
    def test_it_fetches_the_profiles_and_says_so(self, team: Hub, tmp_path: Path) -> None:
        cleo = Person(tmp_path / "cleo", "somebody")
        shown = cleo.data("connect", team.url, "--token", team.token("cleo"))
        assert (shown["hub"], shown["user"]) == (team.url, "cleo")
        assert [(p["name"], p["seq"]) for p in shown["profiles"]] == [("team", 2)]
        assert len(cleo.data("component", "list")) == 1

    def test_the_token_is_kept_for_the_owner_alone_and_never_printed(
        self, hub: Hub, ada: Person
    ) -> None:
        token = hub.token("ada")
        ran = ada.stackroom("connect", hub.url, "--token", token).ok()
        assert token not in ran.out + ran.err
        kept = ada.home / "credentials.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert ada.credentials() == {hub.url: token}

    def test_the_token_may_come_from_the_environment(self, hub: Hub, ada: Person) -> None:
        ada.stackroom("connect", hub.url, STACKROOM_TOKEN=hub.token("ada")).ok()
        ada.stackroom("connect", hub.url).ok()

    def test_the_name_is_the_one_that_the_token_proves(self, hub: Hub, tmp_path: Path) -> None:
        eve = Person(tmp_path / "eve", "root")
        assert eve.data("connect", hub.url, "--token", hub.token("eve"))["user"] == "eve"
        assert eve.data("status")["hubs"][0]["user"] == "eve"

    def test_a_wrong_token_is_not_authorised_and_not_kept(self, hub: Hub, ada: Person) -> None:
        ran = ada.stackroom("connect", hub.url, "--token", "srm_wrong")
        ran.failed(Exit.NOT_AUTHORISED, "token", "stackroom connect URL --token TOKEN")
        assert "srm_wrong" not in ran.out + ran.err
        assert not (ada.home / "credentials.json").exists()

    def test_without_a_token_and_a_terminal_it_asks_for_one(self, hub: Hub, ada: Person) -> None:
        ada.stackroom("connect", hub.url).failed(Exit.USAGE, "--token", "STACKROOM_TOKEN")

    def test_nobody_there_is_unreachable(self, hub: Hub, ada: Person) -> None:
        hub.down()
        ran = ada.stackroom("connect", hub.url, "--token", "t", "--output", "json")
        ran.failed(Exit.UNREACHABLE)
        error = msgspec.json.decode(ran.err)["error"]
        assert error["code"] == "unreachable"
        assert "whether the address is right" in error["hint"], "nothing goes on offline"

    def test_something_else_there_is_a_version_mismatch(self, ada: Person) -> None:
        with other_server() as url:
            ran = ada.stackroom("connect", url, "--token", "t")
        ran.failed(Exit.VERSION, "does not speak stackroom.v1")

    @pytest.mark.parametrize("url", ["ftp://hub", "ws://", "ws://a:b@hub", "ws://hub:99999999"])
    def test_a_bad_address_is_a_usage_error(self, ada: Person, url: str) -> None:
        ada.stackroom("connect", url, "--token", "t").failed(Exit.USAGE)

    def test_offline_and_connect_exclude_each_other(self, ada: Person) -> None:
        args = ("connect", "ws://hub", "--token", "t", "--offline")
        ada.stackroom(*args).failed(Exit.USAGE, "network")


class TestDisconnect:
    def test_what_is_pending_stays_and_goes_out_when_one_comes_back(
        self, team: Hub, ada: Person
    ) -> None:
        token = ada.credentials()[team.url]
        ada.stackroom("--offline", *UPDATE, "--ns=prod").ok()
        gone = ada.data("disconnect", "--yes")
        assert gone == {"hub": team.url, "profiles": ["team"], "pending": 1, "parked": 0}
        ada.stackroom("component", "list").ok()
        ada.stackroom("sync").failed(Exit.NOT_FOUND, "no hub", "stackroom connect URL")
        written = ada.data(*UPDATE, "--gpu=2")
        assert (written["outcome"], written["pending"]) == ("saved", 2)
        (profile,) = ada.data("connect", team.url, "--token", token)["profiles"]
        assert [p["outcome"] for p in profile["pushed"]] == ["committed", "committed"]

    def test_it_asks_first_since_the_token_is_not_shown_again(self, team: Hub, ada: Person) -> None:
        ada.stackroom("disconnect").failed(Exit.USAGE, "--yes")
        ada.stackroom("sync").ok()

    def test_a_misspelt_address_has_a_hint(self, team: Hub, ada: Person) -> None:
        wrong = team.url.replace("127.0.0.1", "127.0.0.2")
        ada.stackroom("disconnect", wrong, "--yes").failed(3, f"did you mean '{team.url}'?")
        create = ("profile", "create", "more", "--hub", wrong)
        ada.stackroom(*create).failed(3, f"did you mean '{team.url}'?")

    def test_it_says_when_there_is_none(self, ada: Person) -> None:
        ada.stackroom("disconnect").failed(Exit.NOT_FOUND, "stackroom join CODE")


class TestStatus:
    def test_an_empty_home_says_what_to_do_first(self, ada: Person) -> None:
        ran = ada.stackroom("status").ok()
        assert "user: ada" in ran.out
        assert "stackroom profile create NAME" in ran.err

    def test_it_answers_from_what_is_here(self, team: Hub, ada: Person) -> None:
        team.down()
        ada.stackroom(*UPDATE, "--ns=prod").ok()
        found = ada.data("status")
        active = found["active"]
        assert found["user"] == "ada"
        assert [(h["url"], h["connected"]) for h in found["hubs"]] == [(team.url, True)]
        assert (active["name"], active["why"]) == ("team", "setting")
        assert (active["seq"], active["pending"], active["parked"]) == (2, 1, 0)
        assert active["synced_at"] is not None
        shown = ada.stackroom("status").ok().out
        assert "pending: 1" in shown

    def test_it_says_who_chose_the_profile(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "a", "--local").ok()
        ada.stackroom("profile", "create", "b", "--local").ok()
        why = [
            ada.stackroom(*args, "--output", "json", **env).ok().json["active"]["why"]
            for args, env in (
                (("status",), {}),
                (("status", "--profile", "b"), {}),
                (("status",), {"STACKROOM_PROFILE": "b"}),
            )
        ]
        assert why == ["setting", "--profile", "STACKROOM_PROFILE"]


@contextmanager
def process(person: Person, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the command line that goes on until it is ended."""
    running = subprocess.Popen(
        command(*args),
        env=person.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def other_server() -> Iterator[str]:
    """A WebSocket server that does not speak our protocol."""
    from threading import Thread

    def nothing(_: ServerConnection) -> None:
        return

    with serve(nothing, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()

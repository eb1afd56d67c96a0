"""A ZenML with a store of its own, and a ZenML server; each started once for all tests."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import Person

DRIVER = Path(__file__).with_name("driver.py")
PATIENCE = 180
"""Seconds for a ZenML to be ready, on a machine that does other things."""


class Zenml:
    """A process of ZenML; `ask` has it do something."""

    def __init__(self, process: "subprocess.Popen[str]", config: Path) -> None:
        self._process = process
        self.config = config

    def ask(self, verb: str, *args: Any) -> Any:
        """What `driver.py` answers; fails the test with ZenML's own error."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"verb": verb, "args": args}) + "\n")
        self._process.stdin.flush()
        answer = self.answer()
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def answer(self) -> Any:
        """The next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "ZenML has ended"
        return json.loads(line)


@pytest.fixture(scope="session")
def python() -> str:
    """The Python of ZenML's environment."""
    path = os.environ.get("STACKROOM_TEST_ZENML", "")
    if not path:
        pytest.skip("STACKROOM_TEST_ZENML is not set: make test-zenml")
    return path


def environment(config: Path, **more: str) -> dict[str, str]:
    quiet = {
        "ZENML_CONFIG_PATH": str(config),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
        "ZENML_ENABLE_RICH_TRACEBACK": "false",
        "AUTO_OPEN_DASHBOARD": "false",
        "NO_COLOR": "1",
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "STACKROOM_"))}
    return {**kept, **quiet, **more}


@pytest.fixture(scope="session")
def zenml(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zenml]:
    """A ZenML on a store of its own, with the secrets that the samples refer to."""
    config = tmp_path_factory.mktemp("zenml")
    process = subprocess.Popen(
        [python, str(DRIVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=config,
        env=environment(
            config, PYTHONPATH=str(DRIVER.parent), ZENML_REPOSITORY_PATH=str(DRIVER.parent)
        ),
    )
    try:
        started = Zenml(process, config)
        assert started.answer() == {"ready": True}
        started.ask("flavor", "team_flavor.BatchFlavor", "orchestrator")
        started.ask("secret", "mlflow", {"username": "invented", "password": "invented"})
        started.ask("secret", "wandb", {"api_key": "invented"})
        yield started
    finally:
        process.kill()
        process.communicate()


class Server:
    """A ZenML server; `env` signs in to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.env = {
            "ZENML_STORE_API_TOKEN": "",
            "ZENML_STORE_API_KEY": "",
            "ZENML_STORE_USERNAME": "default",
            "ZENML_STORE_PASSWORD": "invented",
        }


@pytest.fixture(scope="session")
def server(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A ZenML server on a database of its own."""
    config = tmp_path_factory.mktemp("zenml-server")
    with socket.socket() as listening:
        # ZenML's server is given its socket, so that no other program can take the port meanwhile.
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        arguments = ("-m", "uvicorn", "zenml.zen_server.zen_server_api:app")
        log = (config / "log").open("wb")
        process = subprocess.Popen(
            [python, *arguments, "--fd", str(listening.fileno()), "--log-level", "warning"],
            stdout=log,
            stderr=log,
            pass_fds=(listening.fileno(),),
            cwd=config,
            env=environment(
                config,
                ZENML_SERVER_AUTO_ACTIVATE="1",
                ZENML_DEFAULT_USER_NAME="default",
                ZENML_DEFAULT_USER_PASSWORD="invented",
                ZENML_SERVER_DEPLOYMENT_TYPE="other",
            ),
        )
        log.close()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/health", process, config / "log")
        yield Server(url)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers: the socket takes connections before, and they wait for it."""
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=end - time.monotonic()) as response:
                assert response.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < end, log.read_text()[-2000:]


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    """Someone with an empty local profile `team`."""
    who = Person(tmp_path / "ada", "ada")
    who.stackroom("profile", "create", "team", "--local").ok()
    return who

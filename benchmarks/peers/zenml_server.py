"""ZenML's own server, in the environment that `make test-zenml` builds: started, and spoken to over HTTP.

It keeps no log and pushes nothing, so that it is no `Peer`: the case `zenml` does what it can do.
"""

import http.client
import json
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from msgspec import Struct

from benchmarks.processes import HOST

BIN: Final = Path(__file__).parents[2] / ".venv-zenml" / "bin"
MISSING: Final = "ZenML is left out: it is not installed (make .venv-zenml/made)"
PATIENCE: Final = 180.0
USER: Final = "default"
PASSWORD: Final = "invented"
TYPES: Final = ("orchestrator", "artifact_store")
FLAVORS: Final = {"orchestrator": "kubernetes", "artifact_store": "s3"}
CONFIGS: Final[dict[str, dict[str, str]]] = {
    "orchestrator": {"kubernetes_namespace": "ml", "kubernetes_context": "prod"},
    "artifact_store": {"path": "s3://bucket"},
}


def installed() -> bool:
    """Whether it can be run."""
    return (BIN / "python").exists()


def version() -> str:
    """Of the package."""
    said = "import importlib.metadata as m; print(m.version('zenml'))"
    found = subprocess.run([BIN / "python", "-c", said], capture_output=True, text=True, check=True)
    return found.stdout.strip()


class ZenmlServer(Struct, frozen=True):
    """One that runs; `config` is its folder."""

    pid: int
    port: int
    config: Path
    ready_after: float
    """Seconds from its start to the first answer of /health."""

    def environment(self, config: Path) -> dict[str, str]:
        """That of a command which uses this server, with a configuration of its own."""
        signed_in = {
            "ZENML_STORE_TYPE": "rest",
            "ZENML_STORE_URL": f"http://{HOST}:{self.port}",
            "ZENML_STORE_USERNAME": USER,
            "ZENML_STORE_PASSWORD": PASSWORD,
        }
        return environment(config, **signed_in)


class Api:
    """A kept connection of somebody who has signed in, here or elsewhere: then `token` says so."""

    def __init__(self, server: ZenmlServer, token: str = "") -> None:
        self._connection = http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)
        self.token = token or self._sign_in()
        authorization = f"Bearer {self.token}"
        self._headers = {"Content-Type": "application/json", "Authorization": authorization}

    def _sign_in(self) -> str:
        form = urlencode({"username": USER, "password": PASSWORD})
        self._headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return str(self._ask("POST", "/login", form)["access_token"])

    def get(self, route: str, **query: Any) -> Any:
        """What is there."""
        return self._ask("GET", f"{route}?{urlencode(query)}")

    def post(self, route: str, body: Any) -> Any:
        """Makes something."""
        return self._ask("POST", route, json.dumps(body))

    def put(self, route: str, body: Any) -> Any:
        """Changes something."""
        return self._ask("PUT", route, json.dumps(body))

    def _ask(self, method: str, route: str, body: str | None = None) -> Any:
        try:
            response = self._answered(method, route, body)
        except http.client.RemoteDisconnected:
            # It hangs up on who has said nothing for five seconds; they come again.
            self._connection.close()
            response = self._answered(method, route, body)
        said = response.read()
        if response.status != 200:
            raise AssertionError(f"{method} {route}: {response.status} {said[:300]!r}")
        return json.loads(said)

    def _answered(self, method: str, route: str, body: str | None) -> http.client.HTTPResponse:
        self._connection.request(method, f"/api/v1{route}", body, self._headers)
        return self._connection.getresponse()

    def component(self, name: str, type: str) -> str:
        """Registers a component; its id."""
        body = {"name": name, "type": type, "flavor": FLAVORS[type], "configuration": CONFIGS[type]}
        return str(self.post("/components", {**body, "labels": {"team": "ml"}})["id"])

    def stack(self, name: str, members: dict[str, list[str]]) -> str:
        """Registers a stack; its id."""
        return str(self.post("/stacks", {"name": name, "components": members})["id"])

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


@contextmanager
def serving(folder: Path) -> Iterator[ZenmlServer]:
    """Starts it on `folder`, which may hold its database already; ends it at the end."""
    folder.mkdir(exist_ok=True)
    command = [str(BIN / "python"), "-m", "uvicorn", "zenml.zen_server.zen_server_api:app"]
    settings = {
        "ZENML_SERVER_AUTO_ACTIVATE": "1",
        "ZENML_DEFAULT_USER_NAME": USER,
        "ZENML_DEFAULT_USER_PASSWORD": PASSWORD,
        "ZENML_SERVER_DEPLOYMENT_TYPE": "other",
    }
    started = time.perf_counter()
    with socket.socket() as listening, (folder / "output").open("ab") as output:
        listening.bind((HOST, 0))
        listening.listen()
        port, handed = listening.getsockname()[1], listening.fileno()
        process = subprocess.Popen(
            [*command, "--fd", str(handed), "--log-level", "warning"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(handed,),
            cwd=folder,
            env=environment(folder, **settings),
        )
    try:
        _wait(port, process)
        yield ZenmlServer(process.pid, port, folder, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(config: Path, **more: str) -> dict[str, str]:
    """Nothing is reported to anybody, and nothing of another ZenML is used."""
    quiet = {
        "ZENML_CONFIG_PATH": str(config),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
        "AUTO_OPEN_DASHBOARD": "false",
        "NO_COLOR": "1",
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "PYTHON"))}
    return {**kept, **quiet, **more}


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers: its socket takes connections before, and they wait for it."""
    until = time.monotonic() + PATIENCE
    while True:
        if process.poll() is not None:
            raise RuntimeError("ZenML's server ended: see its output file")
        connection = http.client.HTTPConnection(HOST, port, timeout=until - time.monotonic())
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            if time.monotonic() > until:
                raise
        finally:
            connection.close()
        time.sleep(0.01)


def multiply(folder: Path, components: int, stacks: int) -> None:
    """Fills the database of a server that does not run, with copies of what was registered.

    To register as many would take it two minutes, and tell nothing more.
    """
    (path,) = folder.rglob("*.db")
    conn = sqlite3.connect(path)
    conn.row_factory = sqlite3.Row
    with conn:
        _copies(conn, "stack_component", components)
        for stack in _copies(conn, "stack", stacks):
            conn.execute(
                "INSERT INTO stack_composition (stack_id, component_id) "
                "SELECT ?, component_id FROM stack_composition WHERE stack_id = ?",
                stack,
            )
    conn.close()


def _copies(conn: sqlite3.Connection, table: str, count: int) -> list[tuple[str, str]]:
    """Copies the last row until there are `count`; (new id, id of what was copied) of each."""
    (there,) = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    row = dict(conn.execute(f"SELECT * FROM {table} ORDER BY created DESC LIMIT 1").fetchone())
    marks = ", ".join("?" * len(row))
    made = []
    for n in range(there, count):
        copy = {**row, "id": uuid4().hex, "name": f"copy-{n:05d}"}
        conn.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*copy.values()])
        made.append((copy["id"], row["id"]))
    return made

"""Checkpoints kept elsewhere: a real file, a real git repository, a real HTTP server on this machine."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anyio
import pytest

from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.checkpoint import Checkpoint, sign
from stackroom.events.proofs.signed_note import split
from stackroom.sync.checkpoints.anchor import write
from stackroom.sync.errors import AnchorFailed
from stackroom.sync.settings import Settings
from tests.sync.notaries import key_of, notary_of
from tests.sync.speaking import HUB, PROFILE, component, created, serving, speaking


def note(size: int) -> str:
    return sign(Checkpoint(HUB.id, PROFILE, size, bytes(32), 1, 5), key_of(1))


def sizes(text: str) -> list[int]:
    """The sizes of the checkpoints in `text`, each signed by the hub."""
    return [checkpoint.verify(each, HUB.id, key_of(1).public).size for each in split(text)]


def git(folder: Path, *args: str) -> str:
    ran = subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout


class Keeper(BaseHTTPRequestHandler):
    """Keeps what is posted to it, and answers with the status that its path names."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.kept.append((self.headers["Content-Type"], self.rfile.read(length)))  # type: ignore[attr-defined]
        self.send_response(int(self.path[1:]))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said."""


class Site:
    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.kept: list[tuple[str, bytes]] = server.kept  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    server.kept = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(server)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "team.checkpoints"
    write(str(path), HUB.id, [note(1), note(2)], 5)
    write(str(path), HUB.id, [note(3)], 5)
    write(str(path), HUB.id, [], 5)
    assert sizes(path.read_text()) == [1, 2, 3]


def test_a_git_repository_gets_a_commit_each_time(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    below = tmp_path / "anchors"
    below.mkdir()
    (tmp_path / "other").write_text("not to be committed")
    git(tmp_path, "add", "other")
    for n in (1, 2):
        write(str(below), HUB.id, [note(n), note(n + 1)], 5)
    assert (
        git(tmp_path, "log", "--format=%an: %s").splitlines()
        == ["Stackroom hub: Checkpoints of 2 profiles"] * 2
    )
    name = f"stackroom-{HUB.id}.checkpoints"
    assert sizes(git(below, "show", f"HEAD:anchors/{name}")) == [1, 2, 2, 3]
    assert sizes(git(below, "show", f"HEAD~1:anchors/{name}")) == [1, 2]
    assert "other" not in git(tmp_path, "ls-tree", "--name-only", "HEAD")


def test_a_url_is_posted_to(site: Site) -> None:
    write(f"{site.url}/201", HUB.id, [note(1), note(2)], 5)
    ((kind, body),) = site.kept
    assert kind == "text/plain; charset=utf-8"
    assert sizes(body.decode()) == [1, 2]


def test_what_cannot_be_kept_is_said(tmp_path: Path, site: Site) -> None:
    def failing(target: str) -> str:
        with pytest.raises(AnchorFailed) as failed:
            write(target, HUB.id, [note(1)], 5)
        assert target in str(failed.value)
        return str(failed.value)

    assert "not a git repository" in failing(str(tmp_path))
    assert "No such file" in failing(str(tmp_path / "nowhere" / "file"))
    assert "it answers 500" in failing(f"{site.url}/500")
    # A redirect is not followed: what is kept there is not where it was to be kept.
    assert "it answers 307" in failing(f"{site.url}/307")
    assert len(site.kept) == 2
    assert "refused" in failing("http://127.0.0.1:1/")


@pytest.mark.anyio
async def test_a_hub_anchors_what_has_changed(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    settings = Settings(port=0, anchor_to=str(target), anchor_every=0.05)

    async def until(expected: list[int]) -> None:
        with anyio.fail_after(20):
            while not target.exists() or sizes(target.read_text()) != expected:
                await anyio.sleep(0.01)

    path = tmp_path / "hub.db"
    async with serving(path, settings, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        await ann.push(ann.proposal(created(), base=0))
        await until([1])
        await ann.push(ann.proposal(component(1), base=1))
        await until([1, 2])


@pytest.mark.anyio
async def test_a_hub_goes_on_where_nothing_can_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "later" / "kept"
    settings = Settings(port=0, anchor_to=str(target), anchor_every=0.05)
    path = tmp_path / "hub.db"
    async with serving(path, settings, notary=notary_of(HUB)) as hub, speaking(hub.url, 1) as ann:
        await ann.push(ann.proposal(created(), base=0))
        with anyio.fail_after(20):
            while "checkpoints cannot be kept in" not in caplog.text:
                await anyio.sleep(0.01)
            target.parent.mkdir()
            while not target.exists() or sizes(target.read_text()) != [1]:
                await anyio.sleep(0.01)

"""The hub's door: health, metrics, and who is turned away."""

import http.client
from pathlib import Path

import anyio.to_thread
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from stackroom.sync import protocol as wire
from tests.sync.speaking import Running, created, serving, speaking

pytestmark = pytest.mark.anyio


async def ask(
    hub: Running, path: str, host: str | None = None, method: str = "GET"
) -> tuple[int, str, http.client.HTTPMessage]:
    def run() -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", hub.server.port, timeout=10)
        try:
            connection.request(method, path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    return await anyio.to_thread.run_sync(run)


async def test_health_and_readiness(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        assert (await ask(hub, "/healthz"))[:2] == (200, "ok\n")
        assert (await ask(hub, "/readyz"))[0] == 200
        hub.server.committer.ready = False
        assert (await ask(hub, "/readyz"))[0] == 503
        assert (await ask(hub, "/nothing"))[0] == 404
        assert "stackroom connect ws://" in (await ask(hub, "/"))[1]


async def test_metrics(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub, speaking(hub.url) as ann:
        await ann.subscribe()
        await ann.push(ann.proposal(created()))
        status, text, headers = await ask(hub, "/metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = text.splitlines()
        assert 'stackroom_proposals_total{outcome="accepted"} 1' in lines
        assert "stackroom_sessions 1" in lines
        assert "stackroom_subscriptions 1" in lines
        assert 'stackroom_commit_seconds_bucket{le="+Inf"} 1' in lines
        named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
        for line in lines:
            if not line.startswith("#"):
                name = line.split("{")[0].split()[0]
                assert any(name.startswith(n) for n in named), line
        assert "ann" not in text


async def test_every_answer_has_the_usual_headers(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        for path in ("/", "/healthz", "/metrics", "/nothing"):
            _, _, headers = await ask(hub, path)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example"])
async def test_a_rebound_name_is_turned_away(tmp_path: Path, host: str) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        assert (await ask(hub, "/metrics", host))[0] == 421
        assert (await ask(hub, "/metrics", f"localhost:{hub.server.port}"))[0] == 200


async def test_a_page_of_another_site_may_not_connect(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                hub.url,
                subprotocols=[Subprotocol(wire.JSON)],
                origin=Origin("http://evil.example"),
                proxy=None,
            )
        assert refused.value.response.status_code == 403
        own = Origin(hub.url.replace("ws://", "http://"))
        async with connect(hub.url, subprotocols=[Subprotocol(wire.JSON)], origin=own, proxy=None):
            pass


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_is_written_over_http(tmp_path: Path, method: str) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        status, _, headers = await ask(hub, "/healthz", method=method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")


async def test_head_is_get_without_a_body(tmp_path: Path) -> None:
    async with serving(tmp_path / "hub.db") as hub:
        status, text, headers = await ask(hub, "/healthz", method="HEAD")
        assert (status, text, headers["Content-Length"]) == (200, "", "3")

"""What answers at the address may be no ZenML server at all: that is said in a sentence."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stackroom.client.errors import ClientError
from stackroom.client.zenml_server import reading
from stackroom.client.zenml_server.rest import Api, Credentials


class Stranger(BaseHTTPRequestHandler):
    """Answers all with the server's `said`."""

    server: "Strange"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Strange(ThreadingHTTPServer):
    said = b""


@pytest.fixture
def server() -> Iterator[Strange]:
    with Strange(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("said", [b"[]", b"{}", b"null", b"<html>", b'{"version": "0.98.0"}'])
@pytest.mark.parametrize("key", ["", "invented"])
def test_what_is_no_zenml_server(server: Strange, said: bytes, key: str) -> None:
    server.said = said
    with pytest.raises(ClientError, match="does not answer as ZenML does"):
        reading.definitions(
            Api(f"http://127.0.0.1:{server.server_port}", Credentials(key), timeout=30)
        )

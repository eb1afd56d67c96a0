"""A real OpenID provider for tests: NanoIDP on a free port, with users, a browser client and a public one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stackroom.sync.oidc.fetching import fetch
from stackroom.sync.oidc.oidc_settings import Oidc

CLIENT: Final = "stackroom-hub"
SECRET: Final = "the-secret-of-the-hub"
CLI: Final = "stackroom-cli"
OTHER: Final = "another-program"
BACK: Final = "http://127.0.0.1/auth/callback"
"""Where the hub's client may come back; ports of this machine are free (RFC 8252, section 7.3)."""

PASSWORD: Final = "at the provider"

_RUN = """
import sys
from werkzeug.serving import make_server
from nanoidp.app import create_app
server = make_server("127.0.0.1", 0, create_app(sys.argv[1]), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""

_SETTINGS = """
config_version: 1
oauth:
  issuer: "http://localhost"
  issuer_from_request: true
  require_pkce: true
  clients:
    - {{client_id: "{client}", client_secret: "{secret}", redirect_uris: ["{back}"]}}
    - client_id: "{cli}"
      token_endpoint_auth_method: none
      redirect_uris: ["http://127.0.0.1/"]
    - client_id: "{other}"
      token_endpoint_auth_method: none
      redirect_uris: ["http://127.0.0.1/"]
device_flow: {{polling_interval: 1, code_expiry_seconds: 60}}
"""

_USERS = """
config_version: 1
users:
  ada: {{password: "{password}", email: "ada@team.example", groups: ["builders"]}}
  ben: {{password: "{password}", email: "ben@elsewhere.example"}}
  root: {{password: "{password}", email: "root@team.example"}}
"""


class Provider:
    """The provider that runs; `issuer` is its address, `key` the private one by which it signs (PEM)."""

    def __init__(self, issuer: str, folder: Path) -> None:
        self.issuer = issuer
        (self.key,) = [t for p in folder.rglob("*.pem") if "PRIVATE" in (t := p.read_text())]
        status, document = fetch(f"{issuer}/.well-known/jwks.json", 10)
        assert status == 200
        self.published: list[dict[str, str]] = document["keys"]
        """Its keys, as anybody can read them."""

    def oidc(self, **more: object) -> Oidc:
        """What a hub is told of it."""
        settings = {
            "issuer": self.issuer,
            "client_id": CLIENT,
            "cli_client_id": CLI,
            "groups_claim": "groups",
        }
        return Oidc(**{**settings, **more})  # type: ignore[arg-type]


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """A provider that runs until the end."""
    config = folder / "config"
    config.mkdir(parents=True)
    names = {"client": CLIENT, "secret": SECRET, "back": BACK, "cli": CLI, "other": OTHER}
    (config / "settings.yaml").write_text(_SETTINGS.format(**names))
    (config / "users.yaml").write_text(_USERS.format(password=PASSWORD))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(config)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
        )
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdigit(), (folder / "log").read_text()
            yield Provider(f"http://127.0.0.1:{port}", folder)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

"""The folder of all local state: two SQLite files, and the tokens in a file that only the owner reads."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from stackroom.client.trust import Trust
from stackroom.events.errors import LogCorrupt

T = TypeVar("T")


class Home:
    """A home; made when something is first kept in it (folder 0700, files 0600).

    `proposals.db` is precious and small, `replica.db` a cache, `credentials.json` has a token for each
    hub's address, and `trust.json` how far it is trusted where that is not the usual.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.proposals = path / "proposals.db"
        self.replica = path / "replica.db"
        self.credentials = path / "credentials.json"
        self.trusted = path / "trust.json"

    @classmethod
    def default(cls) -> "Home":
        """STACKROOM_HOME, or the platform's folder for a user's data."""
        if named := os.environ.get("STACKROOM_HOME"):
            return cls(Path(named).expanduser().absolute())
        from platformdirs import user_data_path

        return cls(user_data_path("stackroom", appauthor=False))

    def make(self) -> None:
        """Makes the folder, if there is none."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def token(self, url: str) -> str | None:
        """The token for the hub at `url`, if one is kept."""
        return self._tokens().get(url)

    def keep_token(self, url: str, token: str | None) -> None:
        """Keeps the token for the hub at `url`; None forgets it. The file is replaced whole."""
        tokens = self._tokens()
        if token is None:
            tokens.pop(url, None)
        else:
            tokens[url] = token
        self._keep(self.credentials, tokens)

    def trust(self, url: str) -> Trust:
        """How far the hub at `url` is trusted."""
        return self._trusted().get(url, Trust())

    def keep_trust(self, url: str, trust: Trust) -> None:
        """Keeps how far the hub at `url` is trusted."""
        known = self._trusted()
        if known.get(url, Trust()) == trust:
            return
        known[url] = trust
        self._keep(self.trusted, {url: each for url, each in known.items() if each != Trust()})

    def _keep(self, path: Path, values: Mapping[str, object]) -> None:
        self.make()
        unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(values))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _tokens(self) -> dict[str, str]:
        return _read(self.credentials, dict[str, str], "connect again with the token")

    def _trusted(self) -> dict[str, Trust]:
        return _read(
            self.trusted, dict[str, Trust], "connect again with --fingerprint or --ca-file"
        )


def _read(path: Path, kind: type[T], instead: str) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return kind()
    except (msgspec.DecodeError, UnicodeError) as error:
        raise LogCorrupt(
            f"{path} is not readable as JSON", hint=f"move it away, and {instead}"
        ) from error

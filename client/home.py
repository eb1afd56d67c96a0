"""The folder of all local state: two SQLite files, and the tokens in a file that only the owner reads."""

import os
from pathlib import Path

import msgspec

from stackroom.events.errors import LogCorrupt


class Home:
    """A home; made when something is first kept in it (folder 0700, files 0600).

    `proposals.db` is precious and small, `replica.db` a cache, `credentials.json` has a token for each
    hub's address.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.proposals = path / "proposals.db"
        self.replica = path / "replica.db"
        self.credentials = path / "credentials.json"

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
        self.make()
        unfinished = self.credentials.with_suffix(f".{os.getpid()}.unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(tokens))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.credentials)

    def _tokens(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self.credentials.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, UnicodeError) as error:
            raise LogCorrupt(
                f"{self.credentials} is not readable as JSON",
                hint="move it away, and connect again with the token",
            ) from error

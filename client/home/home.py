"""The folder of all local state: two SQLite files, and the tokens, unless the system's keyring has them."""

import os
from pathlib import Path

from stackroom.client.home import private_json
from stackroom.client.home.token_store import token_store
from stackroom.client.home.trust import Trust


class Home:
    """A home; made when something is first kept in it (folder 0700, files 0600).

    `proposals.db` is precious and small, `replica.db` a cache, `credentials.json` has a token for each
    hub's address, `trust.json` how far it is trusted where that is not the usual, and `keys.json` the key by
    which this replica signs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.proposals = path / "proposals.db"
        self.replica = path / "replica.db"
        self.trusted = path / "trust.json"
        self.keys = path / "keys.json"

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
        return token_store(self.path).token(url)

    def keep_token(self, url: str, token: str | None) -> None:
        """Keeps the token for the hub at `url`; None forgets it."""
        self.make()
        token_store(self.path).keep(url, token)

    def trust(self, url: str) -> Trust:
        """How far the hub at `url` is trusted."""
        return self._trusted().get(url, Trust())

    def keep_trust(self, url: str, trust: Trust) -> None:
        """Keeps how far the hub at `url` is trusted."""
        known = self._trusted()
        if known.get(url, Trust()) != trust:
            known[url] = trust
            self.make()
            private_json.replace(
                self.trusted, {url: each for url, each in known.items() if each != Trust()}
            )

    def _trusted(self) -> dict[str, Trust]:
        instead = "connect again with --fingerprint or --ca-file"
        return private_json.read(self.trusted, dict[str, Trust], instead)

"""Where tokens are kept on this machine: a file that only the owner reads, or the system's keyring."""

import os
from pathlib import Path
from typing import Final, Protocol

from stackroom.client.errors import ClientError
from stackroom.client.home import private_json

SERVICE: Final = "stackroom"
"""Under which name a keyring has our tokens."""


class NoKeyring(ClientError):
    """The system's keyring was asked for, and cannot be used."""

    hint = "pip install 'stackroom[keyring]', or leave STACKROOM_KEYRING unset: a file of mode 0600 is used"


class TokenStore(Protocol):
    """The tokens of one home, by the hub's address."""

    def token(self, url: str) -> str | None:
        """The token for the hub at `url`, if one is kept."""

    def keep(self, url: str, token: str | None) -> None:
        """Keeps the token for the hub at `url`; None forgets it."""


class TokenFile:
    """Tokens in a JSON file of mode 0600, which is replaced whole. Raises LogCorrupt for one that is none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def token(self, url: str) -> str | None:
        return self._tokens().get(url)

    def keep(self, url: str, token: str | None) -> None:
        tokens = self._tokens()
        if token is None:
            tokens.pop(url, None)
        else:
            tokens[url] = token
        private_json.replace(self.path, tokens)

    def _tokens(self) -> dict[str, str]:
        return private_json.read(self.path, dict[str, str], "connect again with the token")


class Keyring:
    """Tokens in the keyring of the system, for the home at `path`. Raises NoKeyring."""

    def __init__(self, path: Path) -> None:
        try:
            import keyring
        except ImportError as error:
            raise NoKeyring("the library for the system's keyring is not installed") from error
        self._keyring = keyring
        self.path = path

    def token(self, url: str) -> str | None:
        from keyring.errors import KeyringError

        try:
            return self._keyring.get_password(SERVICE, self._account(url))
        except KeyringError as error:
            raise NoKeyring(f"the system's keyring cannot be read: {error}") from error

    def keep(self, url: str, token: str | None) -> None:
        from keyring.errors import KeyringError

        try:
            if token is not None:
                self._keyring.set_password(SERVICE, self._account(url), token)
            elif self.token(url) is not None:
                self._keyring.delete_password(SERVICE, self._account(url))
        except KeyringError as error:
            raise NoKeyring(f"the system's keyring cannot be written: {error}") from error

    def _account(self, url: str) -> str:
        """Two homes of one person may know one hub by two accounts."""
        return f"{url} in {self.path}"


def token_store(home: Path) -> TokenStore:
    """What the home's tokens are kept in: the keyring where STACKROOM_KEYRING is set, else a file."""
    if os.environ.get("STACKROOM_KEYRING", "") not in ("", "0"):
        return Keyring(home)
    return TokenFile(home / "credentials.json")

"""How people sign in at an OpenID provider: the table `[oidc]` of `hub.toml`.

    [oidc]
    issuer = "https://login.example.org/realms/team"
    client_id = "stackroom"

The secret of that client, where it has one, is never in the file: `client_secret_file` names a file of
mode 0600, or STACKROOM_OIDC_CLIENT_SECRET has it.
"""

import os
import stat
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from stackroom.sync.errors import BadSetting
from stackroom.sync.sockets.addresses import is_loopback

SECRET: Final = "STACKROOM_OIDC_CLIENT_SECRET"
"""The variable of the environment that may have the client's secret."""


class Oidc(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A provider, and whom the hub lets in by its word."""

    issuer: str
    """The provider's address, exactly as it calls itself (its ID tokens' `iss`)."""
    client_id: str
    """The hub's own client at the provider, for browsers."""
    client_secret_file: str = ""
    """A file of mode 0600 with that client's secret; empty for a client without one."""
    cli_client_id: str = ""
    """The public client for command lines; empty for the same."""
    cli_client_secret: str = ""
    """What some providers call a secret of installed programs: everybody who asks the hub is told it."""
    redirect_uri: str = ""
    """Where browsers come back, where that is not /auth/callback of the address they came to."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What is asked of the provider."""
    user_claim: str = "preferred_username"
    """The claim that names a new user; `email` counts only where the provider has verified it."""
    groups_claim: str = "groups"
    """The claim that lists a person's groups."""
    groups: dict[str, str] = {}
    """The role (by name) that a new user gets for being in a group."""
    role: str = ""
    """The role (by name) that every new user gets; empty for none."""
    create: Literal["invited", "domain"] = "invited"
    """Whether only the invited come in, or everybody with a verified address of `domains`, too."""
    domains: tuple[str, ...] = ()
    """Domains of e-mail addresses."""

    @property
    def cli_client(self) -> str:
        """The client as which command lines come."""
        return self.cli_client_id or self.client_id


def oidc_of(table: object, where: str) -> Oidc:
    """The settings that `table` has. Raises BadSetting."""
    try:
        oidc = msgspec.convert(table, Oidc)
    except msgspec.ValidationError as error:
        raise BadSetting(
            f"{error} ({where}, [oidc])", hint="docs/signing-in.md lists them"
        ) from None
    if not is_safe(oidc.issuer):
        raise BadSetting(f"the issuer must be an https:// address ({where}, [oidc])")
    if not oidc.client_id:
        raise BadSetting(f"client_id must not be empty ({where}, [oidc])")
    if "openid" not in oidc.scopes:
        raise BadSetting(f"scopes must have 'openid' ({where}, [oidc])")
    if (oidc.create == "domain") != bool(oidc.domains):
        raise BadSetting(f"create = 'domain' and domains go together ({where}, [oidc])")
    return oidc


def client_secret(oidc: Oidc) -> str:
    """The secret of the hub's client, empty for none. Raises BadSetting for a file that others can read."""
    if not oidc.client_secret_file:
        return os.environ.get(SECRET, "")
    path = Path(oidc.client_secret_file).expanduser()
    try:
        mode = path.stat().st_mode
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"client_secret_file {path} cannot be read: {error}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise BadSetting(f"others can read {path}", hint=f"chmod 600 {path}")
    if not secret:
        raise BadSetting(f"client_secret_file {path} is empty")
    return secret


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or answer: by TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "http":
        return is_loopback(host)
    return parts.scheme == "https" and bool(host)

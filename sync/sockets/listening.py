"""Where a hub listens, with which certificate, and how that is called."""

import ipaddress
from pathlib import Path

from msgspec import structs

from stackroom.sync.errors import NotEncrypted
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.addresses import is_loopback
from stackroom.sync.sockets.tls import Tls


def settled(folder: HubFolder, settings: Settings) -> Settings:
    """The settings with the folder's own certificate, if none was named and there is one.

    Raises NotEncrypted where other machines would reach the hub without TLS, and nobody said so.
    """
    if not settings.tls_cert and folder.certificate.exists():
        settings = structs.replace(
            settings, tls_cert=str(folder.certificate), tls_key=str(folder.key)
        )
    if not settings.tls_cert and not settings.insecure and not is_loopback(settings.host):
        raise NotEncrypted(settings.host)
    return settings


def tls_of(settings: Settings) -> Tls | None:
    """The certificate, if the hub has one. Raises BadCertificate."""
    if not settings.tls_cert:
        return None
    return Tls(Path(settings.tls_cert), Path(settings.tls_key))


def urls(settings: Settings, tls: Tls | None, port: int) -> tuple[str, str]:
    """How others call a hub that listens at `port`, and how this machine reaches it."""
    scheme = "ws" if tls is None else "wss"
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    called = here
    if here != settings.host:
        certified = [name for name in (tls.names if tls is not None else ()) if _is_name(name)]
        called = next(iter([*sorted(settings.allowed_hosts), *certified]), here)
    return _url(scheme, called, port), _url(scheme, here, port)


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_name(name: str) -> bool:
    """Whether it is a name, or an address, that other machines may know."""
    if "*" in name or is_loopback(name):
        return False
    try:
        return not ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return True

"""The hub's side of TLS: its certificate, read again when the files change, without a restart."""

import ssl
from pathlib import Path
from typing import Final

from msgspec import Struct

from stackroom.sync.errors import BadCertificate
from stackroom.sync.sockets.pinning import fingerprint

OLDEST: Final = ssl.TLSVersion.TLSv1_2


class _Seen(Struct, frozen=True):
    """Which files were read: two that look alike are the same."""

    files: tuple[tuple[int, int, int], ...]


class Tls:
    """A server's certificate; `context` is for good, and gives new handshakes what was read last.

    Raises BadCertificate where the two files are not a certificate and its key.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate = certificate
        self.key = key
        self._seen = _look(certificate, key)
        self.context = _context(certificate, key)
        self.fingerprint = ""
        self.names: tuple[str, ...] = ()
        self._describe()

    def changed(self) -> bool:
        """Whether the files are others than those that were read last; False while one is missing."""
        try:
            return _look(self.certificate, self.key) != self._seen
        except BadCertificate:
            return False

    def reload(self) -> None:
        """Reads the files again; open connections go on as they are.

        Raises BadCertificate, and goes on with what it had.
        """
        self._seen = _look(self.certificate, self.key)
        _context(self.certificate, self.key)  # To see that they fit: a failure amid would break it.
        _load(self.context, self.certificate, self.key)
        self._describe()

    def _describe(self) -> None:
        from cryptography import x509

        try:
            first = x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
            extension = first.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = extension.value.get_values_for_type(x509.DNSName)
            addresses = extension.value.get_values_for_type(x509.IPAddress)
            self.names = (*names, *map(str, addresses))
        except (x509.ExtensionNotFound, ValueError):
            self.names = ()  # An odd one that TLS takes all the same: --host-name gives names.
        self.fingerprint = fingerprint_of(self.certificate)


def fingerprint_of(certificate: Path) -> str:
    """The fingerprint of the first certificate in the file (PEM). Raises BadCertificate."""
    text = _read(certificate, "certificate").decode("ascii", "replace")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = text.find(begin)
    if first < 0 or text.find(end, first) < 0:
        raise BadCertificate(f"{certificate} holds no certificate (PEM)")
    return fingerprint(
        ssl.PEM_cert_to_DER_cert(text[first : text.find(end, first) + len(end)] + "\n")
    )


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = OLDEST
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    fingerprint_of(certificate)
    if b"PRIVATE KEY-----" not in (pem := _read(key, "private key")):
        raise BadCertificate(f"{key} holds no private key (PEM)")
    if b"ENCRYPTED" in pem:
        raise BadCertificate(f"the private key in {key} has a passphrase, which nobody would type")
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"{key} is not the key of the certificate in {certificate}"
        else:
            why = f"{certificate} and {key} cannot be used: {error.reason or error}"
        raise BadCertificate(why) from error


def _look(*paths: Path) -> _Seen:
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError as error:
            raise BadCertificate(f"{path} cannot be read: {error.strerror}") from error
        found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return _Seen(tuple(found))


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCertificate(f"the {what} {path} cannot be read: {error.strerror}") from error

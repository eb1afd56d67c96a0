"""A certificate that a hub signs itself: for teams without an authority, whose members pin it.

ECDSA on P-256 for ten years: nobody renews it, and whoever pins it trusts it by its fingerprint alone.
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stackroom.events.model import Millis

YEARS: Final = 10
ALWAYS: Final = ("localhost", "127.0.0.1", "::1")
"""The names that every certificate has."""


class BadName(ValueError):
    """Text that is neither a host's name nor an address; the sentence says so."""


def make(names: Sequence[str], now: Millis) -> tuple[bytes, bytes]:
    """A certificate for `names` (beside this machine's own), and its private key; both PEM.

    Raises BadName.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stackroom hub")])
    begins = datetime.fromtimestamp(now / 1000, UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName(_names(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(name.lower() for name in (*ALWAYS, *names)):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name.strip("[]"))))
            continue
        except ValueError:
            pass  # It is a name.
        try:
            labels = name.encode("idna").decode()
        except UnicodeError:
            labels = ""
        if not labels or not all(c.isalnum() or c in "-._*" for c in labels):
            raise BadName(f"{name[:80]!r} is neither a host's name nor an address")
        found.append(x509.DNSName(labels))
    return found

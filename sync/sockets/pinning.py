"""Trust in one certificate, by its fingerprint: for hubs whose certificate no authority has signed.

The handshake itself fails on another certificate, before anything is sent.
"""

import ssl
from hashlib import sha256
from typing import Final

ALGORITHM: Final = "sha256:"
"""What a fingerprint begins with; the digest of the whole certificate (DER) follows, in hex."""


class BadFingerprint(ValueError):
    """Text that is no fingerprint; the sentence says why."""


class WrongCertificate(ssl.SSLCertVerificationError):
    """The peer's certificate is not the one that is pinned."""

    def __init__(self, pinned: str, found: str) -> None:
        self.pinned, self.found = pinned, found
        super().__init__(1, f"the certificate has the fingerprint {found}, and {pinned} is pinned")


def fingerprint(certificate: bytes) -> str:
    """The fingerprint of a certificate (DER)."""
    return ALGORITHM + sha256(certificate).hexdigest()


def parse(text: str) -> str:
    """A fingerprint as people write it, in its one form: colons and capitals are as openssl prints it."""
    bare = text.strip().lower().removeprefix(ALGORITHM).replace(":", "")
    if len(bare) != 64 or not set(bare) <= set("0123456789abcdef"):
        raise BadFingerprint("a fingerprint is sha256: and 64 hexadecimal digits")
    return ALGORITHM + bare


def pinned_context(pinned: str) -> ssl.SSLContext:
    """What takes the certificate with this fingerprint and no other, whatever name and dates it has."""

    def check(found: bytes | None) -> None:
        shown = fingerprint(found or b"")
        if shown != pinned:
            raise WrongCertificate(pinned, shown)

    class Socket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            check(self.getpeercert(binary_form=True))

    class InMemory(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            check(self.getpeercert(binary_form=True))

    context = unverified_context()
    context.sslsocket_class = Socket
    context.sslobject_class = InMemory
    return context


def unverified_context() -> ssl.SSLContext:
    """What takes any certificate: to look at it, and for those who check it themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

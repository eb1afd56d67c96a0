"""The headers of every answer over HTTP: what a browser may do with it.

Sources: OWASP HTTP Headers Cheat Sheet; RFC 6797 (HSTS); the Fetch standard (CORP).
"""

from typing import Final

from websockets.datastructures import Headers

HSTS_SECONDS: Final = 365 * 86_400
"""How long a browser that came by TLS must not come without."""

USUAL: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


def add_usual(headers: Headers, *, encrypted: bool) -> None:
    """Adds what every answer has; what is there already stays."""
    for name, value in USUAL:
        if name not in headers:
            headers[name] = value
    if encrypted and "Strict-Transport-Security" not in headers:
        headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"

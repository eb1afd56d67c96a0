"""Cookies of the hub's own pages: read without judging what others have set, and set strictly.

Source: RFC 6265bis; a name with `__Host-` is held by browsers to this very host, and to TLS (section 4.1.3).
"""

from typing import Final

from websockets.http11 import Request

HOST_PREFIX: Final = "__Host-"


def named(name: str, *, secure: bool) -> str:
    """The name under which the cookie is set."""
    return f"{HOST_PREFIX}{name}" if secure else name


def values(request: Request, name: str) -> list[str]:
    """What the request brings under `name`, with and without its prefix; never quoted, as ours are not."""
    wanted = (HOST_PREFIX + name, name)
    pairs = [
        part.partition("=")
        for line in request.headers.get_all("Cookie")
        for part in line.split(";")
    ]
    return [value.strip() for known in wanted for key, _, value in pairs if key.strip() == known]


def setting(
    name: str, value: str, *, secure: bool, same_site: str, seconds: int | None = None
) -> tuple[str, str]:
    """The header that sets it, out of reach of scripts; without `seconds`, until the browser is closed."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    flags = f"{age}; Path=/; HttpOnly; SameSite={same_site}{'; Secure' if secure else ''}"
    return "Set-Cookie", f"{named(name, secure=secure)}={value}{flags}"

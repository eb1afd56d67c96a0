"""Asking a hub on this machine how it fares, as its folder says where it is.

HTTP is imported by who asks: the hub itself does not.
"""

from collections.abc import Iterator

from stackroom.sync.hosting.folder import Serving

SECONDS = 5.0
"""How long an answer may take."""


def get(serving: Serving, path: str) -> str | None:
    """The answer to a GET with status 200, or None. TLS takes the very certificate that was announced."""
    import ssl
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    from stackroom.sync.sockets.pinning import pinned_context

    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if serving.fingerprint:
        handlers.append(urllib.request.HTTPSHandler(context=pinned_context(serving.fingerprint)))
    url = "http" + (serving.probe or serving.url).removeprefix("ws") + path
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=SECONDS) as answer:
            text: str = answer.read().decode()
            return text
    except (urllib.error.URLError, HTTPException, ssl.SSLError, OSError):
        return None


def samples(text: str) -> Iterator[tuple[str, float]]:
    """The plain samples of an exposition: no histograms, and outcomes by name."""
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if line.startswith("#") or "_bucket{" in name or name.startswith("stackroom_info"):
            continue
        short = name.removeprefix("stackroom_").replace('{outcome="', "_").replace('"}', "")
        yield short, float(value)

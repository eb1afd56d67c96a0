"""A browser, as far as it takes to sign in: cookies, forms, and redirects that it follows when told."""

import re
from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import anyio.to_thread
from msgspec import Struct

from tests.sso.provider import PASSWORD


class Seen(Struct, frozen=True):
    """An answer; `to` is where it redirects, absolute."""

    status: int
    headers: dict[str, str]
    body: str
    to: str = ""


class Browser:
    """Cookies by host and port; each is sent to its host alone."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}

    async def get(self, url: str, method: str = "GET") -> Seen:
        """The answer to a GET."""
        return await anyio.to_thread.run_sync(partial(self._ask, method, url, None))

    async def post(self, url: str, form: Mapping[str, str]) -> Seen:
        """The answer to a form that is sent."""
        return await anyio.to_thread.run_sync(partial(self._ask, "POST", url, form))

    async def sign_in(self, url: str, user: str) -> str:
        """Signs in at the provider's page, and gives where it sends the browser."""
        page = await self.get(url)
        assert page.status == 200, page
        hidden = re.findall(r'name="(transaction_id)" value="([^"]+)"', page.body)
        seen = await self.post(url, {**dict(hidden), "username": user, "password": PASSWORD})
        assert seen.to, seen
        return seen.to

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None) -> Seen:
        parts = urlsplit(url)
        own = self.cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in own.items())} if own else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection(parts.netloc, timeout=20)
        try:
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            for line in answer.headers.get_all("Set-Cookie") or ():
                for name, morsel in SimpleCookie(line).items():
                    own[name] = morsel.value
            to = answer.headers.get("Location")
            said = dict(answer.headers.items())
            return Seen(answer.status, said, body, urljoin(url, to) if to else "")
        finally:
            connection.close()


def query(url: str) -> dict[str, str]:
    """The fields in an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

"""ZenML's REST API: signing in, pages of results, errors in a sentence. Source: its OpenAPI, 0.98."""

import os
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import msgspec
from msgspec import Struct

from stackroom.client.errors import ClientError, NotAuthorised, Unreachable
from stackroom.client.zenml_server.refusals import sentence

PAGE: Final = 500
"""Results asked for at once; the server allows 10,000."""


class ServerRefused(ClientError):
    """The ZenML server did not do what was asked of it; the sentence is its own."""


class Credentials(Struct, frozen=True):
    """How to sign in: by the API key of a service account, by name and password, or not at all.

    With a token, one has signed in already.
    """

    api_key: str = ""
    user: str = ""
    password: str = ""
    token: str = ""

    @classmethod
    def from_environment(cls) -> "Credentials":
        """From the variables that ZenML itself reads."""
        names = ("API_KEY", "USERNAME", "PASSWORD", "API_TOKEN")
        return cls(*(os.environ.get(f"ZENML_STORE_{name}", "") for name in names))

    @property
    def form(self) -> dict[str, str]:
        """What the server's login takes."""
        if self.api_key:
            return {"grant_type": "zenml-api-key", "password": self.api_key}
        return {"grant_type": "password", "username": self.user, "password": self.password}


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would take the token to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Api:
    """The API of the server at `url`; `timeout` is in seconds, for each answer."""

    def __init__(self, url: str, credentials: Credentials, *, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ClientError(
                f"{url[:80]!r} is not the address of a ZenML server",
                hint="it looks like http://zenml.example:8080",
            )
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._open: OpenerDirector = build_opener(_NoRedirects)
        self._token = credentials.token
        if not self._token and (credentials.api_key or credentials.user):
            self._token = self._login(credentials)

    def version(self) -> str:
        """The release that the server is of."""
        answer = self._ask("GET", "/info")
        if not isinstance(answer, dict) or not isinstance(answer.get("version"), str):
            raise self._stranger()
        return str(answer["version"])

    def all(self, route: str, **filters: str) -> list[dict[str, Any]]:
        """Every result of a list, hydrated, in the order of their making.

        Pages are by id, which no two share: by time, one could be on two pages, or on none.
        """
        found = list(self._pages(route, filters))
        return sorted(found, key=lambda each: (each["body"].get("created") or "", each["id"]))

    def _pages(self, route: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        page, pages = 1, 1
        while page <= pages:
            query = {"hydrate": "true", "size": PAGE, "page": page, "sort_by": "asc:id"}
            answer = self._ask("GET", f"{route}?{urlencode({**query, **filters})}")
            if not isinstance(answer, dict) or not {"items", "total_pages"} <= answer.keys():
                raise self._stranger()
            yield from answer["items"]
            page, pages = page + 1, int(answer["total_pages"])

    def get(self, route: str) -> Any:
        """What a route answers."""
        return self._ask("GET", route)

    def post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Creates; the entity as it is then. Raises ServerRefused."""
        return self._ask("POST", route, body)  # type: ignore[no-any-return]

    def put(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Changes; the entity as it is then. Raises ServerRefused."""
        return self._ask("PUT", route, body)  # type: ignore[no-any-return]

    def _login(self, credentials: Credentials) -> str:
        body = urlencode(credentials.form).encode()
        request = Request(f"{self.url}/api/v1/login", body)  # noqa: S310
        answer = self._answer(request)
        if not isinstance(answer, dict) or not answer.get("access_token"):
            raise self._stranger()
        return str(answer["access_token"])

    def _ask(self, method: str, route: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        request = Request(f"{self.url}/api/v1{route}", data, method=method)  # noqa: S310
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        return self._answer(request)

    def _answer(self, request: Request) -> Any:
        try:
            with self._open.open(request, timeout=self._timeout) as response:
                return msgspec.json.decode(response.read())
        except HTTPError as error:
            raise self._refusal(error) from None
        except (URLError, OSError, HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            raise Unreachable(
                f"the ZenML server at {self.url} cannot be reached: {why}",
                hint="check the address, and whether the server is running",
            ) from None
        except msgspec.DecodeError:
            raise self._stranger() from None

    def _stranger(self) -> ClientError:
        """Something answers there that is no ZenML server."""
        hint = "is it the address of the server itself?"
        return ClientError(f"{self.url} does not answer as ZenML does", hint=hint)

    def _refusal(self, error: HTTPError) -> ClientError:
        with error:
            data = error.read()
        if error.code in (401, 403) and (error.code == 401 or not self._token):
            return NotAuthorised(
                f"the ZenML server at {self.url} does not let us in",
                hint="set ZENML_STORE_API_KEY, or ZENML_STORE_API_TOKEN, "
                "or ZENML_STORE_USERNAME and ZENML_STORE_PASSWORD",
            )
        return ServerRefused(f"the ZenML server refused: {sentence(error.code, data)}")

"""Keeping checkpoints at a URL, which takes them by POST. Blocking: call it on a thread."""

from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request

from stackroom.sync.errors import AnchorFailed
from stackroom.sync.oidc.fetching import opener


def post(url: str, text: str, timeout: float) -> None:
    """Sends the text to `url`; `timeout` is in seconds. Raises AnchorFailed."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    request = Request(url, text.encode(), headers, method="POST")  # noqa: S310 (see anchor.write)
    try:
        with opener(url).open(request, timeout=timeout) as answer:
            status = answer.status or 0
    except HTTPError as error:
        with error:
            status = error.code
    except (HTTPException, ValueError) as error:
        raise AnchorFailed(url, str(error)) from error
    if not 200 <= status < 300:
        raise AnchorFailed(url, f"it answers {status}")

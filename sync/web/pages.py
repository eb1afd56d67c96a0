"""The dashboard's files as browsers get them: read and hashed when the hub starts, compressed once.

No request reads the disk: what is not among the files that were read is not there. The hash of them all
stands in each file's address, so that the files of one page belong together and may be kept for ever.
"""

import gzip
import re
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from stackroom.sync.web.answers import answer

FILES: Final = Path(__file__).parent.parent / "dashboard"

STATIC: Final = "/static/"
"""What the addresses of files begin with."""

VIEWS: Final = "/p/"
"""What addresses of a profile's views begin with: one page for all, whose script knows what to show."""

HUB_VIEWS: Final = ("/team", "/hub")
"""The addresses of the views that are of no profile."""

INDEX: Final = "index.html"

_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""What a browser may be told that a file is; others are not served."""

MAIN: Final = "app.js"
"""The script that imports all others; what it does not import at once is of no first view."""

_IMPORTS: Final = re.compile(r'^(?:import|export)\b[^;"=(]*"(\.[^"]+)"', re.MULTILINE)

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types stackroom"
)
"""Nothing but our own files, no script or style inside the page, and no text that becomes markup.

The one trusted type is the address of the worker (`lib/offline.js`).
"""

WORKER: Final = "worker.js"
"""The script that keeps the page for when the hub cannot be reached; its address is always the same."""

WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"


class File:
    """One file, as it is and compressed: that when it is first asked for, as few files are on most hubs."""

    def __init__(self, kind: str, plain: bytes) -> None:
        self.kind = kind
        self.plain = plain

    @cached_property
    def packed(self) -> bytes:
        """The file compressed."""
        return gzip.compress(self.plain, 9, mtime=0)


class Pages:
    """The dashboard below `root`."""

    def __init__(self, root: Path = FILES) -> None:
        found = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.suffix in _KINDS
        }
        digest = sha256()
        for name, data in found.items():
            digest.update(b"%d %s %d " % (len(name), name.encode(), len(data)) + data)
        self.version = digest.hexdigest()[:16]
        self.base = f"{STATIC}{self.version}"
        index = found.pop(INDEX).decode()
        self.worker = _file(WORKER, found.pop(WORKER))
        first = _imported(found)
        of_any_view = (*first, *(name for name in found if not name.endswith((".js", ".json"))))
        self._later = {name for name in found if name not in of_any_view}
        links = [f'<link rel="modulepreload" href="{self.base}/{n}">' for n in sorted(first)]
        # For the worker, which keeps what other views need; the page itself fetches that when it is needed.
        later = " ".join(f"{self.base}/{name}" for name in sorted(self._later))
        links.append(f'<meta name="later" content="{later}">')
        preload = "\n".join(links)
        index = index.replace("{preload}", preload).replace("{base}", self.base)
        self.index = _file(INDEX, index.encode())
        self._files = {f"{self.base}/{name}": _file(name, data) for name, data in found.items()}

    def file(self, path: str, request: Request) -> Response | None:
        """The file at `path`, to be kept for ever; None if there is none."""
        file = self._files.get(path)
        if file is None:
            return None
        return _answer(file, request, [("Cache-Control", "public, max-age=31536000, immutable")])

    def work(self, request: Request) -> Response:
        """The worker, to be asked for again each time."""
        more = [("Content-Security-Policy", WORKER_POLICY), ("Cache-Control", "no-cache")]
        return _answer(self.worker, request, more)

    def page(self, request: Request) -> Response:
        """The page of every view, to be asked for again each time."""
        return _answer(
            self.index,
            request,
            [("Content-Security-Policy", POLICY), ("Cache-Control", "no-cache")],
        )

    @property
    def packed_bytes(self) -> int:
        """What a browser loads that comes for the first time."""
        first = [
            file
            for name, file in self._files.items()
            if not name.endswith(".txt") and name.removeprefix(f"{self.base}/") not in self._later
        ]
        return sum(len(file.packed) for file in [self.index, *first])


@cache
def dashboard() -> Pages:
    """The dashboard that comes with this package; the first call reads it."""
    return Pages()


def wants_page(headers: Headers) -> bool:
    """Whether the request is a browser's that would show a page."""
    return any("text/html" in line for line in headers.get_all("Accept"))


def _imported(found: dict[str, bytes]) -> set[str]:
    """The scripts that `MAIN` imports before anything runs, and those that they import."""
    imported: set[str] = set()
    waiting = [MAIN]
    while waiting:
        name = waiting.pop()
        if name in found and name not in imported:
            imported.add(name)
            for path in _IMPORTS.findall(found[name].decode()):
                waiting.append(normpath(str(PurePosixPath(name).parent / path)))
    return imported


def _file(name: str, data: bytes) -> File:
    kind = _KINDS[Path(name).suffix]
    return File(kind, data)


def _answer(file: File, request: Request, more: list[tuple[str, str]]) -> Response:
    coded = ",".join(request.headers.get_all("Accept-Encoding")).lower()
    packed = "gzip" in (part.partition(";")[0].strip() for part in coded.split(","))
    more = [*more, ("Vary", "Accept-Encoding, Accept")]
    if packed:
        more.append(("Content-Encoding", "gzip"))
    return answer(200, file.packed if packed else file.plain, file.kind, more=more)

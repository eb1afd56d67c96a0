"""Why a ZenML server refused something: a sentence from its answer, without the values that it repeats.

It answers `{"detail": [type, text]}`, `{"detail": text}` or `[type, text]`. Where a text is what Pydantic
found, it quotes the value at fault, which may be a credential: only place and reason are taken from it.
Source: answers of 0.98.
"""

import re
from typing import Any, Final

import msgspec

_CONFIGURATION: Final = re.compile(
    r"^(?P<place>\S+)\n  (?P<why>\S.*?)(?: \[type=.*)?$", re.MULTILINE
)
"""A fault in a configuration: the attribute, and below it the reason."""

_REQUEST: Final = re.compile(
    r"^  \{'type': '\w+', 'loc': \((?P<place>[^)]*)\), 'msg': "
    r"""(?:'(?P<why>(?:[^'\\]|\\.)*)'|"(?P<other>(?:[^"\\]|\\.)*)")""",
    re.MULTILINE,
)
"""A fault in a request: a dict as Python writes it."""


def sentence(code: int, answer: bytes) -> str:
    """What the server says in an answer with this HTTP status code."""
    try:
        said: Any = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        said = None
    if isinstance(said, dict):
        said = said.get("detail")
    if isinstance(said, list) and said:
        said = said[-1]
    return _bare(said) if isinstance(said, str) and said.strip() else f"error {code}"


def _bare(text: str) -> str:
    """The text without values."""
    if not re.match(r"\d+ validation errors?\b", text):
        line = text.strip().splitlines()[0]
        quoted = re.fullmatch(r"""(['"])(.*)\1""", line)
        return (quoted[2] if quoted else line).rstrip(".")
    found = [(each["place"], each["why"]) for each in _CONFIGURATION.finditer(text)]
    for each in _REQUEST.finditer(text):
        place = ".".join(re.findall(r"[^\s',]+", each["place"])).removeprefix("body.")
        found.append((place, each["why"] or each["other"]))
    faults = [f"{place}: {why.removeprefix('Value error, ').rstrip('.')}" for place, why in found]
    return "; ".join(faults) or "what it was asked is not valid"

"""Values and the paths that lead to them.

A value is what JSON can say. A path is a JSON Pointer (RFC 6901): `/config/path`, with `~` written as
`~0` and `/` as `~1` inside a segment. The empty path is the whole entity, a prefix of every other.
"""

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import UNSET, UnsetType

from stackroom.events import limits

Value: TypeAlias = None | bool | int | float | str | list[Any] | dict[str, Any]
Path: TypeAlias = str
Maybe: TypeAlias = Value | UnsetType
"""A value, or `UNSET` where there is none (which differs from a null)."""

WHOLE: Path = ""

INFINITE = float("inf")

REMEMBERED = 256
"""Characters of a path from which on its segments are not remembered: the same few come all the time."""

CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
"""Characters that break lines, terminals or UTF-8; no name may hold one. None of them `isprintable`.

A pattern for `re`, which compiles it when it is first used: it takes long."""


def pointer(*segments: str) -> Path:
    """The path through `segments`."""
    return "".join("/" + s.replace("~", "~0").replace("/", "~1") for s in segments)


def segments(path: Path) -> tuple[str, ...]:
    """The segments of `path`; ValueError if it is not a JSON Pointer."""
    return _split(path) if len(path) < REMEMBERED else _split.__wrapped__(path)


@lru_cache(4096)
def _split(path: Path) -> tuple[str, ...]:
    if not path:
        return ()
    if path[0] != "/":
        raise ValueError(f"path {path!r} does not begin with '/'")
    parts = path[1:].split("/")
    if "~" in path:
        if re.search(r"~(?![01])", path):
            raise ValueError(f"path {path!r} has a '~' that is neither '~0' nor '~1'")
        parts = [p.replace("~1", "/").replace("~0", "~") for p in parts]
    return tuple(parts)


def overlap(a: Path, b: Path) -> bool:
    """Whether one of the paths is a prefix of the other, segment by segment."""
    return a == b or a.startswith(b + "/") or b.startswith(a + "/")


def prefixes(path: Path) -> Iterator[Path]:
    """The path and each of its prefixes, longest first, the empty one last."""
    while path:
        yield path
        path = path[: path.rindex("/")]
    yield WHOLE


def is_below(path: Path, places: Container[Path]) -> bool:
    """Whether one of the places is a prefix of the path, and shorter; the empty one is not looked for.

    What this takes grows with the path, and not with the places.
    """
    above = path.rpartition("/")[0]
    while above:
        if above in places:
            return True
        above = above.rpartition("/")[0]
    return False


def same(a: object, b: object) -> bool:
    """Equality as JSON has it: `1`, `1.0` and `true` are three different values."""
    if type(a) is not type(b):
        return False
    if isinstance(a, str):
        return a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def lookup(value: Maybe, keys: Sequence[str]) -> Maybe:
    """What `keys` lead to inside `value`, or `UNSET`."""
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return UNSET
        value = value[key]
    return value


def placed(
    value: Maybe, keys: Sequence[str], new: Maybe, own: dict[int, Value] | None = None
) -> Value:
    """A copy of the map `value` with `new` at `keys` (removed there if `UNSET`); shares the rest.

    Who places much in one map gives `own`: the maps in it are copies already, and are written in place.
    """
    own = {} if own is None else own
    copy = value if id(value) in own else dict(value) if isinstance(value, dict) else {}
    assert isinstance(copy, dict)
    own[id(copy)] = copy
    key, *deeper = keys
    if deeper:
        if new is UNSET and not isinstance(copy.get(key), dict):
            return copy
        copy[key] = placed(copy.get(key, UNSET), deeper, new, own)
    elif new is UNSET:
        copy.pop(key, None)
    else:
        copy[key] = new
    return copy


def fault(value: object, depth: int = limits.PATH_DEPTH) -> str | None:
    """Why `value` cannot be kept, or None if it can."""
    if isinstance(value, str):
        return None if value.isascii() or _encodes(value) else "text is not valid Unicode"
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        inside = limits.INTEGER_MIN <= value <= limits.INTEGER_MAX
        return None if inside else "an integer does not fit 64 bits: write it as text"
    if isinstance(value, float):
        return None if abs(value) < INFINITE else f"number {value} is not finite: write it as text"
    if depth == 0:
        return f"value is nested deeper than {limits.PATH_DEPTH} levels"
    if isinstance(value, list):
        return next(filter(None, (fault(v, depth - 1) for v in value)), None)
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not (key.isascii() or _encodes(key)):
                return f"key {key!r} is not text"
            # Most of what there is needs no call.
            if inner is True or inner is False or inner is None:
                continue
            if type(inner) is str and inner.isascii():
                continue
            if (why := fault(inner, depth - 1)) is not None:
                return why
        return None
    return f"value of type {type(value).__name__} is not one that JSON can say"


def depth(value: object) -> int:
    """Levels of nesting: 0 for a number or a text. What rules have let in is never very deep."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max(map(depth, value), default=0)
    return 0


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

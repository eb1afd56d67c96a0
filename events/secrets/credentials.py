"""Credentials in plain text: told by the key that names one, or by a format that nothing else has.

Part of the rules, so the same on every hub and replica: nothing here asks a library whose patterns change
from one release to the next. `docs/secrets.md` has the table of cases.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.events.model import (
    Change,
    ComponentRegistered,
    Registered,
    RunRecorded,
    RunUpdated,
    Updated,
)
from stackroom.events.secrets.credential_formats import within
from stackroom.events.secrets.redaction import FIELDS, is_marker
from stackroom.events.values import Path, Value, pointer, segments

MarkedKey: TypeAlias = Callable[[str], bool]
"""Whether that key of a configuration is marked as a credential by its flavor."""

_REFERENCE: Final = re.compile(r"\{\{\s*[^\s{}.]+\.[^\s{}]+\s*\}\}")
"""A whole value that names a secret's key, as ZenML writes it: `{{mlflow.password}}`."""

_ELSEWHERE: Final = re.compile(
    r"arn:aws[a-z-]*:\S+"
    r"|projects/[^/\s]+/(?:secrets|locations)/\S+"
    r"|https://[a-z0-9-]+\.vault\.azure\.net/\S+"
    r"|file://\S+"
    r"|~?(?:/[A-Z]?[a-z0-9._-]+){2,}/?"
    r"|\$\{[A-Za-z_][A-Za-z0-9_]*\}"
    r"|\*{3,}"
    r"|\[redacted in #[0-9]+\]"
)
"""Whole values that say where a credential is, or that it is hidden: no credentials, whatever their key.

A resource of AWS, Google or Azure, a file, a variable of the environment, a mask, what was redacted. A path
has no upper case but at the beginning of a name: base64 that begins with `/` is none.
"""

_WITH_PASSWORD: Final = re.compile(r"//[^\s/@:]*:(?!\{\{[^{}]+\}\}@|\$\{\w+\}@|\*{3,}@)[^\s/@]+@")
"""An address with a password in it, which is no reference."""

_ASSIGNED: Final = re.compile(r"(?:--?)?([A-Za-z_][A-Za-z0-9_.-]*)=([^=].*)", re.DOTALL)
"""`NAME=VALUE` and `--NAME=VALUE`, as in lists of variables and arguments."""

_WORDS: Final = {
    "password", "passwd", "passphrase", "pwd", "secret", "token", "key", "apikey", "credentials",
}  # fmt: skip
"""A name that ends in one of these holds a credential; ZenML's flavors mark such attributes."""

_MAY_BE_NUMBERS: Final = {"password", "passwd", "passphrase", "pwd"}
"""Words whose values may be numbers: YAML reads a password of digits as one. Keys and tokens never are."""

_NAMES: Final = {
    "token_secret", "ssh_private_key", "aws_access_key_id", "access_key_id", "api_keys",
    "access_keys", "auth_tokens", "passwords",
}  # fmt: skip
"""Credentials by their whole name, where the last word does not tell."""

_NAMES_OF_SECRETS: Final = {
    ("", "authentication_secret"),
    ("", "registry_auth_secret"),
    ("metadata_store", "secret"),
    ("model_deployer", "secret"),
}
"""Attributes (component type, name) that name a secret kept elsewhere; the type '' means any."""

_HARMLESS: Final = {
    "key": {
        "public", "partition", "sort", "primary", "foreign", "routing", "object", "cache", "row",
        "group", "order", "index", "lookup", "map", "kms", "topology", "label", "tag", "annotation",
        "config",
    },
    "token": {
        "pad", "eos", "bos", "unk", "cls", "sep", "mask", "next", "page", "continuation", "stop",
        "max",
    },
}  # fmt: skip
"""What a key or token of is no credential: by the last word of a name, and the word before it."""

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_VERSION: Final = re.compile(r"v?[0-9]+")


class Plaintext(Struct, frozen=True):
    """A place where a credential seems to stand in plain text; never its value."""

    path: Path
    why: str


def is_reference(value: Value) -> bool:
    """Whether the value is a reference to a secret's key, which ZenML fills in: `{{mlflow.password}}`."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def names_credential(component_type: str, path: tuple[str, ...]) -> bool:
    """Whether a configuration's keys name a credential: by the last that is no place in a list."""
    named = _named(path)
    if not named or {("", named[-1]), (component_type, named[-1])} & _NAMES_OF_SECRETS:
        return False
    words = _words(named[-1])
    if words == ["key"]:
        # Kubernetes has lists of maps with a `key` that is a name, and `secretKeyRef`.
        above = path[: path.index(named[-1])]
        return not any(map(str.isdigit, above)) and _words("".join(above[-1:]))[-1:] != ["ref"]
    if not words or (len(words) > 1 and words[-2] in _HARMLESS.get(words[-1], ())):
        return False
    return words[-1] in _WORDS or "_".join(words) in _NAMES


def _named(path: tuple[str, ...]) -> list[str]:
    """The keys, without places in lists."""
    return [key for key in path if not key.isdigit()]


def _words(name: str) -> list[str]:
    """The words of a name in any case, without numbers at its end: `dbPassword2` is `db`, `password`."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and _VERSION.fullmatch(words[-1]):
        words.pop()
    return [*words[:-1], words[-1].rstrip("0123456789")] if words else []


def format_of(value: Value) -> str | None:
    """What the value is, by a format that nothing else has; None for any other."""
    if not isinstance(value, str) or len(value) < 8:
        return None
    if "//" in value and _WITH_PASSWORD.search(value) is not None:
        return "an address with a password in it"
    return within(value)


def why(
    component_type: str, path: tuple[str, ...], value: Value, *, marked: bool = False
) -> str | None:
    """Why the value at these keys of a configuration is a credential in plain text, or None.

    By its keys; because the flavor has `marked` the first of them as one; or by its format. Maps and lists
    are none: `located` looks into them.
    """
    if isinstance(value, bool | dict | list) or value in (None, ""):
        return None
    if is_reference(value) or is_marker(value):
        return None
    if marked or names_credential(component_type, path):
        if isinstance(value, str):
            told = _ELSEWHERE.fullmatch(value) is None
        else:
            told = marked or _words(_named(path)[-1])[-1] in _MAY_BE_NUMBERS
        if told:
            return "its key names a credential"
    if (what := format_of(value)) is not None:
        return f"it looks like {what}"
    if isinstance(value, str) and (assigned := _ASSIGNED.fullmatch(value)) is not None:
        name, given = assigned.groups()
        told = names_credential(component_type, (name,)) and _words(name) != ["key"]
        if told and not is_reference(given) and _ELSEWHERE.fullmatch(given) is None:
            return "it gives a value to a name of a credential"
    return None


def located(
    component_type: str,
    value: Value,
    keys: tuple[str, ...] = (),
    marked: MarkedKey | None = None,
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys of each credential in a configuration, or in what stands at `keys` of one, and why.

    Items of lists count from 0. In a map of a `name` and a `value` (a variable of a container), the name
    counts as the value's key.
    """
    if isinstance(value, dict):
        name = value.get("name")
        for key, inner in value.items():
            at = (*keys, key)
            if key == "value" and isinstance(name, str) and not isinstance(inner, dict | list):
                if (reason := why(component_type, (name,), inner)) is not None:
                    yield at, reason
            else:
                yield from located(component_type, inner, at, marked)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from located(component_type, inner, (*keys, str(index)), marked)
    elif keys:
        known = marked is not None and marked(keys[0])
        if (reason := why(component_type, keys, value, marked=known)) is not None:
            yield keys, reason


def leaves(value: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every text, number or boolean with the keys that lead to it; list items count from 0."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, str(index)))
    else:
        yield path, value


def plaintext(
    change: Change, component_type: str = "", marked: MarkedKey | None = None
) -> Iterator[Plaintext]:
    """Where `change` writes credentials in plain text; keys count in configurations alone.

    `component_type` is that of the component that an update is about.
    """
    if isinstance(change, ComponentRegistered):
        component_type = change.component_type
    for path, value in _written(change):
        keys = segments(path)
        if keys[:1] == ("config",):
            for at, reason in located(component_type, value, keys[1:], marked):
                yield Plaintext(pointer("config", *at), reason)
        else:
            for at, leaf in leaves(value, keys):
                if (what := format_of(leaf)) is not None:
                    yield Plaintext(pointer(*at), f"it looks like {what}")


def _written(change: Change) -> Iterator[tuple[Path, Value]]:
    match change:
        case Updated():
            yield from change.set.items()
        case Registered() | RunRecorded() | RunUpdated():
            for field in change.__struct_fields__:
                if field in FIELDS and (value := getattr(change, field)) is not None:
                    yield pointer(field), value
        case _:
            return

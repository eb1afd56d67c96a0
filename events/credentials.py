"""Credentials in plain text: told by the key that names one, or by a format that nothing else has.

Part of the rules, so the same on every hub and replica: nothing here asks a library whose patterns change
from one release to the next. `docs/secrets.md` has the table of cases.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from stackroom.events.model import (
    Change,
    ComponentRegistered,
    Registered,
    Updated,
)
from stackroom.events.redaction import is_marker
from stackroom.events.values import Path, Value, pointer, segments

_REFERENCE: Final = re.compile(r"\{\{\s*[^\s{}.]+\.[^\s{}]+\s*\}\}")
"""A whole value that names a secret's key, as ZenML writes it: `{{mlflow.password}}`."""

_WITH_PASSWORD: Final = re.compile(r"[^\s/]*//[^\s/@:]*:[^\s/@]+@.*", re.DOTALL)
"""An address with a password in it."""

_WITH_REFERENCE: Final = re.compile(r"[^\s/]*//[^\s/@:]*:\{\{[^{}]+\}\}@.*", re.DOTALL)
"""An address whose password is a reference."""

_WORDS: Final = {
    "password", "passwd", "passphrase", "pwd", "secret", "token", "key", "apikey", "credentials",
}  # fmt: skip
"""A name that ends in one of these holds a credential; ZenML's flavors mark such attributes."""

_NAMES: Final = {"token_secret", "ssh_private_key", "aws_access_key_id", "access_key_id"}
"""Credentials by their whole name, where the last word does not tell."""

_NAMES_OF_SECRETS: Final = {
    ("", "authentication_secret"),
    ("metadata_store", "secret"),
    ("model_deployer", "secret"),
}
"""Attributes (component type, name) that name a secret kept elsewhere; the type '' means any."""

_HARMLESS: Final = {
    "key": {
        "public", "partition", "sort", "primary", "foreign", "routing", "object", "cache", "row",
        "group", "order", "index", "lookup", "map",
    },
    "token": {
        "pad", "eos", "bos", "unk", "cls", "sep", "mask", "next", "page", "continuation", "stop",
    },
}  # fmt: skip
"""What a key or token of is no credential: by the last word of a name, and the word before it."""

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")

FORMATS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("an AWS access key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
        ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b"),
        ("a GitLab token", r"\bgl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("a Slack webhook", r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+]{20,}"),
        ("a Discord webhook", r"https://discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{30,}"),
        ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("a Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
        ("an Azure storage key", r"\bAccountKey=[A-Za-z0-9+/]{86}=="),
        ("an Azure access signature", r"[?&]sig=[A-Za-z0-9%+/]{40,}"),
        ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{40,}"),
        ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{40,}"),
        ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ("a Databricks token", r"\bdapi[0-9a-f]{32}\b"),
        ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
        ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
        ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
        ("a Stackroom token", r"\bsr[msju]_[A-Za-z0-9]{47}\b"),
        ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)  # fmt: skip
"""What it is, and a form that hardly anything else has, wherever in a text it stands."""


class Plaintext(Struct, frozen=True):
    """A place where a credential seems to stand in plain text; never its value."""

    path: Path
    why: str


def is_reference(value: Value) -> bool:
    """Whether the value is a reference to a secret's key, which ZenML fills in: `{{mlflow.password}}`."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def has_password(value: Value) -> bool:
    """Whether the value is an address with a password in it, which is no reference."""
    return (
        isinstance(value, str)
        and _WITH_PASSWORD.fullmatch(value) is not None
        and _WITH_REFERENCE.fullmatch(value) is None
    )


def names_credential(component_type: str, path: tuple[str, ...]) -> bool:
    """Whether a configuration's keys name a credential: by the last that is no place in a list."""
    name = next((key for key in reversed(path) if not key.isdigit()), "")
    if {("", name), (component_type, name)} & _NAMES_OF_SECRETS:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or (len(words) > 1 and words[-2] in _HARMLESS.get(words[-1], ())):
        return False
    return words[-1] in _WORDS or "_".join(words) in _NAMES


def format_of(value: Value) -> str | None:
    """What the value is, by a format that nothing else has; None for any other."""
    if not isinstance(value, str) or len(value) < 12 or is_reference(value):
        return None
    if has_password(value):
        return "an address with a password in it"
    return next((what for what, form in FORMATS if form.search(value)), None)


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


def why(
    component_type: str, path: tuple[str, ...], value: Value, *, marked: bool = False
) -> str | None:
    """Why the value at these keys of a configuration is a credential in plain text, or None.

    By its keys; because the flavor has `marked` the first of them as one; or by its format.
    """
    if isinstance(value, bool) or value in (None, "") or is_reference(value) or is_marker(value):
        return None
    if marked or names_credential(component_type, path):
        return "its key names a credential"
    if (what := format_of(value)) is not None:
        return f"it looks like {what}"
    return None


def plaintext(change: Change, component_type: str = "") -> Iterator[Plaintext]:
    """Where `change` writes credentials in plain text; keys count in configurations alone.

    `component_type` is that of the component that an update is about.
    """
    for path, value in _written(change):
        if isinstance(change, ComponentRegistered):
            component_type = change.component_type
        for keys, leaf in leaves(value, segments(path)):
            in_config = keys[:1] == ("config",)
            found = why(component_type, keys[1:], leaf) if in_config else None
            if found is None and (what := format_of(leaf)) is not None:
                found = f"it looks like {what}"
            if found is not None:
                yield Plaintext(pointer(*keys), found)


def _written(change: Change) -> Iterator[tuple[Path, Value]]:
    match change:
        case Updated():
            yield from change.set.items()
        case Registered():
            for field in ("config", "labels", "extra", "settings", "description", "source"):
                if (value := getattr(change, field, None)) is not None:
                    yield pointer(field), value
        case _:
            return

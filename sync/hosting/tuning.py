"""A hub's settings as its admin wants them: `hub.toml` in its folder, then what the command line says.

The file's table `[oidc]` is the hub's OpenID provider: see `oidc_settings`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_type_hints

import msgspec
from msgspec import Struct

from stackroom.sync.errors import BadSetting
from stackroom.sync.oidc.oidc_settings import Oidc, oidc_of
from stackroom.sync.settings import Settings

FILE: Final = "hub.toml"

Source: TypeAlias = Literal["default", "hub.toml", "command line"]

_TYPES: Final[dict[str, Any]] = get_type_hints(Settings)
_KINDS: Final[dict[object, str]] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
}
_AT_LEAST_ONE: Final = (int, float)
"""A limit of nothing would shut everybody out."""
_MAY_BE_ZERO: Final = frozenset({"port", "failures_free"})


class Tuned(Struct, frozen=True):
    """Settings, where each that is not the default was said, and the OpenID provider if there is one."""

    settings: Settings
    sources: dict[str, Source] = {}
    oidc: Oidc | None = None

    def source(self, name: str) -> Source:
        """Where the setting was said."""
        return self.sources.get(name, "default")


def tuned(folder: Path, said: Mapping[str, object], sets: Sequence[str] = ()) -> Tuned:
    """The settings for the hub on `folder`; `said` by options (None: not said), `sets` as NAME=VALUE.

    Raises BadSetting.
    """
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    file = _file(folder / FILE)
    table = file.pop("oidc", None)
    oidc = oidc_of(table, str(folder / FILE)) if table is not None else None
    for name, value in file.items():
        values[name] = _value(name, value, f"in {folder / FILE}", strict=True)
        sources[name] = "hub.toml"
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadSetting(f"--set takes NAME=VALUE, not {text[:80]!r}")
        name = name.strip().replace("-", "_")
        values[name] = _value(name, _typed(name, value.strip()), "in --set", strict=False)
        sources[name] = "command line"
    for name, value in said.items():
        if value is not None and value is not False and value != ():
            values[name] = frozenset(value) if isinstance(value, tuple) else value
            sources[name] = "command line"
    return Tuned(_checked(Settings(**values)), sources, oidc)


def _checked(settings: Settings) -> Settings:
    """What makes sense by itself must also fit together."""
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise BadSetting("--tls-cert and --tls-key go together: one of them is missing")
    if settings.failure_delay_most >= settings.hello_timeout:
        raise BadSetting("failure_delay_most must be below hello_timeout")
    if settings.push_bytes >= settings.message_bytes:
        raise BadSetting("push_bytes must be below message_bytes: a push travels in one message")
    return settings


def _file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path} is not TOML: {error}") from error


def _typed(name: str, text: str) -> object:
    """The text of a --set; sets are split at commas."""
    if _TYPES.get(name) == frozenset[str]:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _value(name: str, value: object, where: str, *, strict: bool) -> object:
    kind = _TYPES.get(name)
    if kind is None:
        from difflib import get_close_matches

        near = get_close_matches(name, _TYPES, 1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        raise BadSetting(f"there is no setting {name[:80]!r} ({where})", hint=hint)
    try:
        converted: object = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        raise BadSetting(f"{name} takes {_words(kind)}, not {value!r:.80} ({where})") from None
    if isinstance(converted, bool) or not isinstance(converted, _AT_LEAST_ONE):
        return converted
    if not converted > 0 and not (converted == 0 and name in _MAY_BE_ZERO):
        raise BadSetting(f"{name} must be more than 0 ({where})")
    if converted == float("inf"):
        raise BadSetting(f"{name} must be a number that ends ({where})")
    return converted


def _words(kind: object) -> str:
    return _KINDS.get(kind, "a list of texts")

"""What commands share on their command line: messages, labels, and free `--KEY=VALUE` arguments.

Values are YAML, read as stack files are: `--replicas=3` is a number, `--debug=no` is the text `no`,
`--hosts='[a, b]'` is a list. `--KEY=@FILE` takes the text of a file; `--KEY=@@text` the text `@text`.
`--KEY.SUB=VALUE` goes into a map; a dot that belongs to the key is written `\\.`. What looks like an
option of the command itself goes after `--`.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.events.values import Value

F = TypeVar("F", bound=Callable[..., Any])

Labels: TypeAlias = dict[str, str]

_WORD: Final = r"[A-Za-z_/][\w./@+=-]*(?::[\w./@+=-]+)*"
_REFERENCE: Final = r"\{\{[^{}]*\}\}"
"""ZenML's way to refer to a secret, which YAML would take for a map that has a map for a key."""

_NO_WORDS: Final = {"true", "false", "null"}
"""What is spelled like a word, and is not text."""

_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_INTEGER: Final = r"0|-?[1-9][0-9]{0,17}"
"""Most numbers that people write; it fits 64 bits."""


class Setting(Struct, frozen=True):
    """One `--KEY=VALUE`: where it goes (one key, or several for a value inside a map), and the value.

    `text` is what was typed, for attributes that are text whatever it looks like.
    """

    keys: tuple[str, ...]
    value: Value
    text: str = ""


reason_option: Callable[[F], F] = click.option(
    "-m", "--message", default="", help="Why: kept with the commit for ever."
)
_allow_plaintext: Callable[[F], F] = click.option(
    "--allow-plaintext",
    is_flag=True,
    expose_value=False,
    callback=lambda context, _parameter, value: setattr(context.obj, "allow_plaintext", value),
    help="Save credentials in plain text, this once; the commit says so.",
)


def message_option(command: F) -> F:
    """`--message`, and what else a command that writes a commit takes."""
    return reason_option(_allow_plaintext(command))


at_option: Callable[[F], F] = click.option(
    "--at",
    metavar="SEQ|TIME|TAG",
    help="As it was after a commit (42), at a time (2026-11-20, '2h ago', yesterday), or at a tag.",
    shell_complete=completing.moments,
)
"""Gives the command `at: str | None`, for `lookup.state_at`."""

yes_option: Callable[[F], F] = click.option(
    "-y", "--yes", is_flag=True, help="Do not ask for confirmation."
)
global_option: Callable[[F], F] = click.option(
    "-g", "--global", "everywhere", is_flag=True, help="For all places that are in no repository."
)
stack_option: Callable[[F], F] = click.option(
    "--stack",
    metavar="NAME",
    expose_value=False,
    callback=lambda context, _parameter, value: setattr(context.obj, "stack_name", value),
    help="The stack that is meant, instead of the one in use here.",
    shell_complete=completing.stacks,
)
no_validate_option: Callable[[F], F] = click.option(
    "--no-validate", is_flag=True, help="Take the configuration as it is, whatever its flavor."
)
interactive_option: Callable[[F], F] = click.option(
    "-i", "--interactive", is_flag=True, help="Ask for each attribute of the flavor."
)


def labels_option(*spellings: str) -> Callable[[F], F]:
    """Gives a command `labels: Labels`; `-l` is ZenML's where no other option has it."""
    return click.option(
        *spellings,
        "labels",
        multiple=True,
        metavar="K=V",
        callback=lambda _context, _parameter, values: parse_labels(values),
        help="Set a label; may be repeated.",
    )


settings_argument: Callable[[F], F] = click.argument(
    "settings",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="[--KEY=VALUE]...",
    callback=lambda _context, _parameter, values: parse_settings(values),
)
"""Gives the command `settings: tuple[Setting, ...]`; the command needs `FREE_SETTINGS`, too."""

FREE_SETTINGS: Final = {"ignore_unknown_options": True}
"""`context_settings` of a command with `settings_argument`."""


def parse_labels(values: Iterable[str]) -> Labels:
    """Labels given as `K=V`; UsageError naming the one that is not."""
    labels: Labels = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--label {text!r} is not of the form KEY=VALUE")
        if labels.get(key, value) != value:
            raise click.UsageError(f"--label {key!r} is given twice, with different values")
        labels[key] = value
    return labels


def parse_settings(values: Iterable[str]) -> tuple[Setting, ...]:
    """Settings given as `--KEY=VALUE`; UsageError naming the key that is wrong or given twice."""
    settings: dict[tuple[str, ...], Setting] = {}
    for text in values:
        key, equals, value = text.removeprefix("--").partition("=")
        if not text.startswith("--") or not key:
            raise click.UsageError(f"unexpected argument {text!r}: settings look like --KEY=VALUE")
        if not equals:
            raise click.UsageError(f"--{key} lacks a value: write --{key}=VALUE")
        keys = parse_keys(key)
        if keys in settings:
            raise click.UsageError(f"--{key} is given twice")
        settings[keys] = Setting(keys, parse_value(value, f"--{key}"), value)
    return tuple(settings.values())


def parse_keys(text: str) -> tuple[str, ...]:
    """The keys in `KEY.SUB`; `\\.` is a dot inside a key. UsageError if one is empty."""
    keys = tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", text))
    if not all(keys):
        raise click.UsageError(f"{text!r} has an empty key")
    return keys


def parse_value(text: str, named: str) -> Value:
    """The value that `text` is in YAML 1.2, or the text of a file; UsageError beginning with `named`."""
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        return _file(text[1:], named)
    if re.fullmatch(_REFERENCE, text):
        return text
    if re.fullmatch(_WORD, text) and text.lower() not in _NO_WORDS:
        return text
    # As YAML has these, without its reader: that takes longer to import than most commands to run.
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if re.fullmatch(_INTEGER, text):
        return int(text)
    return _yaml(text, named) if text else None


def _yaml(text: str, named: str) -> Value:
    from stackroom.client.zenml.errors import StackFileError
    from stackroom.client.zenml.load import load

    try:
        node, _ = load(text, named)
    except StackFileError as error:
        raise click.UsageError(f"{named}: {error.what}") from error
    return node.plain()


def _file(name: str, named: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{named}: {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{named}: {name} is not UTF-8 text") from error

"""What the place that a command prints to can show: how wide it is, and whether in colours.

Colours are for terminals. NO_COLOR (https://no-color.org) turns them off, and TERM=dumb; FORCE_COLOR and
CLICOLOR_FORCE turn them on wherever it is printed to. Each counts when it is not empty.
"""

import os
from typing import Final, Literal, TextIO, TypeAlias

import click
from msgspec import Struct

Tone: TypeAlias = Literal["good", "careful", "bad", "quiet", "strong"]

_STYLES: Final[dict[Tone, dict[str, str | bool]]] = {
    "good": {"fg": "green"},
    "careful": {"fg": "yellow"},
    "bad": {"fg": "red"},
    "quiet": {"dim": True},
    "strong": {"bold": True},
}


class Screen(Struct, frozen=True):
    """Where text is printed; `columns` is None where it is no terminal, but a pipe or a file."""

    columns: int | None = None
    colours: bool = False

    def paint(self, text: str, tone: Tone | None) -> str:
        """`text` in the colour of `tone`, where there are colours."""
        if not self.colours or tone is None or not text:
            return text
        return click.style(text, **_STYLES[tone])  # type: ignore[arg-type]


def screen(stream: TextIO) -> Screen:
    """What `stream` leads to."""
    is_terminal = stream.isatty()
    return Screen(_columns() if is_terminal else None, _colours(is_terminal))


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _colours(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"

"""Text in the cells of a terminal: letters of East Asia and emoji are two wide, accents none."""

import re
from collections.abc import Iterator
from typing import Final

JOINER: Final = "\u200d"
"""Joins two emoji into one."""

_EXTENDS: Final = "[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
"""What changes the letter before it: joiners, variants, colours of skin."""


def width(text: str) -> int:
    """How many cells `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, cells: int) -> str:
    """`text` with blanks up to so many cells."""
    return text + " " * (cells - width(text))


def fold(text: str, cells: int) -> list[str]:
    """`text` in lines of at most so many cells: folded at blanks, or within what is longer than a line.

    Only blanks at which a line ends are left out.
    """
    if width(text) <= cells:
        return [text]
    lines: list[str] = []
    line = ""
    for word in re.findall(r"\s*\S+|\s+$", text):
        if width(line + word) <= cells:
            line += word
            continue
        rest = word
        if line:
            lines.append(line)
            rest = word.lstrip()
        *full, line = _pieces(rest, cells)
        lines += full
    return [*lines, line] if line.strip() or not lines else lines


def _pieces(word: str, cells: int) -> list[str]:
    """`word` in pieces of at most so many cells."""
    pieces = [""]
    for letter in letters(word):
        if pieces[-1] and width(pieces[-1] + letter) > cells:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def letters(text: str) -> Iterator[str]:
    """What people see as one letter each: with its accents, or an emoji of several characters."""
    import unicodedata

    letter = ""
    for character in text:
        joins = re.match(_EXTENDS, character) or unicodedata.category(character) in ("Mn", "Me")
        if letter and (joins or letter.endswith(JOINER)):
            letter += character
            continue
        if letter:
            yield letter
        letter = character
    if letter:
        yield letter

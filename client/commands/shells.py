"""What the completion scripts of bash, zsh and fish ask, and how they are answered.

A script runs `stackroom` with `_STACKROOM_COMPLETE` set to its shell's name. zsh and fish hand over the
words as arguments, the last one being completed; bash the line up to the cursor as COMP_LINE, because its
own words are cut at `:` and `=`. The answer is a line for each candidate, its parts between tabs:

    word  VALUE  HELP      in bash without the help, quoted for the place where it goes
    file                   the shell's own completion of files
    dir                    … of folders

Nothing else is ever printed: a home that cannot be read completes nothing, unless STACKROOM_DEBUG=1.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from stackroom.client.commands import COMPLETE
from stackroom.events.values import CONTROL

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stackroom.client.commands.context import App

SHELLS: Final = ("bash", "zsh", "fish")
WORD_BREAKS: Final = " \t\n\"'><=;|&(:"
"""Where bash cuts words unless COMP_WORDBREAKS says otherwise."""

_SPECIAL: Final = re.compile(r"([^\w@%+,./:=-])", re.ASCII)


class Line(Struct, frozen=True):
    """A line of bash up to the cursor.

    `incomplete` is the last word without its quotes. Bash replaces what comes after `kept` of it; that
    stands in quotes if `quote` is one.
    """

    words: list[str]
    incomplete: str = ""
    kept: str = ""
    quote: str = ""


def answer(root: click.Command, app: "App", shell: str, arguments: Sequence[str]) -> int:
    """Prints what completes the line for `shell`; the exit code, 1 if nothing could be found out."""
    try:
        lines = list(answers(root, app, shell, arguments))
    except Exception:
        if os.environ.get("STACKROOM_DEBUG") == "1":
            import traceback

            traceback.print_exc(file=sys.stderr)
        return 1
    for line in lines:
        click.echo(line)
    return 0


def answers(root: click.Command, app: "App", shell: str, arguments: Sequence[str]) -> Iterator[str]:
    """The lines of the answer."""
    from click.shell_completion import ShellComplete

    if shell == "bash":
        breaks = os.environ.get("COMP_WORDBREAKS", WORD_BREAKS)
        line = split(os.environ.get("COMP_LINE", ""), breaks)
    else:
        line = Line(["stackroom", *arguments[:-1]], *arguments[-1:])
    asking = ShellComplete(root, {"obj": app}, "stackroom", COMPLETE)
    option, equals, _ = line.incomplete.partition("=")
    before = option + equals if equals and option.startswith("-") else ""
    for item in asking.get_completions(line.words[1:], line.incomplete):
        value = before + str(item.value)
        if item.type in ("file", "dir"):
            yield item.type
        elif not re.search(CONTROL, value):
            yield _bash(line, value) if shell == "bash" else _described(value, item)


def split(text: str, breaks: str = WORD_BREAKS) -> Line:
    """The words of a simple command of bash up to the cursor, without quotes; `breaks` cut words, too."""
    words: list[str] = []
    word: str | None = None
    kept = quote = ""
    letters = iter(text)
    for letter in letters:
        if letter == quote:
            quote, kept = "", word or ""
        elif quote == "'":
            word = (word or "") + letter
        elif letter == "\\":
            word = (word or "") + _escaped(next(letters, ""), quote)
        elif quote:
            word = (word or "") + letter
        elif letter in "'\"":
            quote, word = letter, word or ""
            kept = word
        elif letter.isspace():
            if word is not None:
                words.append(word)
            word, kept = None, ""
        else:
            word = (word or "") + letter
            if letter in breaks:
                kept = word
    while words and re.fullmatch(r"\w+=.*", words[0]):
        del words[0]
    return Line(words, word or "", kept, quote)


def _escaped(letter: str, quote: str) -> str:
    """What a backslash and `letter` mean outside of quotes, or in double ones."""
    return letter if not quote or letter in '"\\$`' else f"\\{letter}"


def _bash(line: Line, value: str) -> str:
    """What bash puts in place of the end of the word; a quote that is open is closed."""
    rest = value[len(line.kept) :]
    match line.quote:
        case "'":
            rest = rest.replace("'", "'\\''") + "'"
        case '"':
            rest = re.sub(r'(["\\$`])', r"\\\1", rest) + '"'
        case _:
            rest = "".join(_SPECIAL.sub(r"\\\1", c) if c.isascii() else c for c in rest)
    return f"word\t{rest}"


def _described(value: str, item: "CompletionItem") -> str:
    help = re.sub(CONTROL, " ", item.help or "")
    return f"word\t{value}\t{help}" if help else f"word\t{value}"

"""Values to YAML text, byte for byte as PyYAML's `yaml.dump` lays them out, as ZenML writes.

Block style, keys sorted at every level, lists not indented under their key, text folded after
column 80, everything beyond ASCII escaped, no anchors. ruamel.yaml cannot do this: its emitter
folds and quotes differently. The tests compare this module with PyYAML on generated values.
"""

import re
from typing import Final

from stackroom.client.zenml.limits import LINE_WIDTH
from stackroom.client.zenml.model import Value
from stackroom.client.zenml.scalars import meaning_to_zenml

_STEP: Final = 2
_LONGEST_SIMPLE_KEY: Final = 127
"""Longer keys, empty ones and those with line breaks are written `? key` and `: value`."""

_LINE_BREAK: Final = re.compile(r"[\n\x85\u2028\u2029]")
"""What YAML 1.1 takes for a line break (section 4.2)."""

_NEEDS_ESCAPES: Final = re.compile(r"[^\n -~]| \n|\n ")
"""What only double quotes can hold: other than printable ASCII, or a blank beside a line break."""

_NEEDS_QUOTES: Final = re.compile(
    r"""\n | \A[ ] | [ ]\Z | \A(?:---|\.\.\.) | \A[#,\[\]{}&*!|>'"%@`] | \A[?-](?:[ ]|\Z)
      | :(?:[ ]|\Z) | [ ]\#""",
    re.VERBOSE,
)
"""What would not be read back as one plain scalar in block context (YAML 1.1, section 9.1.3)."""

_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
"""Escapes with a letter of their own (YAML 1.1, section 5.6)."""


def dump(value: Value) -> str:
    """`value` as one YAML document, ending in a line break."""
    if _is_block(value):
        return _block(value, 0)
    scalar = _scalar(value, indent=_STEP, column=0)
    # PyYAML ends a document that is one plain scalar with a marker, lest a reader wait for more.
    plain = not isinstance(value, list | dict) and scalar[0] not in "'\""
    return f"{scalar}\n...\n" if plain else f"{scalar}\n"


def _is_block(value: Value) -> bool:
    return isinstance(value, list | dict) and bool(value)


def _block(value: Value, indent: int) -> str:
    """The lines of a list or mapping with something in it; the caller has indented the first."""
    pad = " " * indent
    if isinstance(value, dict):
        return pad.join(_entry(key, value[key], indent) for key in sorted(value))
    assert isinstance(value, list)
    return pad.join(f"- {_nested(item, indent)}" for item in value)


def _nested(value: Value, indent: int) -> str:
    """What follows an indicator ('- ', '? ' or ': ') that stands at column `indent`."""
    indent += _STEP
    return _block(value, indent) if _is_block(value) else _scalar(value, indent, indent) + "\n"


def _entry(key: str, value: Value, indent: int) -> str:
    if not key or len(key) > _LONGEST_SIMPLE_KEY or _LINE_BREAK.search(key):
        return f"? {_nested(key, indent)}{' ' * indent}: {_nested(value, indent)}"
    written = _text(key, indent, indent, fold=False) + ":"
    if _is_block(value):
        inner = indent + (_STEP if isinstance(value, dict) else 0)
        return f"{written}\n{' ' * inner}{_block(value, inner)}"
    return f"{written} {_scalar(value, indent + _STEP, indent + len(written) + 1)}\n"


def _scalar(value: Value, indent: int, column: int) -> str:
    """A value on one line, or text folded to further lines at `indent`; it begins at `column`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            # YAML 1.1 knows a float by its point: 1e+16 would be text.
            written = repr(value)
            return written if "." in written else written.replace("e", ".0e")
        case str():
            return _text(value, indent, column, fold=True)
        case list():
            return "[]"
        case dict():
            return "{}"


def _text(text: str, indent: int, column: int, *, fold: bool) -> str:
    if _NEEDS_ESCAPES.search(text):
        return _double_quoted(text, indent, column, fold=fold)
    if meaning_to_zenml(text) is None and not _NEEDS_QUOTES.search(text):
        return _folded(text, indent, column) if fold else text
    if not fold:
        return "'" + text.replace("'", "''") + "'"
    return _single_quoted(text, indent, column)


def _folded(text: str, indent: int, column: int) -> str:
    """Plain text, with line breaks for the single blanks that stand beyond the width."""
    fold = "\n" + " " * indent
    written = ""
    for part in re.split(r"(?<! )( )(?! )", text):
        if part == " " and column > LINE_WIDTH:
            written += fold
            column = indent
        else:
            written += part
            column += len(part)
    return written


def _single_quoted(text: str, indent: int, column: int) -> str:
    """Quoted text: folded as plain text is, and one break more for each run of line breaks."""
    fold = "\n" + " " * indent
    written = "'"
    column += 1
    end = 0
    for part in re.split(r"(\n+|(?<! ) (?! ))", text):
        end += len(part)
        if part.startswith("\n"):
            written += part + fold
            column = indent
        elif part == " " and column > LINE_WIDTH and 1 < end < len(text):
            written += fold
            column = indent
        else:
            quoted = part.replace("'", "''")
            written += quoted
            column += len(quoted)
    return written + "'"


def _double_quoted(text: str, indent: int, column: int, *, fold: bool) -> str:
    """Escaped text: folded before a blank, and on either side of an escape, by a backslash."""
    written = ['"']
    column += 1
    after_escape = True
    last = len(text) - 1
    for at, char in enumerate(text):
        escaped = _escaped(char)
        is_escape = escaped != char
        if is_escape:
            written.append(escaped)
            column += len(escaped)
        # PyYAML lets an escape, but nothing else, end one column further to the right.
        breakable = is_escape or after_escape or char == " "
        if fold and breakable and 0 < at < last and column - is_escape > LINE_WIDTH:
            written.append("\\\n" + " " * indent)
            column = indent
            if text[at + is_escape] == " ":
                # A line's leading blanks are dropped unless escaped.
                written.append("\\")
                column += 1
        if not is_escape:
            written.append(char)
            column += 1
        after_escape = is_escape
    return "".join(written) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if " " <= char <= "~":
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"

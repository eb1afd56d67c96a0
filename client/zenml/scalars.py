"""What an unquoted scalar means, where YAML 1.1 and YAML 1.2 differ.

ZenML writes and reads with PyYAML, which follows YAML 1.1 (https://yaml.org/type/), narrowed: an
exponent needs a point and a sign. There `no` is a boolean, `0777` is 511, `12:30` is 750 and
`2020-01-01` a date, while `1e3`, `0o17` and the account number `012345678901` are text. By YAML 1.2
(section 10.3.2, the core schema) the former are text or another number, and the latter numbers.
So a scalar is taken for a null, boolean or number only where both agree, and for text otherwise:
all that PyYAML wrote is read as it was meant, and no digit is ever lost.
"""

import re
from typing import Final

_YAML_1_1: Final = {
    "null": r"~|null|Null|NULL|",
    "a boolean": r"(?:[Yy]es|YES|[Nn]o|NO|[Tt]rue|TRUE|[Ff]alse|FALSE|[Oo]n|ON|[Oo]ff|OFF)",
    "an integer": r"""[-+]?(?: 0b[01_]+ | 0[0-7_]+ | 0 | [1-9][0-9_]* | 0x[0-9a-fA-F_]+
                             | [1-9][0-9_]*(?::[0-5]?[0-9])+ )""",
    "a number": r"""[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?
                  | \.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
                  | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
                  | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)""",
    "a date": r"""[0-9]{4}-[0-9]{2}-[0-9]{2}
                | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?:[Tt]|[ \t]+) [0-9]{1,2}:[0-9]{2}:[0-9]{2}
                  (?:\.[0-9]*)? (?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?""",
    "a merge": r"<<",
    "a default": r"=",
}
_KINDS: Final = {kind: re.compile(rule, re.VERBOSE) for kind, rule in _YAML_1_1.items()}

_AGREED_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_AGREED_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_AGREED_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_AGREED_FLOAT: Final = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_AGREED_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_INTEGER: Final = 40
"""Digits that are surely too many for 64 bits, and few enough to convert at once."""


def meaning_to_zenml(text: str) -> str | None:
    """What PyYAML takes the unquoted `text` for ("a boolean" …), or None if for text."""
    return next((kind for kind, rule in _KINDS.items() if rule.fullmatch(text)), None)


def agreed(text: str) -> bool | int | float | str | None:
    """The value of the unquoted `text`: what YAML 1.1 and 1.2 agree upon, or the text itself.

    ValueError if it is an integer of more than 40 digits; infinities and NaN are returned as such.
    """
    if text in _AGREED_WORDS:
        return _AGREED_WORDS[text]
    if _AGREED_DECIMAL.fullmatch(text) or _AGREED_HEXADECIMAL.fullmatch(text):
        if len(text) > _LONGEST_INTEGER:
            raise ValueError("integer too long")
        return int(text, 0)
    if _AGREED_FLOAT.fullmatch(text):
        return float(text)
    if _AGREED_NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text

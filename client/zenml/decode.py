"""Bytes or text to the characters that YAML allows."""

import re
from typing import Final

from stackroom.client.zenml import limits
from stackroom.client.zenml.errors import StackFileError

_NOT_YAML: Final = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that may not stand in YAML text (YAML 1.2.2, rule [1])."""


def decoded(text: str | bytes, source: str) -> str:
    """`text` as characters that YAML allows, without a byte order mark; else StackFileError."""
    if len(text) > limits.DOCUMENT_BYTES:
        raise StackFileError(
            f"the file has more than {limits.DOCUMENT_BYTES} bytes",
            hint="a stack file has a few thousand: is this the right file?",
            source=source,
        )
    if isinstance(text, bytes):
        try:
            characters = text.decode()
        except UnicodeDecodeError as error:
            raise StackFileError(
                "the file is not UTF-8",
                hint="save it as UTF-8; or is this not a text file?",
                source=source,
                line=text.count(b"\n", 0, error.start) + 1,
            ) from None
    else:
        characters = text
    characters = characters.removeprefix("\ufeff")
    if found := _NOT_YAML.search(characters):
        raise StackFileError(
            f"the character U+{ord(found[0]):04X} may not stand in YAML",
            hint='remove it, or write it as an escape in double quotes, such as "\\x00"',
            source=source,
            line=characters.count("\n", 0, found.start()) + 1,
            column=found.start() - characters.rfind("\n", 0, found.start()),
        )
    return characters

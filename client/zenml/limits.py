"""Every limit on a stack file, in one place; `docs/yaml.md` lists them for people."""

from typing import Final

DOCUMENT_BYTES: Final = 1 << 20
"""Bytes in a file, and characters in it once its aliases are written out."""

NODES: Final = 50_000
"""Keys and values in a file once its aliases are written out."""

DEPTH: Final = 32
"""Levels of nesting, the file's own mapping being the first."""

NAME_LENGTH: Final = 255
"""Characters in the name of a stack or component, and in a flavor."""

INTEGER_MIN: Final = -(2**63)
"""The smallest integer that the event model keeps."""

INTEGER_MAX: Final = 2**64 - 1
"""The largest."""

LINE_WIDTH: Final = 80
"""Column after which written text is folded: PyYAML's, as ZenML leaves it alone."""

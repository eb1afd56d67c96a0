"""Why something is refused: what `rules` answers."""

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Why something is refused: `code` for programs, `sentence` for people."""

    code: str
    sentence: str

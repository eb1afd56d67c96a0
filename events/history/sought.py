"""What is sought in a history: commits by author, message, place, and what one of their events does."""

from msgspec import Struct

from stackroom.events.values import Path


class Sought(Struct, frozen=True):
    """Which commits are sought; what is empty or None asks for nothing.

    Their seq is above `after` and at most `upto`; one of `authors` made them; `message` is in theirs, in
    whatever capitals of a to z; and one of their events is of one of `entities` (by every id that they were
    spoken of under), is of one of `types`, and writes at, above or below one of `paths`: all of it one event.
    """

    after: int = 0
    upto: int | None = None
    authors: tuple[str, ...] = ()
    message: str = ""
    entities: frozenset[str] | None = None
    types: frozenset[str] = frozenset()
    paths: tuple[Path, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether any commit will do that stands where one is sought."""
        return not (self.authors or self.message or self.asks_of_events)

    @property
    def asks_of_events(self) -> bool:
        """Whether it is sought what events say."""
        return self.entities is not None or bool(self.types or self.paths)

"""A security log that tests read: what was noted, in order."""

from typing import Any

from stackroom.sync.hosting.security_log import Kind, Value


class Noted:
    """Keeps all notes."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []

    def note(self, kind: Kind, **fields: Value) -> None:
        self.notes.append({"kind": kind, **fields})

    def of(self, kind: Kind, **fields: Value) -> list[dict[str, Any]]:
        """The notes of that kind that have these fields."""
        return [n for n in self.notes if n["kind"] == kind and fields.items() <= n.items()]

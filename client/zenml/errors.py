"""The one error of this room."""


class StackFileError(ValueError):
    """Text that is not a stack file: where it is wrong, what is wrong, and what to do about it.

    `line` and `column` count from 1, and are None where the whole file is meant. Values of the
    file are never quoted, since any of them may be a credential.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        source: str = "<input>",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.what, self.hint = what, hint
        self.source, self.line, self.column = source, line, column
        place = ":".join(str(part) for part in (source, line, column) if part is not None)
        super().__init__(f"{place}: {what}")

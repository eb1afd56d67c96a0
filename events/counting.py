"""Counts as people read them: the noun behind a number is one where there is one."""


def counted(count: int, one: str, many: str = "") -> str:
    """The count and what is counted: `1 commit`, `2 commits`; `many` where more is said than an `s`."""
    return f"{count} {noun(count, one, many)}"


def noun(count: int, one: str, many: str = "") -> str:
    """What is counted, without the count."""
    return one if count == 1 else many or f"{one}s"

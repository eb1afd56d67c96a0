"""What each limit means, read from where it is written down: the string below its value."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Limit(NamedTuple):
    """A limit as it stands in its module."""

    name: str
    value: str
    meaning: str


def limits(path: Path) -> Iterator[Limit]:
    """Every assignment of a value to a name in the module, at the top or in a class."""
    statements: list[ast.stmt] = []
    for node in ast.parse(path.read_text("utf-8")).body:
        statements += node.body if isinstance(node, ast.ClassDef) else [node]
    for statement, after in pairwise(statements):
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            said = after.value if isinstance(after, ast.Expr) else None
            assert isinstance(said, ast.Constant), f"{path}: {ast.unparse(statement)} says nothing"
            meaning = " ".join(str(said.value).split())
            yield Limit(ast.unparse(statement.target), shown(ast.unparse(statement.value)), meaning)


def shown(value: str) -> str:
    """A value as people read it: powers of two with their unit."""
    if "<<" in value:
        number, shift = (int(part) for part in value.split("<<"))
        return f"{number << (shift - 20)} MiB" if shift >= 20 else f"{number << (shift - 10)} KiB"
    return value.replace("_", " ") if value.replace("_", "").isdigit() else value

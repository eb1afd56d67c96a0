"""Conflicts and change requests drawn as lines beside the log, as git draws branches.

The history of a profile is one line. A proposal that was held for a decision left it at the state that
its author had in view, and came back to it with the commit that decided:

    ●─╮   #6  resolves a conflict
    ● │   #5
    │ ▲   #4  conflict
    ● │   #3
    ●─╯   #2  what its author had in view

A lane that has no end above is open; one that has no end below goes on in an older page.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Sign: TypeAlias = Literal["●", "▲", "◆", "○"]

COMMIT: Final[Sign] = "●"
CONFLICT: Final[Sign] = "▲"
REQUEST: Final[Sign] = "◆"
PENDING: Final[Sign] = "○"


class Node(Struct, frozen=True):
    """One row of the log, newest first: `seq` is None for what waits for the hub.

    One that stands beside the line is on the lane `held`, and left the line after commit `base`; `decided`
    are the lanes that come back to the line with it.
    """

    seq: int | None
    held: str | None = None
    base: int = 0
    sign: Sign = COMMIT
    decided: tuple[str, ...] = ()


class _Lane(Struct):
    """One lane beside the line; `base` is unknown until what it holds was passed."""

    id: str
    base: int | None = None


def drawn(nodes: Iterable[Node]) -> Iterator[str]:
    """The drawing beside each row."""
    lanes: list[_Lane | None] = []
    for node in nodes:
        joins = [i for i, lane in enumerate(lanes) if lane is not None and _left(lane, node)]
        opens = [_placed(lanes, id) for id in node.decided if _index(lanes, id) is None]
        here = None
        if node.held is not None:
            here = _index(lanes, node.held)
            if here is None:
                here = _placed(lanes, node.held)
        yield _row(lanes, node, here, joins, opens)
        if here is not None and (lane := lanes[here]) is not None:
            lane.base = node.base if lane.base is None else min(lane.base, node.base)
        for i in joins:
            lanes[i] = None
        while lanes and lanes[-1] is None:
            lanes.pop()


def _left(lane: _Lane, node: Node) -> bool:
    """Whether the lane left the line at this row."""
    return lane.base is not None and node.seq is not None and node.seq <= lane.base


def _index(lanes: list[_Lane | None], id: str) -> int | None:
    return next((i for i, lane in enumerate(lanes) if lane is not None and lane.id == id), None)


def _placed(lanes: list[_Lane | None], id: str) -> int:
    """A place for a new lane: the first that is free."""
    lane = _Lane(id)
    for i, there in enumerate(lanes):
        if there is None:
            lanes[i] = lane
            return i
    lanes.append(lane)
    return len(lanes) - 1


def _row(
    lanes: list[_Lane | None], node: Node, here: int | None, joins: list[int], opens: list[int]
) -> str:
    ends = [*joins, *opens]
    farthest = max(ends, default=-1)
    line = node.sign if here is None else ("├" if ends else "│")
    parts: list[str] = [line]
    for i, lane in enumerate(lanes):
        across = i <= farthest
        parts.append("─" if across else " ")
        if i == here:
            parts.append(node.sign)
        elif i in joins:
            parts.append("┴" if i < farthest else "╯")
        elif i in opens:
            parts.append("┬" if i < farthest else "╮")
        elif lane is not None:
            parts.append("┼" if across else "│")
        else:
            parts.append("─" if across else " ")
    return "".join(parts).rstrip()

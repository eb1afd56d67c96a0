"""The lines beside the log: lanes leave the line at a base, and come back with a decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.commands.history.graph import CONFLICT, PENDING, REQUEST, Node, drawn


def plain(seq: int) -> Node:
    return Node(seq)


def conflict(seq: int, id: str, base: int) -> Node:
    return Node(seq, id, base, CONFLICT)


def decided(seq: int, *ids: str) -> Node:
    return Node(seq, decided=ids)


CASES: dict[str, tuple[list[Node], list[str]]] = {
    "a line": ([plain(3), plain(2), plain(1)], ["●", "●", "●"]),
    "one that was resolved": (
        [decided(6, "a"), plain(5), conflict(4, "a", 2), plain(3), plain(2), plain(1)],
        ["●─╮", "● │", "│ ▲", "● │", "●─╯", "●"],
    ),
    "one that is open": ([plain(3), conflict(2, "a", 1), plain(1)], ["●", "│ ▲", "●─╯"]),
    "one that was joined": (
        [decided(5, "a"), conflict(4, "a", 1), conflict(3, "a", 1), plain(2), plain(1)],
        ["●─╮", "│ ▲", "│ ▲", "● │", "●─╯"],
    ),
    "two beside each other": (
        [decided(7, "a"), decided(6, "b"), conflict(5, "b", 3), conflict(4, "a", 2), plain(3), plain(2)],
        ["●─╮", "●─┼─╮", "│ │ ▲", "│ ▲ │", "●─┼─╯", "●─╯"],
    ),
    "two that left at one commit": (
        [conflict(4, "a", 2), conflict(3, "b", 2), plain(2)],
        ["│ ▲", "│ │ ▲", "●─┴─╯"],
    ),
    "two decided by one commit": (
        [decided(5, "a", "b"), conflict(4, "a", 2), conflict(3, "b", 2), plain(2)],
        ["●─┬─╮", "│ ▲ │", "│ │ ▲", "●─┴─╯"],
    ),
    "one that left where another stands": (
        [conflict(3, "a", 2), conflict(2, "b", 1), plain(1)],
        ["│ ▲", "├─╯ ▲", "●───╯"],
    ),
    "a place is used again": (
        [conflict(5, "a", 4), plain(4), conflict(3, "b", 2), plain(2)],
        ["│ ▲", "●─╯", "│ ▲", "●─╯"],
    ),
    "what waits for the hub": (
        [Node(None, "pending", 2, PENDING), Node(None, "pending", 2, PENDING), plain(3), plain(2)],
        ["│ ○", "│ ○", "● │", "●─╯"],
    ),
    "a request": (
        [decided(3, "r"), Node(2, "r", 1, REQUEST), plain(1)],
        ["●─╮", "│ ◆", "●─╯"],
    ),
    "more in an older page": ([decided(9, "a"), plain(8)], ["●─╮", "● │"]),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "wanted"), CASES.values(), ids=CASES)
def test_drawn(nodes: list[Node], wanted: list[str]) -> None:
    assert list(drawn(nodes)) == wanted


@st.composite
def histories(draw: st.DrawFn) -> list[Node]:
    """A history oldest first, in which what was held is decided later, or never; given newest first."""
    nodes: list[Node] = [plain(1)]
    open: list[str] = []
    for seq in range(2, draw(st.integers(2, 20))):
        match draw(st.sampled_from(["plain", "held", "joined", "decided"])):
            case "held":
                open.append(f"c{seq}")
                nodes.append(conflict(seq, f"c{seq}", draw(st.integers(1, seq - 1))))
            case "joined" if open:
                opened = draw(st.sampled_from(open))
                nodes.append(conflict(seq, opened, draw(st.integers(1, int(opened[1:]) - 1))))
            case "decided" if open:
                ended = draw(st.lists(st.sampled_from(open), min_size=1, max_size=2, unique=True))
                open = [id for id in open if id not in ended]
                nodes.append(decided(seq, *ended))
            case _:
                nodes.append(plain(seq))
    return nodes[::-1]


@given(histories())
def test_what_left_the_line_comes_back_to_it(nodes: list[Node]) -> None:
    rows = list(drawn(nodes))
    assert len(rows) == len(nodes)
    for row, node in zip(rows, nodes, strict=True):
        assert row.count(node.sign) == 1
        assert (row[0] == node.sign) is (node.held is None)
        assert row == row.rstrip()
    ends = sum(row.count(end) for row in rows for end in "╯┴")
    lanes = {node.held for node in nodes if node.held is not None}
    assert ends == len(lanes), "each lane ends where it left the line"
    assert rows[-1].count("│") == 0

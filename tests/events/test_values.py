"""Paths and values: what overlaps, what is the same, what cannot be kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stackroom.events.values import (
    fault,
    lookup,
    overlap,
    placed,
    pointer,
    prefixes,
    same,
    segments,
)

texts = st.text(max_size=6)


@given(st.lists(texts, max_size=4))
def test_a_pointer_keeps_its_segments(keys: list[str]) -> None:
    assert segments(pointer(*keys)) == tuple(keys)


@pytest.mark.parametrize("path", ["config", "/a~", "/a~2", "~0"])
def test_what_is_no_pointer(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        segments(path)


@given(st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_paths_overlap_when_one_is_a_prefix(a: list[str], b: list[str]) -> None:
    shorter = min(len(a), len(b))
    assert overlap(pointer(*a), pointer(*b)) == (a[:shorter] == b[:shorter])


def test_prefixes_end_with_the_whole() -> None:
    assert list(prefixes("/a/b")) == ["/a/b", "/a", ""]


@pytest.mark.parametrize(("a", "b", "equal"), [
    (1, True, False), (1, 1.0, False), (0, False, False), (None, UNSET, False), ("1", 1, False),
    ([1], [True], False), ({"a": 1}, {"a": 1.0}, False), ({"a": [1]}, {"a": [1]}, True),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ([1, 2], [2, 1], False), ({}, [], False),
])  # fmt: skip
def test_sameness_is_that_of_json(a: object, b: object, equal: bool) -> None:
    assert same(a, b) is equal
    assert same(b, a) is equal


@given(st.lists(texts, min_size=1, max_size=3), st.integers())
def test_what_was_placed_is_found(keys: list[str], value: int) -> None:
    before = {"other": 1}
    after = placed(before, keys, value)
    assert lookup(after, keys) == value
    assert before == {"other": 1}
    assert lookup(placed(after, keys, UNSET), keys) is UNSET


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, float("inf"), "\ud800", {1: 2}, {"a": {1}}])
def test_what_cannot_be_kept(value: object) -> None:
    assert fault(value)


@pytest.mark.parametrize("value", [None, True, 2**64 - 1, -(2**63), 1.5, "é\n", [[]], {"": {}}])
def test_what_can(value: object) -> None:
    assert fault(value) is None


def test_depth_is_bounded() -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    assert "nested deeper than 32" in (fault(deep) or "")

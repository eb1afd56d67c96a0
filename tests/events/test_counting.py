"""Counts as people read them."""

from stackroom.events.counting import counted, noun


def test_one_is_no_plural() -> None:
    assert [counted(n, "commit") for n in (0, 1, 2)] == ["0 commits", "1 commit", "2 commits"]


def test_what_takes_no_s_says_its_plural() -> None:
    assert [counted(n, "entity", "entities") for n in (1, 2)] == ["1 entity", "2 entities"]
    assert [noun(n, "it was", "they were") for n in (1, 2)] == ["it was", "they were"]

"""What was made ahead is taken once, in any order of two transactions; what is older is gone."""

from stackroom.sync.ahead import Ahead


def test_the_rounds_of_two_transactions_are_kept() -> None:
    ahead = Ahead[int, str]()
    ahead.begin()
    ahead.put(1, "first")
    ahead.begin()
    ahead.put(2, "second")
    assert [ahead.take(n) for n in (1, 2, 1, 2)] == ["first", "second", None, None]


def test_what_nobody_took_goes_with_its_round() -> None:
    ahead = Ahead[int, str]()
    for n in range(5):
        ahead.begin()
        ahead.put(n, "made")
    assert len(ahead) == 2
    assert [ahead.take(n) for n in range(5)] == [None, None, None, "made", "made"]


def test_the_newer_of_one_name_is_taken_first() -> None:
    ahead = Ahead[str, int]()
    for n in range(2):
        ahead.begin()
        ahead.put("same", n)
    assert [ahead.take("same") for _ in range(3)] == [1, 0, None]

"""Who is at the door: strangers make room for strangers, and addresses keep to their rate."""

from hypothesis import given
from hypothesis import strategies as st

from stackroom.sync.settings import Settings
from stackroom.sync.sockets.turnstile import Came, Turnstile

SETTINGS = Settings(
    strangers=6, strangers_address=3, connections_address=5, opened_second=1.0, opened_burst=100.0
)


def test_the_oldest_stranger_of_an_address_makes_room() -> None:
    door = Turnstile(SETTINGS)
    assert [door.come(n, "a", 0).displaced for n in range(5)] == [None, None, None, 0, 1]
    assert door.strangers == 3


def test_with_many_addresses_the_most_crowded_one_makes_room() -> None:
    door = Turnstile(SETTINGS)
    came = [(1, "a"), (2, "b"), (3, "b"), (4, "b"), (5, "c"), (6, "d")]
    assert all(door.come(id, address, 0) == Came() for id, address in came)
    assert door.come(7, "e", 0).displaced == 2


def test_whoever_was_let_in_is_no_stranger() -> None:
    door = Turnstile(SETTINGS)
    for n in range(10):
        assert door.come(n, "a", 0).displaced is None
        door.let_in(n)
    assert door.strangers == 0
    assert door.is_crowded("a")
    for n in range(5):
        door.left(n)
    assert not door.is_crowded("a")


def test_too_fast_is_told_first_and_dropped_when_far_ahead() -> None:
    door = Turnstile(SETTINGS)
    came = [door.come(n, "a", 0) for n in range(200)]
    assert not any(c.wait or c.drop for c in came[:100])
    assert all(c.wait and not c.drop for c in came[100:105])
    assert all(c.drop for c in came[107:])
    assert door.come(900, "b", 0) == Came()
    assert not door.come(901, "a", 3).drop


def test_whoever_came_for_a_file_counts_little() -> None:
    door = Turnstile(SETTINGS)
    for n in range(1_000):
        assert door.come(n, "a", 0) == Came()
        door.came_for_file(n, 0)
        door.came_for_file(n, 0)
        door.left(n)
    assert not door.come(1_000, "a", 0).wait
    for n in range(2_000, 2_200):
        door.come(n, "proxy", 0, counts=False)
        door.came_for_file(n, 0)
        door.left(n)
    came = [door.come(n, "proxy", 0) for n in range(3_000, 3_110)]
    assert all(c.wait for c in came[100:105])


def test_a_proxy_is_not_counted_but_whom_it_speaks_for_is() -> None:
    door = Turnstile(SETTINGS)
    for n in range(5):
        assert door.come(n, "proxy", 0, counts=False) == Came()
        door.moved(n, "a")
    assert not door.is_crowded("a")
    door.come(6, "proxy", 0, counts=False)
    door.moved(6, "a")
    assert door.is_crowded("a")
    assert not door.is_crowded("proxy")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["come", "left", "let_in", "moved"]),
            st.integers(0, 30),
            st.sampled_from("abcd"),
        )
    )
)
def test_counts_add_up_whatever_happens(steps: list[tuple[str, int, str]]) -> None:
    door = Turnstile(SETTINGS)
    there: dict[int, str] = {}
    strangers: set[int] = set()
    for now, (what, id, address) in enumerate(steps):
        if what == "come" and id not in there:
            came = door.come(id, address, now)
            there[id] = address
            strangers.add(id)
            strangers.discard(-1 if came.displaced is None else came.displaced)
        elif what == "left":
            door.left(id)
            there.pop(id, None)
            strangers.discard(id)
        elif what == "let_in":
            door.let_in(id)
            strangers.discard(id)
        elif what == "moved" and id in there:
            door.moved(id, address)
            there[id] = address
        assert door.strangers == len(strangers) <= SETTINGS.strangers
        for each in "abcd":
            expected = sum(a == each for a in there.values()) > SETTINGS.connections_address
            assert door.is_crowded(each) == expected

"""Token meters: the burst, the rate, the debt, and forgetting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.sync.sockets.bucket import Meter, Meters, Rate


def test_a_burst_is_free_and_the_rest_waits() -> None:
    meter = Meter((Rate(10, 5),), now=0)
    assert [meter.take((1,), 0) for _ in range(5)] == [0] * 5
    assert meter.take((1,), 0) == pytest.approx(0.1)
    assert meter.take((1,), 0) == pytest.approx(0.2)
    assert meter.debt(0.1) == pytest.approx(0.1)
    assert meter.take((0,), 0.2) == pytest.approx(0)


def test_time_fills_it_up_to_the_burst_and_no_further() -> None:
    meter = Meter((Rate(10, 5),), now=0)
    meter.take((5,), 0)
    assert not meter.is_full(0.4)
    assert meter.is_full(0.5)
    assert meter.take((5,), 1_000) == 0
    assert meter.take((1,), 1_000) > 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    meter = Meter((Rate(10, 5),), now=100)
    meter.take((5,), 100)
    assert meter.take((1,), 50) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 20)), max_size=50))
def test_whoever_waits_as_told_never_exceeds_rate_and_burst(
    steps: list[tuple[float, float]],
) -> None:
    rate = Rate(7, 20)
    meter, now, taken = Meter((rate,), 0), 0.0, 0.0
    for pause, amount in steps:
        now += pause
        now += meter.take((amount,), now)
        taken += amount
        assert taken <= rate.burst + rate.second * now + 1e-6


def test_each_name_has_its_own_and_the_slowest_rate_decides() -> None:
    meters = Meters(Rate(10, 2), Rate(100, 1_000))
    assert meters.take("ann", (2, 0), 0) == 0
    assert meters.take("ann", (1, 0), 0) == pytest.approx(0.1)
    assert meters.take("ben", (1, 2_000), 0) == pytest.approx(10)
    assert meters.debt("ben", 4) == pytest.approx(6)
    assert meters.debt("nobody", 0) == 0


def test_who_has_been_quiet_is_forgotten() -> None:
    meters = Meters(Rate(1, 10))
    for n in range(1_000):
        meters.take(f"n{n}", (1,), now=n)
    assert len(meters) < 20
    meters.take("busy", (1_000,), now=1_000)
    meters.take("next", (1,), now=1_100)
    assert meters.debt("busy", 1_100) > 0

"""Failed sign-ins: delays that grow and end, and nobody who is locked out by another."""

from stackroom.sync.people.throttle import Throttle
from stackroom.sync.settings import Settings

SETTINGS = Settings(
    failures_free=2, failure_delay=1.0, failure_delay_most=8.0, failures_forgotten=100.0
)


def failing(throttle: Throttle, address: str, account: str, times: int, now: float = 0) -> None:
    for _ in range(times):
        throttle.failed(address, account, now)


def test_delays_begin_after_a_few_double_and_are_capped() -> None:
    throttle = Throttle(SETTINGS)
    delays = []
    for _ in range(7):
        delays.append(throttle.delay("10.0.0.1", "srm_a", 0))
        throttle.failed("10.0.0.1", "srm_a", 0)
    assert delays == [0, 0, 1, 2, 4, 8, 8]


def test_they_are_forgotten() -> None:
    throttle = Throttle(SETTINGS)
    failing(throttle, "10.0.0.1", "srm_a", 5, now=0)
    assert throttle.delay("10.0.0.1", "", 100) == 8
    assert throttle.delay("10.0.0.1", "", 101) == 0
    throttle.failed("10.0.0.1", "srm_a", 101)
    assert throttle.delay("10.0.0.1", "srm_a", 101) == 0


def test_an_address_is_delayed_for_every_account() -> None:
    throttle = Throttle(SETTINGS)
    for n in range(10):
        throttle.failed("10.0.0.1", f"srm_{n}", 0)
    assert throttle.delay("10.0.0.1", "srm_other", 0) == 8
    assert throttle.delay("10.0.0.2", "srm_other", 0) == 0


def test_an_account_is_delayed_from_strange_addresses() -> None:
    throttle = Throttle(SETTINGS)
    for n in range(10):
        throttle.failed(f"10.0.0.{n}", "srm_ann", 0)
    assert throttle.delay("10.9.9.9", "srm_ann", 0) == 8


def test_a_stranger_locks_nobody_out() -> None:
    """Not from elsewhere, and not from behind the same address."""
    throttle = Throttle(SETTINGS)
    throttle.succeeded("10.0.0.1", "srm_ann", 0)
    failing(throttle, "66.6.6.6", "srm_ann", 50)
    failing(throttle, "10.0.0.1", "srm_other", 50)
    assert throttle.delay("10.0.0.1", "srm_ann", 0) == 0
    assert throttle.delay("66.6.6.6", "srm_ann", 0) == 8


def test_even_a_known_pair_is_delayed_for_its_own_failures() -> None:
    throttle = Throttle(SETTINGS)
    throttle.succeeded("10.0.0.1", "ann", 0)
    failing(throttle, "10.0.0.1", "ann", 4)
    assert throttle.delay("10.0.0.1", "ann", 0) == 4
    throttle.succeeded("10.0.0.1", "ann", 0)
    assert throttle.delay("10.0.0.1", "ann", 0) == 0


def test_one_good_account_does_not_wash_an_address() -> None:
    throttle = Throttle(SETTINGS)
    failing(throttle, "66.6.6.6", "srm_ann", 5)
    throttle.succeeded("66.6.6.6", "srm_mine", 0)
    assert throttle.delay("66.6.6.6", "srm_ben", 0) == 8


def test_what_is_remembered_is_bounded_and_the_busiest_stays() -> None:
    settings = Settings(failures_kept=30, failures_free=1, failure_delay=1, failure_delay_most=8)
    throttle = Throttle(settings)
    for n in range(10_000):
        throttle.failed("66.6.6.6", f"srm_{n}", 0)
        throttle.succeeded(f"10.0.{n >> 8}.{n & 255}", "srm_ann", 0)
    assert len(throttle) <= 60
    assert throttle.delay("66.6.6.6", "srm_new", 0) == 8


def test_what_is_no_token_at_all_counts_for_the_address_alone() -> None:
    throttle = Throttle(SETTINGS)
    failing(throttle, "66.6.6.6", "", 10)
    assert throttle.delay("66.6.6.6", "", 0) == 8
    assert throttle.delay("10.0.0.1", "", 0) == 0

"""Where the client's times, ids and salts come from: the real clock and the system's randomness."""

import os
import time
from typing import TYPE_CHECKING
from uuid import UUID

from stackroom.events.carriers import Millis

if TYPE_CHECKING:
    from random import Random


def clock() -> Millis:
    """The time of day."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A fresh UUID, version 7: a time and 74 random bits (RFC 9562 section 5.7)."""
    return uuid7(clock(), int.from_bytes(os.urandom(10)) >> 6)


def salt() -> bytes:
    """Fresh random bytes for one event."""
    from stackroom.events.codec import SALT_BYTES

    return os.urandom(SALT_BYTES)


def jitter() -> "Random":
    """Randomness that guards nothing: it spreads attempts over time."""
    from random import Random

    return Random()  # noqa: S311


def uuid7(millis: Millis, random: int) -> str:
    """The UUID, version 7, of a time and 74 bits."""
    high = (millis & (1 << 48) - 1) << 80 | 7 << 76 | (random >> 62) << 64
    return str(UUID(int=high | 2 << 62 | random & (1 << 62) - 1))

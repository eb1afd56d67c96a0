"""Whole messages are taken out of the stream; whatever else comes goes to websockets, byte for byte."""

import random
from collections.abc import Callable, Sequence

import pytest
from websockets.frames import Frame, Opcode

from stackroom.sync import protocol as wire
from stackroom.sync.sockets.framing import Framing, framed
from tests.sync.speaking import PROFILE

REQUEST = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"


class Ear:
    """What was heard at once, and what went on; both in one order."""

    def __init__(self, takes: Callable[[bytes], bool] = lambda data: True) -> None:
        self.takes = takes
        self.came: list[tuple[str, bytes]] = []
        self.framing = Framing(self._hear, lambda data: self.came.append(("passed on", data)))

    def _hear(self, data: bytes) -> bool:
        if taken := self.takes(data):
            self.came.append(("heard", bytes(data)))
        return taken

    @property
    def heard(self) -> list[bytes]:
        return [data for how, data in self.came if how == "heard"]

    @property
    def passed_on(self) -> bytes:
        return b"".join(data for how, data in self.came if how == "passed on")


def frame(
    data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True, mask: bool = True
) -> bytes:
    return bytes(Frame(opcode, data, fin=fin).serialize(mask=mask))


def began(takes: Callable[[bytes], bool] = lambda data: True) -> Ear:
    ear = Ear(takes)
    ear.framing.came(REQUEST)
    ear.came.clear()
    return ear


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_whole_message_is_heard(size: int) -> None:
    ear, message = began(), random.Random(size).randbytes(size)
    ear.framing.came(frame(message))
    assert ear.came == [("heard", message)]


def test_many_that_came_together_are_heard_in_order() -> None:
    ear, messages = began(), [b"%d" % n for n in range(9)]
    ear.framing.came(b"".join(map(frame, messages)))
    assert ear.came == [("heard", message) for message in messages]


def test_the_request_goes_on_and_what_follows_it_is_read_as_frames() -> None:
    for cut in range(len(REQUEST) + 1):
        ear = Ear()
        ear.framing.came(REQUEST[:cut])
        ear.framing.came(REQUEST[cut:] + frame(b"one"))
        assert ear.passed_on == REQUEST
        assert ear.heard == [b"one"]


OTHERS: Sequence[bytes] = (
    frame(b"text", Opcode.TEXT),
    frame(b"ping", Opcode.PING),
    frame(b"", Opcode.PONG),
    frame(b"part", fin=False),
    frame(b"rest", Opcode.CONT),
    frame(b"not masked", mask=False),
    frame(b"x" * 300, Opcode.TEXT),
    b"\xc2" + frame(b"an extension's bit")[1:],
)


@pytest.mark.parametrize("other", OTHERS, ids=[f"kind {n}" for n in range(len(OTHERS))])
def test_everything_else_goes_on_as_it_came(other: bytes) -> None:
    ear = began()
    ear.framing.came(frame(b"before") + other + other + frame(b"after"))
    assert ear.came == [("heard", b"before"), ("passed on", other + other), ("heard", b"after")]


def test_what_must_wait_goes_on_as_it_came() -> None:
    ear = began(lambda data: data != b"wait")
    ear.framing.came(frame(b"one") + frame(b"wait") + frame(b"two"))
    (_, one), (how, waits), (_, two) = ear.came
    assert (one, how, two) == (b"one", "passed on", b"two")
    assert waits[:2] == frame(b"wait")[:2]
    assert len(waits) == len(frame(b"wait"))


@pytest.mark.parametrize("seed", range(50))
def test_however_it_is_cut_nothing_is_lost_or_comes_twice(seed: int) -> None:
    """Messages that came in pieces go on, and a header that is cut short waits for its rest."""
    chance = random.Random(seed)
    messages = [b"%d " % n + chance.randbytes(chance.choice([5, 200, 70_000])) for n in range(20)]
    whole = [(message, frame(message)) for message in messages]
    parts = [(b"", REQUEST), *chance.sample([*whole, *((b"", other) for other in OTHERS)], k=25)]
    stream = b"".join(data for _, data in parts)
    ear, at = Ear(), 0
    while at < len(stream):
        size = chance.choice([1, 2, 3, 7, 100, 4_096, 100_000])
        ear.framing.came(stream[at : at + size])
        at += size
    assert ear.heard == [message for message, _ in parts if message in ear.heard]
    assert ear.passed_on == b"".join(data for message, data in parts if message not in ear.heard)


@pytest.mark.parametrize("coding", wire.SUBPROTOCOLS)
@pytest.mark.parametrize("size", [0, 1, 60, 100, 130, 65_400, 65_500, 65_600, 70_000])
def test_a_frame_is_as_websockets_makes_it(coding: str, size: int) -> None:
    message = wire.Error("too_large", "x" * size, "", PROFILE)
    opcode = Opcode.BINARY if coding == wire.MSGPACK else Opcode.TEXT
    made = Frame(opcode, wire.payload(message, coding)).serialize(mask=False)
    assert framed(message, coding) == bytes(made)


@pytest.mark.parametrize("said", [0, 125, 126, 127, 200, 65_535])
def test_a_message_that_is_longer_or_shorter_than_it_says_is_not_whole(said: int) -> None:
    for size in (said - 1, said + 1):
        if size >= 0:
            header = frame(b"x" * said)[: -said or None]
            ear = began()
            ear.framing.came(header + b"x" * size)
            rest = size - said
            assert len(ear.heard) == (rest > 0)
            if rest > 0:
                assert len(ear.heard[0]) == said

"""Bytes that came at once are given in pieces, in order, none lost; whoever is fed can hold them back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.sync.sockets.intake import PIECE_BYTES, Intake

pytestmark = pytest.mark.anyio


class Socket(asyncio.ReadTransport):
    """Only says whether it would read on."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Fed:
    """What was fed, and an intake that feeds it; with every `message` bytes, a message is whole."""

    def __init__(self, message: int = 1) -> None:
        self.pieces: list[bytes] = []
        self.message = message
        self.socket = Socket()
        self.intake = Intake(self.socket, self.feed, self.events)

    def feed(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def events(self) -> int:
        return sum(map(len, self.pieces)) // self.message

    async def settle(self) -> bytes:
        """All that was fed, once nothing more comes."""
        before = -1
        while len(self.pieces) != before:
            before = len(self.pieces)
            await asyncio.sleep(0)
        return b"".join(self.pieces)


async def test_what_is_small_is_given_at_once() -> None:
    fed = Fed()
    fed.intake.came(b"hello")
    assert fed.pieces == [b"hello"]
    assert fed.socket.reading


async def test_the_loop_comes_round_between_pieces() -> None:
    fed = Fed()
    fed.intake.came(bytes(PIECE_BYTES * 3))
    turns = 0
    while not fed.socket.reading:
        seen = len(fed.pieces)
        await asyncio.sleep(0)
        turns += 1
        assert len(fed.pieces) <= seen + 1
    assert turns >= 3
    assert list(map(len, fed.pieces)) == [PIECE_BYTES] * 3


async def test_the_loop_does_not_come_round_within_a_large_message() -> None:
    fed = Fed(message=PIECE_BYTES * 10)
    fed.intake.came(bytes(PIECE_BYTES * 20))
    for turn in (1, 2):
        await asyncio.sleep(0)
        assert len(fed.pieces) == turn * 10
    assert fed.socket.reading


async def test_held_back_until_there_is_room() -> None:
    fed = Fed()
    fed.intake.came(b"a" * PIECE_BYTES * 2)
    fed.intake.hold()
    fed.intake.came(b"b")
    assert await fed.settle() == b""
    assert not fed.socket.reading
    fed.intake.go_on()
    assert await fed.settle() == b"a" * PIECE_BYTES * 2 + b"b"
    assert fed.socket.reading


async def test_the_end_gives_the_rest_and_a_cut_does_not() -> None:
    ended, cut = Fed(), Fed()
    for fed in (ended, cut):
        fed.intake.came(b"x" * PIECE_BYTES * 2)
    ended.intake.finish()
    cut.intake.end()
    assert len(await ended.settle()) == PIECE_BYTES * 2
    assert await cut.settle() == b""


@given(st.lists(st.one_of(st.sampled_from(["hold", "go_on"]), st.integers(1, 20_000)), max_size=20))
def test_whatever_comes_is_given_whole_and_in_order(steps: list[str | int]) -> None:
    async def run() -> None:
        fed, sent, number = Fed(), b"", 0
        for step in steps:
            if step == "hold":
                fed.intake.hold()
            elif step == "go_on":
                fed.intake.go_on()
            else:
                assert isinstance(step, int)
                number += 1
                data = number.to_bytes(4, "big") * step
                sent += data
                fed.intake.came(data)
                await asyncio.sleep(0)
        fed.intake.go_on()
        assert await fed.settle() == sent
        assert fed.socket.reading

    asyncio.run(run())

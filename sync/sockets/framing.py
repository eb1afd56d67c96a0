"""Frames: messages that come whole are taken out here, before websockets reads what else came.

Most of what comes to a hub are short binary messages, each one frame that came whole. Those are unmasked here
and heard; every other byte, the handshake first, goes to websockets as it came, which alone judges what is
wrong with it. Sans I/O. Source: RFC 6455 section 5.2.
"""

from collections.abc import Callable
from typing import Final

from websockets.frames import Opcode

from stackroom.sync import protocol as wire

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

BINARY: Final = 0x82
"""The first byte of a frame that is a whole binary message, without extensions."""
TEXT: Final = 0x80 | Opcode.TEXT
MASKED: Final = 0x80
LENGTH: Final = 0x7F
TWO_MORE: Final = 126
LONGER: Final = {TWO_MORE: 2, 127: 8}
"""The bytes that follow and say the length, where it does not fit."""
MASK_BYTES: Final = 4
REQUEST_ENDS: Final = b"\r\n\r\n"


class Framing:
    """The frames of one connection. `hear` takes a message, or says that it must go by websockets' queue.

    `pass_on` gives bytes to websockets.
    """

    __slots__ = ("_between", "_header", "_hear", "_left", "_pass_on", "_request")

    def __init__(self, hear: Callable[[bytes], bool], pass_on: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._pass_on = pass_on
        self._request: bytes | None = b""
        """The end of what came of the handshake's request; None once that is whole."""
        self._header = b""
        """The beginning of a frame that does not say yet how long it is."""
        self._left = 0
        """Bytes of a frame that are still to come, and go to websockets."""
        self._between = False
        """Whether what comes next is the first byte of a frame."""

    def came(self, data: bytes) -> None:
        """The socket gave this."""
        if self._between and (begins := _whole(data)):
            # What comes most: one short message, and nothing beside it.
            if not self._hear(apply_mask(data[begins:], data[begins - MASK_BYTES : begins])):
                self._pass_on(data)
            return
        self._take(data)
        self._between = self._request is None and not self._header and not self._left

    def _take(self, data: bytes) -> None:
        at = 0
        if self._request is not None:
            at = self._begun(data)
        if self._header:
            data, self._header = self._header + data, b""
        passed, end = 0, len(data)
        while at < end:
            if self._left:
                step = min(self._left, end - at)
                self._left -= step
                at += step
                continue
            begins, length = _header(data, at)
            ends = begins + length
            if not begins:
                self._header = data[at:]
                break
            if data[at] == BINARY and data[at + 1] & MASKED and ends <= end:
                if passed < at:
                    self._pass_on(data[passed:at])
                    passed = at
                if self._hear(apply_mask(data[begins:ends], data[begins - MASK_BYTES : begins])):
                    at = passed = ends
                    continue
            self._left = ends - at
        if passed < at:
            self._pass_on(data if at - passed == end else data[passed:at])

    def _begun(self, data: bytes) -> int:
        """Where in `data` the frames begin: after the request, of which this may be but a part."""
        assert self._request is not None
        seen = self._request + data
        found = seen.find(REQUEST_ENDS)
        if found < 0:
            self._request = seen[1 - len(REQUEST_ENDS) :]
            return len(data)
        at = found + len(REQUEST_ENDS) - len(self._request)
        self._request = None
        return at


def _whole(data: bytes) -> int:
    """Where the payload begins, if this is one short binary message from first to last; 0 if it is not."""
    size = len(data)
    if size < 2 + MASK_BYTES or data[0] != BINARY:
        return 0
    length = data[1] ^ MASKED
    if length < TWO_MORE:
        return 6 if size == 6 + length else 0
    if length == TWO_MORE and size > 8 and size == 8 + (data[2] << 8 | data[3]):
        return 8
    return 0


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the frame at `at` begins, and its length; zeros where the header is cut short."""
    end = len(data)
    if end - at < 2:
        return 0, 0
    said = data[at + 1]
    length, begins = said & LENGTH, at + 2
    if (more := LONGER.get(length)) is not None:
        length = int.from_bytes(data[begins : begins + more], "big")
        begins += more
    if said & MASKED:
        begins += MASK_BYTES
    return (begins, length) if begins <= end else (0, 0)


def framed(message: wire.FromHub, subprotocol: str) -> bytes:
    """The message as one frame, as a server sends it."""
    payload = wire.payload(message, subprotocol)
    kind, length = BINARY if subprotocol == wire.MSGPACK else TEXT, len(payload)
    if length < TWO_MORE:
        return bytes((kind, length)) + payload
    if length < 1 << 16:
        return bytes((kind, TWO_MORE, length >> 8, length & 0xFF)) + payload
    return bytes((kind, LENGTH)) + length.to_bytes(8, "big") + payload

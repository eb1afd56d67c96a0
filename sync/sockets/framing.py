"""Takes whole messages out of what a WebSocket's socket gives, before websockets reads it frame by frame.

Most of what comes to a hub are short binary messages, each one frame that came whole. Those are unmasked here
and heard; every other byte, the handshake first, goes to websockets as it came, which alone judges what is
wrong with it. Sans I/O. Source: RFC 6455 section 5.2.
"""

from collections.abc import Callable
from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

BINARY: Final = 0x82
"""The first byte of a frame that is a whole binary message, without extensions."""
MASKED: Final = 0x80
LENGTH: Final = 0x7F
LONGER: Final = {126: 2, 127: 8}
"""The bytes that follow and say the length, where it does not fit."""
MASK_BYTES: Final = 4
REQUEST_ENDS: Final = b"\r\n\r\n"


class Framing:
    """The frames of one connection. `hear` takes a message, or says that it must go by websockets' queue.

    `pass_on` gives bytes to websockets.
    """

    __slots__ = ("_header", "_hear", "_left", "_pass_on", "_request")

    def __init__(self, hear: Callable[[bytes], bool], pass_on: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._pass_on = pass_on
        self._request: bytes | None = b""
        """The end of what came of the handshake's request; None once that is whole."""
        self._header = b""
        """The beginning of a frame that does not say yet how long it is."""
        self._left = 0
        """Bytes of a frame that are still to come, and go to websockets."""

    def came(self, data: bytes) -> None:
        """The socket gave this."""
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

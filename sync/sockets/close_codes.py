"""How a connection ends."""

from typing import Final


class CloseCode:
    """WebSocket close codes in use (RFC 6455 section 7.4; 4000 and up are ours)."""

    NORMAL: Final = 1000
    GOING_AWAY: Final = 1001
    TOO_BIG: Final = 1009
    RESTART: Final = 1012
    MALFORMED: Final = 4400
    UNAUTHORISED: Final = 4401
    HELLO_TIMEOUT: Final = 4408
    TOO_FAST: Final = 4429
    TOO_MANY_CONNECTIONS: Final = 4430
    TOO_MANY_ATTEMPTS: Final = 4431

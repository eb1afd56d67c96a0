"""Where connections wait until they are let in: counted from the first packet, and encrypted here.

A socket is counted before TLS costs anything, which is why TLS is begun here (`loop.start_tls`) and not
by the listener: it would tell nobody of a handshake that is never finished.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final, cast

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from stackroom.sync.hosting.security_log import Notes
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.addresses import address_of, forwarded, party
from stackroom.sync.sockets.eager import Begun
from stackroom.sync.sockets.framing import Framing
from stackroom.sync.sockets.intake import Intake
from stackroom.sync.sockets.tls import Tls
from stackroom.sync.sockets.turnstile import Turnstile
from stackroom.sync.web.headers import add_usual

BEGINNINGS: Final = (Opcode.BINARY, Opcode.TEXT)
"""The opcodes of frames with which a message begins."""

NOTED_EVERY: Final = 10.0
"""Seconds between two notes that one address comes too fast: it will not fill the security log."""


class Guest(ServerConnection):
    """One connection from its first packet; `address` is where it comes from, as far as is known."""

    def __init__(self, porch: "Porch", protocol: ServerProtocol, *args: Any, **kwargs: Any) -> None:
        super().__init__(protocol, *args, **kwargs)
        self.porch = porch
        self.number = next(porch.numbers)
        self.address = ""
        self.party = ""
        """Who is counted; see `addresses.party`."""
        self.heard = porch.clock()
        """When something came from it last."""
        self.wait = 0.0
        """Seconds after which this address may come again; 0 for now."""
        self.raw: asyncio.Transport | None = None
        """The socket below TLS."""
        self.bearer = ""
        """The token in the Authorization header of the handshake."""
        self.hear: Callable[[bytes], bool] | None = None
        """Takes a binary message the moment that it is there; False where it must wait its turn in `recv`."""
        self._events = 0
        """Requests and frames that came."""
        self._unheard = 0
        """Messages that wait for `recv`, and the one that came by it and is not done with."""
        self._intake: Intake | None = None
        self._framing = Framing(self._heard_at_once, super().data_received)
        self._early: list[bytes] = []
        """What came together with the end of the TLS handshake."""
        self._send_response = protocol.send_response
        # The one place that every answer passes, also those to requests that nobody could read.
        protocol.send_response = self._with_headers  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are of no common class, and have the same methods.
        transport = self.raw = cast(asyncio.Transport, transport)
        if not self.porch.came(self):
            transport.abort()
        elif self.porch.tls is None:
            self._begin(transport)
        else:
            self.porch.start(self._encrypt(transport, self._tls_begun(transport, self.porch.tls)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.porch.left(self)
        if self._intake is not None:
            self._intake.end()
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.heard = self.porch.clock()
        if self._intake is not None:
            self._intake.came(data)
        else:
            self._early.append(data)

    def eof_received(self) -> None:
        if self._intake is not None:
            self._intake.finish()
            super().eof_received()

    @property
    def held(self) -> bool:
        """Whether it is not listened to now."""
        return self._intake is not None and self._intake.holds

    def _heard_at_once(self, data: bytes) -> bool:
        """Spares a message the queue and the waking of a task, where nothing is before it."""
        if self.hear is None or self._unheard or self.protocol.state is not State.OPEN:
            return False
        heard = self.hear(data)
        self._events += heard
        return heard

    def process_event(self, event: Event) -> None:
        self._events += 1
        if isinstance(event, Frame) and event.opcode in BEGINNINGS:
            # One that came in pieces may be whole by now.
            if (
                event.fin
                and event.opcode is Opcode.BINARY
                and self._heard_at_once(bytes(event.data))
            ):
                return
            self._unheard += 1
        super().process_event(event)

    def was_heard(self) -> None:
        """What came by `recv` is done with."""
        self._unheard -= 1

    def _begin(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        intake = self._intake = Intake(transport, self._framing.came, lambda: self._events)
        # Whoever has enough messages waiting stops the pieces, and not the transport alone.
        self.recv_messages.pause, self.recv_messages.resume = intake.hold, intake.go_on
        early, self._early = self._early, []
        for data in early:
            intake.came(data)

    def _tls_begun(
        self, transport: asyncio.Transport, tls: Tls
    ) -> "Begun[asyncio.Transport | None]":
        """TLS takes the socket over at once: the very next bytes are its own."""
        return Begun(
            asyncio.get_running_loop().start_tls(
                transport,
                self,
                tls.context,
                server_side=True,
                ssl_handshake_timeout=self.porch.settings.hello_timeout,
                ssl_shutdown_timeout=self.porch.settings.shutdown_grace,
            )
        )

    async def _encrypt(
        self, transport: asyncio.Transport, handshake: "Begun[asyncio.Transport | None]"
    ) -> None:
        encrypted = None
        # Whoever speaks no TLS, or gives up, is gone: there is nobody to tell.
        with contextlib.suppress(OSError):
            encrypted = await handshake
        if encrypted is None or encrypted.is_closing():
            transport.abort()
            self.porch.left(self)
        else:
            self._begin(encrypted)

    def _with_headers(self, response: Response) -> None:
        if response.status_code != 101:
            add_usual(response.headers, encrypted=self.porch.tls is not None)
        self._send_response(response)


class Porch:
    """All guests of one hub. `clock` is in seconds and never goes back."""

    def __init__(
        self,
        settings: Settings,
        tls: Tls | None,
        security: Notes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.tls = tls
        self.security = security
        self.clock = clock
        self.turnstile = Turnstile(settings)
        self.numbers = count(1)
        self._guests: dict[int, Guest] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._noted: dict[tuple[str, str], float] = {}

    def came(self, guest: Guest) -> bool:
        """A socket was opened; whether it may go on."""
        assert guest.raw is not None
        guest.address = address_of(guest.raw.get_extra_info("peername"))
        guest.party = party(guest.address)
        counts = guest.address not in self.settings.trusted_proxies
        came = self.turnstile.come(guest.number, guest.party, self.clock(), counts=counts)
        if came.drop or came.wait:
            self.limited(guest, "opened_second")
        if came.drop:
            return False
        self._guests[guest.number] = guest
        guest.wait = came.wait
        if came.displaced is not None:
            displaced = self._guests[came.displaced]
            self.limited(displaced, "strangers")
            if displaced.raw is not None:
                displaced.raw.abort()
        return True

    def introduce(self, guest: Guest) -> None:
        """The request was read: whom a proxy speaks for is known now."""
        assert guest.request is not None
        proxies = self.settings.trusted_proxies
        address = forwarded(guest.address, guest.request.headers, proxies)
        if address != guest.address:
            guest.address, guest.party = address, party(address)
            self.turnstile.moved(guest.number, guest.party)

    def came_for_file(self, guest: Guest) -> None:
        """It has asked for a file of the dashboard."""
        self.turnstile.came_for_file(guest.number, self.clock())

    def let_in(self, guest: Guest) -> None:
        """It has said who it is."""
        self.turnstile.let_in(guest.number)

    def left(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.pop(guest.number, None)
        self.turnstile.left(guest.number)

    def limited(self, guest: Guest, limit: str) -> None:
        """Notes that a limit was hit, not too often for one address."""
        now = self.clock()
        key = (guest.party, limit)
        if now - self._noted.get(key, -NOTED_EVERY) >= NOTED_EVERY:
            self._noted = {k: at for k, at in self._noted.items() if now - at < NOTED_EVERY}
            self._noted[key] = now
            self.security.note("limit", limit=limit, address=guest.address)

    def start(self, work: Any) -> None:
        """Runs something for a guest, until the hub ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Drops everybody who is still there."""
        for guest in list(self._guests.values()):
            if guest.raw is not None:
                guest.raw.abort()
        for task in self._tasks:
            task.cancel()

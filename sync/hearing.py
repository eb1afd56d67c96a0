"""What connections send: taken at once where it can be, or in its turn where its sender must wait.

Most of what comes is a push of somebody who was let in, whole and within all limits: that goes from its bytes
to those that wait for a decision in one go.
"""

import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio
from msgspec import structs
from websockets.exceptions import ConnectionClosed

from stackroom.sync import protocol as wire
from stackroom.sync.people.gate import SignIn
from stackroom.sync.session import Session, named
from stackroom.sync.sockets.farewell import TOO_FAST, TOO_MANY_ATTEMPTS
from stackroom.sync.sockets.link import Link

if TYPE_CHECKING:
    from stackroom.sync.server import Server

log = logging.getLogger("stackroom.hub")


class Hearing:
    """Hears all connections of a server."""

    def __init__(self, server: "Server") -> None:
        self.hub = server.hub
        self.pace = server.pace
        self.gate = server.gate
        self.porch = server.porch
        self.metrics = server.metrics
        self.clock = server.clock
        self._submit = server.committer.submit
        self._carry_out = server.carry_out
        settings = server.settings
        self._most_proposals = settings.backlog_proposals
        self._most_orders = settings.backlog_orders
        self._most_reads = settings.backlog_reads

    async def receive(self, link: Link, session: Session) -> None:
        """Takes what comes until the connection ends."""
        socket = link.socket
        try:
            while True:
                data = await socket.recv()
                await self._room(link, session)
                message = self._decoded(link, session, data)
                if message is not None:
                    await self._take(link, session, message)
                    let_in = session.principal is not None
                    if let_in and not self.pace.keep(link, session, message, len(data)):
                        self.hub.end(session, TOO_FAST)
                self._carry_out()
                if session.refused:
                    await socket.wait_closed()  # Nobody wants to hear what else it sends.
                    return
                await self._room(link, session)
                socket.was_heard()
                if socket.hear is None and session.principal is not None:
                    socket.hear = partial(self._hear, link, session)
        except ConnectionClosed:
            return  # The peer is gone without a word, as peers are; the hub is told by `closed`.
        finally:
            socket.hear = None

    def _hear(self, link: Link, session: Session, data: bytes) -> bool:
        """Takes a message of somebody who was let in; False where it must wait."""
        owes = link.silent_until is not None and self.pace.owed(link)
        if owes or session.refused or self._is_behind(link, session):
            return False
        message = self._decoded(link, session, data)
        if message is not None:
            now, submit = self.clock(), None
            if type(message) is wire.Push:
                submit = self.hub.pushed(session, message, now)
            if submit is not None:
                self._submit(submit)
            else:
                self.hub.receive(session, message, now)
            if not self.pace.keep(link, session, message, len(data)):
                self.hub.end(session, TOO_FAST)
            elif submit is not None:
                return True  # There is nothing else to carry out.
        self._carry_out()
        return True

    async def _room(self, link: Link, session: Session) -> None:
        """Waits until its sender may be heard again."""
        if owed := self.pace.owed(link):
            await anyio.sleep(owed)
        while self._is_behind(link, session):
            await link.answer()

    def _is_behind(self, link: Link, session: Session) -> bool:
        """Whether it asked for so much that it is to be heard no further before that is done."""
        return (
            session.undecided > self._most_proposals
            or session.ordered >= self._most_orders
            or link.waiting > self._most_reads
        ) and not link.over

    def _decoded(self, link: Link, session: Session, data: str | bytes) -> wire.FromReplica | None:
        """The message, or None for what is none: the sender was told."""
        self.metrics.received_bytes += len(data)
        try:
            return wire.decode_from_replica(data, link.subprotocol)
        except wire.MessageError as error:
            self.hub.malformed(session, str(error)[:200])
            return None

    async def _take(self, link: Link, session: Session, message: wire.FromReplica) -> None:
        """Has the hub hear a message; a sign-in waits its turn before."""
        guest = link.socket
        if isinstance(message, wire.Hello) and not message.token:
            message = structs.replace(message, token=guest.bearer)
        if session.principal is not None or not isinstance(message, SignIn):
            self.hub.receive(session, message, self.clock())
            self._carry_out()
            return
        if not await self.gate.passes(guest.party, message):
            self.hub.end(session, TOO_MANY_ATTEMPTS)
            return
        self.hub.receive(session, message, self.clock())
        self._carry_out()
        if isinstance(message, wire.Hello) or session.turned_away:
            self.gate.answered(guest.party, message, session.turned_away)
        if session.principal is not None:
            self.porch.let_in(guest)
            log.info("%s joined", named(session))

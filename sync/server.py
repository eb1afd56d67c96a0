"""The hub on real sockets: WebSockets carry its messages, a log keeps its commits.

The rules of the conversation are `hub`'s; here is who waits for what.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from secrets import token_bytes
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode as Close
from websockets.typing import Subprotocol

from stackroom.events.deciding.rules import Refusal
from stackroom.events.log import EventLog, Identity
from stackroom.events.model import Millis
from stackroom.sync import effects
from stackroom.sync import hub as core
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.anchoring import Anchors, Schedule
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.deciding.authority import Authority, Decision
from stackroom.sync.deciding.ceilings import Ceilings
from stackroom.sync.deciding.committer import Committer
from stackroom.sync.deciding.snapshots import Snapshots
from stackroom.sync.deciding.snapshotter import Snapshotter
from stackroom.sync.deciding.turns import Turns
from stackroom.sync.errors import BadCertificate
from stackroom.sync.healing.mending import Mending, Outcome
from stackroom.sync.hearing import Hearing
from stackroom.sync.hosting.inspector import Storage, nowhere
from stackroom.sync.hosting.metrics import Metrics
from stackroom.sync.hosting.noting import Sparing
from stackroom.sync.hosting.security_log import NOWHERE, Notes
from stackroom.sync.oidc.logins import Logins
from stackroom.sync.people.access import Access, Principal
from stackroom.sync.people.gate import Gate
from stackroom.sync.people.orders import Carried
from stackroom.sync.people.proving import Prover
from stackroom.sync.reading.desk import Desk
from stackroom.sync.session import named
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.bucket import Rate
from stackroom.sync.sockets.link import Link
from stackroom.sync.sockets.outlet import Outlet
from stackroom.sync.sockets.pace import Pace
from stackroom.sync.sockets.porch import Guest, Porch
from stackroom.sync.sockets.pulse import Pulse
from stackroom.sync.sockets.tls import Tls
from stackroom.sync.web.browser_cookie import BrowserCookie
from stackroom.sync.web.browser_login import BrowserLogin
from stackroom.sync.web.http import Door
from stackroom.sync.web.pages import dashboard

if TYPE_CHECKING:
    from stackroom.sync.oidc.provider import Provider

log = logging.getLogger("stackroom.hub")

BACKLOG: Final = 512
"""Sockets that wait to be accepted, in the system's own queue."""


class Server:
    """A hub that listens; `run` is its life. `steady` is a clock in seconds that never goes back."""

    def __init__(
        self,
        event_log: EventLog,
        identity: Identity,
        access: Access,
        settings: Settings,
        *,
        version: str,
        clock: Callable[[], Millis],
        salt: Callable[[], bytes],
        people: str = "",
        tls: Tls | None = None,
        security: Notes = NOWHERE,
        provider: "Provider | None" = None,
        notary: Notary | None = None,
        storage: Storage = nowhere,
        steady: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = token_bytes,
    ) -> None:
        self.event_log = event_log
        self.settings = settings
        self.clock = clock
        self.version = version
        self.metrics = Metrics()
        self.security = security
        self._steady = steady
        logins = Logins(settings, random)
        self.prover = Prover(settings, access, provider, logins, clock, steady)
        ways = self.prover.ways()
        self.hub = core.Hub(identity, access, settings, version, ways, notary)
        self.porch = Porch(settings, tls, security, steady)
        self.gate = Gate(settings, steady)
        self.pace = Pace(settings, steady)
        self.sparing = Sparing(Rate(settings.refusals_second, settings.refusals_burst), steady)
        self.desk = Desk(self, storage)
        self.anchors = self._anchors()
        self.started: Millis = 0
        self.links: dict[int, Link] = {}
        self.outlet = Outlet(self.hub, self.links, settings, self.metrics, steady, self._is_busy)
        self.pulse = Pulse(settings, steady, self._close)
        self.port = 0
        self.stopping = anyio.Event()
        self._announcing = False
        """Whether those who follow are told of something soon."""
        self._empty = anyio.Event()
        """Set once the hub is stopping and the last connection has ended."""
        self.certificate_changed: Callable[[], None] = lambda: None
        """Called, on another thread, when new handshakes get another certificate."""
        self._close_code = wire.CloseCode.GOING_AWAY
        snapshots = Snapshots()
        self.snapshotter = Snapshotter(event_log, snapshots)
        authority = Authority(
            salt,
            snapshot_every=settings.snapshot_every,
            states_kept=settings.states_kept,
            people=people,
            ceilings=Ceilings.of(settings),
            snapshots=snapshots,
        )
        self.committer = Committer(
            event_log,
            authority,
            self.metrics,
            Turns(batch=settings.batch_proposals, share=settings.batch_share),
            clock=clock,
            decided=self._decided,
            carried_out=self._carried_out,
            mended=self._mended,
            failed=self._failed,
            wrote=self.snapshotter.wake,
            foreseen=self._foreseen,
        )
        self.hearing = Hearing(self)
        self._tasks: TaskGroup | None = None
        """What runs as long as the hub does."""

    def stop(self, code: int = wire.CloseCode.GOING_AWAY) -> None:
        """Ends the hub: what was received is decided, every connection is closed with `code`."""
        self._close_code = code
        self.stopping.set()

    async def run(self, ready: Callable[[int], None] = lambda port: None) -> None:
        """Listens until `stop`; `ready` is told the port. Raises OSError if it cannot listen."""
        settings = self.settings
        door = await self._door()
        async with (
            serve(
                self._connection,
                settings.host,
                settings.port,
                process_request=door.process_request,
                subprotocols=[Subprotocol(name) for name in wire.SUBPROTOCOLS],
                select_subprotocol=door.select_subprotocol,
                compression=None,
                max_size=settings.message_bytes,
                max_queue=settings.queue_messages,
                ping_interval=None,  # `pulse` does that.
                close_timeout=settings.shutdown_grace,
                open_timeout=settings.hello_timeout,
                server_header=None,
                logger=logging.getLogger("stackroom.websockets"),
                create_connection=partial(Guest, self.porch),  # type: ignore[arg-type]
                backlog=BACKLOG,
            ) as listener,
            anyio.create_task_group() as tasks,
        ):
            self.port = next(iter(listener.sockets)).getsockname()[1]
            self._tasks = tasks
            tasks.start_soon(self.committer.run)
            tasks.start_soon(self.snapshotter.run)
            tasks.start_soon(self._tick)
            tasks.start_soon(self.pulse.run)
            if self.anchors is not None:
                tasks.start_soon(self.anchors.run)
            self.started = self.clock()
            ready(self.port)
            await self.stopping.wait()
            await self._shut(listener)
            tasks.cancel_scope.cancel()

    def _anchors(self) -> Anchors | None:
        settings, notary = self.settings, self.hub.notary
        if not settings.anchor_to or notary is None:
            return None
        schedule = Schedule(settings.anchor_to, settings.anchor_every, settings.anchor_timeout)
        return Anchors(schedule, self.event_log, notary, self.clock)

    @property
    def ready(self) -> bool:
        """Whether it can take changes."""
        return self.committer.ready and not self.stopping.is_set()

    async def _door(self) -> Door:
        pages = await anyio.to_thread.run_sync(dashboard)
        login = BrowserLogin(self.prover, pages, self.security, self._steady)
        cookie = BrowserCookie(self.hub.identity.id, self._holder, self.security)
        return Door(self, self._holder, login, cookie, pages)

    def _holder(self, token: str) -> Principal | Refusal:
        return self.hub.access.holder(token, self.clock())

    async def _shut(self, listener: Listener) -> None:
        """Closes every connection, within the grace that is set."""
        listener.close(close_connections=False)
        with anyio.move_on_after(self.settings.shutdown_grace):
            await self.committer.drain()
            self.hub.shut(self._close_code, "the hub is going down; it will be back")
            self.carry_out()
            if self.links:
                await self._empty.wait()
        self.porch.close()

    async def reload_certificate(self) -> None:
        """Reads the certificate's files again; on a fault the hub goes on with what it had."""
        tls = self.porch.tls
        if tls is None:
            return
        try:
            await anyio.to_thread.run_sync(tls.reload)
        except BadCertificate as error:
            log.error("the certificate stays as it was: %s", error)
            self.security.note("certificate", outcome="refused", why=str(error))
        else:
            log.info("new certificate: %s", tls.fingerprint)
            await anyio.to_thread.run_sync(self.certificate_changed)
            self.security.note("certificate", outcome="loaded", fingerprint=tls.fingerprint)

    async def _tick(self) -> None:
        """Tells the hub the time: tokens expire, and certificates are replaced."""
        while True:
            await anyio.sleep(self.settings.tick)
            if self.porch.tls is not None and await anyio.to_thread.run_sync(
                self.porch.tls.changed
            ):
                await self.reload_certificate()
            self.hub.tick(self.clock())
            self.carry_out()

    # One connection

    async def _connection(self, socket: ServerConnection) -> None:
        assert isinstance(socket, Guest)
        session = self.hub.opened()
        link = self.links[session.id] = Link(socket, session, self.settings.live_buffer)
        self.pulse.begin(link)
        try:
            await self.hearing.receive(link, session)
        finally:
            self.pulse.leave(link)
            del self.links[session.id]
            self.hub.closed(session)
            self.carry_out()
            link.end()
            if self.stopping.is_set() and not self.links:
                self._empty.set()
            if session.principal is not None:
                log.info("%s left", named(session))

    def _attend(self, link: Link) -> None:
        """Has a task do what waits for the connection, unless there is one."""
        if not link.attended:
            assert self._tasks is not None
            link.attended = True
            self._tasks.start_soon(self._pages, link)

    async def _pages(self, link: Link) -> None:
        """Reads history for one connection, at the pace at which it takes it; then closes it, if need be."""
        try:
            while (request := link.next_read()) is not None:
                link.was_answered()
                await link.flush()
                weight = await self.desk.answer(request)
                self.carry_out()
                if weight:
                    await self.pace.rest(link, link.session, weight)
            await link.close()
        except ConnectionClosed:
            link.take_nothing()  # As in `Hearing.receive`.
        except Exception as error:
            log.exception("%s could not be answered", named(link.session), exc_info=error)
            link.take_nothing()
            await link.socket.close(Close.INTERNAL_ERROR)
        finally:
            link.attended = False
            link.was_answered()

    # What the hub wants done

    def carry_out(self) -> None:
        """Carries out all effects; nothing here waits."""
        while wanted := self.hub.effects():
            for effect in wanted:
                match effect:
                    case effects.Submit():  # First, as they come most.
                        self.committer.submit(effect)
                    case effects.SendEach():
                        self.outlet.send_each(effect)
                    case effects.Send():
                        self.outlet.send(effect)
                    case effects.Close(session, code, reason):
                        if (link := self.links.get(session)) is not None:
                            self._close(link, code, reason)
                    case effects.Prove(ordered):
                        assert self._tasks is not None
                        self._tasks.start_soon(self._prove, ordered)
                    case effects.Ordered() | Mending():
                        self.committer.submit(effect)
                    case effects.Noted():
                        self._note(effect)
                    case effects.Forget(profile):
                        self.desk.forget(profile)
                    case effects.Keep(facts):
                        self.committer.keep(facts)
                    case _:
                        if (link := self.links.get(effect.session)) is not None:
                            link.ask(effect)
                            self._attend(link)

    def _close(self, link: Link, code: int, reason: str) -> None:
        settings = self.settings
        going = code in (wire.CloseCode.GOING_AWAY, wire.CloseCode.RESTART)
        link.close_soon(code, reason, settings.shutdown_grace if going else settings.closing_grace)
        self._attend(link)

    def _foreseen(self, batch: list[effects.Submit], decision: Decision) -> None:
        """Puts into bytes what will be said of a batch, while the disk is at work."""
        self.outlet.prepare(self.hub.foresee(batch, decision, self.clock(), self.outlet.rest > 0))

    def _decided(self, batch: list[effects.Submit], decision: Decision) -> None:
        rest = self.outlet.rest
        self.hub.decided(batch, decision, self.clock(), hold=rest > 0)
        self.carry_out()
        if rest and not self._announcing:
            self._announcing = True
            asyncio.get_running_loop().call_later(rest, self._announce)

    def _is_busy(self) -> bool:
        return self.committer.is_busy

    def _announce(self) -> None:
        """Tells those who follow what was committed while they were being told."""
        self._announcing = False
        self.hub.announce(self.clock())
        self.carry_out()

    def _mended(self, mending: Mending, outcome: Outcome | Refusal) -> None:
        self.hub.mended(mending, outcome, self.clock())
        self.carry_out()
        for link in self.links.values():
            link.was_answered()

    def _carried_out(self, ordered: effects.Ordered, carried: Carried) -> None:
        self.hub.carried_out(ordered, carried, self.clock())
        self.carry_out()
        self._came(ordered, carried.reply.code)

    async def _prove(self, ordered: effects.Ordered) -> None:
        """Has the secret in an order looked at, and the order carried out, or refused."""
        try:
            proof = await self.prover.prove(ordered)
        except Exception as error:
            log.exception("a sign-in could not be looked at", exc_info=error)
            proof = Refusal("hub_failed", "the hub failed to do this; its log says why")
        self.hub.proved(ordered, proof)
        self.carry_out()
        if isinstance(proof, Refusal):
            self._came(ordered, proof.code)

    def _came(self, ordered: effects.Ordered, code: str) -> None:
        """It was answered; `code` is that of the refusal, empty for none."""
        if (link := self.links.get(ordered.session)) is not None:
            link.was_answered()
            if not isinstance(ordered.ask, wire.Ask):
                self.gate.answered(link.socket.party, ordered.ask, code)

    def _note(self, noted: effects.Noted) -> None:
        """Adds to a note whose connection it is about."""
        link, session = self.links.get(noted.session), self.hub.sessions.get(noted.session)
        about: dict[str, str | int] = {}
        said: dict[str, str | int] | None = noted.fields
        if link is not None:
            about["address"] = link.socket.address
        if session is not None:
            about["token"] = session.token
            if session.principal is not None:
                about["user"] = session.principal.name
                if noted.kind == "refused":
                    said = self.sparing.say(session.principal.account, noted.fields)
        if said is not None:
            self.security.note(noted.kind, **(about | said))

    def _failed(
        self, batch: list[effects.Submit], code: wire.ErrorCode, sentence: str, hint: str
    ) -> None:
        self.hub.failed(batch, code, sentence, hint)
        self.carry_out()
        for submit in batch:
            if (link := self.links.get(submit.session)) is not None:
                link.was_answered()

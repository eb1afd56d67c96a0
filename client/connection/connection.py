"""A long-lived connection to a hub: it comes back by itself, resumes, and pushes what is pending again.

Its tasks: one stays online, one watches the disk for what other processes save, and one owns the replica
core and does all work on it, a job at a time. Whoever wants something posts a job; cancelling the poster
never cancels the job.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Final, TypeAlias

import anyio
from msgspec import Struct

from stackroom.client.connection.carrier import Became, Carrier, Told
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.errors import (
    Closed,
    NotAuthorised,
    NotTrusted,
    SlowDown,
    Unencrypted,
    Unreachable,
    VersionMismatch,
)
from stackroom.client.replica import replica as core
from stackroom.client.transport.backoff import Backoff
from stackroom.client.transport.line import Line, dial
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire


class Offline(Struct, frozen=True):
    """There is no line; the next attempt comes in `retry_in` seconds."""

    error: StackroomError
    retry_in: float


class Stopped(Struct, frozen=True):
    """The hub is not called any more until a person has done something; the queue is kept."""

    error: Exception


News: TypeAlias = Told | Offline | Stopped
"""What a connection tells: what its carrier does, and how the line fares."""


FINAL: Final = (NotAuthorised, VersionMismatch, NotTrusted, Unencrypted)
"""After these, calling the hub again changes nothing: a person has to do something."""


class Job:
    """Something for the owner of the core; `done` is set when it is over, whether it was done or not."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self.work = work
        self.done = anyio.Event()
        self.was_done = False


class Connection:
    """One replica's connection to one hub; `run` works until it is cancelled.

    `tell` is called with the news, in order, and must not wait. With `everything`, all profiles that
    the registry has for this hub are followed, also those that come later; otherwise those that
    `follow` was called for. `subprotocols` are offered to the hub, the preferred one first.
    """

    def __init__(
        self,
        worker: Worker,
        keeper: Keeper,
        url: str,
        replica: core.Replica,
        *,
        random: Random,
        tell: Callable[[News], None],
        everything: bool = True,
        subprotocols: tuple[str, ...] = wire.SUBPROTOCOLS,
    ) -> None:
        self.url = url
        self.keeper = keeper
        self.settings = settings = keeper.settings
        self.carrier = Carrier(worker, keeper, url, replica, self._told)
        self.failure: Exception | None = None
        """Why the hub is not called any more."""
        self.stopped = anyio.Event()
        """Set with `failure`."""
        self._worker = worker
        self._everything = everything
        self._subprotocols = subprotocols
        self._tell = tell
        self._redial = Backoff(settings.backoff_base, settings.backoff_cap, random)
        self._repush = Backoff(settings.backoff_base, settings.backoff_cap, random)
        self._refused = anyio.Event()
        self._registered = anyio.Event()
        """Set when the registry may have got new profiles."""
        self._network = anyio.CancelScope()
        self._broken = False
        """Whether the files could not be written or read: the core is not to be trusted any more."""
        self._became = False
        """Whether the line was given up because the home is another replica now."""
        self._seen: int | None = None
        """What the store said last when asked whether another process had written."""
        self._inbox, self._jobs = anyio.create_memory_object_stream[Job](settings.inbox)

    @property
    def online(self) -> bool:
        """Whether the hub has let this replica in."""
        return self.carrier.replica.welcome is not None

    async def run(self, *, offline: bool = False) -> None:
        """Works until it is cancelled; with `offline`, without calling the hub.

        What the network and the hub do never ends it: see `failure`.
        """
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._own)
                tasks.start_soon(self._watch_disk)
                if not offline:
                    tasks.start_soon(self._retry_pushes)
                    with self._network:
                        await self._stay_online()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()

    async def follow(self, profile: str) -> None:
        """Keeps the profile up to date from now on; it is in memory on return."""
        await self.do(partial(self.carrier.follow, profile))

    async def look(self) -> None:
        """Takes up the proposals that were saved or dropped in the store, and pushes them."""
        await self.do(self._look)

    async def list_profiles(self) -> None:
        """Asks for the hub's catalogue, which is told."""
        await self.do(self.carrier.list_profiles)

    async def do(self, work: Callable[[], Awaitable[None]]) -> None:
        """Has the owner do `work`, after all that came before, and waits until it is done.

        Raises `failure` if the owner has given up, Closed if the connection has ended.
        """
        job = Job(work)
        try:
            await self._inbox.send(job)
            await job.done.wait()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as closed:
            raise Closed("the connection was closed") from closed
        if not job.was_done:
            raise self.failure or Closed("the connection was closed")

    # Tasks

    async def _own(self) -> None:
        async for job in self._jobs:
            try:
                if not self._broken:
                    with anyio.CancelScope(shield=True):  # Or the core would be ahead of the files.
                        await job.work()
                    job.was_done = True
            except Exception as error:
                self._broken = True
                self._network.cancel()
                self._stop(error)
            finally:
                job.done.set()

    async def _close(self) -> None:
        """Nobody waits for ever, and the next start is quick."""
        with suppress(anyio.WouldBlock):
            while True:
                self._jobs.receive_nowait().done.set()
        self._jobs.close()
        self._inbox.close()
        if not self._broken:
            await self.carrier.lost()

    async def _watch_disk(self) -> None:
        while True:
            await self._inbox.send(Job(self._look_if_changed))
            with anyio.move_on_after(self.settings.poll):
                await self._registered.wait()
            self._registered = anyio.Event()

    async def _stay_online(self) -> None:
        while True:
            try:
                trust = await self._worker.run(partial(self.keeper.trust, self.url))
                async with dial(self.url, self.settings, trust, self._subprotocols) as line:
                    error = await self._talk(line)
            except StackroomError as refused:
                error = refused
            await self._inbox.send(Job(self.carrier.lost))
            if self._became:
                self._became = False
                continue
            if isinstance(error, FINAL):
                self._stop(error)
                return
            delay = self._redial.next()
            if isinstance(error, SlowDown):
                delay += self.settings.slow_down
            self._tell(Offline(error, delay))
            await anyio.sleep(delay)

    async def _talk(self, line: Line) -> StackroomError:
        """Carries messages until the line is closed; returns why it was."""
        await self._inbox.send(Job(partial(self.carrier.opened, line)))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(line.write)
            try:
                with anyio.fail_after(self.settings.open_timeout):
                    message = await line.receive()
                while True:
                    await self._inbox.send(Job(partial(self.carrier.receive, message)))
                    message = await line.receive()
            except TimeoutError:
                error: StackroomError = Unreachable(f"the hub at {self.url} does not say welcome")
            except wire.MessageError as malformed:
                sentence = f"the hub at {self.url} sent what is no message: {malformed}"
                self._tell(core.Problem("malformed", sentence))
                await line.close(wire.CloseCode.MALFORMED, "malformed message")
                error = Unreachable(sentence)
            except StackroomError as closed:
                error = closed
            tasks.cancel_scope.cancel()
        return error

    async def _retry_pushes(self) -> None:
        while True:
            await self._refused.wait()
            await anyio.sleep(self._repush.next())
            self._refused = anyio.Event()
            await self._inbox.send(Job(self.carrier.push_again))

    async def _look_if_changed(self) -> None:
        version = await self._worker.run(self.keeper.store.data_version)
        if version != self._seen:
            self._seen = version
            await self._look()

    async def _look(self) -> None:
        if self._everything:
            for profile in await self._worker.run(partial(self.keeper.profiles_of, self.url)):
                await self.carrier.follow(profile)
        await self.carrier.look()

    # What is told

    def _told(self, told: Told) -> None:
        match told:
            case core.Welcomed():
                if self._everything:
                    self.carrier.replica.list_profiles()
                elif not self.carrier.replica.copies:
                    self._redial.reset()
            case core.Catalogue():
                self._redial.reset()
                self._seen = None
                self._registered.set()
            case core.Reached():
                self._redial.reset()
                self._repush.reset()
            case core.Problem(retry=True):
                self._refused.set()
            case Became():
                self._became = self.carrier.line is not None
        self._tell(told)

    def _stop(self, error: Exception) -> None:
        if self.failure is None:
            self.failure = error
            self._tell(Stopped(error))
            self.stopped.set()

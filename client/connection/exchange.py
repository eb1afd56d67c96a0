"""One exchange with a hub, from the call to the answer: what `stackroom sync` and every write run.

Called from plain code; websockets is imported only when something here is called, and asyncio by what stays
connected. An exchange does without: to load a loop takes as long as most exchanges, and it has one thing
to wait for at a time. Another thread reads what the hub sends while it folds and stores what came before.
"""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar

from msgspec import Struct

from stackroom.client import chance
from stackroom.client.connection.keeper import Keeper
from stackroom.client.errors import HubRefused, NameTaken, Unreachable, needed
from stackroom.client.replica.replica import Problem
from stackroom.client.workspace import Workspace
from stackroom.events.errors import LogCorrupt, StackroomError
from stackroom.events.log import Answer, Listed, Taking
from stackroom.sync import protocol as wire

if TYPE_CHECKING:
    from stackroom.client.connection.connection import News
    from stackroom.client.connection.foresee import Plan
    from stackroom.client.connection.worker import Worker

T = TypeVar("T")

Tell: TypeAlias = Callable[[int, int], None]
"""Is told how far an exchange is: commits received and proposals answered, and how many there will be."""


class Committed(Struct, frozen=True):
    """An own proposal that is in the log at `seq`; as a `conflict`, it waits there for a decision."""

    id: str
    seq: int
    outcome: Taking


class Exchanged(Struct, frozen=True):
    """What happened to one profile.

    `received` counts the commits that others made; `pending` proposals still wait for the hub.
    `caught_up` is whether the copy has all that the hub had; `problem` says why it has not.
    """

    profile: str
    seq: int
    received: int = 0
    committed: tuple[Committed, ...] = ()
    parked: tuple[Answer, ...] = ()
    pending: int = 0
    caught_up: bool = False
    problem: Problem | None = None

    @property
    def conflicts(self) -> tuple[int, ...]:
        """The seqs at which own proposals ended in conflict."""
        return tuple(c.seq for c in self.committed if c.outcome == "conflict")


class Report(Struct, frozen=True):
    """What an exchange did, by profile; `interrupted` says why it ended before it was through.

    `renewed` is whether this home took a new identity meanwhile: see `Store.renewal`.
    """

    url: str
    welcome: wire.Welcome
    catalogue: tuple[Listed, ...]
    profiles: dict[str, Exchanged]
    interrupted: StackroomError | None = None
    renewed: bool = False


def exchange(
    workspace: Workspace,
    url: str,
    profiles: Sequence[str] | None = None,
    *,
    timeout: float | None = None,
    history: bool = True,
    token: str | None = None,
    tell: Tell | None = None,
) -> Report:
    """Receives and pushes until both sides of `profiles` have all (every profile, if None).

    `url` is normalised. `timeout` is in seconds, for everything together; without it, the hub may take
    its time as long as it is not silent for `Settings.sync_patience`. With `history`, what a snapshot
    left out is fetched too. `token` is the one that the home has for this hub, unless given.
    `tell` is called whenever something came.

    Raises Unreachable if no hub let us in, NotAuthorised, VersionMismatch or OtherHub, and LogCorrupt for
    files that are damaged; what else goes wrong later is in the report.
    """
    from stackroom.client.connection.course import Course
    from stackroom.client.connection.work import InPlace
    from stackroom.client.transport.plain_line import (
        Clock,
        Elapsed,
        dial,
        finished,
        seldom_collected,
    )

    workspace.asked = True
    keeper = Keeper.on(workspace)
    keeper.brief = True
    replica, random = workspace.replica(url, token=token), chance.jitter()
    course = Course(
        InPlace(), keeper, url, replica, profiles, history=history, random=random, tell=tell
    )
    clock = Clock(timeout)
    with seldom_collected(), keeper.cache.filling():
        try:
            while course.again:
                with dial(url, keeper.settings, keeper.trust(url), clock) as line:
                    finished(course.run(line))
                    line.take_leave()
                    finished(course.over())
        except Elapsed:
            course.failure = Unreachable(f"the hub at {url} did not answer within {timeout:g} s")
        report = finished(course.report())
    workspace.loaded = keeper.rested or workspace.loaded
    if isinstance(report.interrupted, LogCorrupt):
        raise report.interrupted
    return report


def publish(
    workspace: Workspace,
    url: str,
    profile: str,
    *,
    timeout: float | None = None,
    tell: Tell | None = None,
) -> Report:
    """Gives a local profile to the hub at `url`, with its whole history.

    Raises NameTaken, with nothing changed, if the hub has a profile of that name; else as `exchange`.
    """
    name = next(entry.name for entry in workspace.profiles() if entry.id == profile)
    there = exchange(workspace, url, (), timeout=timeout).catalogue
    if any(p.name == name and p.id != profile and not p.deleted for p in there):
        raise NameTaken(
            f"the hub at {url} has a profile {name!r} already",
            hint=f"stackroom profile rename {name} NEW_NAME, then publish it again",
        )
    workspace.publish(profile, url)
    return exchange(workspace, url, (profile,), timeout=timeout, tell=tell)


def plan(workspace: Workspace, url: str, profile: str) -> "Plan":
    """What an exchange of the profile would do now; nothing is written or pushed. Raises as it does."""
    from stackroom.client.connection.foresee import planned

    workspace.asked = True
    return planned(Keeper.on(workspace), url, workspace.replica(url), profile)


def watch(
    workspace: Workspace,
    url: str,
    tell: "Callable[[News], None]",
    *,
    profiles: Sequence[str] | None = None,
) -> NoReturn:
    """Stays connected and tells what happens, until it is interrupted.

    Follows `profiles`, or all that the hub lists. Raises NotAuthorised, VersionMismatch or OtherHub
    when staying makes no sense; the network going away is told, and never raised.
    """
    from stackroom.client.connection.watching import watching

    replica = workspace.replica(url)
    _run(
        workspace,
        lambda worker, keeper: watching(
            worker, keeper, url, replica, tell, profiles, random=chance.jitter()
        ),
    )
    raise AssertionError("watching ends by an error or an interrupt")


def order(
    workspace: Workspace, url: str, order: wire.AnyOrder, *, token: str | None = None
) -> wire.Reply:
    """The answer of the hub at `url` to an order.

    Raises HubRefused with its reason, NotAuthorised, Unreachable, VersionMismatch.
    """
    from stackroom.client.connection.ordering import ordering

    hello = workspace.replica(url, token=token).hello
    trust = workspace.home.trust(url)
    workspace.asked = True
    return _asked(lambda: ordering(url, workspace.settings, trust, hello, order))


def attend(workspace: Workspace, url: str, order: wire.AnyOrder) -> tuple[Report, wire.Reply]:
    """Exchanges everything with the hub at `url`, then gives it an order, and stays until it is answered.

    So the hub may ask this very home for what it has lost. Raises as `exchange` and `order`.
    """
    from stackroom.client.connection.exchanging import attending

    replica = workspace.replica(url)
    report, reply = _run(
        workspace,
        lambda worker, keeper: attending(
            worker, keeper, url, replica, order, random=chance.jitter()
        ),
    )
    if reply.code:
        raise HubRefused(reply.code, reply.sentence)
    return report, reply


def greet(workspace: Workspace, url: str) -> wire.Welcome:
    """Says hello to the hub at `url`, and nothing more. Raises as `exchange`."""
    from stackroom.client.connection.ordering import greeting

    hello = workspace.replica(url).hello
    trust = workspace.home.trust(url)
    return _asked(lambda: greeting(url, workspace.settings, trust, hello))


def ways(workspace: Workspace, url: str) -> wire.Ways:
    """How one signs in on the hub at `url`. Raises NotAuthorised, Unreachable, VersionMismatch."""
    from stackroom.client.connection.ordering import listing_ways

    trust = workspace.home.trust(url)
    return _asked(lambda: listing_ways(url, workspace.settings, trust))


def redeem(workspace: Workspace, url: str, redeem: wire.SigningIn) -> wire.Reply:
    """The answer of the hub at `url` to a one-time code, a password or an ID token. Raises as `order`."""
    from stackroom.client.connection.ordering import redeeming

    trust = workspace.home.trust(url)
    workspace.asked = True
    return _asked(lambda: redeeming(url, workspace.settings, trust, redeem))


def _run(workspace: Workspace, work: "Callable[[Worker, Keeper], Coroutine[Any, Any, T]]") -> T:
    """Runs `work` in a loop, on the files of `workspace` opened once more on a worker's thread."""
    import anyio

    from stackroom.client.connection.worker import Worker

    workspace.asked = True

    async def whole() -> T:
        async with Worker() as worker:
            keeper = await worker.run(partial(Keeper.open, workspace))
            try:
                return await work(worker, keeper)
            finally:
                await worker.run(keeper.close)
                workspace.loaded = keeper.rested or workspace.loaded

    return anyio.run(whole)


def _asked(ask: "Callable[[], Coroutine[Any, Any, T]]") -> T:
    """What the hub answers, on a connection for that alone."""
    import anyio

    with needed():
        return anyio.run(ask)

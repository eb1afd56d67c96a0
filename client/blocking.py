"""The Python API without `async`, for plain scripts and notebooks: `stackroom.client.connect_sync`.

    with stackroom.client.connect_sync("ws://localhost:8765", token=token) as hub:
        profile = hub.profile("team")
        with profile.edit("move training to spot") as draft:
            draft.component("orchestrator", "k8s").set("namespace", "ml")
        for commit in profile.changes(): ...

Everything is that of `api`, run in an event loop on a thread of its own; so it works in a notebook too,
whose thread has a loop already. Calls may come from any thread.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from stackroom.client import api
from stackroom.client.drafting.draft import Draft
from stackroom.client.errors import Closed
from stackroom.client.history.runs import RecordedRun
from stackroom.client.home.home import Home
from stackroom.client.home.store import Parked, ProfileEntry
from stackroom.client.python import profile, reading
from stackroom.client.python.editing import Result
from stackroom.client.python.moments import Moment
from stackroom.client.rebase import Standing
from stackroom.client.settings import Settings
from stackroom.events.composing.resolve import Side
from stackroom.events.history.history import Difference
from stackroom.events.model import Commit
from stackroom.events.state import State
from stackroom.events.values import Path as ValuePath
from stackroom.events.values import Value

if TYPE_CHECKING:
    from stackroom.client.history.auditing import Audited

T = TypeVar("T")


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    home: str | Path | Home | None = None,
    offline: bool = False,
    settings: Settings | None = None,
) -> "Hub":
    """A hub to work with: `with connect(...) as hub`. What it takes and raises is as in `api.connect`."""
    return Hub(api.connect(url, token=token, home=home, offline=offline, settings=settings))


class _Loop:
    """Where the calls go; they fail with Closed once the block has ended."""

    def __init__(self) -> None:
        self.portal: BlockingPortal | None = None

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Runs `call` in the loop, and waits."""
        return self._open().call(call)

    def read(self, call: Callable[[], T]) -> T:
        """Runs a plain function in the loop's thread, where what is in memory is at rest."""
        return self._open().call(call)

    def _open(self) -> BlockingPortal:
        if self.portal is None:
            raise Closed("the hub was closed")
        return self.portal


class Hub:
    """An open hub, whether it can be reached or not; `connect` makes it."""

    def __init__(self, hub: api.Hub) -> None:
        self._hub = hub
        self._loop = _Loop()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal("asyncio"))
            stack.enter_context(portal.wrap_async_context_manager(self._hub))
            self._loop.portal = portal
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.portal = None
        self._stack.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return repr(self._hub)

    @property
    def url(self) -> str:
        """The hub's address."""
        return self._hub.url

    @property
    def online(self) -> bool:
        """Whether the hub can be reached now."""
        return self._hub.online

    def profiles(self) -> list[ProfileEntry]:
        """The profiles of this hub, and the local ones; asks the hub if it can be reached."""
        return self._loop.run(self._hub.profiles)

    def profile(self, name: str) -> "Profile":
        """The profile of that name or id; as `api.Hub.profile`."""
        return Profile(self._loop.run(partial(self._hub.profile, name)), self._loop)

    def create_profile(
        self, name: str, description: str = "", *, message: str = "", local: bool = False
    ) -> "Profile":
        """A new profile; as `api.Hub.create_profile`."""
        create = partial(self._hub.create_profile, name, description, message=message, local=local)
        return Profile(self._loop.run(create), self._loop)


class Profile:
    """One profile of an open hub; what the methods give is as in `profile.Profile`."""

    def __init__(self, profile: profile.Profile, loop: _Loop) -> None:
        self._profile = profile
        self._loop = loop

    def __repr__(self) -> str:
        return self._loop.read(lambda: repr(self._profile))

    @property
    def id(self) -> str:
        """The profile's id, for ever."""
        return self._profile.id

    @property
    def name(self) -> str:
        """What the profile is called."""
        return self._loop.read(lambda: self._profile.name)

    @property
    def seq(self) -> int:
        """The last confirmed commit."""
        return self._loop.read(lambda: self._profile.seq)

    @property
    def state(self) -> State:
        """The state as it stands here; not to be changed."""
        return self._loop.read(lambda: self._profile.state)

    def stacks(self) -> list[reading.StackView]:
        """The stacks by name."""
        return self._loop.read(self._profile.stacks)

    def components(self, type: str | None = None) -> list[reading.ComponentView]:
        """The components of one type or all, by type and name."""
        return self._loop.read(lambda: self._profile.components(type))

    def flavors(self) -> list[reading.FlavorView]:
        """The flavors that the profile defines itself."""
        return self._loop.read(self._profile.flavors)

    def stack(self, name: str) -> reading.StackView:
        """The stack of that name; NotFound."""
        return self._loop.read(lambda: self._profile.stack(name))

    def component(self, type: str, name: str) -> reading.ComponentView:
        """The component of that type and name; NotFound."""
        return self._loop.read(lambda: self._profile.component(type, name))

    def pending(self) -> tuple[Standing, ...]:
        """The own edits that wait for the hub, and what would become of each by what is known here."""
        return self._loop.read(self._profile.pending)

    def conflicts(self) -> list[reading.ConflictView]:
        """The open conflicts, whoever's, oldest first."""
        return self._loop.read(self._profile.conflicts)

    def parked(self) -> list[Parked]:
        """The own edits that were refused."""
        return self._loop.run(self._profile.parked)

    def log(self, limit: int = 20) -> list[Commit]:
        """The newest commits, newest first."""
        return self._loop.run(partial(self._profile.log, limit))

    def tags(self) -> list[reading.TagView]:
        """The tags, by the commits that they name."""
        return self._loop.read(self._profile.tags)

    def at(self, moment: Moment) -> reading.Past:
        """The profile as it was: after commit 43, at `"release-2026-11"`, `"2h ago"`, or a datetime.

        As `api`'s: ValueError for what is no moment, NotFound for one that this replica knows nothing of.
        """
        return self._loop.run(partial(self._profile.at, moment))

    def diff(self, before: Moment, after: Moment | None = None) -> list[Difference]:
        """What differs between two moments (see `at`); the second is the last commit if None."""
        return self._loop.run(partial(self._profile.diff, before, after))

    def blame(self, type: str, name: str) -> list[reading.BlameView]:
        """Every value of a component (or of a stack, if `type` is "stack"), with who wrote it last."""
        return self._loop.run(partial(self._profile.blame, type, name))

    def verify(self, key: str | None = None) -> "Audited":
        """Verifies the history here from its first commit; as `profile.Profile.verify`."""
        return self._loop.run(partial(self._profile.verify, key))

    def changes(self, after: int | None = None) -> Iterator[Commit]:
        """Commits as they are confirmed, beginning behind seq `after` (behind the last one, if None).

        Waits for the next one; ends when the hub is closed by another thread.
        """
        commits = self._profile.changes(after)
        try:
            while (commit := self._loop.run(partial(anext, commits, None))) is not None:
                yield commit
        finally:
            if self._loop.portal is not None:
                self._loop.run(commits.aclose)

    def runs(
        self,
        *,
        stack: str | None = None,
        pipeline: str | None = None,
        status: str | None = None,
        limit: int | None = 20,
    ) -> list[reading.RunView]:
        """The runs that were recorded, newest first: of a stack, a pipeline, or that stand so; NotFound."""
        find = partial(
            self._profile.runs, stack=stack, pipeline=pipeline, status=status, limit=limit
        )
        return self._loop.run(find)

    def run(self, id: str) -> reading.RunView:
        """The run of that id, of the end of one, or that others call so; NotFound."""
        return self._loop.run(partial(self._profile.run, id))

    def record_run(
        self,
        pipeline: str,
        stack: str,
        *,
        status: str = "completed",
        id: str = "",
        at: Moment | None = None,
        url: str = "",
        labels: Mapping[str, str] | None = None,
        message: str = "",
        patience: float | None = None,
    ) -> RecordedRun:
        """Records that a pipeline ran, or began to run, on a stack; as `profile.Profile.record_run`."""
        record = partial(
            self._profile.record_run,
            pipeline,
            stack,
            status=status,
            id=id,
            at=at,
            url=url,
            labels=labels,
            message=message,
            patience=patience,
        )
        return self._loop.run(record)

    def wait_synced(self, timeout: float | None = None) -> None:
        """Waits until both sides have all; Unreachable after `timeout` seconds."""
        self._loop.run(partial(self._profile.wait_synced, timeout))

    def edit(self, message: str = "", *, patience: float | None = None) -> "Edit":
        """A block in which a draft is made; its end saves it, and waits a moment for the hub."""
        return Edit(self._profile, self._loop, message, patience)

    def resolve(
        self,
        conflict: reading.ConflictView | int,
        side: Side = "ours",
        *,
        takes: Mapping[ValuePath, Side] | None = None,
        edits: Mapping[ValuePath, Value] | None = None,
        message: str = "",
        patience: float | None = None,
    ) -> Result:
        """Ends a conflict; as `profile.Profile.resolve`."""
        decide = partial(
            self._profile.resolve,
            conflict,
            side,
            takes=takes,
            edits=edits,
            message=message,
            patience=patience,
        )
        return self._loop.run(decide)


class Edit:
    """`with profile.edit(message) as draft:`; as `editing.Edit`."""

    def __init__(
        self, profile: profile.Profile, loop: _Loop, message: str, patience: float | None
    ) -> None:
        self._profile = profile
        self._loop = loop
        self._message = message
        self._patience = patience
        self._draft: Draft | None = None

    def __enter__(self) -> Draft:
        self._draft = self._loop.run(partial(self._profile.begin, self._message))
        return self._draft

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and (draft := self._draft) is not None:
            draft.result = self._loop.run(partial(self._profile.finish, draft, self._patience))

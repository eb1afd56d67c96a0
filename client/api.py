"""The Python API for an event loop: `stackroom.client.connect`.

    async with stackroom.client.connect("ws://localhost:8765", token=token) as hub:
        profile = await hub.profile("team")
        async with profile.edit("move training to spot") as draft:
            draft.component("orchestrator", "k8s").set("namespace", "ml")
        async for commit in profile.changes(): ...

`docs/python.md` has more. `blocking` has the same without `async`.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import anyio

from stackroom.client import chance
from stackroom.client.connection.carrier import Answered, Looked
from stackroom.client.connection.connection import Connection, News, Offline, Stopped
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.errors import Closed, NameTaken, NotFound, Unreachable
from stackroom.client.home.home import Home
from stackroom.client.home.store import ProfileEntry
from stackroom.client.python.editing import Result, result_of
from stackroom.client.python.profile import Profile
from stackroom.client.rebase import View, rebase
from stackroom.client.replica import replica as core
from stackroom.client.replica.problems import as_error
from stackroom.client.rescue.mending import open_mended
from stackroom.client.rights import rights_of
from stackroom.client.settings import Settings
from stackroom.client.transport.urls import normalise
from stackroom.client.workspace import Workspace
from stackroom.events.log import LogReader
from stackroom.events.outcomes import taking
from stackroom.events.people.permissions import Who

T = TypeVar("T")


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    home: str | Path | Home | None = None,
    offline: bool = False,
    settings: Settings | None = None,
) -> "Hub":
    """A hub to work with: `async with connect(...) as hub`.

    `url` is that of the hub that was joined last, unless given; `token` the one that the home
    has for it. `home` is the folder of the local state (STACKROOM_HOME, or the platform's folder for a
    user's data). The block begins when the hub has answered, or shortly after if it does not: work is
    saved then, and pushed when it is back, by this program or by the next. With `offline`, the hub is
    not called at all.

    Entering raises NoHub, NotAuthorised, VersionMismatch, OtherHub, or BadUrl.
    """
    if not isinstance(home, Home):
        home = Home.default() if home is None else Home(Path(home))
    return Hub(url, token, home, offline, settings or Settings())


class Hub:
    """An open hub, whether it can be reached or not; `connect` makes it."""

    workspace: Workspace
    """The home; it may be used in functions that are given to `work`, and nowhere else."""
    url: str
    _news: anyio.Event

    def __init__(
        self,
        url: str | None,
        token: str | None,
        home: Home,
        offline: bool,
        settings: Settings,
    ) -> None:
        self._asked = url
        self._token = token
        self._home = home
        self._offline = offline
        self.settings = settings
        self._open = False
        self._line = "dialling"
        self._profiles: dict[str, Profile] = {}
        self._problems: dict[str, core.Problem] = {}
        self._fates: dict[str, Result | None] = {}
        """What the hub said of the proposals that somebody waits for."""
        self._commits: dict[str, Result] = {}
        """The same by the commits alone: what the hub said may be lost with the line."""
        self._listings = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._worker = await stack.enter_async_context(Worker())
            replica = await self._worker.run(self._begin)
            stack.push_async_callback(self._worker.run, self.workspace.close)
            self._news = anyio.Event()
            self._connection = Connection(
                self._worker,
                Keeper.on(self.workspace),
                self.url,
                replica,
                random=chance.jitter(),
                tell=self._tell,
                everything=False,
            )
            self._tasks = anyio.create_task_group()
            await self._tasks.__aenter__()
            stack.push_async_callback(self._close)
            self._open = True
            self._tasks.start_soon(partial(self._connection.run, offline=self._offline))
            await self._first_contact()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"<Hub {self._asked or ''} {self._line if self._open else 'closed'}>"

    @property
    def online(self) -> bool:
        """Whether the hub can be reached now."""
        return self._open and self._connection.online

    # Profiles

    async def profiles(self) -> list[ProfileEntry]:
        """The profiles of this hub, and the local ones; asks the hub if it can be reached."""
        await self._list()
        entries = await self.work(lambda at: at.profiles())
        return [entry for entry in entries if entry.hub in (self.url, None)]

    async def profile(self, name: str) -> Profile:
        """The profile of that name or id, received as far as the hub can be reached.

        Raises NotFound, or Unreachable if nothing of it was ever received.
        """
        if (entry := await self._find(name)) is None:
            await self._list()
            entry = await self._find(name)
        if entry is None:
            elsewhere = await self.work(lambda at: at.entry(name))
            raise NotFound(f"profile {name!r} is on the hub at {elsewhere.hub}, not on this one")
        return await self._opened(entry)

    async def create_profile(
        self, name: str, description: str = "", *, message: str = "", local: bool = False
    ) -> Profile:
        """A new profile, on this hub or (with `local`) on this machine alone.

        Raises RefusedLocally, or NameTaken if the hub has one of that name.
        """
        hub = None if local else self.url
        if hub is not None:
            await self._list()
        entry, saved = await self.work(
            lambda at: at.create_profile(name, hub=hub, message=message, description=description)
        )
        profile = await self._opened(entry, begun=True)
        if hub is not None:
            result = await self.fate(saved.proposal.id, None)
            if result.fate == "rejected":
                raise NameTaken(result.sentence, hint="stackroom pending list")
        return profile

    async def _find(self, name: str) -> ProfileEntry | None:
        entries = await self.work(lambda at: at.profiles())
        found = [e for e in entries if name in (e.name, e.id) and e.hub in (self.url, None)]
        return next(iter(sorted(found, key=lambda e: e.hub is None)), None)

    async def _opened(self, entry: ProfileEntry, *, begun: bool = False) -> Profile:
        profile = self._profiles.get(entry.id)
        if profile is None:
            profile = self._profiles[entry.id] = Profile(self, entry.id, entry.name)
        if entry.hub is None:
            await profile.reload()
            return profile
        await self._connection.follow(entry.id)
        profile.stale = True
        if not begun:
            empty = profile.seq == 0 and not profile.pending()
            patience = self.settings.sync_patience if empty else self.settings.write_patience
            await self.until(lambda: self._settled(entry.id), patience)
            if profile.seq == 0 and not profile.pending():
                raise Unreachable(f"profile {entry.name!r} was never received: the hub is needed")
        return profile

    async def _list(self) -> None:
        """Brings the registry up to date, if the hub can be reached."""
        if self.online:
            before = self._listings
            await self._connection.list_profiles()
            await self.until(
                lambda: self._listings > before or not self.online, self.settings.write_patience
            )

    # What profiles stand on

    async def work(self, work: Callable[[Workspace], T]) -> T:
        """Runs `work` on the workspace, on its thread, to the end; Closed outside of the block."""
        if not self._open:
            raise Closed("the hub was closed")
        return await self._worker.run(lambda: work(self.workspace))

    async def read(self, work: Callable[[LogReader], T]) -> T:
        """Runs `work` on the log of confirmed commits."""

        def reading(at: Workspace) -> T:
            with at.cache.reader() as log:
                return work(log)

        return await self.work(reading)

    def latest(self, profile: str) -> tuple[int, View] | None:
        """The profile as the connection has it in memory, if it does."""
        copy = self._connection.carrier.replica.copies.get(profile)
        if copy is None:
            return None
        return copy.seq, rebase(copy.state.copy(), copy.pending, self._who(profile))

    def _who(self, profile: str) -> Who:
        """Who proposes, as far as the connection knows what the hub allows."""
        replica = self._connection.carrier.replica
        told = replica.rights
        rights = None if told is None else rights_of(told).of(profile)
        user = replica.welcome.user if replica.welcome is not None else ""
        return Who(replica.hello.replica, user, rights)

    def synced(self, profile: str) -> bool:
        """Whether the profile has all that the hub has, and the hub all that the profile has.

        Raises what stands against it for good.
        """
        if self._connection.failure is not None:
            raise self._connection.failure
        if (problem := self._problems.get(profile)) is not None:
            raise as_error(problem)
        copy = self._connection.carrier.replica.copies.get(profile)
        return copy is None or (copy.live and not copy.pending)

    async def fate(self, proposal: str, patience: float | None) -> Result:
        """What becomes of a saved proposal, waited for until the hub is known to be away."""
        self._fates[proposal] = None
        try:
            await self._connection.look()
            if patience is None:
                patience = self.settings.write_patience
            await self.until(
                lambda: self._fates[proposal] is not None or self._line == "offline", patience
            )
        finally:
            told = self._fates.pop(proposal)
            seen = self._commits.pop(proposal, None)
        return told or seen or Result("pending")

    def news(self) -> anyio.Event:
        """Set when anything happens after this call."""
        return self._news

    async def wait(self, news: anyio.Event) -> bool:
        """Waits for `news`, or as long as other processes may go unnoticed; False once closed."""
        with anyio.move_on_after(self.settings.poll):
            await news.wait()
        return self._open

    async def until(self, reached: Callable[[], bool], timeout: float | None) -> bool:
        """Waits until `reached`, which is asked again whenever something happens."""
        with anyio.move_on_after(timeout):
            while True:
                news = self._news
                if reached():
                    return True
                if not self._open:
                    raise Closed("the hub was closed")
                await news.wait()
        return reached()

    # How

    def _begin(self) -> core.Replica:
        """Opens the home and finds out which hub is meant; on the worker's thread."""
        opening = partial(
            Workspace.open,
            self._home,
            clock=chance.clock,
            new_id=chance.new_id,
            salt=chance.salt,
            settings=self.settings,
        )
        self.workspace = at = open_mended(self._home, opening)
        try:
            self.url = self._meant(at)
            token = self._token
            if self._offline:
                token = token or at.home.token(self.url) or "none"
            replica = at.replica(self.url, token=token)
            if all(known.url != self.url for known in at.store.hubs()):
                at.store.put_hub(self.url, "", 0, at.user(self.url))
            return replica
        except BaseException:
            at.close()
            raise

    def _meant(self, at: Workspace) -> str:
        if self._asked is None:
            return at.hub().url
        return normalise(self._asked, self.settings.default_port)

    async def _first_contact(self) -> None:
        """Waits a moment for the hub; raises if it does not want us."""
        if self._offline:
            self._line = "offline"
        await self.until(
            lambda: self._line != "dialling" or self._connection.failure is not None,
            self.settings.write_patience,
        )
        if self._connection.failure is not None:
            raise self._connection.failure
        if self.online and (token := self._token) is not None:
            await self.work(lambda at: at.home.keep_token(self.url, token))
        await self._list()

    async def _close(self) -> None:
        self._open = False
        self._happened()
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    def _settled(self, profile: str) -> bool:
        """Whether there is nothing more to wait for, for now."""
        copy = self._connection.carrier.replica.copies.get(profile)
        return copy is None or copy.live or self._line == "offline"

    def _tell(self, news: News) -> None:
        match news:
            case core.Welcomed():
                self._line = "online"
            case Offline() | Stopped():
                self._line = "offline"
            case core.Catalogue():
                self._listings += 1
            case Answered(_, answers):
                for answer in answers:
                    if answer.id in self._fates:
                        self._fates[answer.id] = result_of(answer)
            case core.Problem(profile=profile, retry=False) if profile:
                self._problems[profile] = news
            case Looked():
                for each in self._profiles.values():
                    each.stale = True
            case core.Store(profile, commits):
                for commit in commits if self._fates else ():
                    if commit.id in self._fates:
                        self._commits[commit.id] = Result(taking(commit), commit.seq)
                self._changed(profile)
            case core.Restart(profile) | core.Park(profile) | core.Settle(profile):
                self._changed(profile)
        self._happened()

    def _changed(self, profile: str) -> None:
        if profile in self._profiles:
            self._profiles[profile].stale = True

    def _happened(self) -> None:
        self._news.set()
        self._news = anyio.Event()

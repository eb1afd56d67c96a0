"""A profile in the Python API: what stands, what happened, and ways to change it."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from stackroom.client.drafting.draft import Draft, Saved
from stackroom.client.errors import Closed, NotFound, Unreachable
from stackroom.client.history import comparing
from stackroom.client.history import runs as run_reports
from stackroom.client.home.store import Parked
from stackroom.client.python import reading
from stackroom.client.python.editing import Edit, Result, result_of
from stackroom.client.python.moments import Moment, past_of
from stackroom.client.python.reading import Past, Reading, one
from stackroom.client.rebase import Standing, View
from stackroom.events.composing.resolve import Place, Side, resolve
from stackroom.events.history import history
from stackroom.events.log import LogReader, RunsWanted
from stackroom.events.model import Commit
from stackroom.events.state import Component, Conflict, Stack, State
from stackroom.events.values import Path, Value

if TYPE_CHECKING:
    from stackroom.client.api import Hub
    from stackroom.client.history.auditing import Audited
    from stackroom.client.workspace import Workspace

T = TypeVar("T")

PAGE = 200
"""Commits that an iteration over changes reads at once."""


class Profile(Reading):
    """One profile of an open `Hub`.

    What is read without `await` is in memory: the confirmed commits, and the own pending edits on top.
    """

    def __init__(self, hub: "Hub", id: str, name: str) -> None:
        self.id = id
        self.stale = False
        """Set by the hub when there may be something newer in memory."""
        self._hub = hub
        self._name = name
        self._seq = 0
        self._view = View(State(), ())

    def __repr__(self) -> str:
        return f"<Profile {self.name!r} at #{self.seq}, {len(self.pending())} pending>"

    # What stands

    @property
    def name(self) -> str:
        """What the profile is called."""
        profile = self.state.profile
        return self._name if profile is None else profile.name

    @property
    def seq(self) -> int:
        """The last confirmed commit."""
        self._refresh()
        return self._seq

    @property
    def state(self) -> State:
        """The state as it stands here; not to be changed."""
        self._refresh()
        return self._view.state

    def pending(self) -> tuple[Standing, ...]:
        """The own edits that wait for the hub, and what would become of each by what is known here."""
        self._refresh()
        return self._view.standings

    # What happened

    async def log(self, limit: int = 20) -> list[Commit]:
        """The newest commits, newest first."""
        return await self._hub.read(lambda log: log.recent(self.id, None, limit))

    async def at(self, moment: Moment) -> Past:
        """The profile as it was: after commit 43, at `"release-2026-11"`, `"2h ago"`, or a datetime.

        A date is the end of that day, in this machine's time zone, as is a datetime without one. Raises
        ValueError for what is no moment, NotFound for one that this replica knows nothing of.
        """
        return await self._hub.work(lambda at: past_of(at.copy(self.id), moment))

    async def diff(self, before: Moment, after: Moment | None = None) -> list[history.Difference]:
        """What differs between two moments (see `at`); the second is the last commit if None."""
        then = await self.at(before)
        now = await self.at(await self._head() if after is None else after)
        return comparing.states(then.state, now.state)

    async def blame(self, type: str, name: str) -> list[reading.BlameView]:
        """Every value of a component (or of a stack, if `type` is "stack"), with who wrote it last."""
        state = self.state
        found = state.find(Stack, name) if type == "stack" else state.find(Component, name, type)
        if found is None:
            raise NotFound(f"there is no {type} {name!r}")
        blamed = history.blame(found[1])
        seqs = {one.seq for one in blamed if one.seq <= self.seq}
        commits = await self._hub.read(
            lambda log: {c.seq: c for seq in seqs for c in log.commits(self.id, seq - 1, 1)}
        )
        return [reading.blame_view(one, commits.get(one.seq)) for one in blamed]

    async def changes(self, after: int | None = None) -> AsyncGenerator[Commit, None]:
        """Commits as they are confirmed, beginning behind seq `after` (behind the last one, if None).

        What waits for a slow reader waits on disk. Ends when the hub is closed.
        """
        seq = await self._head() if after is None else after
        while True:
            news = self._hub.news()
            try:
                page = await self._hub.read(partial(_page, self.id, seq))
            except Closed:
                return
            if page and page[0].seq == seq + 1:
                for commit in page:
                    yield commit
                seq = page[-1].seq
            elif not await self._hub.wait(news):
                return

    async def verify(self, key: str | None = None) -> "Audited":
        """Verifies the history here from its first commit: what does not fit first is its `fault`.

        `key` is the hub's public key, if another than the one that was pinned is to count. NotFound while
        the history was not all fetched.
        """
        from stackroom.client.history.audit_sources import of_copy

        return await self._hub.work(lambda at: of_copy(at, at.copy(self.id), key))

    async def runs(
        self,
        *,
        stack: str | None = None,
        pipeline: str | None = None,
        status: str | None = None,
        limit: int | None = 20,
    ) -> list[reading.RunView]:
        """The runs that were recorded, newest first: of a stack, a pipeline, or that stand so; NotFound."""

        def find(at: "Workspace") -> list[reading.RunView]:
            copy = at.copy(self.id)
            found = None if stack is None else one(_stacks(copy.view, stack), f"stack {stack!r}")
            ids = None if found is None else run_reports.stack_ids(copy.view, found[0])
            wanted = RunsWanted(ids, pipeline, status, limit=limit)
            seen = run_reports.recent(copy, wanted, at.who(copy.hub, copy.id).author)
            return [reading.run_view(copy.view, each) for each in seen]

        return await self._hub.work(find)

    async def run(self, id: str) -> reading.RunView:
        """The run of that id, of the end of one, or that others call so; NotFound."""

        def find(at: "Workspace") -> reading.RunView:
            copy = at.copy(self.id)
            author = at.who(copy.hub, copy.id).author
            return reading.run_view(copy.view, run_reports.named(copy, id, author))

        return await self._hub.work(find)

    async def parked(self) -> list[Parked]:
        """The own edits that were refused: they wait for their author (`stackroom pending`)."""
        return await self._hub.work(lambda at: at.store.parked(self.id))

    async def wait_synced(self, timeout: float | None = None) -> None:
        """Waits until all that the hub has is here, and nothing of ours waits for it.

        Raises Unreachable after `timeout` seconds, or at once what stands against it for good.
        """
        done = await self._hub.until(lambda: self._hub.synced(self.id), timeout)
        if not done:
            raise Unreachable(f"profile {self.name!r} was not in sync after {timeout:g} s")

    # Changes

    def edit(self, message: str = "", *, patience: float | None = None) -> Edit:
        """A block in which a draft is made; its end saves it and waits `patience` seconds for the hub.

        `async with profile.edit("move to spot") as draft: ...`; see `Edit`. The patience is
        `Settings.write_patience` unless given.
        """
        return Edit(self, message, patience)

    async def resolve(
        self,
        conflict: "reading.ConflictView | int",
        side: Side = "ours",
        *,
        takes: Mapping[Path, Side] | None = None,
        edits: Mapping[Path, Value] | None = None,
        message: str = "",
        patience: float | None = None,
    ) -> Result:
        """Ends a conflict, given as such or by its number.

        `side` is taken for all but the paths in `takes`, each with its side, and in `edits`, each with
        a value of its own. "ours" is the edit that the conflict holds, "theirs" what stands.
        """
        number = conflict if isinstance(conflict, int) else conflict.number

        def decide() -> Draft:
            at = self._hub.workspace
            copy = at.copy(self.id)
            id, held = one(
                ((i, c) for i, c in copy.view.all(Conflict) if c.opened == number),
                f"open conflict #{number}",
            )
            changes = resolve(
                copy.view,
                id,
                side,
                takes=_places(held, takes or {}),
                edits=_places(held, edits or {}),
                revive=copy.revive,
            )
            draft = at.edit(copy, message or f"resolve #{number}: {side}")
            draft.add(changes)
            return draft

        return await self.finish(await self._hub.work(lambda _: decide()), patience)

    async def record_run(
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
    ) -> run_reports.RecordedRun:
        """Records that a pipeline ran, or began to run, on a stack as it stands (or stood `at` a moment).

        `id` is what others call the run: its UUID, or any text; with the same one again, that run goes on.
        Saved first, sent when the hub can be reached. Raises NotFound, or RefusedLocally.
        """

        def save(of: "Workspace") -> tuple[str, Saved]:
            copy = of.copy(self.id)
            state = copy.view if at is None else past_of(copy, at).state
            found = one(_stacks(state, stack), f"stack {stack!r}")
            run = run_reports.run_id(copy.id, id) if id else of.new_id()
            change = run_reports.recording(
                copy,
                run,
                pipeline,
                found,
                status=status,
                named=id,
                commit=None if at is None else run_reports.commit_id(copy, state.seq),
                url=url,
                labels=labels,
            )
            return run, of.propose(copy, [change], message)

        run, saved = await self._hub.work(save)
        return run_reports.RecordedRun(run, await self._became(saved, patience))

    async def begin(self, message: str) -> Draft:
        """A draft upon the profile as it stands on disk; for `Edit`."""
        return await self._hub.work(lambda at: at.edit(at.copy(self.id), message))

    async def finish(self, draft: Draft, patience: float | None = None) -> Result:
        """Saves a draft, and waits a moment for what the hub says; for `Edit`."""
        if not draft.changes:
            return Result("unchanged")
        return await self._became(await self._hub.work(lambda _: draft.commit()), patience)

    async def _became(self, saved: Saved, patience: float | None) -> Result:
        if saved.answer is not None:
            await self.reload()
            return result_of(saved.answer)
        return await self._hub.fate(saved.proposal.id, patience)

    async def reload(self) -> None:
        """Takes up what is on disk; for profiles that no connection keeps up to date."""
        copy = await self._hub.work(lambda at: at.copy(self.id))
        self._seq, self._view = copy.seq, View(copy.view, copy.standings)

    def _refresh(self) -> None:
        if self.stale and (latest := self._hub.latest(self.id)) is not None:
            self._seq, self._view = latest
            self.stale = False

    async def _head(self) -> int:
        return await self._hub.read(lambda log: log.head(self.id).seq)


def _page(profile: str, after: int, log: LogReader) -> list[Commit]:
    return log.commits(profile, after, PAGE)


def _stacks(state: State, name: str) -> Iterator[tuple[str, Stack]]:
    found = state.find(Stack, name)
    return iter([] if found is None else [found])


def _places(conflict: Conflict, chosen: Mapping[Path, T]) -> dict[Place, T]:
    """What was chosen for a path, for every entity in which that path is contended."""
    found: dict[Place, T] = {}
    for path, value in chosen.items():
        places = [(o.entity, o.path) for o in conflict.overlaps if o.path == path]
        if not places:
            raise NotFound(f"the conflict has no path {path!r}")
        found.update(dict.fromkeys(places, value))
    return found

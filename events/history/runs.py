"""What the reports of a run add up to. Of all that they say, the last counts, in the order of commits."""

from collections.abc import Iterable

from msgspec import Struct

from stackroom.events.codec import unseal
from stackroom.events.errors import UnknownEvent
from stackroom.events.model import Commit, Event, Millis, Proposal, RunRecorded, RunReport


class Reported(Struct, frozen=True):
    """One report of a run: who gave it, when by their clock, and what it says.

    Without a `seq`, it waits for the hub; `base` is that of its proposal, and `status` None where the
    report says nothing of it.
    """

    seq: int | None
    base: int
    author: str
    time: Millis
    status: str | None
    accepted: Millis | None = None


class Run(Struct, frozen=True):
    """A run as its reports tell it, the first coming first. `commit` is empty where the base tells."""

    id: str
    pipeline: str
    stack: str
    commit: str
    base: int
    status: str
    name: str
    url: str
    labels: dict[str, str]
    reports: tuple[Reported, ...]

    @property
    def pending(self) -> bool:
        """Whether a report of it waits for the hub."""
        return self.reports[-1].seq is None


class Gathering:
    """Collects runs from what speaks of them, in the order of commits; what waits for the hub comes last."""

    def __init__(self) -> None:
        self._recorded: dict[str, tuple[RunRecorded, int]] = {}
        self._latest: dict[str, tuple[str, str, dict[str, str]]] = {}
        self._reports: dict[str, list[Reported]] = {}

    def commits(self, commits: Iterable[Commit]) -> None:
        """Takes commits."""
        for c in commits:
            for event in c.events:
                said = Reported(c.seq, c.base, c.author, c.time, None, c.accepted)
                self._event(event, said)

    def proposals(self, proposals: Iterable[Proposal], author: str) -> None:
        """Takes proposals of `author` that wait for the hub."""
        for p in proposals:
            for event in p.events:
                self._event(event, Reported(None, p.base, author, p.time, None))

    def runs(self) -> dict[str, Run]:
        """The runs by id, in the order of their first reports. Without a recording there is none."""
        return {id: self._run(id) for id in self._reports if id in self._recorded}

    def _event(self, event: Event, said: Reported) -> None:
        try:
            change = unseal(event)
        except UnknownEvent:
            return
        if not isinstance(change, RunReport):
            return
        id = event.entity
        if isinstance(change, RunRecorded):
            self._recorded[id] = change, said.base
            self._latest[id] = change.status, change.url, change.labels
        else:
            status, url, labels = self._latest.get(id, ("", "", {}))
            self._latest[id] = (
                status if change.status is None else change.status,
                url if change.url is None else change.url,
                {**labels, **change.labels},
            )
        told = Reported(said.seq, said.base, said.author, said.time, change.status, said.accepted)
        self._reports.setdefault(id, []).append(told)

    def _run(self, id: str) -> Run:
        recorded, base = self._recorded[id]
        status, url, labels = self._latest[id]
        return Run(
            id,
            recorded.pipeline,
            recorded.stack,
            recorded.commit,
            base,
            status,
            recorded.name,
            url,
            labels,
            tuple(self._reports[id]),
        )

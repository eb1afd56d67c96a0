"""What a hub shows of a profile: entities as text, states of the past, what commits changed. Plain functions.

They run inside a reading transaction, on the log's reading thread.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from stackroom.events.fold import advance
from stackroom.events.history.around import around
from stackroom.events.history.history import Difference, pages, state_at
from stackroom.events.history.steps import Step, steps, steps_of
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import AnyEntity, State
from stackroom.sync import protocol as wire
from stackroom.sync.effects import ENVELOPE_BYTES, LookBack, Recount
from stackroom.sync.reading.sifting import asks, sift
from stackroom.sync.settings import Settings

NEAR: Final = 1_000
"""Commits that are rather folded onto a state at hand than a snapshot read and decoded."""
AROUND: Final = 100
"""Commits before a moment at which a state is kept, too: those before it may be looked at next."""

_encode: Final = msgspec.json.Encoder().encode


class Shown(Struct, frozen=True):
    """One page of a state: entities as JSON text, and the number of the next one; None at the end."""

    seq: int
    entities: str
    next: int | None


class Told(Struct, frozen=True):
    """What commits changed, newest first, and about how many bytes that is; `upto` is that of `log_read`."""

    entries: tuple[wire.Entry, ...]
    weight: int
    upto: int = 0


class Past:
    """States that were looked at lately; nobody changes them. `forget` may be called on any thread."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._states: OrderedDict[tuple[str, int, int], State] = OrderedDict()
        self._redactions: dict[str, int] = {}

    def forget(self, profile: str) -> None:
        """The profile's history was redacted, or healed: its states of before are given to nobody."""
        self._redactions[profile] = self._redactions.get(profile, 0) + 1

    def at(self, log: LogReader, profile: str, seq: int) -> State:
        """The state at `seq`, or at the head if that is below."""
        era = self._redactions.get(profile, 0)
        seq = min(seq, log.head(profile).seq)
        key = (profile, era, seq)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = self._made(log, profile, era, seq)
        self._states.move_to_end(key)
        while len(self._states) > self._kept:
            self._states.popitem(last=False)
        return state

    def _made(self, log: LogReader, profile: str, era: int, seq: int) -> State:
        below = [
            s for p, e, s in self._states if (p, e) == (profile, era) and seq - NEAR <= s < seq
        ]
        if not below:
            # From there on, it is not far to this moment, nor to those around it.
            base = max(0, seq - AROUND)
            below = [base]
            self._states[profile, era, base] = state_at(log, profile, base)
        self._states.move_to_end((profile, era, max(below)))
        state = self._states[profile, era, max(below)].copy()
        for commits in pages(log, profile, state.seq, seq):
            advance(state, commits)
        return state


def page_of(entities: Iterable[tuple[str, AnyEntity | None]], most: int) -> tuple[str, int]:
    """JSON text of a map of `entities`, up to the one that brings it to `most` bytes; how many those are."""
    parts: list[bytes] = []
    size = 0
    for id, entity in entities:
        if size >= most:
            break
        parts.append(_encode(id) + b":" + _encode(entity))
        size += len(parts[-1])
    return "{" + b",".join(parts).decode() + "}", len(parts)


def read_past(recall: LookBack, past: Past, settings: Settings, log: LogReader) -> Shown:
    """The page that `recall` asks for."""
    look = recall.look
    held: dict[str, AnyEntity] = {}
    if look.held:
        held = past.at(log, look.profile, look.held).entities
    state = past.at(log, look.profile, look.seq)
    news = differing(held, state.entities)[recall.after :]
    text, count = page_of(news, settings.shown_bytes)
    return Shown(state.seq, text, recall.after + count if count < len(news) else None)


def differing(
    told: Mapping[str, AnyEntity | None], now: Mapping[str, AnyEntity]
) -> list[tuple[str, AnyEntity | None]]:
    """What is not as it was told; a state that was read anew has equal entities that are not the same."""
    news: list[tuple[str, AnyEntity | None]] = [
        (id, entity)
        for id, entity in now.items()
        if (known := told.get(id)) is not entity and known != entity
    ]
    news += [(id, None) for id in told if id not in now]
    return news


def read_log(recount: Recount, past: Past, settings: Settings, log: LogReader) -> Told:
    """What the commits changed that `recount` asks for."""
    asked = recount.asked
    head = log.head(asked.profile).seq
    before = min(asked.before or head + 1, head + 1)
    most = max(1, min(asked.most, settings.log_entries))
    values = settings.log_differences
    found: Iterable[Step]
    upto = 0
    if asks(asked):
        now = past.at(log, asked.profile, head)
        sifted, upto = sift(log, asked, now, before, most, settings.log_sought)
        found = (_alone(log, asked, now, commit, values) for commit in sifted)
    elif asked.entity:
        now = past.at(log, asked.profile, head)
        found = reversed(steps_of(log, asked.profile, now, asked.entity, before, most, values))
    else:
        commits = log.recent(asked.profile, before, most)[::-1]
        if not asked.values:
            entries = tuple(_entry(Step(commit), settings)[0] for commit in reversed(commits))
            return Told(entries, len(entries) * ENVELOPE_BYTES)
        state = past.at(log, asked.profile, commits[0].seq - 1).copy() if commits else State()
        found = reversed(list(steps(state, commits, values)))
    told: list[wire.Entry] = []
    weight = 0
    for step in found:
        if weight >= settings.shown_bytes:
            upto = told[-1].seq
            break
        entry, size = _entry(step, settings)
        told.append(entry)
        weight += size
    return Told(tuple(told), weight, upto)


def _alone(log: LogReader, asked: wire.ReadLog, now: State, commit: Commit, values: int) -> Step:
    """What one commit changed, whatever stands around it."""
    if not asked.values:
        return Step(commit)
    before, _ = around(log, asked.profile, now, commit)
    return next(steps(before, (commit,), values))


def _entry(step: Step, settings: Settings) -> tuple[wire.Entry, int]:
    commit = step.commit
    told: list[Difference] = []
    size = len(commit.message) + len(_encode(commit.id))
    for difference in step.differences:
        size += len(_encode(difference))
        if size > settings.shown_bytes:
            break
        told.append(difference)
    cut = {difference.entity for difference in step.differences[len(told) :]}
    entry = wire.Entry(
        commit.seq,
        commit.id,
        commit.author,
        commit.message,
        commit.time,
        commit.accepted,
        tuple(dict.fromkeys(event.type for event in commit.events)),
        tuple(told),
        step.left_out + len(cut),
        step.turns,
    )
    return entry, size

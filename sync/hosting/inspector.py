"""Where the hub's connections, files and counters are looked at, for whoever inspects it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio.to_thread

from stackroom.events.log import Listed, LogReader
from stackroom.sync import protocol as wire
from stackroom.sync.effects import ENVELOPE_BYTES, Inspecting
from stackroom.sync.hosting.inspecting import Found, Held

if TYPE_CHECKING:
    from stackroom.sync.server import Server

COUNTED_AT_ONCE: Final = 20_000
"""Commits whose events are counted for one answer, in about a tenth of a second."""

Storage = Callable[[], wire.Stored]
"""Says what the hub's files take; it may wait for the disk."""


def nowhere() -> wire.Stored:
    """Of a hub that has no files of its own."""
    return wire.Stored()


class Tally:
    """How many events each profile has, counted bit by bit. `forget` may be called on any thread."""

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, int]] = {}

    def forget(self, profile: str) -> None:
        """Its history was healed: it is counted anew."""
        self._counted.pop(profile, None)

    def kept(self, listed: Sequence[Listed], log: LogReader) -> tuple[wire.Kept, ...]:
        """What the log keeps of these profiles; of a long history, another part is counted each time."""
        room = COUNTED_AT_ONCE
        found = []
        for each in listed:
            upto, events = self._counted.get(each.id, (0, 0))
            if upto > each.seq:
                upto = events = 0
            part = min(room, each.seq - upto)
            weighed = log.weighed(each.id, upto, part)
            room -= part
            upto, events = upto + part, events + weighed.events
            self._counted[each.id] = upto, events
            found.append(
                wire.Kept(
                    each.id,
                    each.name,
                    each.seq,
                    each.root,
                    each.deleted,
                    events,
                    upto,
                    weighed.snapshots,
                    weighed.snapshot_bytes,
                )
            )
        return tuple(found)


class Inspector:
    """Answers `inspect`, with what only the shell knows."""

    def __init__(self, server: "Server", storage: Storage) -> None:
        self.server = server
        self.storage = storage
        self.tally = Tally()

    async def answer(self, request: Inspecting) -> int:
        """Has the hub answer `request`; about how many bytes that is."""
        server = self.server
        hub = server.hub
        profiles = await server.event_log.read(_profiles)
        heads = {listed.id: listed.seq for listed in profiles}
        condition = None
        if not request.asked.profile:
            wanted = hub.worth_keeping(request, profiles)
            kept = await server.event_log.read(partial(self.tally.kept, wanted))
            stored = await anyio.to_thread.run_sync(self.storage)
            condition = self._condition(len(profiles), kept, stored)
        hub.inspected(request, Found(heads, self._links(), condition), server.clock())
        return (len(hub.sessions) + len(profiles)) * ENVELOPE_BYTES

    def _condition(
        self, profiles: int, kept: tuple[wire.Kept, ...], stored: wire.Stored
    ) -> wire.Condition:
        server = self.server
        return wire.Condition(
            server.ready,
            server.started,
            server.version,
            server.metrics.counters(),
            stored,
            profiles,
            kept,
            server.anchors.said() if server.anchors is not None else None,
        )

    def _links(self) -> dict[int, Held]:
        now = self.server.porch.clock()
        return {
            id: Held(
                link.socket.address,
                link.unsent(),
                link.waiting,
                int((now - link.socket.heard) * 1_000),
            )
            for id, link in self.server.links.items()
        }


def _profiles(log: LogReader) -> list[Listed]:
    return log.profiles()

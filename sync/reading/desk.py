"""Where connections have the log read for them: one question after the other, each in its own transaction."""

from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from stackroom.events.history.history import state_at
from stackroom.events.log import Listed, LogReader
from stackroom.sync import effects
from stackroom.sync.hosting.inspector import Inspector, Storage
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.reading.contrasting import read_diff
from stackroom.sync.reading.drafting import draft
from stackroom.sync.reading.paging import compared, read_page, read_roots
from stackroom.sync.reading.run_listing import list_runs
from stackroom.sync.reading.showing import Past, read_log, read_past
from stackroom.sync.reading.vouching import read_proofs

if TYPE_CHECKING:
    from stackroom.sync.server import Server


class Desk:
    """Reads what was asked for, and tells the hub."""

    def __init__(self, server: "Server", storage: Storage) -> None:
        self.server = server
        self.inspector = Inspector(server, storage)
        self.past = Past(server.settings.pasts_kept)
        self.blocks = Blocks(server.settings)
        self._folding = anyio.Lock()
        """One state is read at a time, and by one of those who wait for it."""

    def forget(self, profile: str) -> None:
        """Its history was redacted, or healed."""
        self.past.forget(profile)
        self.inspector.tally.forget(profile)

    async def answer(self, request: effects.Asked) -> int:
        """Has the hub answer `request`; about how many bytes of history that is."""
        server = self.server
        hub, settings, read = server.hub, server.settings, server.event_log.read
        match request:
            case effects.Read():
                page = await read(partial(read_page, request, settings, self.blocks))
                hub.page(request, page, server.clock())
                return page.weight
            case effects.FetchRoots():
                found = await read(partial(read_roots, request))
                hub.roots(request, found, server.clock())
                return len(request.seqs) * effects.ENVELOPE_BYTES
            case effects.Show(_, profile):
                async with self._folding:
                    if hub.must_fold(profile):
                        hub.folded(profile, await read(partial(state_at, profile=profile)))
                return hub.show(request)
            case effects.LookBack():
                shown = await read(partial(read_past, request, self.past, settings))
                hub.recalled(request, shown)
                return len(shown.entities)
            case effects.Recount():
                told = await read(partial(read_log, request, self.past, settings))
                hub.recounted(request, told)
                return told.weight
            case effects.Contrast():
                contrasted = await read(partial(read_diff, request, self.past, settings))
                hub.contrasted(request, contrasted)
                return contrasted.weight
            case effects.Vouch():
                vouched = await read(partial(read_proofs, request, settings))
                hub.vouched(request, vouched, server.clock())
                return vouched.weight
            case effects.WorkOut(_, asked, who):
                most = settings.shown_bytes
                drafted = await read(partial(draft, asked, who, self.past, most))
                hub.worked_out(request, drafted)
                return len(drafted.entities)
            case effects.ReadNotes():
                newest = partial(server.security.newest, request.wanted)
                hub.notes(request, await anyio.to_thread.run_sync(newest))
            case effects.ListAll():
                hub.catalogue(request.session, await read(_profiles))
            case effects.FindRuns():
                ran = await read(partial(list_runs, request.asked, self.past, settings))
                hub.runs_found(request, ran)
                return ran.weight
            case effects.Inspecting():
                return await self.inspector.answer(request)
            case effects.Survey():
                hub.surveyed(request, await read(_profiles))
            case effects.Look(_, compare):
                hub.compared(request, await read(partial(compared, compare)))
        return 0


def _profiles(log: LogReader) -> list[Listed]:
    return log.profiles()

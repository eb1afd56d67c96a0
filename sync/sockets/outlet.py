"""From what the hub says to bytes on the wire: once for each coding, however many are told.

A frame is made once, and written to each transport as it is: what a receiver costs is the system call.
Where there are so many that telling them takes long, they are not told of each commit as it comes: what is
committed in the meantime goes out together.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from stackroom.sync import effects
from stackroom.sync import protocol as wire
from stackroom.sync.hosting.metrics import Metrics
from stackroom.sync.hub import Hub
from stackroom.sync.session import named
from stackroom.sync.settings import Settings
from stackroom.sync.sockets.framing import framed
from stackroom.sync.sockets.link import Link

log = logging.getLogger("stackroom.hub")

REST: Final = 2.0
"""So many times as long as telling all has taken, nobody is told anything new."""
REST_MOST: Final = 0.005
"""… in seconds, at the most."""
BUSY_REST: Final = 10.0
"""The same while pushes come faster than transactions end: there is more to do than time, and what is
committed next is told together with this."""
BUSY_REST_MOST: Final = 0.010
REST_LEAST: Final = 0.001
"""Below it, that is not worth a timer."""


Frames: TypeAlias = dict[str, bytes]
"""One message as a frame, by coding."""


class Outlet:
    """Sends to the connections of one hub; who cannot keep up is moved aside.

    `clock` is in seconds and never goes back; `busy` says whether there is more to commit than time.
    """

    def __init__(
        self,
        hub: Hub,
        links: Mapping[int, Link],
        settings: Settings,
        metrics: Metrics,
        clock: Callable[[], float],
        busy: Callable[[], bool],
    ) -> None:
        self.hub = hub
        self.links = links
        self.metrics = metrics
        self.clock = clock
        self.busy = busy
        self._most_live = settings.live_buffer
        self._most = settings.buffer_most
        self._rests_until = 0.0
        self._rests_until_if_busy = 0.0
        self._prepared: dict[int, tuple[wire.FromHub, Frames]] = {}
        """Frames of messages that are soon to be sent, by the identity of the message."""
        self._answers: tuple[effects.SendEach, list[bytes | None]] | None = None
        """Answers that are soon to be sent, and their frames."""

    @property
    def rest(self) -> float:
        """Seconds until those who follow are told what is new; 0 for now."""
        now = self.clock()
        if self._rests_until_if_busy <= now:  # The later of the two.
            return 0.0
        until = self._rests_until_if_busy if self.busy() else self._rests_until
        return max(0.0, until - now)

    def prepare(self, sends: Sequence[effects.Send | effects.SendEach]) -> None:
        """Makes frames of what is soon to be sent; nothing goes out.

        Each is made in the coding of its first receiver, which is that of most.
        """
        self._prepared, self._answers = {}, None
        for send in sends:
            if isinstance(send, effects.SendEach):
                self._answers = send, [self._frame(*each) for each in send.messages]
            else:
                message, to = send.message, send.sessions[0]
                if (frame := self._frame(to, message)) is not None:
                    frames = {self.links[to].subprotocol: frame}
                    self._prepared[id(message)] = message, frames

    def _frame(self, session: int, message: wire.FromHub) -> bytes | None:
        """The message as that connection gets it, if there is one."""
        link = self.links.get(session)
        return framed(message, link.subprotocol) if link is not None else None

    def send(self, send: effects.Send) -> None:
        """Sends to all who take it; nothing here waits."""
        if not send.live:
            self._send(send)
            return
        begun = self.clock()
        self._send(send)
        ended = self.clock()
        took = ended - begun
        if (rest := min(REST * took, REST_MOST)) >= REST_LEAST:
            self._rests_until = ended + rest
        if (rest := min(BUSY_REST * took, BUSY_REST_MOST)) >= REST_LEAST:
            self._rests_until_if_busy = ended + rest

    def send_each(self, send: effects.SendEach) -> None:
        """Sends each its own message, which answers it; nothing here waits."""
        made, self._answers = self._answers, None
        if made is not None and made[0] is send:
            frames = made[1]
        else:
            frames = [self._frame(*each) for each in send.messages]
        links, sent, most = self.links, 0, self._most
        for (session, message), frame in zip(send.messages, frames, strict=True):
            if frame is None or (link := links.get(session)) is None:
                continue
            link.was_answered()
            if link.write(frame, most):
                sent += len(frame)
            else:
                self._move_aside(link, message)
        self.metrics.sent_bytes += sent

    def _send(self, send: effects.Send) -> None:
        message, links = send.message, self.links
        made = self._prepared.pop(id(message), None)
        frames: Frames = made[1] if made is not None else {}
        sent, most = 0, self._most_live if send.live else self._most
        for session in send.sessions:
            if (link := links.get(session)) is None:
                continue
            coding = link.subprotocol
            if (frame := frames.get(coding)) is None:
                frame = frames[coding] = framed(message, coding)
            if link.write(frame, most):
                sent += len(frame)
            else:
                self._move_aside(link, message)
        self.metrics.sent_bytes += sent

    def _move_aside(self, link: Link, message: wire.FromHub) -> None:
        """What waits for it is bounded: it reads on by itself later, or is gone."""
        if link.unsent() > self._most:
            log.warning("%s does not read; closed", named(link.session))
            link.abort()
            return
        self.metrics.lagging += 1
        if isinstance(message, wire.Changed):
            self.hub.behind(link.session.id, message.profile, message.seq)
            return
        assert isinstance(message, wire.Commits)
        self.hub.lagging(link.session.id, message.profile, message.commits[0].seq - 1)

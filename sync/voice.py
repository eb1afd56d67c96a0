"""How the hub speaks to its sessions: what it says becomes effects, which a shell carries out."""

from stackroom.sync import protocol as wire
from stackroom.sync.effects import Close, Effect, Noted, Send
from stackroom.sync.hosting.security_log import Kind
from stackroom.sync.session import Session


class Voice:
    """The effects that wait. Whoever was refused hears nothing more."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []

    def effects(self) -> list[Effect]:
        """What is to be done since this was last asked, in order."""
        effects, self._effects = self._effects, []
        return effects

    def _send(self, session: Session, message: wire.FromHub) -> None:
        if not session.refused:
            self._effects.append(Send((session.id,), message))

    def _close(self, session: Session, code: int, reason: str) -> None:
        """Closes the connection; from now on nothing is sent to it, nor heard from it."""
        session.refused = True
        self._effects.append(Close(session.id, code, reason))

    def _note(self, session: Session, kind: Kind, **fields: str | int) -> None:
        self._effects.append(Noted(session.id, kind, fields))

    def _error(
        self,
        session: Session,
        code: wire.ErrorCode,
        sentence: str,
        hint: str = "",
        profile: str = "",
        head: int | None = None,
    ) -> None:
        self._send(session, wire.Error(code, sentence, hint, profile, head))

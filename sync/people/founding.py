"""What the hub's own operator does among its people, by its files: the first way in, and the way back in.

Each runs inside a writing transaction. Whoever can do this has the hub's log in their hands anyway; what they
do here is committed as anything else, under nobody's name.
"""

from msgspec import Struct

from stackroom.events.deciding.rules import Refusal
from stackroom.events.log import LogWriter
from stackroom.events.model import Change, Commit, Millis
from stackroom.events.people.entities import Invitation, Token, User
from stackroom.events.people.model import HubFounded, InvitationEnded, UserInvited
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.people import tokens
from stackroom.sync.people.access import CODE_FACT, TOKEN_FACT, USED_FACT


class Readmitted(Struct, frozen=True):
    """An administrator who may come in again, and the one-time code for it."""

    user: str
    code: str


def found(authority: Authority, now: Millis, log: LogWriter, code: tokens.Made) -> bool:
    """Makes the stream of people at a hub's first start.

    While nobody has come in, `code` becomes its one-time set-up code, in the place of earlier ones;
    whether it did.
    """
    if log.head(authority.people).seq == 0:
        changes = [(authority.people, HubFounded("hub"))]
        founded = authority.commit(authority.people, "", changes, "the hub is founded", now, log)
        assert isinstance(founded, Commit)
    state = authority.state(authority.people, log)
    if next(state.all(User), None) is not None or any(
        g.kind == "user" for g in state.gone.values()
    ):
        return False
    for prefix in log.facts(CODE_FACT):
        log.put_fact(CODE_FACT, prefix, None)
    log.put_fact(CODE_FACT, code.prefix, code.hash)
    return True


def readmit(
    authority: Authority,
    now: Millis,
    log: LogWriter,
    name: str,
    code: tokens.Made,
    *,
    id: str,
    lifetime: Millis,
) -> Readmitted | Refusal:
    """Makes `code` a one-time code for the administrator `name`; empty for the only one there is."""
    state = authority.state(authority.people, log)
    directory = authority.directory(log)
    standing = {
        user.name: user
        for administrator in directory.administrators()
        if isinstance(user := state.get(administrator), User)
    }
    named = directory.user(name) if name else None
    wanted = named[1].name if named is not None else name
    if not wanted and len(standing) == 1:
        (wanted,) = standing
    if wanted not in standing:
        they = ", ".join(sorted(standing))
        why = f"{name!r} is no administrator" if name else "which administrator"
        return Refusal(
            "not_readmitted", f"{why}: there are {they}" if they else "nobody has come in yet"
        )
    changes: list[tuple[str, Change]] = []
    if before := state.find(Invitation, wanted.casefold()):
        changes.append((before[0], InvitationEnded()))
        log.put_fact(CODE_FACT, before[1].prefix, None)
    changes.append((id, UserInvited(wanted, code.prefix, "", now + lifetime, "", {})))
    message = f"{wanted} is let in again by the hub's operator"
    made = authority.commit(authority.people, "", changes, message, now, log)
    if isinstance(made, Refusal):
        return made
    log.put_fact(CODE_FACT, code.prefix, code.hash)
    return Readmitted(wanted, code.text)


def forget_ended(authority: Authority, log: LogWriter, before: Millis) -> None:
    """Forgets the hashes of tokens that ended before that time: they open nothing, and never will."""
    kept = log.facts(TOKEN_FACT)
    for _, token in authority.state(authority.people, log).all(Token):
        if token.prefix in kept and token.expires is not None and token.expires < before:
            log.put_fact(TOKEN_FACT, token.prefix, None)
            log.put_fact(USED_FACT, token.prefix, None)

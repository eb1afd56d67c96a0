"""Who a connection is, and what it may do on this hub: the one place that is asked.

`PeopleAccess` answers from the stream of people, which it follows commit by commit; what opens a token
is in the facts beside the log.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from stackroom.events.deciding.rules import Refusal
from stackroom.events.entity import Entity
from stackroom.events.fold import advance
from stackroom.events.history.history import state_at
from stackroom.events.log import LogReader
from stackroom.events.model import Commit, Millis
from stackroom.events.people.entities import Password, Token, User
from stackroom.events.people.people import HUB, Directory
from stackroom.events.people.permissions import Rights
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from stackroom.sync.people import tokens

TOKEN_FACT: Final = "token"
"""The kind of fact that has the hash of each token, by its prefix."""
CODE_FACT: Final = "code"
"""… of each one-time code, by its prefix."""
USED_FACT: Final = "used"
"""… when a token was used last (milliseconds, decimal), by its prefix."""
PASSWORD_FACT: Final = "password"
"""… the hash of a password, by the id of its entity."""
REPLICA_FACT: Final = "replica"
"""… whose a replica is: the id of its user, by the replica's id."""


USED_EVERY: Final = 60_000
"""Milliseconds between two notes that a token was used."""


SCRUB_FACT: Final = "scrub"
"""… that the log is to be scrubbed of what was redacted in a profile, by its id."""


class Principal(Struct, frozen=True):
    """Who a connection proved to be: `name` is the author of its commits, the others are ids.

    `replica` is empty where none came, as in a GET.
    """

    name: str
    user: str = ""
    token: str = ""
    replica: str = ""

    @property
    def account(self) -> str:
        """What limits of a user go by: all tokens of one user count together."""
        return self.user or self.name


class Term(Struct, frozen=True):
    """When a token ends, and from when on it should be renewed: the last third of its lifetime."""

    expires: Millis
    renew: Millis


class Fact(Struct, frozen=True):
    """Something to be kept beside the log (see `EventLog`); None is to be forgotten."""

    kind: str
    key: str
    value: bytes | None


class Access(Protocol):
    """Decides who a connection is, and what it may do. A profile's id "" is the hub as a whole."""

    def authenticate(self, hello: wire.Hello, now: Millis) -> Principal | Refusal:
        """Who sends `hello`, or why it is refused."""

    def holder(self, token: str, now: Millis) -> Principal | Refusal:
        """Who holds a token that came without a replica (a GET), or why it opens nothing."""

    def refuse(self, principal: Principal, now: Millis) -> Refusal | None:
        """Why somebody who was let in is not welcome any more."""

    @property
    def standing(self) -> object:
        """What all rights follow from: as long as this is the same object, they are the same."""

    def rights(self, principal: Principal, profile: str = HUB) -> Rights:
        """What `principal` may do there."""

    def beside(self, principal: Principal) -> Iterable[str]:
        """The profiles where that may be something else than on the hub."""

    def term(self, principal: Principal) -> Term | None:
        """When the token ends by which they came; None for never."""

    def redeemable(self, code: str) -> bool:
        """Whether this is a one-time code of this hub's; what it opens, the order says."""

    def password(self, name: str) -> tuple[str, bytes] | None:
        """The id and hash of the password of an active user, if there is one."""

    def secret(self, principal: Principal) -> bytes:
        """The hash of the token by which they came."""

    def has_key(self, principal: Principal, key: bytes) -> bool | None:
        """Whether their replica signs with that key, as far as it is known; None where no keys are kept."""

    def answer(self, principal: Principal, order: wire.AnyOrder, now: Millis) -> wire.Reply | None:
        """The answer to an order that asks for nothing but what is known here; None for others."""

    def follow(self, commits: Sequence[Commit]) -> None:
        """The people changed."""

    def keep(self, facts: Iterable[Fact]) -> None:
        """Facts that are kept beside the log from now on."""

    def news(self) -> list[Fact]:
        """Facts to be kept that came up since this was last asked."""


class PeopleAccess:
    """Access by users, roles and tokens; `state` is the people's, and belongs to this from now on."""

    def __init__(
        self,
        state: State,
        secrets: dict[str, bytes],
        codes: dict[str, bytes],
        replicas: dict[str, str],
        used: dict[str, Millis],
        passwords: dict[str, bytes],
    ) -> None:
        self.state = state
        self.directory = self.standing = Directory(state)
        self._secrets = secrets
        self._codes = codes
        self._replicas = replicas
        self._used = used
        self._passwords = passwords
        self._news: dict[tuple[str, str], bytes] = {}

    @classmethod
    def load(cls, log: LogReader) -> "PeopleAccess":
        """As the log has it."""
        replicas = {id: user.decode() for id, user in log.facts(REPLICA_FACT).items()}
        people = state_at(log, log.identity().id)
        secrets, codes = log.facts(TOKEN_FACT), log.facts(CODE_FACT)
        used, passwords = _times(log.facts(USED_FACT)), log.facts(PASSWORD_FACT)
        return cls(people, secrets, codes, replicas, used, passwords)

    def authenticate(self, hello: wire.Hello, now: Millis) -> Principal | Refusal:
        found = self._found(hello.token, now)
        if isinstance(found, Refusal):
            return found
        id, token = found
        prefix = token.prefix
        owner = self._replicas.get(hello.replica)
        if hello.replica == self.state.profile_id:
            return Refusal("replica_taken", "this replica is the hub's own")
        if owner is not None and owner != token.user:
            return Refusal("replica_taken", "this replica is another user's: its home was copied")
        if owner is None:
            self._replicas[hello.replica] = token.user
            self._news[REPLICA_FACT, hello.replica] = token.user.encode()
        if now - self._used.get(prefix, 0) >= USED_EVERY:
            self._used[prefix] = now
            self._news[USED_FACT, prefix] = str(now).encode()
        return Principal(_name(self.state, token.user), token.user, id, hello.replica)

    def holder(self, token: str, now: Millis) -> Principal | Refusal:
        found = self._found(token, now)
        if isinstance(found, Refusal):
            return found
        id, known = found
        return Principal(_name(self.state, known.user), known.user, id)

    def _found(self, text: str, now: Millis) -> tuple[str, Token] | Refusal:
        """The token whose text this is, by id, while it is good."""
        prefix = tokens.prefix_of(text)
        proved = tokens.is_it(text, self._secrets.get(prefix))
        found = self.directory.token(prefix, now)
        if not proved or found is None:
            return _refusal(proved, prefix, self.directory, now)
        return found

    def refuse(self, principal: Principal, now: Millis) -> Refusal | None:
        token = self.state.get(principal.token)
        if isinstance(token, Token) and self.directory.token(token.prefix, now) is not None:
            return None
        if isinstance(token, Token) and token.expires is not None and token.expires <= now:
            return Refusal("token_expired", "this token has expired")
        return Refusal("token_revoked", "this token was revoked, or its user was ended")

    def rights(self, principal: Principal, profile: str = HUB) -> Rights:
        return self.directory.rights(principal.user, profile, principal.token)

    def beside(self, principal: Principal) -> Iterable[str]:
        token = self.state.get(principal.token)
        if isinstance(token, Token) and token.profiles is not None:
            return token.profiles
        return self.directory.beside(principal.user)

    def term(self, principal: Principal) -> Term | None:
        token = self.state.get(principal.token)
        if not isinstance(token, Token) or token.expires is None:
            return None
        return Term(token.expires, token.expires - (token.lifetime or 0) // 3)

    def redeemable(self, code: str) -> bool:
        return tokens.is_it(code, self._codes.get(tokens.prefix_of(code)))

    def password(self, name: str) -> tuple[str, bytes] | None:
        user = self.directory.user(name)
        if user is None or not user[1].active:
            return None
        found = self.state.find(Password, user[0])
        hash = self._passwords.get(found[0]) if found is not None else None
        return (found[0], hash) if found is not None and hash is not None else None

    def secret(self, principal: Principal) -> bytes:
        token = self.state.get(principal.token)
        return self._secrets.get(token.prefix, b"") if isinstance(token, Token) else b""

    def has_key(self, principal: Principal, key: bytes) -> bool | None:
        known = self.directory.signing_key(principal.user, principal.replica)
        return known is not None and known.public == key.hex()

    def answer(self, principal: Principal, order: wire.AnyOrder, now: Millis) -> wire.Reply | None:
        match order:
            case wire.ListTokens(everybody):
                if everybody and "people.read" not in self.rights(principal):
                    return wire.Reply(0, *_MAY_NOT_READ)
                return wire.Reply(0, tokens=tuple(self._tokens(principal, everybody=everybody)))
            case wire.Explain(name, profile):
                return self._explain(principal, name or principal.name, profile)
            case _:
                return None

    def follow(self, commits: Sequence[Commit]) -> None:
        advance(self.state, commits)
        self.directory = self.standing = Directory(self.state)

    def keep(self, facts: Iterable[Fact]) -> None:
        kept = {
            TOKEN_FACT: self._secrets,
            CODE_FACT: self._codes,
            PASSWORD_FACT: self._passwords,
        }
        for fact in facts:
            if (those := kept.get(fact.kind)) is None:
                continue
            if fact.value is None:
                those.pop(fact.key, None)
            else:
                those[fact.key] = fact.value

    def news(self) -> list[Fact]:
        news, self._news = self._news, {}
        return [Fact(kind, key, value) for (kind, key), value in news.items()]

    def _tokens(self, principal: Principal, *, everybody: bool) -> Iterable[wire.TokenInfo]:
        for id, token in self.state.all(Token):
            if everybody or token.user == principal.user:
                yield wire.TokenInfo(
                    id,
                    _name(self.state, token.user),
                    token.name,
                    token.prefix,
                    token.created,
                    used=self._used.get(token.prefix),
                    expires=token.expires,
                    read_only=token.read_only,
                    profiles=None if token.profiles is None else tuple(token.profiles),
                    here=id == principal.token,
                )

    def _explain(self, principal: Principal, name: str, profile: str) -> wire.Reply:
        mine = name.casefold() == principal.name.casefold()
        if not mine and "people.read" not in self.rights(principal):
            return wire.Reply(0, *_MAY_NOT_READ)
        found = self.directory.user(name)
        if found is None:
            return wire.Reply(0, "unknown_entity", f"there is no user {name!r} on this hub")
        id, user = found
        grants = tuple(self.directory.grants(id, profile))
        return wire.Reply(0, explained=wire.Explained(user.name, user.active, grants))


_MAY_NOT_READ: Final = ("not_allowed", "you may not see other people's access (people.read)")


def _refusal(proved: bool, prefix: str, directory: Directory, now: Millis) -> Refusal:
    """Why a token opens nothing; whoever does not know the whole of it learns nothing about it."""
    if not proved:
        return Refusal("unauthorised", "this hub does not know this token")
    if prefix in directory.tokens and directory.token(prefix, 0) is not None:
        return Refusal("token_expired", "this token has expired")
    return Refusal("token_revoked", "this token was revoked, or its user was ended")


def _times(facts: dict[str, bytes]) -> dict[str, Millis]:
    return {prefix: int(time) for prefix, time in facts.items()}


def _name(state: State, id: str) -> str:
    entity: Entity | None = state.get(id)
    return entity.name if isinstance(entity, User) else ""

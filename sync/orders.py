"""What the hub does among its people on somebody's order: tokens, invitations, and who comes in.

Each runs inside a writing transaction, makes one commit in the stream of people under the name of
whoever gave the order, and keeps the hash of the secret that goes with it. A refusal changes nothing.
"""

import uuid
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.events.log import LogWriter
from stackroom.events.model import Change, Commit, Millis
from stackroom.events.people import HUB, Directory
from stackroom.events.people_entities import Invitation, Team, Token, User
from stackroom.events.people_model import (
    HubFounded,
    InvitationEnded,
    RoleAssigned,
    TeamUpdated,
    TokenCreated,
    TokenRevoked,
    TokenUpdated,
    UserCreated,
    UserInvited,
)
from stackroom.events.rules import Refusal
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from stackroom.sync import tokens
from stackroom.sync.access import CODE_FACT, SCRUB_FACT, TOKEN_FACT, USED_FACT, Fact, Principal
from stackroom.sync.authority import Authority
from stackroom.sync.redacting import Done, redact

Changes: TypeAlias = Sequence[tuple[str, Change]]

BAD_CODE: Final = Refusal("bad_code", "this code is not known here: it was used, or withdrawn")
"""The refusal of a one-time code that opens nothing."""

ADMIN: Final = "admin"
"""The role of whoever redeems the set-up code."""


class Carried(Struct, frozen=True):
    """What came of an order: the reply, the commits by stream, and facts that were kept."""

    reply: wire.Reply
    commits: dict[str, tuple[Commit, ...]] = {}
    facts: tuple[Fact, ...] = ()


class _Refused(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        self.refusal = Refusal(code, sentence)
        super().__init__(sentence)


def carry_out(
    authority: Authority,
    sender: Principal | None,
    ask: wire.Ask | wire.Redeem,
    now: Millis,
    log: LogWriter,
) -> Carried:
    """Does what `ask` says for `sender` (None: somebody with nothing but a one-time code)."""
    id = ask.id if isinstance(ask, wire.Ask) else 0
    work = _Order(authority, now, log)
    try:
        if isinstance(ask, wire.Redeem):
            user = work.redeem(ask)
        else:
            assert sender is not None
            user = work.order(sender, ask.order)
    except _Refused as refused:
        return Carried(wire.Reply(id, refused.refusal.code, refused.refusal.sentence))
    for fact in work.facts:
        log.put_fact(fact.kind, fact.key, fact.value)
    commits: dict[str, tuple[Commit, ...]] = {}
    if work.commit is not None:
        commits[work.stream] = (work.commit,)
    seq = work.commit.seq if work.commit is not None else None
    done = work.redacted
    reply = wire.Reply(id, user=user, seq=seq, rewritten=done.rewritten, remnants=done.remnants)
    return Carried(reply, commits, tuple(work.facts))


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


class _Order:
    """One order under way."""

    def __init__(self, authority: Authority, now: Millis, log: LogWriter) -> None:
        self.authority = authority
        self.now = now
        self.log = log
        self.state: State = authority.state(authority.people, log)
        self.directory: Directory = authority.directory(log)
        self.facts: list[Fact] = []
        self.commit: Commit | None = None
        self.stream = authority.people
        """The stream that the commit is in."""
        self.redacted = Done(None, (), ())

    def order(self, sender: Principal, order: wire.AnyOrder) -> str:
        """Carries out `order`; gives the name of the user whom it is about."""
        if self.directory.token(self.token(sender.token).prefix, self.now) is None:
            raise _Refused("not_allowed", "your token has ended")
        match order:
            case wire.MakeToken():
                return self.make_token(sender, order)
            case wire.RenewToken(id):
                return self.renew_token(sender, id or sender.token)
            case wire.RevokeToken(id):
                return self.revoke_token(sender, id)
            case wire.Invite():
                return self.invite(sender, order)
            case wire.Redact():
                return self.redact(sender, order)
            case _:
                raise _Refused("unknown_order", f"this hub does not know {type(order).__name__}")

    # Tokens

    def make_token(self, sender: Principal, order: wire.MakeToken) -> str:
        if self.limited(sender):
            raise _Refused("not_allowed", "a token of limited scope makes no other tokens")
        owner_id = self.state.resolve(order.user) or sender.user
        owner = self.state.get(owner_id)
        if not isinstance(owner, User):
            raise _Refused("unknown_entity", f"there is no user {order.user}")
        if owner_id != sender.user:
            self.demand(sender, "people.write")
            if not owner.service:
                raise _Refused(
                    "not_allowed",
                    f"{owner.name!r} is a person, who makes their own tokens: invite them again",
                )
        self.take(
            sender.name,
            f"token {order.token.name!r} of {owner.name}",
            [
                self.new_token(
                    order.token,
                    owner_id,
                    read_only=order.read_only,
                    profiles=order.profiles,
                    lifetime=order.lifetime,
                )
            ],
        )
        return owner.name

    def renew_token(self, sender: Principal, id: str) -> str:
        token = self.token(id)
        if token.user != sender.user:
            raise _Refused("not_allowed", "a token is renewed by its user")
        if self.limited(sender) and self.state.resolve(id) != sender.token:
            raise _Refused("not_allowed", "a token of limited scope renews no other tokens")
        if self.directory.token(token.prefix, self.now) is None:
            raise _Refused("token_expired", f"token {token.name!r} has ended: make another one")
        if token.lifetime is None:
            raise _Refused("no_expiry", f"token {token.name!r} does not expire")
        change = TokenUpdated({"/expires": self.now + token.lifetime})
        self.take(sender.name, f"token {token.name!r} renewed", [(id, change)])
        return sender.name

    def revoke_token(self, sender: Principal, id: str) -> str:
        token = self.token(id)
        if token.user != sender.user:
            self.demand(sender, "people.write")
        elif self.limited(sender) and self.state.resolve(id) != sender.token:
            raise _Refused("not_allowed", "a token of limited scope ends no other tokens")
        owner = self.state.get(token.user)
        name = owner.name if owner is not None else ""
        self.take(sender.name, f"token {token.name!r} of {name} revoked", [(id, TokenRevoked())])
        self.facts += [Fact(TOKEN_FACT, token.prefix, None), Fact(USED_FACT, token.prefix, None)]
        return name

    def limited(self, sender: Principal) -> bool:
        """Whether the token of this connection is good for less than its user is."""
        own = self.token(sender.token)
        return own.read_only or own.profiles is not None

    def token(self, id: str) -> Token:
        found = self.state.get(id)
        if not isinstance(found, Token):
            raise _Refused("unknown_entity", "there is no such token, or it was revoked")
        return found

    def new_token(
        self,
        made: wire.NewToken,
        user: str,
        *,
        read_only: bool = False,
        profiles: Sequence[str] | None = None,
        lifetime: int | None = None,
    ) -> tuple[str, Change]:
        """The event of a new token, whose hash is kept."""
        if made.prefix in self.directory.tokens or self.known(TOKEN_FACT, made.prefix) is not None:
            raise _Refused("prefix_in_use", "a token of this prefix is known already: make another")
        self.facts.append(Fact(TOKEN_FACT, made.prefix, made.hash))
        expires = None if lifetime is None else self.now + lifetime
        scope = None if profiles is None else list(profiles)
        change = TokenCreated(
            made.name, user, made.prefix, self.now, read_only, scope, expires, lifetime
        )
        return self.new_id(), change

    # Taking away

    def redact(self, sender: Principal, order: wire.Redact) -> str:
        rights = self.directory.rights(sender.user, order.profile, sender.token)
        if order.profile == self.authority.people or "profile.redact" not in rights:
            raise _Refused("not_allowed", "you may not redact this profile (profile.redact)")
        done = redact(self.authority, sender.name, order, self.now, self.log)
        if isinstance(done, Refusal):
            raise _Refused(done.code, done.sentence)
        self.commit, self.redacted = done.commit, done
        self.stream = order.profile
        if self.commit is not None:
            self.facts.append(Fact(SCRUB_FACT, order.profile, b"1"))
        return sender.name

    # Coming in

    def invite(self, sender: Principal, order: wire.Invite) -> str:
        self.demand(sender, "people.write")
        changes: list[tuple[str, Change]] = []
        if before := self.state.find(Invitation, order.user.casefold()):
            changes.append((before[0], InvitationEnded()))
            self.facts.append(Fact(CODE_FACT, before[1].prefix, None))
        if order.role and self.directory.user(order.user) is None:
            # They are made when they come; that they could be is made sure of now.
            user = self.new_id()
            created, assigned = (
                UserCreated(order.user),
                RoleAssigned("", user, order.role, order.scope),
            )
            self.may_be_made(sender, [(user, created), (self.new_id(), assigned)])
        invited = UserInvited(
            order.user,
            order.prefix,
            order.role,
            self.now + order.lifetime,
            order.scope,
            dict.fromkeys(order.teams, True),
        )
        changes.append((self.new_id(), invited))
        self.facts.append(Fact(CODE_FACT, order.prefix, order.hash))
        self.take(sender.name, f"{order.user} invited", changes)
        return order.user

    def redeem(self, redeem: wire.Redeem) -> str:
        prefix = tokens.prefix_of(redeem.code)
        if not tokens.is_it(redeem.code, self.known(CODE_FACT, prefix)):
            raise _Refused(BAD_CODE.code, BAD_CODE.sentence)
        self.facts.append(Fact(CODE_FACT, prefix, None))
        if tokens.kind_of(redeem.code) == tokens.SET_UP:
            user, changes = self.new_id(), list[tuple[str, Change]]()
            name, message = redeem.user, f"{redeem.user} sets the hub up"
            changes.append((user, UserCreated(name)))
            changes.append((self.new_id(), RoleAssigned("", user, ADMIN)))
        else:
            id, invitation = self.invitation(prefix)
            name, message = invitation.name, f"{invitation.name} joins"
            user, changes = self.join(invitation)
            changes.append((id, InvitationEnded()))
        changes.append(self.new_token(redeem.token, user, lifetime=redeem.lifetime))
        self.take(name, message, changes)
        return name

    def invitation(self, prefix: str) -> tuple[str, Invitation]:
        for id, invitation in self.state.all(Invitation):
            if invitation.prefix == prefix:
                if invitation.expires <= self.now:
                    raise _Refused("code_expired", "this code has expired: ask for another one")
                return id, invitation
        raise _Refused(BAD_CODE.code, BAD_CODE.sentence)

    def join(self, invitation: Invitation) -> tuple[str, list[tuple[str, Change]]]:
        """The user who joins, and what that changes."""
        known = self.directory.user(invitation.name)
        if known is not None:
            return known[0], []
        user = self.new_id()
        changes: list[tuple[str, Change]] = [(user, UserCreated(invitation.name))]
        if invitation.role:
            assigned = RoleAssigned("", user, invitation.role, invitation.scope)
            changes.append((self.new_id(), assigned))
        for team in invitation.teams:
            if isinstance(self.state.get(team), Team):
                changes.append((team, TeamUpdated({f"/members/{user}": True})))
        return user, changes

    # What all need

    def demand(self, sender: Principal, permission: str) -> None:
        if permission not in self.directory.rights(sender.user, HUB, sender.token):
            raise _Refused("not_allowed", f"you may not do this on this hub ({permission})")

    def known(self, kind: str, key: str) -> bytes | None:
        return self.log.facts(kind).get(key)

    def new_id(self) -> str:
        return str(uuid.UUID(bytes=self.authority.salt(), version=4))

    def may_be_made(self, sender: Principal, changes: Changes) -> None:
        if refusal := self.authority.refuse(sender.name, changes, self.log):
            raise _Refused(refusal.code, refusal.sentence)

    def take(self, author: str, message: str, changes: Changes) -> None:
        taken = self.authority.commit(
            self.authority.people, author, changes, message, self.now, self.log
        )
        if isinstance(taken, Refusal):
            raise _Refused(taken.code, taken.sentence)
        self.commit = taken

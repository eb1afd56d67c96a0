"""What the hub does among its people on somebody's order: tokens, invitations, and who comes in.

Each runs inside a writing transaction, makes one commit in the stream of people under the name of
whoever gave the order, and keeps the hash of the secret that goes with it. A refusal changes nothing.
"""

import uuid
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.events.deciding.rules import Refusal
from stackroom.events.log import LogWriter
from stackroom.events.model import Change, Commit, Millis
from stackroom.events.people.entities import Invitation, Password, SigningKey, Team, Token, User
from stackroom.events.people.model import (
    InvitationEnded,
    KeyRevoked,
    PasswordRemoved,
    PasswordSet,
    RoleAssigned,
    TeamUpdated,
    TokenCreated,
    TokenRevoked,
    TokenUpdated,
    UserCreated,
    UserInvited,
)
from stackroom.events.people.people import HUB, Directory
from stackroom.events.proofs.fingerprints import fingerprint, key_id
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.deciding.redacting import Done, redact
from stackroom.sync.people import tokens
from stackroom.sync.people.access import (
    CODE_FACT,
    PASSWORD_FACT,
    SCRUB_FACT,
    TOKEN_FACT,
    USED_FACT,
    Fact,
    Principal,
)
from stackroom.sync.people.admitting import ENDED, coming, linking, unlinking
from stackroom.sync.people.keys import registering
from stackroom.sync.people.proofs import Hashed, Identified, KnownPassword, Proof

Changes: TypeAlias = Sequence[tuple[str, Change]]

BAD_CODE: Final = Refusal("bad_code", "this code is not known here: it was used, or withdrawn")
"""The refusal of a one-time code that opens nothing."""

WRONG_PASSWORD: Final = Refusal("wrong_password", "this name and password are not known here")
"""The refusal of a password: it does not tell whether there is such a user."""

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
    ask: wire.Ask | wire.SigningIn,
    now: Millis,
    log: LogWriter,
    proof: Proof | None = None,
) -> Carried:
    """Does what `ask` says for `sender` (None: somebody who is only coming in).

    `proof` is what came of looking at a password or an ID token that is in it.
    """
    id = ask.id if isinstance(ask, wire.Ask) else 0
    work = _Order(authority, now, log)
    try:
        if isinstance(ask, wire.Ask):
            assert sender is not None
            user = work.order(sender, ask.order, proof)
        elif proof is not None:
            user = work.sign_in(ask, proof)
        else:
            assert isinstance(ask, wire.Redeem)
            user = work.redeem(ask)
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

    def order(self, sender: Principal, order: wire.AnyOrder, proof: Proof | None) -> str:
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
            case wire.SetPassword():
                return self.set_password(sender, proof)
            case wire.LinkIdentity():
                return self.link_identity(sender, proof)
            case wire.RegisterKey():
                return self.register_key(sender, order)
            case wire.RevokeKey(key):
                return self.revoke_key(sender, key)
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
        if token.lifetime is None and token.expires is not None:
            raise _Refused("not_renewed", f"token {token.name!r} is a sign-in's: sign in again")
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
        once: bool = False,
    ) -> tuple[str, Change]:
        """The event of a new token, whose hash is kept; one for `once` cannot be renewed."""
        if made.prefix in self.directory.tokens or self.known(TOKEN_FACT, made.prefix) is not None:
            raise _Refused("prefix_in_use", "a token of this prefix is known already: make another")
        self.facts.append(Fact(TOKEN_FACT, made.prefix, made.hash))
        expires = None if lifetime is None else self.now + lifetime
        scope = None if profiles is None else list(profiles)
        change = TokenCreated(
            made.name,
            user,
            made.prefix,
            self.now,
            read_only,
            scope,
            expires,
            None if once else lifetime,
        )
        return self.new_id(), change

    # Keys

    def register_key(self, sender: Principal, order: wire.RegisterKey) -> str:
        if self.token(sender.token).read_only:
            raise _Refused("not_allowed", "a read-only token changes nothing, and signs nothing")
        hub = self.authority.people
        changes = self.agreed(registering(self.directory, sender, order, hub, self.now))
        if changes:
            self.take(
                sender.name, f"{sender.name} signs with key {fingerprint(order.key)}", changes
            )
        return sender.name

    def revoke_key(self, sender: Principal, key: bytes) -> str:
        id = key_id(key)
        found = self.state.get(id)
        if not isinstance(found, SigningKey):
            raise _Refused("unknown_entity", "there is no such key, or it was revoked")
        if self.state.resolve(found.user) != sender.user:
            self.demand(sender, "people.write")
        elif self.limited(sender):
            raise _Refused("not_allowed", "a token of limited scope ends no keys")
        owner = self.state.get(found.user)
        name = owner.name if owner is not None else ""
        self.take(sender.name, f"key {found.name} of {name} revoked", [(id, KeyRevoked())])
        return name

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
        user, name, changes = self.open(redeem.code, redeem.user)
        setting_up = tokens.kind_of(redeem.code) == tokens.SET_UP
        changes.append(self.new_token(redeem.token, user, lifetime=redeem.lifetime))
        self.take(name, f"{name} sets the hub up" if setting_up else f"{name} joins", changes)
        return name

    def open(self, code: str, name: str) -> tuple[str, str, list[tuple[str, Change]]]:
        """Whom a one-time code lets in, and what that changes; the set-up code lets anybody in as `name`."""
        prefix = tokens.prefix_of(code)
        if not tokens.is_it(code, self.known(CODE_FACT, prefix)):
            raise _Refused(BAD_CODE.code, BAD_CODE.sentence)
        self.facts.append(Fact(CODE_FACT, prefix, None))
        if tokens.kind_of(code) == tokens.SET_UP:
            user = self.new_id()
            assigned = (self.new_id(), RoleAssigned("", user, ADMIN))
            return user, name, [(user, UserCreated(name)), assigned]
        id, invitation = self.invitation(prefix)
        user, changes = self.join(invitation)
        return user, invitation.name, [*changes, (id, InvitationEnded())]

    def sign_in(self, ask: wire.SigningIn, proof: Proof) -> str:
        match proof, ask:
            case Identified(), wire.SignInOidc(code=code) if code:
                user, name, changes = self.open(code, "")
                changes += self.agreed(linking(self.state, proof, user, name, self.new_id))
                message = f"{name} joins, and is linked to {proof.issuer}"
            case Identified(), _:
                who = coming(self.state, proof, self.new_id)
                if isinstance(who, Refusal):
                    raise _Refused(who.code, who.sentence)
                user, name, changes = who.user, who.name, who.changes
                message = f"{name} signs in at {proof.issuer}"
            case KnownPassword(), _:
                user, name = self.knows_password(proof)
                changes, message = [], f"{name} signs in by a password"
            case _:
                raise TypeError(f"{type(proof).__name__} lets nobody in")
        if isinstance(account := self.state.get(user), User) and not account.active:
            raise _Refused(ENDED.code, ENDED.sentence)
        changes.append(self.new_token(ask.token, user, lifetime=proof.lifetime, once=True))
        self.take(name, message, changes)
        return name

    def knows_password(self, proof: KnownPassword) -> tuple[str, str]:
        """The id and name of the user whose password that is, if it still is."""
        password = self.state.get(proof.id)
        user = self.state.get(password.user) if isinstance(password, Password) else None
        if not isinstance(password, Password) or not isinstance(user, User) or not user.active:
            raise _Refused(WRONG_PASSWORD.code, WRONG_PASSWORD.sentence)
        return self.state.resolve(password.user), user.name

    def set_password(self, sender: Principal, proof: Proof | None) -> str:
        if self.limited(sender):
            raise _Refused("not_allowed", "a token of limited scope sets no password")
        known = self.state.find(Password, sender.user)
        changes: list[tuple[str, Change]] = [(known[0], PasswordRemoved())] if known else []
        if isinstance(proof, Hashed):
            changes.append((self.new_id(), PasswordSet(sender.name, sender.user)))
            self.facts.append(Fact(PASSWORD_FACT, changes[-1][0], proof.hash))
        if not changes:
            raise _Refused("nothing_to_end", "you have no password here")
        self.forget_passwords(keep={id for id, _ in self.state.all(Password)} - {changes[0][0]})
        done = "sets a password" if isinstance(proof, Hashed) else "removes the password"
        self.take(sender.name, f"{sender.name} {done}", changes)
        return sender.name

    def forget_passwords(self, keep: set[str]) -> None:
        """Of what is no password any more, the hash goes, too: administrators end some by themselves."""
        gone = self.log.facts(PASSWORD_FACT).keys() - keep
        self.facts[:0] = [Fact(PASSWORD_FACT, id, None) for id in sorted(gone)]

    def link_identity(self, sender: Principal, proof: Proof | None) -> str:
        if self.limited(sender):
            raise _Refused("not_allowed", "a token of limited scope links nobody")
        if isinstance(proof, Identified):
            changes = self.agreed(linking(self.state, proof, sender.user, sender.name, self.new_id))
            message = f"{sender.name} is linked to {proof.issuer}"
        else:
            changes = unlinking(self.state, sender.user)
            message = f"{sender.name} is linked to no provider"
            if not changes:
                raise _Refused("nothing_to_end", "you are linked to no provider here")
        if changes:
            self.take(sender.name, message, changes)
        return sender.name

    def agreed(self, changes: list[tuple[str, Change]] | Refusal) -> list[tuple[str, Change]]:
        if isinstance(changes, Refusal):
            raise _Refused(changes.code, changes.sentence)
        return changes

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

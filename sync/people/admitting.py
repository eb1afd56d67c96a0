"""Who comes in by the word of a provider, and what that changes among the people. Plain functions."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from stackroom.events.deciding.rules import Refusal
from stackroom.events.model import Change
from stackroom.events.people.entities import Identity, Invitation, Role, User
from stackroom.events.people.model import (
    IdentityLinked,
    IdentityUnlinked,
    RoleAssigned,
    UserCreated,
)
from stackroom.events.people.people import BUILT_IN
from stackroom.events.state import State
from stackroom.sync.people.proofs import Identified

ENDED: Final = Refusal("account_ended", "your account on this hub has ended: ask an administrator")


class Coming(Struct, frozen=True):
    """Somebody comes in: the id and name of their user, and what is committed for it."""

    user: str
    name: str
    changes: list[tuple[str, Change]]


def coming(state: State, who: Identified, new_id: Callable[[], str]) -> Coming | Refusal:
    """The user to whom `who` is linked; or one who is made now, where the hub welcomes them uninvited."""
    found = state.find(Identity, who.subject, who.issuer)
    if found is not None:
        id = state.resolve(found[1].user)
        user = state.get(id)
        if not isinstance(user, User) or not user.active:
            return ENDED
        return Coming(id, user.name, [])
    if not who.welcome:
        return Refusal(
            "not_invited",
            "the provider knows you, and this hub does not: join by an invitation "
            "(stackroom join CODE --sso), or sign in by a token and run: stackroom user link",
        )
    if not who.name:
        return Refusal("not_invited", "the provider does not say a name for you (user_claim)")
    name = who.name.casefold()
    if state.find(User, name) is not None or state.find(Invitation, name) is not None:
        return Refusal(
            "name_in_use",
            f"{who.name!r} is somebody else on this hub, or invited: if that is you, join by the "
            "invitation (stackroom join CODE --sso), or run there: stackroom user link",
        )
    id = new_id()
    changes: list[tuple[str, Change]] = [(id, UserCreated(who.name, who.full_name, who.email))]
    changes += [(new_id(), RoleAssigned("", id, _role(state, role))) for role in who.roles]
    changes.append((new_id(), IdentityLinked(who.name, id, who.issuer, who.subject)))
    return Coming(id, who.name, changes)


def linking(
    state: State, who: Identified, user: str, name: str, new_id: Callable[[], str]
) -> list[tuple[str, Change]] | Refusal:
    """What links a user to `who`, in the place of whom they were at that provider; empty if they are."""
    changes = unlinking(state, user, who.issuer)
    found = state.find(Identity, who.subject, who.issuer)
    if found is not None:
        holder = state.resolve(found[1].user)
        if holder == user:
            return []
        if isinstance(state.get(holder), User):
            return Refusal(
                "identity_in_use", "at the provider, you are linked to another user of this hub"
            )
        changes.append((found[0], IdentityUnlinked()))
    changes.append((new_id(), IdentityLinked(name, user, who.issuer, who.subject)))
    return changes


def unlinking(state: State, user: str, issuer: str = "") -> list[tuple[str, Change]]:
    """What ends the links of a user, to one provider or to all."""
    return [
        (id, IdentityUnlinked())
        for id, identity in state.all(Identity)
        if state.resolve(identity.user) == user and issuer in ("", identity.issuer)
    ]


def _role(state: State, name: str) -> str:
    """The id of a role; of one that is not there, its name, which no rule takes."""
    found = state.find(Role, name) if name not in BUILT_IN else None
    return found[0] if found is not None else name

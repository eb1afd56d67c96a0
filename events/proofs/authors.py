"""Who made a commit, as far as a signature proves it: one commit, held against the keys of a hub's people."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from stackroom.events.bodies import unseal
from stackroom.events.carriers import HOLDING
from stackroom.events.model import (
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    Held,
    Millis,
    RequestJoined,
)
from stackroom.events.people.model import KeyRegistered, KeyRevoked, UserCreated

AuthorResult: TypeAlias = Literal["valid", "unsigned", "invalid", "unregistered", "unbound"]
"""What a look at the author of a commit came to.

`valid`: a key of its author's signed it. `unsigned`: no key did. `invalid`: the signature is not that of its
key. `unregistered`: it is, and that is no key of its author and replica, or had ended by the hub's clock.
`unbound`: it is, and whose key that is cannot be told by who may not read the people, or has not read all of
them yet.
"""


class KnownKey(Struct, frozen=True):
    """A key that was registered: the name of its user, its replica, and from when until when it was good.

    Times are the hub's, in milliseconds since 1970; None: it has not ended. That a key was registered before
    it signed, the hub has seen to: no clock is asked, which may have been set back.
    """

    author: str
    replica: str
    registered: Millis
    ended: Millis | None = None


class AuthorFinding(Struct, frozen=True):
    """What was found about the author of a commit; `key` (32 bytes) is empty where none signed."""

    result: AuthorResult
    key: bytes = b""


def author_finding(
    profile: str, commit: Commit, keys: Mapping[bytes, KnownKey] | None, *, complete: bool = True
) -> AuthorFinding:
    """Whether the author that `commit` names has signed it, or the proposal that it holds.

    `keys` are all that were ever registered on its hub, by the public key; None where one may not read the
    people. If they are not `complete`, a later one may have signed it. Raises ModelError for a held proposal
    that cannot be read.
    """
    from stackroom.events.proofs.signing import (
        signed,  # Late: who asks what a commit holds verifies nothing.
    )

    held = held_by(commit)
    made = commit if held is None else held.proposal
    if not made.key and not made.signature:
        return AuthorFinding("unsigned")
    if not signed(profile, commit.replica, made) or not _is_its_own(held, commit):
        return AuthorFinding("invalid", made.key)
    if keys is None:
        return AuthorFinding("unbound", made.key)
    known = keys.get(made.key)
    if known is None and not complete:
        return AuthorFinding("unbound", made.key)
    theirs = known is not None and (known.author, known.replica) == (commit.author, commit.replica)
    ended = known is not None and known.ended is not None and known.ended < commit.accepted
    if not theirs or ended:
        return AuthorFinding("unregistered", made.key)
    return AuthorFinding("valid", made.key)


def known_keys(people: Iterable[Commit]) -> dict[bytes, KnownKey]:
    """Every key that was ever registered, by its public half, from the whole history of a hub's people.

    Raises ModelError for an event that cannot be read.
    """
    names: dict[str, str] = {}
    keys: dict[bytes, KnownKey] = {}
    public: dict[str, bytes] = {}
    for commit in people:
        for event in commit.events:
            if event.type not in _TELLING:
                continue
            match unseal(event):
                case UserCreated(name):
                    names[event.entity] = name
                case KeyRegistered() as made:
                    key = public[event.entity] = bytes.fromhex(made.public)
                    author = names.get(made.user, "")
                    keys[key] = KnownKey(author, made.replica, commit.accepted)
                case KeyRevoked() if event.entity in public:
                    key = public[event.entity]
                    keys[key] = structs.replace(keys[key], ended=commit.accepted)
    return keys


_TELLING: Final = frozenset(change.__name__ for change in (UserCreated, KeyRegistered, KeyRevoked))


def held_by(commit: Commit) -> Held | None:
    """What `commit` holds for a decision, with who made it; None where it holds nothing.

    Raises ModelError for a proposal that cannot be read.
    """
    if not commit.events or commit.events[0].type not in HOLDING:
        return None
    change = unseal(commit.events[0])
    assert isinstance(change, ConflictOpened | ConflictJoined | ChangeRequested | RequestJoined)
    return change.held


def _is_its_own(held: Held | None, commit: Commit) -> bool:
    """Whether what a commit holds is the very proposal whose id, author and message the commit has."""
    if held is None:
        return True
    p, c = held.proposal, commit
    return (held.author, held.replica, p.id, p.number, p.base, p.message, p.time) == (
        c.author, c.replica, c.id, c.number, c.base, c.message, c.time,
    )  # fmt: skip

"""What the authority is given, a proposal and who makes it, and what it gives back."""

from collections.abc import Set

from msgspec import Struct

from stackroom.events.log import Answer
from stackroom.events.model import Commit, Proposal
from stackroom.events.people.entities import SigningKey
from stackroom.events.people.permissions import Who


class Submission(Struct, frozen=True):
    """A proposal at the hub's door, with what the connection proved.

    `user` and `token` are ids among the people of the hub, who are asked again in the transaction:
    what was withdrawn before it begins is gone. Without them, the rights in `who` count. `session` is the
    connection, where there is one.

    With `back`, it was a commit of a history that the hub lost: it is never refused by what stands now,
    but held in a conflict; `back` are the seqs after its base that its author had in view all the same.
    """

    profile: str
    who: Who
    proposal: Proposal
    user: str = ""
    token: str = ""
    session: int = 0
    back: Set[int] | None = None


class Party(Struct, frozen=True):
    """Who makes a proposal, with the rights of now; and the key that their replica signs with, if it must."""

    who: Who
    signing: SigningKey | None = None


class Decision(Struct, frozen=True):
    """What became of a batch: an answer for each submission, and the new commits by profile.

    `relisted` is whether a profile was made, renamed or deleted.
    """

    answers: tuple[Answer, ...]
    commits: dict[str, tuple[Commit, ...]]
    relisted: bool = False

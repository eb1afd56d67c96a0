"""An edit: what was typed is saved as one proposal, pushed if it can be, and told what became of it."""

from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from stackroom.client.drafting.draft import Draft
from stackroom.events.log import Answer

if TYPE_CHECKING:
    from stackroom.client.python.profile import Profile

Fate: TypeAlias = Literal[
    "accepted",
    "merged",
    "converged",
    "conflict",
    "requested",
    "rejected",
    "pending",
    "unchanged",
]


class Result(Struct, frozen=True):
    """What became of an edit so far: `str()` says it in words.

    A `pending` one is saved here and goes out when the hub can be reached. `seq` is the place in the
    history of what was committed, or of the conflict or change request that holds the edit.
    """

    fate: Fate
    seq: int | None = None
    sentence: str = ""

    def __str__(self) -> str:
        match self.fate:
            case "accepted":
                return f"committed as #{self.seq}"
            case "merged":
                return f"committed as #{self.seq}, merged with what others changed"
            case "converged":
                return f"committed as #{self.seq}: others had said the same"
            case "conflict":
                return f"in conflict since #{self.seq}: waits for a decision"
            case "requested":
                return f"saved as change request #{self.seq}: another person must approve it"
            case "rejected":
                return f"refused, and parked here: {self.sentence}"
            case "pending":
                return "saved offline"
            case _:
                return "nothing to change"


def result_of(answer: Answer) -> Result:
    """The result that an answer of the hub means."""
    return Result(answer.outcome, answer.seq, answer.sentence)


class Edit:
    """`async with profile.edit(message) as draft: ...`; then `draft.result` says what became of it.

    The end of the block saves the draft as one proposal, atomic and durable, before anything is sent;
    it raises RefusedLocally, with nothing saved, if a rule refuses it. An exception inside the block
    drops the draft, and goes on.
    """

    def __init__(self, profile: "Profile", message: str, patience: float | None) -> None:
        self._profile = profile
        self._message = message
        self._patience = patience
        self._draft: Draft | None = None

    async def __aenter__(self) -> Draft:
        self._draft = await self._profile.begin(self._message)
        return self._draft

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._draft is not None:
            self._draft.result = await self._profile.finish(self._draft, self._patience)

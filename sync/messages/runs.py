"""The messages by which a hub tells which pipelines ran on what, to whoever has no replica to look it up in.

The rules of `protocol` hold for them, too.
"""

from typing import Annotated

from msgspec import Meta, Struct

from stackroom.events.model import Count, Id, Millis
from stackroom.sync.messages.message import Message


class ListRuns(Message, frozen=True, tag="list_runs"):
    """Asks for the newest `most` runs that ran on `entity`, a stack, or a component that was in their stack.

    Only for those that were recorded up to seq `upto` (0: up to the head), and as they stood then. The next
    ones are asked for behind the last of these: `before` and `run` are its `first` and `id`, or what the
    answer says goes on. Answered by `runs_listed` with the same `id`, which the sender chooses.
    """

    id: Count
    profile: Id
    entity: Annotated[str, Meta(max_length=100)]
    most: Count = 20
    upto: Count = 0
    before: Count = 0
    run: Annotated[str, Meta(max_length=100)] = ""


class ListedRun(Struct, frozen=True, omit_defaults=True):
    """A run as its reports tell it; `first` and `last` are their seqs, `at` that of the state it ran on.

    `author` gave the first report, `began` and `told` are when the hub took the first and the last.
    `stack` is the id of its stack, and `stack_name` what that was called then; empty where it is not known.
    """

    id: str
    pipeline: str
    status: str
    stack: str
    author: str
    began: Millis
    told: Millis
    first: int
    last: int
    at: int | None = None
    stack_name: str = ""
    name: str = ""
    url: str = ""


class RunsListed(Message, frozen=True, tag="runs_listed"):
    """The answer to `list_runs`, newest first: fewer than were asked for may come.

    There may be more where `before` is not 0: they are asked for with `before` and `run` as they are here.
    """

    id: int
    profile: str
    runs: tuple[ListedRun, ...]
    before: int = 0
    run: str = ""

"""The messages by which a hub shows a profile to whoever does not fold: the dashboard, a script.

The rules of `protocol` hold for them, too. Entities are JSON text in either coding, as `events/state.py`
has them: a map from id to entity, or to null where there is none any more.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from stackroom.events.history.history import Difference
from stackroom.events.history.steps import Turn
from stackroom.events.limits import NAME_LENGTH
from stackroom.events.model import Count, Id, Millis
from stackroom.sync.messages.message import Message

Entities: TypeAlias = str
"""JSON text of a map from id to entity, or to null."""


class Watch(Message, frozen=True, tag="watch"):
    """Asks for all entities of a profile as they are now, and for each that changes from now on."""

    profile: Id


class Unwatch(Message, frozen=True, tag="unwatch"):
    """Ends that."""

    profile: Id


class Look(Message, frozen=True, tag="look"):
    """Asks for all entities of a profile as they were at `seq`; beyond the head, as they are.

    Whoever holds the entities of another moment whole, `held`, asks only for those that differ: what is not
    there is null. With it comes the `era` that they were told with. Answered by `looked` with the same `id`,
    which the sender chooses.
    """

    id: Count
    profile: Id
    seq: Count
    held: Count = 0
    era: Count = 0


class ReadLog(Message, frozen=True, tag="read_log"):
    """Asks what commits changed, value by value: the newest `most` of those below seq `before` (0: of all).

    With `entity`, only of commits that touched it, and only what they changed of it; without `values`, only
    who made them, when and why. Otherwise of those that are by `author`, have an event of an entity of that
    `kind`, and say every word of `text`: in their message, their author's name, `#seq`, the names of what
    they are about, or what their events say, in whatever capitals of a to z. Answered by `log_read` with the
    same `id`; the hub may give fewer than asked for, and none at the end.
    """

    id: Count
    profile: Id
    before: Count = 0
    most: Count = 50
    entity: Annotated[str, Meta(max_length=100)] = ""
    values: bool = True
    author: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    kind: Annotated[str, Meta(max_length=100)] = ""
    text: Annotated[str, Meta(max_length=200)] = ""


class Diff(Message, frozen=True, tag="diff"):
    """Asks what differs in a profile between seq `before` and seq `after`; beyond the head, as it is.

    Answered by `differed` with the same `id`, which the sender chooses.
    """

    id: Count
    profile: Id
    before: Count
    after: Count


class Changed(Message, frozen=True, tag="changed"):
    """What entities of a watched profile are now, at `seq`; all others are as they were told before.

    `complete` is false while more of it is to come: then what was told is of no one moment. The `era` is
    another one, on this connection, once a value was taken out of the history: see `looked`.
    """

    profile: str
    seq: int
    entities: Entities
    complete: bool = True
    era: int = 0


class Looked(Message, frozen=True, tag="looked"):
    """Entities as they were at `seq`: one page of the answer to `look`; `complete` with the last.

    They are those that differ from the moment `held`, or all, where that is 0: as it is once the `era` is not
    the one of which the asker holds something. Pages that came before with another `held` count no more.
    """

    id: int
    profile: str
    seq: int
    entities: Entities
    complete: bool = True
    held: int = 0
    era: int = 0


class Entry(Struct, frozen=True, omit_defaults=True):
    """One commit, and what it changed; `types` are those of its events, in order, without repetition.

    `turns` is what it did to conflicts and change requests; of each, `number` is the seq that opened it.
    `left_out` is of how many entities there is more that is not told, being too much for one message.
    """

    seq: int
    id: str
    author: str
    message: str
    time: Millis
    accepted: Millis
    types: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    left_out: int = 0
    turns: tuple[Turn, ...] = ()


class LogRead(Message, frozen=True, tag="log_read"):
    """The answer to `read_log`, newest first; the next one is asked for `before` the last of these.

    Where only some commits were asked for, the hub looks through so many at a time: all below `upto` is still
    to be asked for, and nothing if that is 0.
    """

    id: int
    profile: str
    entries: tuple[Entry, ...]
    upto: int = 0


class Differed(Message, frozen=True, tag="differed"):
    """What differs between two moments: one page of the answer to `diff`; `complete` with the last.

    By kind, type and name of the entities, and those of one entity together. Tags, conflicts and change
    requests are left out. `names` says what is called by an id that one of the values is, or ends with.
    """

    id: int
    profile: str
    before: int
    after: int
    differences: tuple[Difference, ...]
    names: dict[str, str] = {}
    complete: bool = True

"""Whether a hub's file is whole: at its start, after a backup, before a restore."""

from contextlib import closing
from pathlib import Path

from msgspec import Struct

from stackroom.events.audit.damage import Misfit, misfits, newest_fit, page_faults
from stackroom.events.counting import counted
from stackroom.events.errors import LogCorrupt
from stackroom.events.log import Head, Identity, LogReader
from stackroom.events.sqlite.file import connect, explained
from stackroom.events.sqlite.log import open_reader
from stackroom.events.sqlite.read import SqliteReader
from stackroom.sync.errors import HubDamaged


class Whole(Struct, frozen=True):
    """What a file holds in which everything adds up: whose log it is, its profiles' names and heads."""

    identity: Identity
    names: dict[str, str]
    heads: dict[str, Head]

    @property
    def commits(self) -> int:
        """Of all profiles together."""
        return sum(head.seq for head in self.heads.values())


def examined(path: Path) -> Whole:
    """Looks at every page and at every commit of a log.

    Raises HubDamaged that names the first commit that does not fit, or LogError if it is no log at all.
    """
    try:
        with explained(path), closing(connect(path)) as conn:
            faults = page_faults(conn)
        with open_reader(path) as log:
            heads, wrong = misfits(log)
            if wrong:
                raise damaged(path, wrong)
            if faults:
                raise HubDamaged(str(path), f"SQLite says: {faults[0]}")
            names = {listed.id: listed.name for listed in log.profiles()}
            return Whole(log.identity(), names, heads)
    except LogCorrupt as error:
        raise HubDamaged(str(path), str(error)) from error


def look(log: LogReader, path: Path, newest: int) -> None:
    """The quick look at a hub's start, at the `newest` commits; what it finds calls for the thorough one.

    `log` is read on the thread that reads later, which has the memory then that this took.
    Raises HubDamaged, LogCorrupt.
    """
    assert isinstance(log, SqliteReader)
    if not newest_fit(log, newest):
        _, wrong = misfits(log)
        raise damaged(path, wrong)


def damaged(path: Path, wrong: list[Misfit]) -> HubDamaged:
    """The error for histories that do not add up: the first of them, and how many more there are."""
    if not wrong:
        return HubDamaged(str(path), "its newest commits do not fit")
    first, *others = wrong
    name = first.name or first.profile
    where = f"commit #{first.seq}" if first.seq else "the head"
    rest = counted(len(others), "more profile is", "more profiles are")
    more = f", and {rest} damaged" if others else ""
    said = f"{where} of profile {name!r} is the first that does not fit ({first.sentence}){more}"
    return HubDamaged(str(path), said)

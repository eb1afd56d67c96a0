"""What goes where of what was read of a damaged proposals.db: plain functions on rows."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from stackroom.client.home.store_rows import decode_rotations
from stackroom.client.replica.witness import kept
from stackroom.client.rescue.salvage import Row, Table
from stackroom.events.model import Commit, Event

ORPHAN: Final = "rescued"
"""The name of a profile of which only proposals were found, until its history says another."""

_events = msgspec.json.Decoder(tuple[Event, ...])
_STATES: Final = frozenset({"pending", "parked", "local"})


class Placed(Struct, frozen=True):
    """The rows of the fresh file, by table; proposals that have no place in it; and who it is."""

    tables: dict[str, list[Row]]
    unplaced: list[Row]
    new_identity: bool


class Found:
    """The tables that were read; proposals of which the events cannot be read are `unreadable`."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.settings = [row for row in tables["settings"].rows if _is_key(row["key"])]
        self.hubs = tables["hubs"].rows
        self.profiles = tables["profiles"].rows
        self.numbers = tables["numbers"].rows
        self.checkpoints = [row for row in tables["checkpoints"].rows if _is_checkpoint(row)]
        rows = tables["proposals"].rows
        self.proposals = [row for row in rows if _reads(row)]
        self.unreadable = [row for row in rows if not _reads(row)]
        self.sound = all(tables[table].sound for table in ("settings", "numbers"))
        known = {row["key"]: row["value"] for row in self.settings}
        self.replica: str = known.get("replica", "")


def with_history(found: Found, histories: Mapping[str, list[Commit]]) -> Found:
    """`found`, with those proposals of local profiles that the cache alone still has.

    The commits of a local profile are its proposals: without one of them, none after it could be taken.
    """
    have = {row["id"] for row in found.proposals}
    local = {row["id"] for row in found.profiles if row["hub"] is None}
    for profile in sorted(local & histories.keys()):
        for commit in histories[profile]:
            if commit.id not in have:
                found.proposals.append(_as_row(profile, commit))
    return found


def placed(found: Found, used: Mapping[str, int]) -> Placed:
    """Where each row goes; `used` are the numbers that the histories have.

    Numbers are sure if nothing is wrong with their table, and none was used that it does not know.
    """
    hubs, profiles = _hubs(found), _profiles(found)
    known = {row["id"] for row in profiles}
    proposals = [row for row in found.proposals if row["profile"] in known]
    unplaced = [row for row in found.proposals if row["profile"] not in known]
    keeps = bool(found.replica) and found.sound and _are_sure(found, used)
    numbers = found.numbers if keeps else renumber(proposals)
    tables = {
        "settings": found.settings,
        "hubs": hubs,
        "profiles": profiles,
        "numbers": numbers,
        "proposals": proposals,
        "checkpoints": found.checkpoints,
    }
    return Placed(tables, unplaced, not keeps)


def renumber(proposals: list[Row]) -> list[Row]:
    """Numbers the proposals of each profile from 1, in their order, for a replica that is new.

    Gives the last number of each. Their ids stay: what a hub had taken already, it knows again by them.
    """
    last: dict[str, int] = {}
    for row in sorted(proposals, key=lambda row: (row["profile"], row["number"])):
        row["number"] = last[row["profile"]] = last.get(row["profile"], 0) + 1
    return [{"profile": profile, "last": number} for profile, number in last.items()]


def _are_sure(found: Found, used: Mapping[str, int]) -> bool:
    last = {row["profile"]: row["last"] for row in found.numbers}
    ours = [(row["profile"], row["number"]) for row in found.proposals + found.unreadable]
    return all(number <= last.get(profile, 0) for profile, number in [*used.items(), *ours])


def _hubs(found: Found) -> list[Row]:
    """The hubs, and those that only profiles still name: they are met anew at the next connection."""
    have = {row["url"] for row in found.hubs}
    named = {row["hub"] for row in found.profiles} - {None} - have
    unmet = [{"url": url, "hub": "", "epoch": 0, "user": ""} for url in sorted(named)]
    return [row if _leads(row) else row | {"rotations": "[]"} for row in found.hubs] + unmet


def _profiles(found: Found) -> list[Row]:
    """The profiles, and those that only proposals still name, where it is certain whose they are."""
    have = {row["id"] for row in found.profiles}
    hubs = {row["url"] for row in _hubs(found)}
    lost: dict[str, Row] = {}
    for row in found.proposals:
        id = row["profile"]
        if id in have:
            continue
        if row["state"] == "local":
            lost[id] = {"id": id, "name": ORPHAN, "hub": None}
        elif len(hubs) == 1:
            lost[id] = {"id": id, "name": ORPHAN, "hub": next(iter(hubs))}
    return found.profiles + list(lost.values())


def _as_row(profile: str, commit: Commit) -> Row:
    events: Any = msgspec.json.encode(commit.events).decode()
    return {
        "profile": profile,
        "number": commit.number,
        "id": commit.id,
        "base": commit.base,
        "author": commit.author,
        "message": commit.message,
        "time": commit.time,
        "events": events,
        "state": "local",
        "key": commit.key,
        "signature": commit.signature,
    }


def _is_key(key: str) -> bool:
    """Whether that is the key of a setting: rows of other tables look alike to who reads page by page."""
    word, _, _ = key.partition("/")
    return word.replace("_", "").isalpha() and word.islower()


def _leads(row: Row) -> bool:
    """Whether the statements on a hub's keys can be read: else they come again with its next welcome."""
    try:
        decode_rotations(row.get("rotations", "[]"))
    except (msgspec.DecodeError, ValueError):
        return False
    return True


def _reads(row: Row) -> bool:
    try:
        _events.decode(row["events"])
    except (msgspec.DecodeError, ValueError):
        return False
    return row["state"] in _STATES and row["number"] > 0


def _is_checkpoint(row: Row) -> bool:
    """Whether the row says of a checkpoint what that says."""
    seen = kept(row["note"])
    if seen is None:
        return False
    said = seen.checkpoint
    stated = (said.profile, said.hub, said.epoch, said.size)
    return stated == (row["profile"], row["hub"], row["epoch"], row["size"])

"""Which runs of pipelines used a blamed value, for people and programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from stackroom.client.history.usage import Usage

NEWEST: Final = 20
"""Runs of one value that programs are given; the rest is counted."""


class UsedBy(Struct, frozen=True):
    """A run, and the seq of the commit whose state it ran on."""

    id: str
    pipeline: str
    status: str
    at: int | None


class Used(Struct, frozen=True):
    """The runs that used a value: how many, and the newest of them, the last one first."""

    count: int
    newest: list[UsedBy]


NOBODY: Final = Used(0, [])


def used(usage: "Usage", first: int | None, end: int | None) -> Used:
    """The runs that used what the commit `first` wrote; until `end` overwrote it, if something did."""
    if first is None:
        return NOBODY
    runs = usage.since(first)
    if end is not None:
        runs = [run for run in runs if run.at is not None and run.at < end]
    newest = [UsedBy(r.id, r.pipeline, r.status, r.at) for r in runs[: -NEWEST - 1 : -1]]
    return Used(len(runs), newest)


def in_turn(usage: "Usage", seqs: Sequence[int | None], end: int | None) -> list[Used]:
    """The runs of the values of one place, newest value first, each until the next one was written."""
    told = []
    for seq in seqs:
        told.append(used(usage, seq, end))
        end = seq if seq is not None else end
    return told


def shown(runs: Used | None) -> str:
    """`12, last training (completed)`."""
    if runs is None:
        return ""
    if not runs.newest:
        return "none"
    last = runs.newest[0]
    return f"{runs.count}, last {last.pipeline} ({last.status})"

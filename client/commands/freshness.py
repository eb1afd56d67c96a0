"""How fresh a local copy is, in a few words. Reads never touch the network, so they say this instead."""

from typing import TYPE_CHECKING

from stackroom.client.commands.times import ago
from stackroom.events.carriers import Millis

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.workspace import Workspace


def footnote(workspace: "Workspace", copy: "ProfileCopy") -> str:
    """`as of 2 min ago (hub ws://…), 1 pending`; empty for a local profile with nothing to say."""
    return ", ".join(facts(copy, workspace.clock()))


def facts(copy: "ProfileCopy", now: Millis) -> list[str]:
    """What a reader should know of the copy, most important last."""
    said = []
    if copy.hub is not None:
        when = "never synced" if copy.synced_at is None else f"as of {ago(copy.synced_at, now)}"
        said.append(f"{when} (hub {copy.hub})")
    waiting = len(copy.standings) if copy.hub is not None else 0
    if waiting:
        said.append(f"{waiting} pending")
    if copy.parked:
        said.append(f"{len(copy.parked)} parked")
    if copy.view.conflicts or copy.view.requests:
        said += _undecided(len(copy.view.conflicts), len(copy.view.requests))
    if copy.newer is not None:
        said.append(f"read-only: {copy.newer}")
    return said


def _undecided(conflicts: int, requests: int) -> list[str]:
    from stackroom.events.counting import counted

    found = ((conflicts, "open conflict"), (requests, "change request"))
    return [counted(number, what) for number, what in found if number]

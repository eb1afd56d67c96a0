"""Own changes that are not in a history, and history that is not here."""

from shlex import quote

from msgspec import Struct

from stackroom.client.doctor.finding import Finding
from stackroom.events.model import Millis


class Waits(Struct, frozen=True):
    """A profile of a home: what waits in it, and what is missing of it; `synced` is its last contact."""

    name: str
    on_hub: bool
    pending: int = 0
    parked: int = 0
    missing: int = 0
    newer: str = ""
    synced: Millis | None = None


def waiting(profile: Waits) -> list[Finding]:
    """What waits in one profile."""
    found = []
    see = f"stackroom --profile {quote(profile.name)}"
    name = repr(profile.name)
    if profile.pending and profile.on_hub:
        said = f"{profile.pending} changes of yours in profile {name} wait for the hub"
        facts = {"pending": profile.pending}
        found.append(Finding("pending", "note", said, "stackroom sync", facts))
    if profile.parked:
        said = f"{profile.parked} changes of yours in profile {name} were refused, and are kept"
        facts = {"parked": profile.parked}
        found.append(Finding("parked", "warning", said, f"{see} pending list", facts))
    if profile.missing:
        said = f"{profile.missing} old commits of profile {name} were not fetched yet"
        facts = {"missing": profile.missing}
        found.append(Finding("history", "note", said, "stackroom sync", facts))
    if profile.newer:
        said = f"profile {name} is read-only here: {profile.newer}"
        found.append(Finding("newer", "error", said, "pip install --upgrade stackroom"))
    return found

"""What happens after a write: saved here first, then offered to the hub for a short moment.

The result for programs is a `Written`, where `outcome` is

    unchanged   there was nothing to change, and nothing was saved
    committed, merged, converged    it is in the history, as #seq
    conflict    the hub keeps it in the conflict that is named by #seq
    requested   the hub keeps it in the change request that is named by #seq, for another to approve
    parked      the hub refused it; it waits here for its author
    saved       it is saved here, and goes out with the next sync
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from stackroom.client.commands.exits import Refused
from stackroom.client.commands.output import Lines
from stackroom.client.commands.together.syncing import took
from stackroom.client.errors import (
    NotAuthorised,
    NotTrusted,
    OtherHub,
    SlowDown,
    Unencrypted,
    Unreachable,
    VersionMismatch,
)
from stackroom.events.model import ProfileDeleted, ProfileRenamed
from stackroom.events.outcomes import Requested

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.connection.exchange import Exchanged
    from stackroom.client.drafting.draft import Draft, Saved

Became: TypeAlias = Literal[
    "unchanged", "committed", "merged", "converged", "conflict", "requested", "parked", "saved"
]

_REGISTERED: Final = frozenset({ProfileRenamed.__name__, ProfileDeleted.__name__})
"""The types of event that change what the registry of profiles says."""


class Written(Struct, frozen=True):
    """What became of a write; `seq` is that of its commit, `pending` how many wait for the hub.

    `sentence` says why the hub refused it, and `code` is that of the rule.
    """

    outcome: Became
    profile: str
    id: str | None = None
    seq: int | None = None
    pending: int = 0
    sentence: str = ""
    code: str = ""


def commit(app: "App", draft: "Draft", done: str) -> None:
    """Saves `draft`, tries the hub, and tells what became of it.

    Raises RefusedLocally if a rule refuses it here, and Refused if the hub does (it is parked then).
    """
    profile = draft.profile_id
    if draft.empty:
        written = Written("unchanged", profile, pending=_waiting(app, profile))
        app.output.show(written, Lines(["Nothing to change."]))
        return
    conclude(app, profile, draft.commit(), done)


def conclude(app: "App", profile: str, saved: "Saved", done: str) -> None:
    """Tries the hub with what was saved, and tells what became of it; Refused as `commit`.

    The registry takes note if the profile has another name then, or has ended.
    """
    written = became(app, profile, saved)
    tell(app, written, done)
    if written.outcome == "saved" and isinstance(saved.outcome, Requested):
        app.output.note("It changes what is protected: another person will have to approve it.")
    if not _REGISTERED.isdisjoint(event.type for event in saved.proposal.events):
        app.workspace.copy(profile)  # It brings the registry in line with what it reads.


def became(app: "App", profile: str, saved: "Saved") -> Written:
    """What becomes of what was saved: told at once in a local profile, otherwise by the hub."""
    if saved.answer is not None:
        outcome = took(saved.answer.outcome)
        return Written(outcome, profile, saved.proposal.id, saved.answer.seq)
    (written,) = offer(app, profile, [saved.proposal.id])
    return written


def offer(app: "App", profile: str, ids: Sequence[str]) -> list[Written]:
    """Offers what is pending to the profile's hub for a moment; what became of the proposals `ids`.

    A hub that cannot be reached is no error: they are saved. One that does not let us in is told.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.together.sync import tell_renewal
    from stackroom.client.connection.exchange import exchange
    from stackroom.client.home.cache import CacheDamaged

    workspace = app.workspace
    hub = next(entry.hub for entry in workspace.store.profiles() if entry.id == profile)
    done: Exchanged | None = None
    if hub is not None and not app.offline:
        try:
            patience = workspace.settings.write_patience
            with progress(app.output, "Asking the hub"):
                report = exchange(workspace, hub, [profile], timeout=patience, history=False)
            tell_renewal(app, report)
            done = report.profiles.get(profile)
        except (
            NotAuthorised,
            NotTrusted,
            OtherHub,
            SlowDown,
            Unencrypted,
            VersionMismatch,
        ) as error:
            app.output.note(f"Not sent: {error}. Next: {error.hint}")
        except CacheDamaged as error:
            app.output.note(f"Not sent: {error}. The next command mends that.")
        except Unreachable:
            pass  # Said as "saved offline".
    if done is not None:
        _tell_others(app, done, ids)
    waiting = _waiting(app, profile)
    return [_became(profile, id, done, waiting) for id in ids]


def tell(app: "App", written: Written, done: str) -> None:
    """Says what became of a write; Refused if the hub refused it."""
    app.output.show(written, Lines([sentence(written, done)]))
    if written.outcome == "conflict":
        app.output.note(f"Next: stackroom conflicts show {written.seq}")
    if written.outcome == "requested":
        app.output.note(f"Next: stackroom request show {written.seq}")
    if written.outcome == "parked":
        raise Refused(
            f"the hub refused it: {written.sentence}",
            hint="stackroom pending list",
            reason=written.code,
        )


def sentence(written: Written, done: str) -> str:
    """`Stack 'prod' updated: committed as #43`."""
    match written.outcome:
        case "saved":
            return f"{done}: saved offline, {written.pending} pending"
        case "parked":
            return f"{done}: parked"
        case "converged":
            return f"{done}: committed as #{written.seq}, others had said the same"
        case "conflict":
            return f"{done}: in conflict #{written.seq}, both sides are kept"
        case "requested":
            return f"{done}: saved as change request #{written.seq}, another person must approve it"
        case outcome:
            return f"{done}: {outcome} as #{written.seq}"


def _became(profile: str, id: str, done: "Exchanged | None", waiting: int) -> Written:
    for committed in done.committed if done is not None else ():
        if committed.id == id:
            return Written(took(committed.outcome), profile, id, committed.seq, waiting)
    for answer in done.parked if done is not None else ():
        if answer.id == id:
            return Written("parked", profile, id, None, waiting, answer.sentence, answer.code)
    return Written("saved", profile, id, None, waiting)


def _tell_others(app: "App", done: "Exchanged", ids: Sequence[str]) -> None:
    """What became of earlier changes that went out along with this one."""
    for committed in done.committed:
        if committed.outcome == "conflict" and committed.id not in ids:
            seq = committed.seq
            app.output.note(
                f"An earlier change of yours is in conflict #{seq}: stackroom conflicts show {seq}"
            )
        if committed.outcome == "requested" and committed.id not in ids:
            seq = committed.seq
            app.output.note(
                f"An earlier change of yours is change request #{seq}: stackroom request show {seq}"
            )
    for answer in done.parked:
        if answer.id not in ids:
            app.output.note(
                f"An earlier change of yours was refused: {answer.sentence} (stackroom pending list)"
            )
    if done.problem is not None:
        app.output.note(f"{done.problem.sentence}. {done.problem.hint}".rstrip(". ") + ".")


def _waiting(app: "App", profile: str) -> int:
    counts = app.workspace.store.counts()
    return counts[profile].pending if profile in counts else 0

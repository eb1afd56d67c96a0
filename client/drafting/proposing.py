"""What people change in a workspace becomes proposals, saved before anything is sent."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from stackroom.client.drafting.draft import Draft, Saved
from stackroom.client.errors import ClientError, FetchedAnew, ReadOnly, RefusedLocally
from stackroom.client.home.store import ProfileEntry
from stackroom.client.profile_copy import ProfileCopy
from stackroom.events import codec
from stackroom.events.deciding import rules
from stackroom.events.deciding.check import Rejected, check
from stackroom.events.fold import apply_change
from stackroom.events.model import Change, ProfileCreated, Proposal
from stackroom.events.state import State

if TYPE_CHECKING:
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.workspace import Workspace


def create_profile(
    workspace: "Workspace",
    name: str,
    *,
    hub: str | None,
    message: str = "",
    description: str = "",
    wanted: "Definitions | None" = None,
    id: str | None = None,
) -> tuple[ProfileEntry, Saved]:
    """A new profile, on the hub at that address or (None) local. Raises RefusedLocally.

    It begins with what is `wanted`, in the same commit.
    """
    change = ProfileCreated(name, description)
    if refusal := rules.refuse_change(change):
        raise RefusedLocally(refusal)
    if any(entry.name == name and entry.hub == hub for entry in workspace.profiles()):
        sentence = f"there is a profile {name!r} already"
        raise RefusedLocally(rules.Refusal("name_in_use", sentence), hint="choose another name")
    entry = ProfileEntry(id or workspace.new_id(), name, hub)
    changes: list[tuple[str, Change]] = [(entry.id, change)]
    if wanted is not None:
        changes += _beginning(workspace, entry.id, change, wanted)
    message = _checked(State(), changes, message, workspace.allow_plaintext)
    saved = _save(workspace, entry.id, hub, 0, State(), message, changes, entry)
    return entry, saved


def _beginning(
    workspace: "Workspace", id: str, created: ProfileCreated, wanted: "Definitions"
) -> list[tuple[str, Change]]:
    from stackroom.client.definitions.planning import plan

    state = State()
    apply_change(state, (1, state.writer(workspace.store.replica)), id, created)
    return plan(wanted, state, workspace.new_id, on_conflict="replace").changes


def publish(workspace: "Workspace", profile: str, url: str) -> None:
    """Gives a local profile, with its whole history, to the hub at `url`: it is pushed next.

    It is created there under the name that it has now. ClientError if the profile is not local.
    """
    entry = workspace.copy(profile)
    if entry.hub is not None:
        raise ClientError(f"profile {entry.name!r} is on the hub at {entry.hub} already")
    (created,) = workspace.store.local(profile)[:1]
    # Twice: a crash amid the second leaves no commits here that the hub's would not match.
    workspace.cache.forget(profile)
    with workspace.cache.writing() as log:
        log.forget(profile)
        workspace.store.publish(
            profile, url, _renamed(created.proposal, entry.name, workspace.salt)
        )


def edit(workspace: "Workspace", copy: ProfileCopy, message: str = "") -> Draft:
    """A draft upon `copy`; ReadOnly where the profile holds something newer than this program."""
    _writable(copy)

    def save(draft: Draft) -> Saved:
        changes = draft.changes
        message = _checked(copy.view, changes, draft.message, draft.allow_plaintext)
        return _save_upon(workspace, copy, message, changes)

    who = workspace.who(copy.hub, copy.id)
    draft = Draft(copy.id, copy.view, who, message, workspace.new_id, save)
    draft.allow_plaintext = workspace.allow_plaintext
    return draft


def propose(
    workspace: "Workspace", copy: ProfileCopy, changes: Sequence[tuple[str, Change]], message: str
) -> Saved:
    """Saves `changes` exactly as they are, as one proposal upon `copy`: decisions on requests.

    Raises RefusedLocally, with nothing saved, where a rule refuses it here; ReadOnly as `edit`.
    """
    _writable(copy)
    message = _checked(copy.view, changes, message, workspace.allow_plaintext)
    return _save_upon(workspace, copy, message, changes)


def _checked(
    view: State,
    changes: Sequence[tuple[str, Change]],
    message: str,
    allowed: bool,
) -> str:
    """The message to save `changes` with. Raises RefusedLocally for credentials in plain text."""
    from stackroom.client.definitions.plaintext import found, recorded, refuse

    places = list(found(view, changes))
    if not allowed and (refusal := refuse(places)):
        raise RefusedLocally(refusal)
    return recorded(message, places) if places else message


def _save_upon(
    workspace: "Workspace", copy: ProfileCopy, message: str, changes: Sequence[tuple[str, Change]]
) -> Saved:
    """`_save` upon `copy`; FetchedAnew if its commits are not those that are here any more."""

    def stands() -> None:
        with workspace.cache.reader(sought=False) as log:
            head = log.head(copy.id)
            root = head.root if head.seq == copy.seq else log.root(copy.id, copy.seq)
        if head.seq < copy.seq or root not in (None, copy.root):
            raise FetchedAnew(copy.name)

    base = copy.confirmed.seq
    return _save(workspace, copy.id, copy.hub, base, copy.view, message, changes, stands=stands)


def _save(
    workspace: "Workspace",
    profile: str,
    hub: str | None,
    base: int,
    view: State,
    message: str,
    changes: Sequence[tuple[str, Change]],
    registering: ProfileEntry | None = None,
    *,
    stands: Callable[[], None] = lambda: None,
) -> Saved:
    """Saves changes as one proposal; in a local profile it is committed at once.

    `stands` raises if they cannot be saved any more; it is asked once nobody else can save.
    """
    events = tuple(codec.seal(id, change, workspace.salt()) for id, change in changes)
    proposed = Proposal(workspace.new_id(), 1, base, message, workspace.clock(), events)
    who = workspace.who(hub, profile)
    outcome = check(view, proposed, who)
    if isinstance(outcome, Rejected):
        raise RefusedLocally(outcome.refusal)
    saving = workspace.store.proposing(
        profile,
        id=proposed.id,
        base=base,
        author=who.author,
        message=message,
        time=proposed.time,
        events=events,
        state="local" if hub is None else "pending",
        registering=registering,
    )
    if hub is None:
        proposal, answer = workspace.local.commit(profile, who.author, saving)
        return Saved(proposal, outcome, answer)
    with saving as proposal:
        stands()
        return Saved(proposal, outcome)


def _writable(copy: ProfileCopy) -> None:
    if copy.newer is not None:
        raise ReadOnly(
            f"profile {copy.name!r} is read-only here: {copy.newer}", hint=copy.newer.hint
        )


def _renamed(first: Proposal, name: str, salt: Callable[[], bytes]) -> Proposal | None:
    """The proposal that created a profile, with another name in it; None if it has that name."""
    event = first.events[0]
    created = codec.unseal(event)
    assert isinstance(created, ProfileCreated)
    if created.name == name:
        return None
    sealed = codec.seal(event.entity, structs.replace(created, name=name), salt())
    return structs.replace(first, events=(sealed, *first.events[1:]))

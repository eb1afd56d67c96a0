"""The rules: what becomes of a proposal, given the state that it meets.

`check` is run by the hub to decide, and by every replica to foresee; it is the same function. The
table of cases stands in `docs/rules.md`, and `tests/events/test_check.py` has a row for each.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import UNSET, Struct

from stackroom.events import rules
from stackroom.events.codec import unseal
from stackroom.events.credentials import plaintext
from stackroom.events.entity import Stamp
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.fold import (
    CHOICE,
    DEFAULT_STACK,
    NAME,
    apply_change,
    entity_of,
    read,
    same_definition,
    standing,
    writes,
)
from stackroom.events.model import (
    Change,
    ConflictResolved,
    Deleted,
    Event,
    FlavorDeleted,
    Overlap,
    OverlapKind,
    ProfileCreated,
    Proposal,
    Redacted,
    Registered,
    StackRegistered,
)
from stackroom.events.people_entities import Hub
from stackroom.events.people_model import HubFounded, UserCreated
from stackroom.events.people_rules import BY_THE_HUB, may_lock_out, refuse_end, refuse_people
from stackroom.events.permissions import PEOPLE, PERMISSIONS, Who, needed
from stackroom.events.rules import Refusal
from stackroom.events.since import Since
from stackroom.events.state import (
    AnyEntity,
    Component,
    Conflict,
    Flavor,
    Stack,
    State,
)
from stackroom.events.values import WHOLE, Maybe, Path, pointer, same

Changes: TypeAlias = Sequence[tuple[str, Change]]


class Accepted(Struct, frozen=True):
    """It stands. `merged`: others changed other paths of the same entities since its base."""

    merged: bool = False
    converged: tuple[Path, ...] = ()


class Converged(Struct, frozen=True):
    """It says what others said since its base; nothing is left to change."""


class Conflicted(Struct, frozen=True):
    """It cannot stand beside what others committed since its base.

    `joins` is the id of the conflict of an earlier proposal of the same replica on which it builds.
    """

    overlaps: tuple[Overlap, ...]
    joins: str | None = None


class Rejected(Struct, frozen=True):
    """It breaks a rule regardless of others."""

    refusal: Refusal


Outcome: TypeAlias = Accepted | Converged | Conflicted | Rejected


def check(state: State, proposal: Proposal, who: Who) -> Outcome:
    """What becomes of `proposal`, made by `who`, when it meets `state`."""
    changes = unsealed(proposal)
    if isinstance(changes, Rejected):
        return changes
    return check_changes(state, proposal.base, changes, who, proposal.id)


def unsealed(proposal: Proposal) -> Changes | Rejected:
    """The changes that `proposal` makes, or why it is none in any state."""
    if refusal := rules.refuse_proposal(proposal):
        return Rejected(refusal)
    try:
        return [(event.entity, unseal(event)) for event in proposal.events]
    except UnknownEvent as error:
        return Rejected(Refusal("hub_too_old", f"{error}: this hub must be updated first"))
    except MalformedEvent as error:
        return Rejected(Refusal("malformed", str(error)))


def check_changes(
    state: State, base: int, changes: Changes, who: Who, id: str | None = None
) -> Outcome:
    """`check`, for changes that are unsealed already, in a proposal of that `id`."""
    if refusal := refuse_rights(state, changes, who):
        # Before all else: whoever may not do this learns nothing else of the profile.
        return Rejected(refusal)
    if id in state.entities or id in state.aliases or id in state.gone:
        # A conflict over it would stand in the place of that entity.
        return Rejected(Refusal("id_in_use", f"id {id} is in use: make a fresh one"))
    if base > state.seq:
        sentence = f"it builds on #{base}, and the profile is at #{state.seq}"
        return Rejected(Refusal("base_ahead", sentence))
    return _Check(state, base, who).run(changes)


def refuse_rights(state: State, changes: Changes, who: Who) -> Refusal | None:
    """Why `who` may not make `changes`, whatever they say."""
    among_people = isinstance(state.root, Hub)
    for _, change in changes:
        if isinstance(change, (*BY_THE_HUB, Redacted)) and not who.is_hub:
            return Refusal("reserved", "the hub alone makes this change, on order")
        if not who.may(permission := needed(change, among_people=among_people)):
            sentence = f"you may not {PERMISSIONS[permission]} here ({permission})"
            return Refusal("not_allowed", sentence)
    return None


class _Refused(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        self.refusal = Refusal(code, sentence)
        super().__init__(sentence)


class _Check:
    """One run of the rules: changes in turn, each upon those before it."""

    def __init__(self, state: State, base: int, who: Who) -> None:
        self.before = state
        self.state = state
        self.base = base
        self.replica = who.replica
        self.me = state.writers.get(who.replica, -1)
        self.overlaps: list[Overlap] = []
        self.converged: list[Path] = []
        self.fresh = False
        self.merged = False
        self.joins: str | None = None
        self._held: dict[str, list[tuple[str, Event]]] | None = None

    def run(self, changes: Changes) -> Outcome:
        last = len(changes) - 1
        try:
            for i, (id, change) in enumerate(changes):
                self.one(id, change)
                if i < last or may_lock_out(change):
                    self.step(id, change)
            if any(may_lock_out(change) for _, change in changes):
                self.left()
        except _Refused as refused:
            return Rejected(refused.refusal)
        if self.overlaps or self.joins:
            return Conflicted(tuple(self.overlaps), self.joins)
        if self.converged and not self.fresh:
            return Converged()
        return Accepted(self.merged, tuple(self.converged))

    def step(self, id: str, change: Change) -> None:
        """Moves on to the state that the next change meets."""
        if self.state is self.before:
            self.state = self.before.copy()
        stamp = (self.before.seq + 1, self.state.writer(self.replica))
        self.me = stamp[1]
        aliases = len(self.state.aliases)
        apply_change(self.state, stamp, id, change)
        if isinstance(change, ConflictResolved) or len(self.state.aliases) != aliases:
            self._held = None

    def one(self, id: str, change: Change) -> None:
        if refusal := rules.refuse_change(change):
            raise _Refused(refusal.code, refusal.sentence)
        among_people = isinstance(self.state.root, Hub)
        if self.state.root is None and not isinstance(change, ProfileCreated | HubFounded):
            if self.state.profile_id:
                raise _Refused("profile_deleted", "this profile was deleted")
            raise _Refused("no_profile", "a profile begins with its creation")
        if among_people:
            if refusal := refuse_people(self.state, change):
                raise _Refused(refusal.code, refusal.sentence)
        elif change.kind in PEOPLE and not isinstance(change, HubFounded):
            raise _Refused("wrong_stream", "people are not changed in a profile")
        self.refuse_plaintext(id, change)
        match change:
            case Registered():
                self.register(id, change)
            case ConflictResolved():
                self.resolve(id, change)
            case _:
                self.change(id, change)

    def refuse_plaintext(self, id: str, change: Change) -> None:
        """Refuses a credential in plain text, where the profile's setting `secrets` is `refuse`."""
        profile = self.state.profile
        if profile is None or profile.settings.get("secrets") != "refuse":
            return
        entity = self.state.get(id)
        type = entity.component_type if isinstance(entity, Component) else ""
        for place in plaintext(change, type):
            named = change if isinstance(change, Registered) else entity
            name = repr(named.name) if named is not None else id
            raise _Refused(
                "plaintext_secret",
                f"{change.kind} {name}: {place.path} holds a credential in plain text ({place.why}), and "
                "this profile takes references alone, such as {{name.key}}",
            )

    def left(self) -> None:
        """What the changes leave behind, where that must be looked at as a whole."""
        if isinstance(self.state.root, Hub) and (refusal := refuse_end(self.state)):
            raise _Refused(refusal.code, refusal.sentence)

    # Registrations

    def register(self, id: str, change: Registered) -> None:
        state = self.state
        if isinstance(change, ProfileCreated | HubFounded) and state.profile_id:
            raise _Refused("already_created", "this profile was created before")
        # The tokens and roles of an account that ended hang on its id.
        ended = isinstance(change, UserCreated) and id in state.gone
        if ended or id in state.entities or id in state.aliases:
            raise _Refused("id_in_use", f"id {id} is in use: make a fresh one")
        entity = entity_of(state, change, (state.seq, self.me))
        if isinstance(change, StackRegistered):
            for type, member in entity.members() if isinstance(entity, Stack) else ():
                self.refer(id, pointer("components", type, member), member, type)
        gone = state.gone.get(id)
        if gone is not None and self.foreign(gone.stamp):
            self.clash("edit/delete", id, WHOLE, gone.stamp, UNSET, change.name)
        key = entity.key()
        holder = state.names.get(key) if key is not None else None
        if holder is None:
            self.fresh = True
        elif self.taken(holder):
            if same_definition(state.entities[holder], entity):
                self.converged.append(WHOLE)
            else:
                self.clash_name(holder)

    def taken(self, holder: str) -> bool:
        """Whether another replica took the holder's name since the base; refused if it was in view."""
        entity = self.state.entities[holder]
        if self.foreign(entity.written(NAME)):
            return True
        noun = f"{entity.kind} {entity.name!r}"
        sentence = f"there is a {noun} already: choose another name"
        self.join_or_refuse(holder, "name_in_use", sentence)
        return False

    # Changes of what exists

    def change(self, id: str, change: Change) -> None:
        state = self.state
        standing_id = state.resolve(id)
        entity = state.entities.get(standing_id)
        if entity is None:
            self.absent(standing_id, change)
            return
        if entity.kind != change.kind:
            raise _Refused("wrong_kind", f"{id} is a {entity.kind}, not a {change.kind}")
        self.builds_on(standing_id, change)
        if isinstance(change, Deleted):
            self.delete(standing_id, entity, change)
            return
        since = self.written_since(entity)
        for path, value in writes(change):
            self.refer_from(standing_id, entity, path, value)
            self.write(standing_id, entity, path, value, since)
        self.merged = self.merged or bool(since)

    def write(self, id: str, entity: AnyEntity, path: Path, value: Maybe, since: Since) -> None:
        path, value = standing(self.state, path, value)
        now = read(self.state, entity, path)
        stamp = self.overlapped(since, path) if since else None
        if stamp is None:
            self.fresh = self.fresh or not same(now, value)
        elif same(now, value):
            self.converged.append(path)
        else:
            self.clash("edit/edit", id, path, stamp, now, value)
        if path == NAME and isinstance(value, str):
            self.rename(id, entity, value)

    def rename(self, id: str, entity: AnyEntity, name: str) -> None:
        key = entity.key()
        holder = self.state.names.get((*key[:2], name)) if key is not None else None
        if holder is None or holder == id:
            return
        if self.taken(holder):
            self.clash_name(holder)

    def delete(self, id: str, entity: AnyEntity, change: Deleted) -> None:
        if (
            entity.kind in PEOPLE
        ):  # What is withdrawn is withdrawn, whatever others wrote meanwhile.
            self.fresh = True
            return
        for path, stamp in entity.stamps.items():
            if self.foreign(stamp):
                theirs = read(self.state, entity, path) if path else entity.name
                self.clash("edit/delete", id, path, stamp, theirs, UNSET)
        for user, path, stamp, sentence in self.users(id, entity, change):
            if self.foreign(stamp):
                self.clash("edit/delete", user, path, stamp, True, UNSET)
            else:
                self.join_or_refuse(user, "in_use", sentence)
        self.fresh = True

    def users(
        self, id: str, entity: AnyEntity, change: Deleted
    ) -> Iterator[tuple[str, Path, Stamp, str]]:
        """What refers to the entity: (who, at which path, written by whom, the sentence on it)."""
        state = self.state
        noun = f"{entity.kind} {entity.name!r}"
        if isinstance(entity, Component):
            path = pointer("components", entity.component_type, id)
            for user, stack in state.all(Stack):
                if id in stack.components.get(entity.component_type, ()):
                    sentence = f"{noun} is used by stack {stack.name!r}: remove it there first"
                    yield user, path, stack.written(path), sentence
        elif isinstance(entity, Stack) and (profile := state.profile) is not None:
            if profile.default_stack == id:
                sentence = f"{noun} is the default stack: set another first"
                yield state.profile_id, DEFAULT_STACK, profile.written(DEFAULT_STACK), sentence
        elif isinstance(entity, Flavor) and isinstance(change, FlavorDeleted):
            path = pointer("flavor")
            for user, component in state.all(Component):
                if (component.component_type, component.flavor) == entity.key()[1:]:
                    sentence = f"{noun} is used by component {component.name!r}"
                    yield user, path, component.written(path), sentence

    def absent(self, id: str, change: Change) -> None:
        """A change of an entity that is not there: deleted meanwhile, held in a conflict, or unknown."""
        gone = self.state.gone.get(id)
        if gone is None:
            self.join_or_refuse(id, "unknown_entity", f"there is no {change.kind} {id}")
        elif not self.foreign(gone.stamp):
            raise _Refused("unknown_entity", f"{gone.kind} {gone.name!r} was deleted before")
        elif isinstance(change, Deleted):
            self.converged.append(WHOLE)
        else:
            for path, value in writes(change):
                self.clash("edit/delete", id, path, gone.stamp, UNSET, value)

    # References

    def refer_from(self, id: str, entity: AnyEntity, path: Path, value: Maybe) -> None:
        if isinstance(entity, Stack) and path.startswith("/components/") and value is not UNSET:
            type, *member = path.removeprefix("/components/").split("/")
            for component in member or (value if isinstance(value, list) else []):
                self.refer(id, path, component, type)
        elif path == DEFAULT_STACK and isinstance(value, str):
            self.refer(id, path, value, None)

    def refer(self, id: str, path: Path, target: str, component_type: str | None) -> None:
        """`path` of entity `id` refers to `target`: a component of that type, or (None) a stack."""
        state = self.state
        target = state.resolve(target)
        entity = state.entities.get(target)
        if entity is None:
            gone = state.gone.get(target)
            noun = "stack" if component_type is None else component_type
            if gone is None:
                self.join_or_refuse(target, "unknown_reference", f"there is no {noun} {target}")
            elif self.foreign(gone.stamp):
                self.clash("edit/delete", target, WHOLE, gone.stamp, UNSET, gone.name)
            else:
                raise _Refused("unknown_reference", f"{noun} {gone.name!r} was deleted before")
        elif component_type is None:
            if not isinstance(entity, Stack):
                raise _Refused("wrong_type", f"{target} is a {entity.kind}, not a stack")
        elif not isinstance(entity, Component):
            raise _Refused("wrong_type", f"{target} is a {entity.kind}, not a component")
        elif entity.component_type != component_type:
            found = entity.component_type
            raise _Refused("wrong_type", f"{entity.name!r} is a {found}, not a {component_type}")

    # Conflicts

    def resolve(self, id: str, change: ConflictResolved) -> None:
        conflict = self.state.entities.get(id)
        if isinstance(conflict, Conflict):
            registered = {event.entity for held in conflict.held for event in held.proposal.events}
            if not registered.issuperset(change.aliases):
                raise _Refused("invalid_alias", "aliases name what the conflict does not hold")
            if not all(self.state.get(target) for target in change.aliases.values()):
                raise _Refused("unknown_reference", "an alias leads to nothing")
            self.fresh = True
            return
        gone = self.state.gone.get(id)
        if gone is None or gone.kind != "conflict":
            raise _Refused("unknown_entity", f"there is no conflict {id}")
        if not self.foreign(gone.stamp):
            raise _Refused("conflict_closed", "this conflict was resolved before")
        if gone.choice == change.choice:
            self.converged.append(CHOICE)
        else:
            self.clash("edit/edit", id, CHOICE, gone.stamp, gone.choice, change.choice)

    def builds_on(self, id: str, change: Change) -> None:
        """Joins the conflict of an own proposal that its author had not seen fail, and built upon."""
        later = writes(change)
        for conflict_id, event in self.held().get(id, ()):
            if self.joins is not None:
                return
            earlier = writes(unseal(event))
            if not earlier or not later or _touch(earlier, later):
                self.joins = conflict_id

    def join_or_refuse(self, id: str, code: str, sentence: str) -> None:
        """Joins the conflict of this replica that holds a change of `id`; refused if there is none."""
        for conflict_id, _ in self.held().get(id, ()):
            self.joins = self.joins or conflict_id
            return
        raise _Refused(code, sentence)

    def held(self) -> dict[str, list[tuple[str, Event]]]:
        """What conflicts of this replica hold that its author had not in view, by entity: looked for once."""
        if self._held is None:
            self._held = {}
            for conflict_id, conflict in self.own_conflicts():
                for event in (e for held in conflict.held for e in held.proposal.events):
                    entity = self.state.resolve(event.entity)
                    self._held.setdefault(entity, []).append((conflict_id, event))
        return self._held

    def own_conflicts(self) -> Iterator[tuple[str, Conflict]]:
        """The open conflicts of this replica that its author had not in view."""
        for id in sorted(self.state.conflicts):
            conflict = self.state.entities[id]
            if isinstance(conflict, Conflict) and conflict.opened > self.base:
                if conflict.held[0].replica == self.replica:
                    yield id, conflict

    # What others did

    def foreign(self, stamp: Stamp) -> bool:
        """Whether another replica wrote it since the base."""
        return stamp[0] > self.base and stamp[1] != self.me

    def written_since(self, entity: AnyEntity) -> Since:
        """What other replicas wrote in the entity since the base."""
        base, me = self.base, self.me
        return Since({p: s for p, s in entity.stamps.items() if s[0] > base and s[1] != me})

    def overlapped(self, since: Since, path: Path) -> Stamp | None:
        """The last of the writes `since` the base that a write at `path` overlaps with."""
        profile = self.state.profile
        if profile is not None and profile.settings.get("merge") == "entity":
            return since.last
        return since.overlapping(path)

    def clash_name(self, holder: str) -> None:
        entity = self.state.entities[holder]
        self.clash("name", holder, NAME, entity.written(NAME), entity.name, entity.name)

    def clash(
        self,
        kind: OverlapKind,
        id: str,
        path: Path,
        stamp: Stamp,
        theirs: Maybe,
        ours: Maybe,
    ) -> None:
        self.overlaps.append(Overlap(kind, id, path, stamp[0], theirs=theirs, ours=ours))


def _touch(earlier: list[tuple[Path, Maybe]], later: list[tuple[Path, Maybe]]) -> bool:
    before = Since({path: (0, 0) for path, _ in earlier})
    return any(before.overlapping(path) is not None for path, _ in later)

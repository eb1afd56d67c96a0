"""One run of the rules over a proposal: its changes in turn, each upon those before it."""

from collections.abc import Set

from msgspec import UNSET

from stackroom.events.deciding import rules
from stackroom.events.deciding.approval import refuse_closed, refuse_closing, refuse_size
from stackroom.events.deciding.credential_rule import refuse_plaintext
from stackroom.events.deciding.people_rules import may_lock_out, refuse_end, refuse_people
from stackroom.events.deciding.protection import only_protects, protected_in
from stackroom.events.deciding.references import refuse_target, targets, users
from stackroom.events.deciding.rules import Refusal
from stackroom.events.deciding.since import NOTHING_SINCE, Since
from stackroom.events.deciding.waiting import Waiting
from stackroom.events.entity import Stamp
from stackroom.events.fold import (
    CHOICE,
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
    Overlap,
    OverlapKind,
    ProfileCreated,
    Registered,
    RequestApproved,
    RequestClosed,
    StackRegistered,
)
from stackroom.events.outcomes import (
    Accepted,
    Changes,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.people.entities import Hub
from stackroom.events.people.model import HubFounded, UserCreated
from stackroom.events.people.permissions import PEOPLE, Who
from stackroom.events.state import (
    AnyEntity,
    Conflict,
    Profile,
    Request,
    Stack,
    State,
)
from stackroom.events.values import WHOLE, Maybe, Path, same


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.sentence)


def refused(code: str, sentence: str) -> Refused:
    return Refused(Refusal(code, sentence))


class Checking:
    """One run of the rules: changes in turn, each upon those before it.

    What the replica wrote itself up to `own_until` (or ever, if None) is not in its way, and it may build
    on what of it waits, as far as that was proposed before the proposal of that `number` (if not None).
    Nor is what its author had in view beside the base: the commits `seen`.
    """

    def __init__(
        self,
        state: State,
        base: int,
        who: Who,
        own_until: int | None = None,
        number: int | None = None,
        seen: Set[int] = frozenset(),
    ) -> None:
        self.before = state
        self.state = state
        self.base = base
        self.own_until = state.seq if own_until is None else own_until
        self.number = number
        self.seen = seen
        self.who = who
        self.replica = who.replica
        self.me = state.writers.get(who.replica, -1)
        self.overlaps: list[Overlap] = []
        self.converged: list[Path] = []
        self.fresh = False
        self.merged = False
        self.joins: str | None = None
        self.touched: dict[str, None] = {}
        self._protected: Set[str] | None = None
        self._waiting: Waiting | None = None

    def run(self, changes: Changes) -> Outcome:
        last = len(changes) - 1
        try:
            for i, (id, change) in enumerate(changes):
                self.one(id, change)
                if i < last or may_lock_out(change):
                    self.step(id, change)
            if any(may_lock_out(change) for _, change in changes):
                self.left()
        except Refused as stop:
            return Rejected(stop.refusal)
        return self.outcome(changes)

    def outcome(self, changes: Changes) -> Outcome:
        """What it comes to, with all changes looked at."""
        requested = self.joins in self.before.requests
        if self.overlaps or (self.joins and not requested):
            return Conflicted(tuple(self.overlaps), None if requested else self.joins)
        if self.converged and not self.fresh and not requested:
            return Converged()
        if requested or (self.touched and self.who.rights is not None):
            outcome = Requested(tuple(self.touched), self.joins)
            refusal = refuse_size(self.before, outcome, changes)
            return outcome if refusal is None else Rejected(refusal)
        return Accepted(self.merged, tuple(self.converged))

    def step(self, id: str, change: Change) -> None:
        """Moves on to the state that the next change meets."""
        if self.state is self.before:
            self.state = self.before.copy()
        stamp = (self.before.seq + 1, self.state.writer(self.replica))
        self.me = stamp[1]
        aliases = len(self.state.aliases)
        apply_change(self.state, stamp, id, change)
        if (
            isinstance(change, ConflictResolved | RequestClosed)
            or len(self.state.aliases) != aliases
        ):
            self._waiting = None

    def one(self, id: str, change: Change) -> None:
        if refusal := rules.refuse_change(change):
            raise Refused(refusal)
        root = self.state.root
        among_people = isinstance(root, Hub)
        if root is None and not isinstance(change, ProfileCreated | HubFounded):
            if self.state.profile_id:
                raise refused("profile_deleted", "this profile was deleted")
            raise refused("no_profile", "a profile begins with its creation")
        if among_people:
            if refusal := refuse_people(self.state, change):
                raise Refused(refusal)
        elif change.kind in PEOPLE and not isinstance(change, HubFounded):
            raise refused("wrong_stream", "people are not changed in a profile")
        if refusal := rules.refuse_unseen(change, self.base):
            raise Refused(refusal)
        if refusal := refuse_plaintext(self.state, id, change):
            raise Refused(refusal)
        match change:
            case Registered():
                self.register(id, change)
            case ConflictResolved():
                self.resolve(id, change)
            case RequestApproved():
                raise refused("reserved", "an approval is the first change of its proposal")
            case RequestClosed():
                self.close(id, change)
            case _:
                self.change(id, change)

    def left(self) -> None:
        """What the changes leave behind, where that must be looked at as a whole."""
        if isinstance(self.state.root, Hub) and (refusal := refuse_end(self.state)):
            raise Refused(refusal)

    # Registrations

    def register(self, id: str, change: Registered) -> None:
        state = self.state
        if isinstance(change, ProfileCreated | HubFounded) and state.profile_id:
            raise refused("already_created", "this profile was created before")
        # The tokens and roles of an account that ended hang on its id.
        ended = isinstance(change, UserCreated) and id in state.gone
        if ended or id in state.entities or id in state.aliases:
            raise refused("id_in_use", f"id {id} is in use: make a fresh one")
        entity = entity_of(state, change, (state.seq, self.me))
        if isinstance(change, StackRegistered):
            for type, member in entity.members() if isinstance(entity, Stack) else ():
                self.refer(member, type)
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
            raise refused("wrong_kind", f"{id} is a {entity.kind}, not a {change.kind}")
        self.builds_on(standing_id, change)
        if isinstance(change, Deleted):
            self.delete(standing_id, entity, change)
            return
        since = self.written_since(entity)
        refers = isinstance(entity, Stack | Profile)
        for path, value in writes(change):
            if refers:
                self.refer_from(path, value)
            self.write(standing_id, entity, path, value, since)
        self.merged = self.merged or bool(since)

    def write(self, id: str, entity: AnyEntity, path: Path, value: Maybe, since: Since) -> None:
        path, value = standing(self.state, path, value)
        now = read(self.state, entity, path)
        stands = same(now, value)
        if not stands and not only_protects(path, value):
            self.touch(id)
        stamp = self.overlapped(since, path) if since else None
        if stamp is None:
            self.fresh = self.fresh or not stands
        elif stands:
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
        for protected in sorted(self.before.protected) if isinstance(entity, Profile) else (id,):
            self.touch(protected)
        for path, stamp in entity.stamps.items():
            if self.foreign(stamp):
                theirs = read(self.state, entity, path) if path else entity.name
                self.clash("edit/delete", id, path, stamp, theirs, UNSET)
        for user, path, stamp, sentence in users(self.state, id, entity, change):
            if self.foreign(stamp):
                self.clash("edit/delete", user, path, stamp, True, UNSET)
            else:
                self.join_or_refuse(user, "in_use", sentence)
        self.fresh = True

    def absent(self, id: str, change: Change) -> None:
        """A change of an entity that is not there: deleted meanwhile, held for a decision, or unknown."""
        gone = self.state.gone.get(id)
        if gone is None:
            self.join_or_refuse(id, "unknown_entity", f"there is no {change.kind} {id}")
        elif not self.foreign(gone.stamp):
            raise refused("unknown_entity", f"{gone.kind} {gone.name!r} was deleted before")
        elif isinstance(change, Deleted):
            self.converged.append(WHOLE)
        else:
            for path, value in writes(change):
                self.clash("edit/delete", id, path, gone.stamp, UNSET, value)

    # References

    def refer_from(self, path: Path, value: Maybe) -> None:
        """A stack or the profile refers to what is written at `path`."""
        for target, component_type in targets(path, value):
            self.refer(target, component_type)

    def refer(self, target: str, component_type: str | None) -> None:
        """Something refers to `target`: a component of that type, or (None) a stack."""
        state = self.state
        target = state.resolve(target)
        entity = state.entities.get(target)
        if entity is not None:
            if refusal := refuse_target(target, entity, component_type):
                raise Refused(refusal)
            return
        gone = state.gone.get(target)
        noun = "stack" if component_type is None else component_type
        if gone is None:
            self.join_or_refuse(target, "unknown_reference", f"there is no {noun} {target}")
        elif self.foreign(gone.stamp):
            self.clash("edit/delete", target, WHOLE, gone.stamp, UNSET, gone.name)
        else:
            raise refused("unknown_reference", f"{noun} {gone.name!r} was deleted before")

    # Conflicts and change requests

    def resolve(self, id: str, change: ConflictResolved) -> None:
        conflict = self.state.entities.get(id)
        if isinstance(conflict, Conflict):
            registered = {event.entity for held in conflict.held for event in held.proposal.events}
            if not registered.issuperset(change.aliases):
                raise refused("invalid_alias", "aliases name what the conflict does not hold")
            if not all(self.state.get(target) for target in change.aliases.values()):
                raise refused("unknown_reference", "an alias leads to nothing")
            self.fresh = True
            return
        gone = self.state.gone.get(id)
        if gone is None or gone.kind != "conflict":
            raise refused("unknown_entity", f"there is no conflict {id}")
        if not self.foreign(gone.stamp):
            raise refused("conflict_closed", "this conflict was resolved before")
        if gone.choice == change.choice:
            self.converged.append(CHOICE)
        else:
            self.clash("edit/edit", id, CHOICE, gone.stamp, gone.choice, change.choice)

    def close(self, id: str, change: RequestClosed) -> None:
        request = self.state.entities.get(id)
        if isinstance(request, Request):
            if refusal := refuse_closing(request, change, self.who):
                raise Refused(refusal)
            self.fresh = True
            return
        gone = self.state.gone.get(id)
        if gone is None or gone.choice != change.choice or not self.foreign(gone.stamp):
            raise Refused(refuse_closed(self.state, id))
        self.converged.append(CHOICE)

    def builds_on(self, id: str, change: Change) -> None:
        """Joins what holds an own proposal that its author had not seen held, and built upon."""
        if self.state.conflicts or self.state.requests:
            self.join(self.waiting().built_on(id, change))

    def join_or_refuse(self, id: str, code: str, sentence: str) -> None:
        """Joins what holds a change of `id` by this replica; refused if nothing does."""
        holding = self.waiting().speaking_of(id)
        if holding is None:
            raise refused(code, sentence)
        self.join(holding)

    def join(self, holding: str | None) -> None:
        """Notes what it joins: a conflict if there is one, as a conflict comes before a request."""
        if holding is not None and (self.joins is None or self.joins in self.before.requests):
            self.joins = holding

    def waiting(self) -> Waiting:
        if self._waiting is None:
            self._waiting = Waiting(
                self.state, self.base, self.own_until, self.replica, self.number
            )
        return self._waiting

    # What is protected

    def touch(self, id: str) -> None:
        """Notes that a change reaches `id`, if that was protected before all of the changes."""
        if not self.before.protected:
            return
        if self._protected is None:
            self._protected = protected_in(self.before)
        if id in self._protected:
            self.touched[id] = None

    # What others did

    def foreign(self, stamp: Stamp) -> bool:
        """Whether another replica wrote it since the base, unseen by the author."""
        seq, writer = stamp
        if seq <= self.base or seq in self.seen:
            return False
        return writer != self.me or self.own_until < seq <= self.before.seq

    def written_since(self, entity: AnyEntity) -> Since:
        """What other replicas wrote in the entity since the base."""
        base = self.base
        later = {p: s for p, s in entity.stamps.items() if s[0] > base and self.foreign(s)}
        return Since(later) if later else NOTHING_SINCE

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

"""What people do: random edits of what they see, out of few names and values, so that they collide."""

from collections.abc import Callable
from random import Random

from msgspec import UNSET

from stackroom.events.composing.compose import DELETED, updates
from stackroom.events.composing.resolve import Revive, Undecided, resolve
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.protection import PROTECTED
from stackroom.events.deciding.run_rules import STATUSES
from stackroom.events.fold import DEFAULT_STACK, NAME
from stackroom.events.history.history import leaves
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    FlavorRegistered,
    RequestApproved,
    RequestClosed,
    RunRecorded,
    RunUpdated,
    StackRegistered,
    TagDeleted,
    TagRegistered,
)
from stackroom.events.state import Component, Conflict, Entity, Flavor, Request, Stack, State, Tag
from stackroom.events.values import Maybe, Value, pointer

Changes = list[tuple[str, Change]]

TYPES = ("orchestrator", "artifact_store")
NAMES = ("a", "b", "c", "d")
KEYS = ("path", "region", "nested")
VALUES: tuple[Value, ...] = ("x", "y", 1, 1.0, True, None, [1], {"in": "x"}, {"in": "y", "to": 2})


class Editor:
    """Makes up edits of a view; `new_id` gives fresh ids."""

    def __init__(self, random: Random, new_id: Callable[[], str]) -> None:
        self.random = random
        self.new_id = new_id

    def edit(self, view: State, revive: Revive) -> Changes:
        """The changes of one commit; empty where nothing comes to mind."""
        conflicts = [id for id, _ in view.all(Conflict)]
        if conflicts and self.random.random() < 0.3:
            return self.resolution(view, self.random.choice(conflicts), revive)
        requests = [id for id, _ in view.all(Request)]
        if requests and self.maybe(0.3):
            return self.decision(view, self.random.choice(requests))
        if self.maybe(0.08) and (report := self.report(view)):
            return report
        changes: Changes = []
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            changes += self.one(view)
        return changes

    def resolution(self, view: State, id: str, revive: Revive) -> Changes:
        conflict = view.entities[id]
        assert isinstance(conflict, Conflict)
        places = [(o.entity, o.path) for o in conflict.overlaps if o.path]
        takes = {p: self.random.choice(["ours", "theirs"]) for p in places if self.maybe(0.3)}
        edits: dict[tuple[str, str], Maybe] = {}
        for entity, path in places:
            if path == NAME:
                edits[entity, path] = self.random.choice((*NAMES, "e", "f", "g"))
            elif path.startswith("/config/") and self.maybe(0.3):
                edits[entity, path] = self.random.choice(VALUES)
        side = self.random.choice(["ours", "theirs"])
        try:
            return resolve(view, id, side, takes=takes, edits=edits, revive=revive)
        except Undecided:
            return resolve(view, id, "theirs", revive=revive)

    def decision(self, view: State, id: str) -> Changes:
        request = view.entities[id]
        assert isinstance(request, Request)
        match self.random.choice(["approve", "approve", "reject", "withdraw"]):
            case "approve":
                return [(id, RequestApproved()), *held_changes(request.held)]
            case "reject":
                return [(id, RequestClosed("rejected"))]
            case _:
                return [(id, RequestClosed("withdrawn"))]

    def report(self, view: State) -> Changes:
        """A run of a stack, begun or going on; which of few runs, so that replicas report the same ones."""
        if (found := self.pick(view, Stack)) is None:
            return []
        run = f"{self.random.randrange(4):08d}-0000-7000-8000-00000000cafe"
        if self.maybe(0.4):
            return [(run, RunUpdated(self.random.choice(STATUSES)))]
        return [(run, RunRecorded(self.random.choice(NAMES), found[0], status="running"))]

    def protect(self, view: State) -> Changes:
        found = self.pick(view, self.random.choice([Component, Stack]))
        if found is None or isinstance(found[1], Flavor):
            return []
        return self.written(*found, {PROTECTED: not found[1].protected})

    def one(self, view: State) -> Changes:
        what = self.random.choice(
            [self.register, self.register, self.update, self.update, self.update, self.compose]
            + [self.rename, self.delete, self.default, self.describe, self.protect, self.tag]
        )
        return what(view)

    def register(self, view: State) -> Changes:
        name, type = self.random.choice(NAMES), self.random.choice(TYPES)
        config = {self.random.choice(KEYS): self.random.choice(VALUES)}
        component = self.new_id()
        made: Changes = [(component, ComponentRegistered(name, type, "local", config))]
        if self.maybe(0.4):
            made.append((self.new_id(), StackRegistered(name, {type: [component]})))
        if self.maybe(0.1):
            made = [(self.new_id(), FlavorRegistered("local", type, self.random.choice("pq")))]
        return made

    def update(self, view: State) -> Changes:
        if (found := self.pick(view, Component)) is None:
            return []
        id, entity = found
        key = self.random.choice(KEYS)
        path = pointer("config", key, "in") if self.maybe(0.2) else pointer("config", key)
        if self.maybe(0.2) and path in leaves(entity):
            return self.written(id, entity, {path: UNSET})
        if self.maybe(0.1):
            return self.written(id, entity, {"/labels/team": self.random.choice("mn")})
        return self.written(id, entity, {path: self.random.choice(VALUES)})

    def compose(self, view: State) -> Changes:
        stack, component = self.pick(view, Stack), self.pick(view, Component)
        if stack is None or component is None:
            return []
        (id, entity), (member, that) = stack, component
        path = pointer("components", that.component_type)
        if self.maybe(0.5):
            return self.written(id, entity, {path: [member]})
        used = member in entity.components.get(that.component_type, ())
        return self.written(id, entity, {path + pointer(member): UNSET if used else True})

    def tag(self, view: State) -> Changes:
        """A name for one of the first commits, which whoever sees a component has seen."""
        if self.pick(view, Component) is None:
            return []
        seq = self.random.choice([1, 2])
        found = view.find(Tag, self.random.choice(NAMES))
        if found is None:
            return [(self.new_id(), TagRegistered(self.random.choice(NAMES), seq))]
        if self.maybe(0.3):
            return [(found[0], TagDeleted())]
        return self.written(*found, {pointer("seq"): seq})

    def rename(self, view: State) -> Changes:
        found = self.pick(view, self.random.choice([Component, Stack]))
        if found is None:
            return []
        return self.written(*found, {NAME: self.random.choice((*NAMES, "e"))})

    def delete(self, view: State) -> Changes:
        found = self.pick(view, self.random.choice([Component, Stack, Flavor]))
        return [(found[0], DELETED[found[1].kind]())] if found else []

    def default(self, view: State) -> Changes:
        stack = self.pick(view, Stack)
        profile = view.profile
        if profile is None or stack is None:
            return []
        value = None if profile.default_stack == stack[0] else stack[0]
        return self.written(view.profile_id, profile, {DEFAULT_STACK: value})

    def describe(self, view: State) -> Changes:
        if (profile := view.profile) is None:
            return []
        return self.written(
            view.profile_id, profile, {"/description": self.random.choice(["one", "two"])}
        )

    def written(self, id: str, entity: Entity, written: dict[str, Maybe]) -> Changes:
        return [(id, change) for change in updates(entity.kind, written)]

    def pick(
        self, view: State, kind: type[Entity]
    ) -> tuple[str, Component | Stack | Flavor] | None:
        found = sorted(view.all(kind), key=lambda f: f[0])
        return self.random.choice(found) if found else None  # type: ignore[return-value]

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

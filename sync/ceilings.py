"""How much one hub, profile or user may have: what the rules allow, and the hub's owner does not.

What stands already is never undone by a limit that was lowered; it just may not grow.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct, json

from stackroom.events.check import Changes
from stackroom.events.fold import entity_of, rewritten, writes
from stackroom.events.model import Deleted, ProfileCreated, Registered, Updated
from stackroom.events.rules import Refusal
from stackroom.events.state import AnyEntity, Component, Conflict, Request, State
from stackroom.sync.settings import Settings

_NOW: Final = (0, 0)


class Ceilings(Struct, frozen=True):
    """See `Settings` for each."""

    profiles: int
    entities_profile: int
    conflicts_user: int
    config_bytes: int
    config_depth: int

    @classmethod
    def of(cls, settings: Settings) -> "Ceilings":
        """Those of a hub."""
        return cls(*(getattr(settings, name) for name in cls.__struct_fields__))

    def refuse(self, state: State, changes: Changes, profiles: Callable[[], int]) -> Refusal | None:
        """Why `changes` would be too much in `state`; `profiles` counts those of the hub."""
        return (
            self._refuse_profile(changes, profiles)
            or self._refuse_entities(state, changes)
            or self._refuse_configs(state, changes)
        )

    def refuse_waiting(self, state: State, author: str) -> Refusal | None:
        """Why no conflict and no change request may hold one more proposal of `author`."""
        waiting = (*state.all(Conflict), *state.all(Request))
        held = sum(each.author == author for _, entity in waiting for each in entity.held)
        if held < self.conflicts_user:
            return None
        return Refusal(
            "too_many_conflicts",
            f"{held} changes of yours wait in open conflicts and change requests of this profile, and "
            f"{self.conflicts_user} are the most: resolve or withdraw some first",
        )

    def _refuse_profile(self, changes: Changes, profiles: Callable[[], int]) -> Refusal | None:
        if not any(isinstance(change, ProfileCreated) for _, change in changes):
            return None
        if (there := profiles()) < self.profiles:
            return None
        return Refusal(
            "too_many_profiles",
            f"this hub has {there} profiles, and {self.profiles} are the most: its admin can raise it",
        )

    def _refuse_entities(self, state: State, changes: Changes) -> Refusal | None:
        more = sum(isinstance(change, Registered) for _, change in changes)
        more -= sum(isinstance(change, Deleted) for _, change in changes)
        there = len(state.entities)
        if more <= 0 or there + more <= self.entities_profile:
            return None
        return Refusal(
            "too_many_entities",
            f"this profile has {there} entities, and {self.entities_profile} are the most on this hub: "
            "make another profile, or delete what is not used",
        )

    def _refuse_configs(self, state: State, changes: Changes) -> Refusal | None:
        after: dict[str, AnyEntity] = {}
        for id, change in changes:
            if isinstance(change, Registered):
                if (made := entity_of(state, change, _NOW)) and isinstance(made, Component):
                    after[id] = made
            elif isinstance(change, Updated) and _is_config(change):
                id = state.resolve(id)
                known = after.get(id, state.get(id))
                if isinstance(known, Component):
                    after[id] = rewritten(state, known, writes(change), _NOW)
        for id, entity in after.items():
            before = state.get(id)
            assert isinstance(entity, Component)
            had = before.config if isinstance(before, Component) else {}
            if refusal := self._refuse_config(entity, had):
                return refusal
        return None

    def _refuse_config(self, component: Component, had: object) -> Refusal | None:
        what = f"the configuration of {component.component_type} {component.name!r}"
        size = len(json.encode(component.config))
        if size > self.config_bytes and size > len(json.encode(had)):
            return Refusal(
                "config_too_large",
                f"{what} has {size} bytes, and {self.config_bytes} are the most on this hub: "
                "keep large files elsewhere and refer to them",
            )
        deep = _depth(component.config)
        if deep > self.config_depth and deep > _depth(had):
            return Refusal(
                "config_too_deep",
                f"{what} is nested {deep} levels deep, and {self.config_depth} are the most on this hub",
            )
        return None


def _is_config(change: Updated) -> bool:
    return any(path.startswith("/config") for path in (*change.set, *change.unset))


def _depth(value: object) -> int:
    """Levels of nesting: 0 for a number or a text. What rules have let in is never very deep."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max(map(_depth, value), default=0)
    return 0

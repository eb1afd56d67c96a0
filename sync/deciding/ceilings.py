"""How much one hub, profile or user may have: what the rules allow, and the hub's owner does not.

What stands already is never undone by a limit that was lowered; it just may not grow.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct, json

from stackroom.events.counting import counted
from stackroom.events.deciding.check import Changes
from stackroom.events.deciding.owning import Plain
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import entity_of, rewritten, writes
from stackroom.events.model import (
    ComponentRegistered,
    ComponentUpdated,
    Deleted,
    ProfileCreated,
    Registered,
)
from stackroom.events.state import AnyEntity, Component, Conflict, Request, State
from stackroom.events.values import depth
from stackroom.sync.settings import Settings

_NOW: Final = (0, 0)

_Configuring: TypeAlias = ComponentRegistered | ComponentUpdated
"""What says something of a configuration."""


class Ceilings(Struct, frozen=True):
    """See `Settings` for each."""

    profiles: int
    entities_profile: int
    conflicts_user: int
    requests_user: int
    config_bytes: int
    config_depth: int

    @classmethod
    def of(cls, settings: Settings) -> "Ceilings":
        """Those of a hub."""
        return cls(*(getattr(settings, name) for name in cls.__struct_fields__))

    def hold(self, state: State, plain: Plain) -> bool:
        """Whether `plain` is surely not too much in `state`."""
        if plain.made and len(state.entities) + len(plain.made) > self.entities_profile:
            return False
        return plain.bytes <= self.config_bytes and plain.levels <= self.config_depth

    def refuse(self, state: State, changes: Changes, profiles: Callable[[], int]) -> Refusal | None:
        """Why `changes` would be too much in `state`; `profiles` counts those of the hub."""
        return (
            self._refuse_profile(changes, profiles)
            or self._refuse_entities(state, changes)
            or self._refuse_configs(state, changes)
        )

    def refuse_conflict(self, state: State, author: str) -> Refusal | None:
        """Why no conflict may hold one more proposal of `author`."""
        held = _held(state, Conflict, author)
        if held < self.conflicts_user:
            return None
        return Refusal(
            "too_many_conflicts",
            f"{counted(held, 'change of yours is', 'changes of yours are')} in open conflicts of this "
            f"profile, and {_most(self.conflicts_user)}: resolve some first",
        )

    def refuse_request(self, state: State, author: str) -> Refusal | None:
        """Why no change request may hold one more proposal of `author`."""
        held = _held(state, Request, author)
        if held < self.requests_user:
            return None
        return Refusal(
            "too_many_requests_open",
            f"{counted(held, 'change of yours waits', 'changes of yours wait')} for approval in this "
            f"profile, and {_most(self.requests_user)}: have some decided first",
        )

    def _refuse_profile(self, changes: Changes, profiles: Callable[[], int]) -> Refusal | None:
        if ProfileCreated not in [type(change) for _, change in changes]:
            return None
        if (there := profiles()) < self.profiles:
            return None
        return Refusal(
            "too_many_profiles",
            f"this hub has {counted(there, 'profile')}, and {_most(self.profiles)}: "
            "its admin can raise it",
        )

    def _refuse_entities(self, state: State, changes: Changes) -> Refusal | None:
        more = sum([isinstance(change, Registered) for _, change in changes])
        more -= sum([isinstance(change, Deleted) for _, change in changes])
        there = len(state.entities)
        if more <= 0 or there + more <= self.entities_profile:
            return None
        return Refusal(
            "too_many_entities",
            f"this profile has {counted(there, 'entity', 'entities')}, and "
            f"{_most(self.entities_profile)} on this hub: "
            "make another profile, or delete what is not used",
        )

    def _refuse_configs(self, state: State, changes: Changes) -> Refusal | None:
        said: dict[str, list[_Configuring]] = {}
        for id, change in changes:
            if isinstance(change, ComponentRegistered):
                said[id] = [change]
            elif isinstance(change, ComponentUpdated) and _is_config(change):
                said.setdefault(state.resolve(id), []).append(change)
        for id, own in said.items():
            entity = state.get(id)
            before = entity if isinstance(entity, Component) else None
            had = before.config if before is not None else {}
            if self._fits(had, own):
                continue
            after = _after(state, before, own)
            if after is not None and (refusal := self._refuse_config(after, had)):
                return refusal
        return None

    def _fits(self, had: object, own: list["_Configuring"]) -> bool:
        """Whether a configuration is surely not too much after some changes.

        Hardly any is, and to build one takes far longer than to weigh what it is made of. In a path, each
        `/key` becomes a level, `{"key":…},`: five bytes more at the most.
        """
        paths = [path for c in own if isinstance(c, ComponentUpdated) for path in c.set]
        said = [c.set if isinstance(c, ComponentUpdated) else c.config for c in own]
        weighed = json.encode((had, said))
        size = len(weighed) + 5 * weighed.count(b"/")
        levels = max([path.count("/") for path in paths], default=0)
        deep = weighed.count(b"{") + weighed.count(b"[") + levels
        return size <= self.config_bytes and deep <= self.config_depth

    def _refuse_config(self, component: Component, had: object) -> Refusal | None:
        what = f"the configuration of {component.component_type} {component.name!r}"
        size = len(json.encode(component.config))
        if size > self.config_bytes and size > len(json.encode(had)):
            return Refusal(
                "config_too_large",
                f"{what} has {size} bytes, and {_most(self.config_bytes)} on this hub: "
                "keep large files elsewhere and refer to them",
            )
        deep = depth(component.config)
        if deep > self.config_depth and deep > depth(had):
            return Refusal(
                "config_too_deep",
                f"{what} is nested {deep} levels deep, and {_most(self.config_depth)} on this hub",
            )
        return None


def _most(limit: int) -> str:
    return f"{counted(limit, 'is', 'are')} the most"


def _held(state: State, kind: type[Conflict | Request], author: str) -> int:
    return sum(each.author == author for _, holding in state.all(kind) for each in holding.held)


def _is_config(change: ComponentUpdated) -> bool:
    return any(path.startswith("/config") for path in (*change.set, *change.unset))


def _after(state: State, component: Component | None, own: list[_Configuring]) -> Component | None:
    """The component after its changes; None where there is none."""
    entity: AnyEntity | None = component
    for change in own:
        if isinstance(change, ComponentRegistered):
            entity = entity_of(state, change, _NOW)
        elif entity is not None:
            entity = rewritten(state, entity, writes(change), _NOW)
    return entity if isinstance(entity, Component) else None

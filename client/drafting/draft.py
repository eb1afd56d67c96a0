"""A draft: the changes of one commit, collected upon what its author sees.

Each step is tried on a scratch copy of the view, so a later step sees the ones before it. Nothing is
saved until `commit`; then all of it is, as one proposal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, Struct

from stackroom.client.component_types import misspelt
from stackroom.client.drafting.compaction import mergeable, merged_updates, real
from stackroom.client.errors import NotFound, RefusedLocally, missing
from stackroom.events.composing.compose import DELETED, updates
from stackroom.events.deciding import rules
from stackroom.events.deciding.check import Outcome, Rejected, check_changes
from stackroom.events.deciding.protection import PROTECTED
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import DEFAULT_STACK, NAME, apply_change, read, standing
from stackroom.events.log import Answer
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    FlavorRegistered,
    Proposal,
    Registered,
    StackRegistered,
    TagDeleted,
    TagRegistered,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack, State, Tag
from stackroom.events.values import Maybe, Path, Value, pointer, same

D = TypeVar("D", bound="EntityDraft")


class Saved(Struct, frozen=True):
    """A draft that was saved: what it would become now, and in a local profile, what it became."""

    proposal: Proposal
    outcome: Outcome
    answer: Answer | None = None


class Draft:
    """What is to change in one profile. `result` is for those who push it."""

    def __init__(
        self,
        profile: str,
        view: State,
        who: Who,
        message: str,
        new_id: Callable[[], str],
        save: Callable[[Draft], Saved],
    ) -> None:
        self.profile_id = profile
        self.message = message
        self.result: Any = None
        self.allow_plaintext = False
        """Whether it may hold credentials in plain text; that they were allowed, its message says."""
        self._view = view
        self._who = who
        self._scratch = view.copy()
        self._stamp = (view.seq + 1, self._scratch.writer(who.replica))
        self._new_id = new_id
        self._save = save
        self._changes: list[tuple[str, Change]] = []

    @property
    def changes(self) -> list[tuple[str, Change]]:
        """(entity id, change), in order; updates of one entity that follow each other are one.

        What was drafted and taken back again is left out.
        """
        merged: list[tuple[str, Change]] = []
        for id, change in self._changes:
            before = merged[-1] if merged else None
            if before is not None and before[0] == id and mergeable(before[1], change):
                merged[-1] = (id, merged_updates(before[1], change))
            else:
                merged.append((id, change))
        times = Counter(id for id, _ in merged)
        return [
            (id, left)
            for id, change in merged
            for left in (real(self._view, id, change) if times[id] == 1 else [change])
        ]

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not self.changes

    @property
    def preview(self) -> State:
        """What its author would see if it were committed; not to be changed."""
        return self._scratch

    def add(self, changes: Iterable[tuple[str, Change]]) -> None:
        """Adds changes made elsewhere: a resolution, a reversal, an import."""
        for id, change in changes:
            self._one(id, change)

    def commit(self) -> Saved:
        """Saves the draft as one proposal, durably.

        Raises RefusedLocally, with nothing saved, where a rule refuses it in its author's own view.
        """
        return self._save(self)

    # What can be drafted

    def register_component(
        self,
        type: str,
        name: str,
        flavor: str,
        *,
        config: Mapping[str, Value] | None = None,
        labels: Mapping[str, str] | None = None,
        extra: Mapping[str, Value] | None = None,
    ) -> ComponentDraft:
        """A new component."""
        id = self._new_id()
        self._one(
            id,
            ComponentRegistered(
                name, type, flavor, dict(config or {}), dict(labels or {}), dict(extra or {})
            ),
        )
        return ComponentDraft(self, id)

    def component(self, type: str, name: str) -> ComponentDraft:
        """A component to change; NotFound."""
        return ComponentDraft(self, self._id(Component, name, type))

    def register_stack(
        self,
        name: str,
        components: Mapping[str, str | Sequence[str]] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        description: str = "",
        extra: Mapping[str, Value] | None = None,
    ) -> StackDraft:
        """A new stack of existing components: their names by type, the first being the default."""
        members = {
            type: [self._id(Component, n, type) for n in _listed(names)]
            for type, names in (components or {}).items()
        }
        id = self._new_id()
        self._one(
            id, StackRegistered(name, members, dict(labels or {}), description, dict(extra or {}))
        )
        return StackDraft(self, id)

    def stack(self, name: str) -> StackDraft:
        """A stack to change; NotFound."""
        return StackDraft(self, self._id(Stack, name))

    def register_flavor(
        self,
        type: str,
        name: str,
        *,
        source: str = "",
        integration: str | None = None,
        config_schema: dict[str, Value] | None = None,
        extra: Mapping[str, Value] | None = None,
    ) -> FlavorDraft:
        """A new flavor of a component type."""
        id = self._new_id()
        self._one(
            id,
            FlavorRegistered(name, type, source, integration, config_schema, dict(extra or {})),
        )
        return FlavorDraft(self, id)

    def flavor(self, type: str, name: str) -> FlavorDraft:
        """A flavor to change; NotFound."""
        return FlavorDraft(self, self._id(Flavor, name, type))

    def default_stack(self, name: str | None) -> None:
        """Which stack the profile offers to all; None for none."""
        stack = None if name is None else self._id(Stack, name)
        self._write(self.profile_id, DEFAULT_STACK, stack)

    def tag(self, name: str, seq: int) -> None:
        """Names the state after commit `seq`; a tag of that name is moved there."""
        found = self._scratch.find(Tag, name)
        if found is None:
            self._one(self._new_id(), TagRegistered(name, seq))
        else:
            self._write(found[0], pointer("seq"), seq)

    def untag(self, name: str) -> None:
        """Takes the name back; NotFound."""
        self._one(self._id(Tag, name), TagDeleted())

    def profile(self) -> ProfileDraft:
        """The profile itself."""
        return ProfileDraft(self, self.profile_id)

    # How

    def _id(self, kind: type[AnyEntity], name: str, component_type: str = "") -> str:
        found = self._scratch.find(kind, name, component_type)
        if found is not None:
            return found[0]
        what = component_type or kind.kind
        names = [
            e.name
            for _, e in self._scratch.all(kind)
            if getattr(e, "component_type", "") == component_type
        ]
        listing = f"stackroom {kind.kind} list"
        hint = misspelt(component_type, names) if component_type else ""
        raise missing(f"{what} {name!r}", name, names, hint or listing)

    def _entity(self, id: str) -> AnyEntity:
        entity = self._scratch.get(id)
        if entity is None:
            gone = self._scratch.gone.get(self._scratch.resolve(id))
            what = f"{gone.component_type or gone.kind} {gone.name!r}" if gone else "this"
            raise NotFound(f"{what} was deleted")
        return entity

    def _one(self, id: str, change: Change) -> None:
        """Drafts a change. Raises RefusedLocally where a rule refuses it, upon the steps before it."""
        base = self._scratch.seq
        outcome = check_changes(self._scratch, base, [(id, change)], self._who)
        if isinstance(outcome, Rejected):
            raise RefusedLocally(self._about(id, change, outcome.refusal))
        self._changes.append((id, change))
        apply_change(self._scratch, self._stamp, id, change)

    def _write(self, id: str, path: Path, value: Maybe) -> None:
        """Drafts a write, unless it changes nothing."""
        entity = self._entity(id)
        (change,) = updates(entity.kind, {path: value})
        if refusal := rules.refuse_change(change):
            raise RefusedLocally(self._about(id, change, refusal))
        now = read(self._scratch, entity, path)
        if not same(now, standing(self._scratch, path, value)[1]):
            self._one(id, change)

    def _about(self, id: str, change: Change, refusal: Refusal) -> Refusal:
        """A refusal of a path or value, with the name of the entity that it is about."""
        if refusal.code not in ("invalid_path", "invalid_value"):
            return refusal
        named = change if isinstance(change, Registered) else self._scratch.get(id)
        if named is None:
            return refusal
        what = getattr(named, "component_type", "") or named.kind
        return Refusal(refusal.code, f"{what} {named.name!r}: {refusal.sentence}")


class EntityDraft:
    """An entity in a draft; each method returns it again."""

    def __init__(self, draft: Draft, id: str) -> None:
        self._draft = draft
        self.id = id

    def rename(self: D, name: str) -> D:
        """Gives it another name; what refers to it follows."""
        return self._write(NAME, name)

    def delete(self) -> None:
        """Deletes it; refused while something uses it."""
        kind = self._draft._entity(self.id).kind
        self._draft._one(self.id, DELETED[kind]())

    def _write(self: D, path: Path, value: Maybe) -> D:
        self._draft._write(self.id, path, value)
        return self


class _Labelled(EntityDraft):
    def label(self: D, key: str, value: str) -> D:
        """Sets a label."""
        return self._write(pointer("labels", key), value)

    def unlabel(self: D, key: str) -> D:
        """Removes a label."""
        return self._write(pointer("labels", key), UNSET)

    def protect(self: D, *, protected: bool = True) -> D:
        """Has changes of it wait for another person's approval, or no more."""
        return self._write(PROTECTED, protected)


class ComponentDraft(_Labelled):
    """A component in a draft."""

    def set(self, *keys_and_value: Any) -> ComponentDraft:
        """`set("namespace", "ml")`; more keys lead into a map: `set("client_kwargs", "region", "eu")`."""
        *keys, value = keys_and_value or (None,)
        if not keys or not all(isinstance(key, str) for key in keys):
            raise TypeError("set takes a key (text, or several that lead into a map) and a value")
        return self._write(pointer("config", *keys), value)

    def unset(self, *keys: str) -> ComponentDraft:
        """Removes a key of the configuration."""
        return self._write(pointer("config", *keys), UNSET)

    def flavor(self, name: str) -> ComponentDraft:
        """Makes it a component of another flavor."""
        return self._write(pointer("flavor"), name)

    def extra(self, key: str, value: Maybe) -> ComponentDraft:
        """Sets what is kept beside the configuration; UNSET removes it."""
        return self._write(pointer("extra", key), value)


class StackDraft(_Labelled):
    """A stack in a draft."""

    def use(self, type: str, *names: str) -> StackDraft:
        """Has the stack use exactly these components of a type, the first being the default."""
        ids = [self._draft._id(Component, name, type) for name in names]
        return self._write(pointer("components", type), ids or UNSET)

    def add(self, type: str, name: str) -> StackDraft:
        """Adds a component behind those of its type."""
        id = self._draft._id(Component, name, type)
        return self._write(pointer("components", type, id), True)

    def remove(self, type: str, name: str | None = None) -> StackDraft:
        """Removes one component of a type, or all of them; NotFound if it has none."""
        draft = self._draft
        stack = draft._entity(self.id)
        members = stack.components.get(type, []) if isinstance(stack, Stack) else []
        if name is None:
            if not members:
                raise NotFound(f"stack {stack.name!r} has no {type}")
            return self._write(pointer("components", type), UNSET)
        id = draft._id(Component, name, type)
        if id not in members:
            raise NotFound(f"stack {stack.name!r} does not have {type} {name!r}")
        return self._write(pointer("components", type, id), UNSET)

    def describe(self, text: str) -> StackDraft:
        """Sets the description."""
        return self._write(pointer("description"), text)

    def extra(self, key: str, value: Maybe) -> StackDraft:
        """Sets what is kept beside the members; UNSET removes it."""
        return self._write(pointer("extra", key), value)


class FlavorDraft(EntityDraft):
    """A flavor in a draft."""

    def source(self, text: str) -> FlavorDraft:
        """Sets where its code is."""
        return self._write(pointer("source"), text)

    def integration(self, name: str | None) -> FlavorDraft:
        """Sets the integration that it belongs to; None for none."""
        return self._write(pointer("integration"), name)

    def config_schema(self, schema: dict[str, Value] | None) -> FlavorDraft:
        """Sets the JSON Schema of its components' configuration."""
        return self._write(pointer("config_schema"), schema)


class ProfileDraft(EntityDraft):
    """The profile in a draft."""

    def describe(self, text: str) -> ProfileDraft:
        """Sets the description."""
        return self._write(pointer("description"), text)

    def setting(self, key: str, value: Maybe) -> ProfileDraft:
        """Sets a setting, `merge` for example; UNSET removes it."""
        return self._write(pointer("settings", key), value)

    @property
    def entity(self) -> Profile:
        """The profile as drafted."""
        entity = self._draft._entity(self.id)
        assert isinstance(entity, Profile)
        return entity


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names

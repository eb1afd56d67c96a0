"""What importing a stack file does: a plan, made before anything is touched.

A component of the file is made if its name is free, and used as it is if it says the same. Where
the name has another definition the plan says so, key by key, and nothing is imported unless the
caller chose: the file's values, or another name. Values are never quoted, since any may be a
credential.
"""

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct

from stackroom.client.errors import ClientError
from stackroom.client.zenml.model import ComponentSpec, StackFile
from stackroom.events.compose import updates
from stackroom.events.model import Change, ComponentRegistered, StackRegistered
from stackroom.events.state import Component, Stack, State
from stackroom.events.values import Maybe, Path, Value, pointer, same

Action: TypeAlias = Literal["create", "reuse", "replace", "taken"]
"""`replace`: the entity that has the name takes the file's values. `taken`: nobody decided."""

ZENML = "zenml"
"""The key in a stack's `extra` that remembers the file's form and version."""

UNKNOWN = "unknown"
"""The key in a stack's `extra` that keeps the file's top-level keys which mean nothing here."""


class Divergence(Struct, frozen=True, omit_defaults=True):
    """One path where what stands and the file differ; absent where there is no value."""

    path: Path
    standing: Maybe = UNSET
    file: Maybe = UNSET


class ComponentStep(Struct, frozen=True):
    """What becomes of one component of the file; `spec.name` is the name that it gets.

    `missing` are keys beside the configuration that the file has and the standing component lacks.
    """

    action: Action
    spec: ComponentSpec
    id: str = ""
    divergences: tuple[Divergence, ...] = ()
    missing: dict[str, Value] = {}

    @property
    def changes(self) -> bool:
        return self.action != "reuse" or bool(self.missing)


class StackStep(Struct, frozen=True):
    """What becomes of the stack; `members` are the names of its components by type.

    `differing` are the types whose components are others than in the standing stack.
    """

    action: Action
    name: str
    members: dict[str, list[str]]
    extra: dict[str, Value]
    id: str = ""
    differing: tuple[str, ...] = ()
    missing: dict[str, Value] = {}

    @property
    def changes(self) -> bool:
        return self.action != "reuse" or bool(self.missing)


class Plan(Struct, frozen=True):
    """The steps of one import, components first."""

    components: tuple[ComponentStep, ...]
    stack: StackStep

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.stack.changes or any(step.changes for step in self.components)

    @property
    def taken(self) -> list[str]:
        """What stands in the way, a phrase each, naming the keys that differ."""
        found = [
            f"{step.spec.type.replace('_', ' ')} {step.spec.name!r} ({_paths(step.divergences)})"
            for step in self.components
            if step.action == "taken"
        ]
        if self.stack.action == "taken":
            found.append(f"stack {self.stack.name!r} ({', '.join(self.stack.differing)})")
        return found


class OtherDefinitions(ClientError):
    """Names of the file stand for something else here; nothing was imported."""

    def __init__(self, taken: list[str]) -> None:
        self.taken = taken
        super().__init__(
            f"nothing was imported: other definitions have these names: {'; '.join(taken)}",
            hint="add --replace to take the file's values, or --rename SUFFIX for other names",
        )


class ListedTwice(ClientError):
    """The file has two different components of one type and name."""

    def __init__(self, type: str, name: str) -> None:
        super().__init__(
            f"nothing was imported: the file has two different components of type {type} "
            f"named {name!r}",
            hint="give one of them another name in the file",
        )


def plan(
    file: StackFile, state: State, *, name: str = "", replace: bool = False, suffix: str = ""
) -> Plan:
    """The plan for `file` in `state`; `name` is the stack's instead of the file's.

    `replace` gives what has a taken name the file's values; `suffix` is added to a taken name
    instead. Raises ListedTwice.
    """
    steps: dict[tuple[str, str], ComponentStep] = {}
    members: dict[str, list[str]] = {}
    for spec in file.components:
        listed = steps.get((spec.type, spec.name))
        if listed is not None and list(_divergences(_Listed(spec), _Listed(listed.spec))):
            raise ListedTwice(spec.type, spec.name)
        if listed is None:
            listed = steps[spec.type, spec.name] = _component(spec, state, replace, suffix)
            members.setdefault(spec.type, []).append(listed.spec.name)
    extra: dict[str, Value] = {ZENML: {"form": str(file.form), "version": file.zenml_version}}
    if file.extra:
        extra[UNKNOWN] = file.extra
    ids = {(s.spec.type, s.spec.name): s.id for s in steps.values()}
    stack = StackStep("create", name or file.name, members, extra)
    return Plan(tuple(steps.values()), _stack(stack, ids, state, replace, suffix))


def changes(plan: Plan, new_id: Callable[[], str]) -> list[tuple[str, Change]]:
    """What carries the plan out, in one commit; `new_id` makes the ids of what is created."""
    made: list[tuple[str, Change]] = []
    ids: dict[tuple[str, str], str] = {}
    for step in plan.components:
        spec = step.spec
        id = ids[spec.type, spec.name] = step.id or new_id()
        if step.action == "create":
            registered = ComponentRegistered(
                spec.name, spec.type, spec.flavor, spec.config, extra=spec.extra
            )
            made.append((id, registered))
            continue
        written: dict[Path, Maybe] = {each.path: each.file for each in step.divergences}
        written |= {pointer("extra", key): value for key, value in step.missing.items()}
        made += [(id, change) for change in updates("component", written)]
    return made + _stack_changes(plan.stack, ids, new_id)


def _stack_changes(
    step: StackStep, ids: dict[tuple[str, str], str], new_id: Callable[[], str]
) -> list[tuple[str, Change]]:
    members = {type: [ids[type, name] for name in names] for type, names in step.members.items()}
    if step.action == "create":
        return [(new_id(), StackRegistered(step.name, members, extra=step.extra))]
    written: dict[Path, Maybe] = {
        pointer("components", type): members.get(type, UNSET) for type in step.differing
    }
    kept = step.extra if step.action == "replace" else step.missing
    written |= {pointer("extra", key): value for key, value in kept.items()}
    return [(step.id, change) for change in updates("stack", written)]


class _Listed:
    """What two definitions of a component are compared by."""

    def __init__(self, of: ComponentSpec | Component) -> None:
        self.flavor, self.config, self.extra = of.flavor, of.config, of.extra


def _component(spec: ComponentSpec, state: State, replace: bool, suffix: str) -> ComponentStep:
    found = state.find(Component, spec.name, spec.type)
    if found is None:
        return ComponentStep("create", spec)
    id, standing = found
    divergences = tuple(_divergences(_Listed(standing), _Listed(spec)))
    missing = {key: value for key, value in spec.extra.items() if key not in standing.extra}
    if not divergences:
        return ComponentStep("reuse", spec, id, missing=missing)
    if replace:
        return ComponentStep("replace", spec, id, divergences, missing)
    if suffix:
        renamed = ComponentSpec(spec.type, spec.name + suffix, spec.flavor, spec.config, spec.extra)
        return _component(renamed, state, replace, "")
    return ComponentStep("taken", spec, id, divergences)


def _stack(
    step: StackStep,
    ids: dict[tuple[str, str], str],
    state: State,
    replace: bool,
    suffix: str,
) -> StackStep:
    found = state.find(Stack, step.name)
    if found is None:
        return step
    id, standing = found
    wanted = {type: [ids[type, n] for n in names] for type, names in step.members.items()}
    types = sorted({*wanted, *standing.components})
    differing = tuple(t for t in types if wanted.get(t) != standing.components.get(t))
    unknown = step.extra.get(UNKNOWN)
    missing: dict[str, Value] = (
        {UNKNOWN: unknown}
        if isinstance(unknown, dict) and not same(unknown, standing.extra.get(UNKNOWN))
        else {}
    )
    if not differing:
        return StackStep("reuse", step.name, step.members, step.extra, id, missing=missing)
    if replace:
        return StackStep("replace", step.name, step.members, step.extra, id, differing)
    if suffix:
        renamed = StackStep("create", step.name + suffix, step.members, step.extra)
        return _stack(renamed, ids, state, replace, "")
    return StackStep("taken", step.name, step.members, step.extra, id, differing)


def _divergences(standing: _Listed, file: _Listed) -> Iterator[Divergence]:
    if standing.flavor != file.flavor:
        yield Divergence(pointer("flavor"), standing.flavor, file.flavor)
    yield from _differing(pointer("config"), standing.config, file.config)
    for key in sorted(standing.extra.keys() & file.extra.keys()):
        yield from _differing(pointer("extra", key), standing.extra[key], file.extra[key])


def _differing(path: Path, standing: Maybe, file: Maybe) -> Iterator[Divergence]:
    """Where the values differ, down to the leaves that both have."""
    if isinstance(standing, dict) and isinstance(file, dict):
        for key in sorted(standing.keys() | file.keys()):
            inner = standing.get(key, UNSET), file.get(key, UNSET)
            yield from _differing(path + pointer(key), *inner)
    elif not same(standing, file):
        yield Divergence(path, standing, file)


def _paths(divergences: tuple[Divergence, ...]) -> str:
    return ", ".join(d.path.removeprefix("/").replace("/", ".") for d in divergences)

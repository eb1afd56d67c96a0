"""What it takes for a ZenML server to say what definitions say; and doing it, step by step.

The server has no transactions: what was done before it refused something stays done. A push that is
repeated goes on from there, since it only does what is not so yet. Nothing is ever deleted.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any, Final

from msgspec import Struct, structs

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    Key,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.definitions.planning import Plan, Step, plan, state_of
from stackroom.client.definitions.validating import NEEDED
from stackroom.client.errors import ClientError
from stackroom.client.zenml_server import reading
from stackroom.client.zenml_server.rest import Api, ServerRefused
from stackroom.events.state import State
from stackroom.events.values import Value

_CARRIED: Final = {"environment", "connector", "connector_resource_id"}
"""What of `extra` the server has a place for."""

_OWN: Final = "default"
_OWN_TYPES: Final = frozenset({"", "orchestrator", "deployer", "artifact_store"})
"""The name of ZenML's own stack, and the types of its components, which have that name, too."""


class CannotCarry(ClientError):
    """Something that this server has no place for; nothing was done there."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(
            f"not all of it can be on this server: {'; '.join(self.reasons)}",
            hint="add --leave-out to push the rest",
        )


class Server(Struct, frozen=True):
    """What a server has, and what it could have: its component types, flavors and connectors."""

    has: Definitions
    state: State
    types: frozenset[str]
    flavors: frozenset[Key]
    ids: dict[tuple[str, str, str], str]
    connectors: dict[str, str]


def look(api: Api, new_id: Callable[[], str]) -> Server:
    """What the server has."""
    has = reading.definitions(api)
    ids = {("component", c.type, c.name): _id(c.extra) for c in has.components}
    ids |= {("stack", "", s.name): _id(s.extra) for s in has.stacks}
    return Server(
        has,
        state_of(_bare(has), new_id),
        frozenset(api.get("/component-types")),
        frozenset((f["body"]["type"], f["name"]) for f in api.all("/flavors")),
        ids,
        {c["name"]: c["id"] for c in api.all("/service_connectors")},
    )


class Push(Struct, frozen=True):
    """What is to be done on a server: the plan, what the server says then, and what it is not to say."""

    plan: Plan
    wanted: Definitions
    left_out: list[str]


def planned(
    wanted: Definitions, server: Server, new_id: Callable[[], str], *, leave_out: bool = False
) -> Push:
    """How the server comes to say what is wanted. Raises CannotCarry, unless that is to be left out."""
    misfits = {(c.type, c.name): f"{c.type}/{c.name}: {why}" for c, why in _misfits(wanted, server)}
    components = [c for c in wanted.components if (c.type, c.name) not in misfits]
    left = [structs.replace(s, components=_without(s.components, misfits)) for s in wanted.stacks]
    stacks = [stack for stack in left if stack.components.keys() >= set(NEEDED)]
    unfit = [*misfits.values(), *(_lacking(stack) for stack in left if stack not in stacks)]
    if unfit and not leave_out:
        raise CannotCarry(unfit)
    kept = structs.replace(
        wanted,
        flavors=(),
        components=tuple(_connectable(c, server) for c in components),
        stacks=tuple(stacks),
        profile=None,
        whole=True,
    )
    made = plan(_unsaid_kept(_bare(kept), server), server.state, new_id, on_conflict="replace")
    steps = [step for step in made.steps if step.action != "reuse"]
    fixed = [step for step in steps if _is_fixed(step)]
    left_out = [*unfit, *_unconnected(components, server), *map(_own, fixed)]
    return Push(Plan(tuple(step for step in steps if step not in fixed)), kept, left_out)


def push(api: Api, made: Push, server: Server, done: Callable[[Step], None]) -> None:
    """Carries the plan out; `done` is called after each step. Raises ServerRefused, and stops there."""
    ids = dict(server.ids)
    components = {("component", c.type, c.name): c for c in made.wanted.components}
    stacks = {s.name: s for s in made.wanted.stacks}
    for step in made.plan.steps:
        if step.kind == "component":
            component = components[step.called]
            body: dict[str, Any] = {
                "name": component.name,
                "configuration": component.config,
                "labels": component.labels or {},
                **_beside(component, server),
            }
            if step.action == "create":
                body |= {"type": component.type, "flavor": component.flavor}
        else:
            stack = stacks[step.name]
            body = {
                "name": stack.name,
                "description": stack.description or "",
                "labels": stack.labels or {},
                "components": {
                    type: [ids["component", type, name] for name in names]
                    for type, names in stack.components.items()
                },
                **_environment(stack.extra),
            }
        route = "/components" if step.kind == "component" else "/stacks"
        try:
            if step.action == "create":
                ids[step.called] = api.post(route, body)["id"]
            else:
                api.put(f"{route}/{ids[step.called]}", body)
        except ServerRefused as error:
            raise ServerRefused(f"{_named(step)}: {error}") from error
        done(step)


def _lacking(stack: StackDefinition) -> str:
    lacks = " and ".join(f"no {type}" for type in sorted(set(NEEDED) - stack.components.keys()))
    return f"stack {stack.name!r}: it would have {lacks} there"


def _unconnected(components: Iterable[ComponentDefinition], server: Server) -> Iterator[str]:
    for c in components:
        if "connector" in c.extra and not _has_connector(server, c):
            name = c.extra["connector"]
            yield f"connector {name!r} of {c.type}/{c.name}: the server has none of this name"


def _named(step: Step) -> str:
    return f"{step.type}/{step.name}" if step.type else f"stack {step.name!r}"


def _own(step: Step) -> str:
    return f"{_named(step)} differs, but is ZenML's own there: nobody can change it"


def _is_fixed(step: Step) -> bool:
    """Whether it would change what ZenML lets nobody change: its own stack, and what that is made of."""
    return step.action == "update" and step.name == _OWN and step.type in _OWN_TYPES


def _misfits(wanted: Definitions, server: Server) -> Iterator[tuple[ComponentDefinition, str]]:
    standing = {(c.type, c.name): c for c in server.has.components}
    for component in wanted.components:
        before = standing.get((component.type, component.name))
        if component.type not in server.types:
            yield component, "the server has no components of this type"
        elif (component.type, component.flavor) not in server.flavors:
            yield component, f"the server does not know the flavor {component.flavor!r}"
        elif before is not None and before.flavor != component.flavor:
            yield component, f"it is of flavor {before.flavor!r} there, which cannot be changed"


def _without(components: dict[str, list[str]], gone: Container[Key]) -> dict[str, list[str]]:
    left = {
        type: [name for name in names if (type, name) not in gone]
        for type, names in components.items()
    }
    return {type: names for type, names in left.items() if names}


def _bare(defined: Definitions) -> Definitions:
    """The definitions with only that in `extra` which the server has a place for."""

    def kept(extra: dict[str, Value]) -> dict[str, Value]:
        return {key: value for key, value in extra.items() if key in _CARRIED}

    return structs.replace(
        defined,
        flavors=(),
        components=tuple(structs.replace(c, extra=kept(c.extra)) for c in defined.components),
        stacks=tuple(structs.replace(s, extra=_environment(s.extra)) for s in defined.stacks),
    )


def _unsaid_kept(wanted: Definitions, server: Server) -> Definitions:
    """What is wanted, with the environments and connectors of which only the server says anything."""
    has = _bare(server.has)
    components = {(c.type, c.name): c.extra for c in has.components}
    stacks = {s.name: s.extra for s in has.stacks}
    return structs.replace(
        wanted,
        components=tuple(
            structs.replace(c, extra=_beyond(components.get((c.type, c.name), {}), c.extra))
            for c in wanted.components
        ),
        stacks=tuple(
            structs.replace(s, extra=_beyond(stacks.get(s.name, {}), s.extra))
            for s in wanted.stacks
        ),
    )


def _beyond(there: dict[str, Value], extra: dict[str, Value]) -> dict[str, Value]:
    """`extra`, and of what is there the rest; another connector does not get the resource of that one."""
    if "connector" in extra:
        there = {key: value for key, value in there.items() if key == "environment"}
    return there | extra


def _connectable(component: ComponentDefinition, server: Server) -> ComponentDefinition:
    """The component without a connector that the server does not have."""
    if _has_connector(server, component):
        return component
    named = {"connector", "connector_resource_id"}
    kept = {key: value for key, value in component.extra.items() if key not in named}
    return structs.replace(component, extra=kept)


def _has_connector(server: Server, component: ComponentDefinition) -> bool:
    name = component.extra.get("connector")
    return isinstance(name, str) and name in server.connectors


def _environment(extra: dict[str, Value]) -> dict[str, Value]:
    return {"environment": extra["environment"]} if "environment" in extra else {}


def _beside(component: ComponentDefinition, server: Server) -> dict[str, Any]:
    """Environment and connector, as far as the server has that connector."""
    extra = component.extra
    found: dict[str, Any] = _environment(extra)
    if _has_connector(server, component):
        found["connector"] = server.connectors[str(extra["connector"])]
        found["connector_resource_id"] = extra.get("connector_resource_id")
    return found


def _id(extra: dict[str, Value]) -> str:
    came = extra[PROVENANCE]
    assert isinstance(came, dict)
    return str(came["id"])

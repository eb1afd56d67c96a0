"""Finding what a command line names: component types, entities, and places in history."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackroom.client.commands import completing
from stackroom.client.component_types import misspelt, type_named
from stackroom.client.errors import NotFound, missing
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack, State

if TYPE_CHECKING:
    from stackroom.client.history.when import Place
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Commit

F = TypeVar("F", bound=Callable[..., Any])


def _type_of(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str:
    return type_named(text) if text else ""


type_argument: Callable[[F], F] = click.argument(
    "type", callback=_type_of, shell_complete=completing.types
)
"""A component type as people write it: `artifact-store`, `artifact_store`, `artifact_stores`."""

optional_type_argument: Callable[[F], F] = click.argument(
    "type", required=False, callback=_type_of, shell_complete=completing.types
)


def find_component(state: State, type: str, name: str) -> tuple[str, Component]:
    """The id and the component; NotFound with the nearest name."""
    found = state.find(Component, name, type)
    if found is None:
        names = [c.name for _, c in state.all(Component) if c.component_type == type]
        listing = misspelt(type, names) or f"stackroom component list {type}"
        raise missing(f"{type} {name!r}", name, names, listing)
    return found


def find_flavor(state: State, type: str, name: str) -> tuple[str, Flavor]:
    """The id and the flavor; NotFound with the nearest name."""
    found = state.find(Flavor, name, type)
    if found is None:
        names = [f.name for _, f in state.all(Flavor) if f.component_type == type]
        listing = misspelt(type, names) or f"stackroom flavor list {type}"
        raise missing(f"{type} flavor {name!r}", name, names, listing)
    return found


def doubt(type: str, those: Collection[object]) -> str:
    """A sentence on a `type` that is perhaps misspelt, there being none of `those` of it; or ""."""
    hint = misspelt(type, those) if type else ""
    return f"There are none of type {type!r}: {hint}" if hint else ""


def find_stack(state: State, name: str) -> tuple[str, Stack]:
    """The id and the stack; NotFound with the nearest name."""
    found = state.find(Stack, name)
    if found is None:
        names = [stack.name for _, stack in state.all(Stack)]
        raise missing(f"stack {name!r}", name, names, "stackroom stack list")
    return found


def known_stack(state: State, id: str) -> Stack:
    """The stack of that id; NotFound if `state` has none."""
    stack = state.get(id)
    if not isinstance(stack, Stack):
        raise NotFound(f"the stack in use here is not there at #{state.seq}", hint="stackroom log")
    return stack


def find_entity(state: State, text: str) -> tuple[str, AnyEntity]:
    """What `STACK`, `TYPE/NAME` or `profile` names."""
    type, slash, name = text.partition("/")
    if slash:
        return find_component(state, type_named(type), name)
    if state.find(Stack, text) is None and text == "profile":
        profile = state.profile
        assert isinstance(profile, Profile)
        return state.profile_id, profile
    return find_stack(state, text)


def gone_called(state: State, text: str) -> list[str]:
    """The ids of what was deleted and was called `STACK` or `TYPE/NAME` then."""
    type, slash, name = text.partition("/")
    wanted = ("component", type_named(type), name) if slash else ("stack", "", text)
    return [
        id
        for id, gone in state.gone.items()
        if (gone.kind, gone.component_type, gone.name) == wanted
    ]


def place_of(text: str) -> "Place":
    """The place in history that `text` means (`client/history/when.py`); UsageError."""
    from datetime import datetime

    from stackroom.client.history import when

    try:
        return when.parse(text, datetime.now().astimezone())
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def seq_of(copy: "ProfileCopy", text: str, *, least: int = 1) -> int:
    """The seq that a place in history means in this profile; UsageError, NotFound if it is below `least`."""
    from stackroom.client.history import when

    seq = copy.known(when.seq_of(place_of(text), copy.log, copy.id, copy.view))
    if seq < least:
        raise NotFound(f"{text!r} is before the first commit", hint="stackroom log")
    return seq


def seq_before(copy: "ProfileCopy", text: str) -> int:
    """The seq after which commits are since `text` (`when.seq_before`), perhaps 0; UsageError, NotFound."""
    from stackroom.client.history import when

    return copy.known(when.seq_before(place_of(text), copy.log, copy.id, copy.view))


def state_at(copy: "ProfileCopy", text: str | None) -> State:
    """The state that `--at` asks for: as it stands here without it; UsageError, NotFound."""
    return copy.view if text is None else copy.at(seq_of(copy, text))


def around(copy: "ProfileCopy", commit: "Commit") -> tuple[State, State]:
    """The states before and after the commit; at least the entities that it speaks of are in them.

    NotFound where the history that tells is not on this machine yet.
    """
    from stackroom.events.history import around as events

    if copy.missing is not None:
        return copy.at(commit.seq - 1), copy.at(commit.seq)
    return events.around(copy.log, copy.id, copy.confirmed, commit)


def commit_at(copy: "ProfileCopy", text: str) -> "Commit":
    """The commit that a seq, tag or time names; UsageError, NotFound."""
    seq = seq_of(copy, text)
    commits = copy.log.commits(copy.id, seq - 1, 1)
    if not commits or commits[0].seq != seq:
        raise NotFound(f"#{seq} is not on this machine yet", hint="stackroom sync")
    return commits[0]

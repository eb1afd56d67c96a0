"""What `stackroom log` is asked for, as what is sought in one profile."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from msgspec import Struct, structs

from stackroom.client.commands import completing
from stackroom.client.commands.lookup import gone_called, place_of, seq_before, seq_of
from stackroom.client.component_types import type_named
from stackroom.client.errors import NotFound, missing
from stackroom.events.history.sought import Sought
from stackroom.events.state import AnyEntity, Component, Stack, State
from stackroom.events.values import Path

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy

F = TypeVar("F", bound=Callable[..., Any])

NOWHERE: Final = Sought(entities=frozenset())
"""What no commit is."""


class Filters(Struct, frozen=True):
    """The filters as they were typed."""

    entity: str | None = None
    stack: str | None = None
    component: str | None = None
    authors: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    before: str | None = None
    types: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    message: str = ""

    @property
    def choosing(self) -> bool:
        """Whether some commits are left out between others."""
        plain = Filters(since=self.since, until=self.until, before=self.before)
        return self != plain

    @property
    def ending(self) -> bool:
        """Whether it is asked for what was, and not for what is going on."""
        return self.until is not None or self.before is not None

    def sought(self, copy: "ProfileCopy") -> Sought:
        """What is sought in the profile; UsageError, or NotFound for what it does not know."""
        return Sought(
            seq_before(copy, self.since) if self.since is not None else 0,
            self._upto(copy),
            self.authors,
            self.message,
            self._entities(copy.view),
            frozenset(name for text in self.types if (name := event_type(text)) is not None),
            tuple(path_of(copy.view, text) for text in self.paths),
        )

    def sought_among(self, copies: "Sequence[ProfileCopy]") -> list[Sought]:
        """What is sought in each of several profiles; NotFound if none knows what is named."""
        for text in (self.since, self.until, self.before):
            if text is not None and not is_time(text):
                raise click.UsageError(
                    f"{text!r} is a commit of one profile: give a time with --all-profiles"
                )
        found, unknown = [], None
        for copy in copies:
            try:
                found.append(self.sought(copy))
            except NotFound as error:
                unknown = error
                found.append(NOWHERE)
        if unknown is not None and all(each is NOWHERE for each in found):
            raise unknown
        return found

    def _upto(self, copy: "ProfileCopy") -> int | None:
        bounds = []
        if self.until is not None:
            bounds.append(seq_of(copy, self.until, least=0))
        if self.before is not None:
            exclusive = 0 if is_time(self.before) else 1
            bounds.append(seq_before(copy, self.before) - exclusive)
        return min(bounds, default=None)

    def _entities(self, view: State) -> frozenset[str] | None:
        asked = [
            *([ids_of(view, self.entity)] if self.entity is not None else []),
            *([ids_of(view, self.stack, "stack")] if self.stack is not None else []),
            *([ids_of(view, self.component, "component")] if self.component is not None else []),
            *(
                [self._of_types(view)]
                if any(event_type(text) is None for text in self.types)
                else []
            ),
        ]
        return frozenset(set.intersection(*asked)) if asked else None

    def _of_types(self, view: State) -> set[str]:
        """The components of the component types that are asked for, deleted ones too."""
        types = {type_named(text) for text in self.types if event_type(text) is None}
        known = {e.component_type for _, e in view.all(Component)}
        known |= {gone.component_type for gone in view.gone.values() if gone.component_type}
        for type in types - known:
            raise missing(
                f"event or component type {type!r} in this history",
                type,
                known,
                "stackroom log --help",
            )
        return view.spoken_of({id for id, type in _component_types(view) if type in types})


def is_time(text: str) -> bool:
    """Whether `text` is a time, and neither a seq nor a tag; UsageError if it is none of them."""
    from stackroom.client.history.when import Moment

    return isinstance(place_of(text), Moment)


def event_type(text: str) -> str | None:
    """The type of event that `text` names, in any capitals, with or without dashes; or None."""
    from stackroom.events.bodies import CHANGES

    squeezed = text.replace("-", "").replace("_", "").casefold()
    return next((name for name in CHANGES if name.casefold() == squeezed), None)


def path_of(view: State, text: str) -> Path:
    """The path that people write as `config.namespace`, or as the pointer that it is; UsageError.

    The last part of `components.orchestrator.k8s` is the name of a component.
    """
    from stackroom.client.commands.options import parse_keys
    from stackroom.events.values import pointer, segments

    if text.startswith("/"):
        try:
            return pointer(*segments(text))
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    keys = parse_keys(text)
    if keys[0] == "components" and len(keys) == 3:
        found = view.find(Component, keys[2], keys[1])
        keys = (*keys[:2], found[0] if found is not None else keys[2])
    return pointer(*keys)


def ids_of(view: State, text: str, kind: str = "") -> set[str]:
    """The ids under which an entity was ever spoken of; a stack's components included.

    What was deleted is found by the name that it had last. NotFound with the nearest name.
    """
    from stackroom.client.commands.lookup import find_component, find_entity, find_stack

    if kind == "component" and "/" not in text:
        raise click.UsageError(f"a component is named by TYPE/NAME, and {text!r} is not")
    id: str
    entity: AnyEntity
    try:
        if kind == "stack":
            id, entity = find_stack(view, text)
        elif kind == "component":
            type, _, name = text.partition("/")
            id, entity = find_component(view, type_named(type), name)
        else:
            id, entity = find_entity(view, text)
    except NotFound:
        if gone := gone_called(view, text):
            return view.spoken_of(gone)
        raise
    standing = {id}
    if isinstance(entity, Stack):
        standing.update(member for _, member in entity.members())
    return view.spoken_of(standing)


def _component_types(view: State) -> Iterable[tuple[str, str]]:
    yield from ((id, entity.component_type) for id, entity in view.all(Component))
    yield from ((id, gone.component_type) for id, gone in view.gone.items())


def filter_options(command: F) -> F:
    """Gives the command `filters: Filters`, and takes what they are made of."""
    names = [field.name for field in structs.fields(Filters)]

    def collected(*args: Any, **kwargs: Any) -> Any:
        typed = {name: kwargs.pop(name) for name in names}
        return command(*args, filters=Filters(**typed), **kwargs)

    collected.__name__, collected.__doc__ = command.__name__, command.__doc__
    wrapped: Any = collected
    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


OPTIONS: Final = (
    click.argument(
        "entity", required=False, metavar="[STACK|TYPE/NAME]", shell_complete=completing.entities
    ),
    click.option(
        "--author",
        "authors",
        multiple=True,
        metavar="NAME",
        help="By this person; may be repeated, as --type and --path may: any of them will do.",
        shell_complete=completing.authors,
    ),
    click.option(
        "--since",
        metavar="SEQ|TIME|TAG",
        help="After that commit, or from that time on; a day counts from its beginning.",
        shell_complete=completing.moments,
    ),
    click.option(
        "--until",
        metavar="SEQ|TIME|TAG",
        help="Up to that commit or time; a day counts to its end.",
        shell_complete=completing.moments,
    ),
    click.option(
        "--stack",
        metavar="NAME",
        help="What touched this stack, or a component that is in it now.",
        shell_complete=completing.stacks,
    ),
    click.option(
        "--component",
        metavar="TYPE/NAME",
        help="What touched this component.",
        shell_complete=completing.typed_components,
    ),
    click.option(
        "--type",
        "types",
        multiple=True,
        metavar="TYPE",
        help="Events of this type (ComponentUpdated, stack-deleted), or components of it (orchestrator).",
        shell_complete=completing.event_types,
    ),
    click.option(
        "--path",
        "paths",
        multiple=True,
        metavar="PATH",
        help="What wrote there (config.namespace, /labels/team), above or below.",
    ),
    click.option(
        "--message", default="", metavar="TEXT", help="With this in their message, A as good as a."
    ),
    click.option(
        "--before",
        metavar="SEQ|TIME|TAG",
        help="Only what was before: the next page is before the last seq of this one.",
        shell_complete=completing.moments,
    ),
)

"""What completes an argument or option: names from the local replica, each with a line on it.

A completer is what click takes as `shell_complete`. None of them touches the network or makes a home.
Errors pass through: `shells.answer` keeps them from the terminal.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from stackroom.client.commands.context import App
from stackroom.client.component_types import TYPES, type_named

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stackroom.events.history.runs import Run
    from stackroom.events.state import Component, State

Candidate: TypeAlias = tuple[str, str]
"""A value, and a few words on it (or none)."""
Completer: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"

COMMITS: Final = 30
"""How many of the newest commits are offered where one is to be named."""


def _from_home(
    find: Callable[[App, click.Context], Iterable[Candidate]],
) -> Completer:
    """A completer of what `find` gives: nothing where there is no home yet, or nothing in it."""

    @wraps(find)
    def complete(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        app = context.ensure_object(App)
        if not app.home.proposals.exists():
            return []
        # The workspace closes with the root context, and asks click for it.
        with context.find_root():
            store = app.workspace.store
            # Asking for the profile of an empty home would make one.
            known = store.profiles() or store.hubs()
            return items(find(app, context), incomplete) if known else []

    return complete


def items(candidates: Iterable[Candidate], incomplete: str) -> "list[CompletionItem]":
    """Those candidates that begin with what was typed."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(v, help=h) for v, h in candidates if v.startswith(incomplete)]


def files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Paths, as the shell has them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def types(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Component types: the known ones, and those that the profile has beside them."""
    known = items([(each.dashed, each.words) for each in TYPES], incomplete)
    return known + _other_types(context, parameter, incomplete)


@_from_home
def _other_types(app: App, context: click.Context) -> Iterator[Candidate]:
    from stackroom.events.state import Component, Flavor

    view = app.copy().view
    known = {each.type for each in TYPES}
    found = {c.component_type for _, c in view.all(Component)}
    found |= {f.component_type for _, f in view.all(Flavor)}
    for type in sorted(found - known):
        yield type, type.replace("_", " ")


def people(kind: str) -> Completer:
    """The names of that kind among the people of the hub: users, teams, projects, roles."""

    @_from_home
    def names(app: App, context: click.Context) -> Iterator[Candidate]:
        from stackroom.client.commands.people.crowd import Crowd
        from stackroom.events.people.people import BUILT_IN

        crowd = Crowd(app, context.params.get("url"))
        if kind == "role":
            yield from ((name, "built in") for name in BUILT_IN)
        for entity in crowd.view.entities.values():
            if entity.kind == kind:
                yield entity.name, kind

    return names


@_from_home
def assignments(app: App, context: click.Context) -> Iterator[Candidate]:
    """The ends of the ids of assignments."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Assignment

    crowd = Crowd(app, context.params.get("url"))
    for id, found in crowd.view.all(Assignment):
        yield id[-12:], f"{crowd.role_name(found.role)} of {crowd.name(found.subject)}"


def permissions(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Every permission."""
    from stackroom.events.people.permissions import PERMISSIONS

    return items(PERMISSIONS.items(), incomplete)


@_from_home
def profiles(app: App, context: click.Context) -> Iterator[Candidate]:
    """Profiles."""
    for entry in app.workspace.profiles():
        yield entry.name, entry.hub or "local"


@_from_home
def local_profiles(app: App, context: click.Context) -> Iterator[Candidate]:
    """Profiles without a hub."""
    for entry in app.workspace.profiles():
        if entry.hub is None:
            yield entry.name, "local"


@_from_home
def hubs(app: App, context: click.Context) -> Iterator[Candidate]:
    """The addresses of hubs that were ever joined."""
    for hub in app.workspace.store.hubs():
        yield hub.url, f"as {hub.user}"


@_from_home
def joined_hubs(app: App, context: click.Context) -> Iterator[Candidate]:
    """The addresses of hubs that there is a token for."""
    from stackroom.client.commands.hubs.connect import joined_hubs

    for hub in joined_hubs(app):
        yield hub.url, f"as {hub.user}"


@_from_home
def stacks(app: App, context: click.Context) -> Iterator[Candidate]:
    """Stacks of the profile."""
    yield from _stacks(app.copy().view)


@_from_home
def components(app: App, context: click.Context) -> Iterator[Candidate]:
    """Components of the type that stands on the command line, or that the group is for."""
    wanted = _type(context)
    for each in _components(app.copy().view):
        if each.component_type == wanted:
            yield each.name, each.flavor


def components_of(type: str) -> Completer:
    """A completer of the components of `type`."""

    def find(app: App, context: click.Context) -> Iterator[Candidate]:
        for each in _components(app.copy().view):
            if each.component_type == type:
                yield each.name, each.flavor

    return _from_home(find)


@_from_home
def pairs(app: App, context: click.Context) -> Iterator[Candidate]:
    """Components as TYPE=NAME."""
    for each in _components(app.copy().view):
        yield f"{each.component_type}={each.name}", each.flavor


@_from_home
def stack_or_members(app: App, context: click.Context) -> Iterator[Candidate]:
    """A stack, or components as TYPE=NAME: of the stack that stands first, or of the one in use here."""
    from stackroom.client.commands.stacks.stack_active import active_id
    from stackroom.events.state import Component, Stack

    copy = app.copy()
    view = copy.view
    words: tuple[str, ...] = context.params.get("words") or ()
    named = view.find(Stack, words[0]) if words else None
    if not words:
        yield from _stacks(view)
    stack = named[1] if named is not None else view.get(active_id(app, copy) or "")
    for type, id in stack.members() if isinstance(stack, Stack) else ():
        if isinstance(member := view.get(id), Component):
            yield f"{type}={member.name}", member.flavor


@_from_home
def flavors(app: App, context: click.Context) -> Iterator[Candidate]:
    """Registered flavors of the type that stands on the command line, or that the group is for."""
    from stackroom.events.state import Flavor

    wanted = _type(context)
    for _, each in app.copy().view.all(Flavor):
        if each.component_type == wanted:
            yield each.name, each.source


@_from_home
def used_flavors(app: App, context: click.Context) -> Iterator[Candidate]:
    """Registered flavors of that type, and those that its components name."""
    from stackroom.events.state import Flavor

    wanted = _type(context)
    view = app.copy().view
    found = {f.name: f.source for _, f in view.all(Flavor) if f.component_type == wanted}
    for each in _components(view):
        if each.component_type == wanted:
            found.setdefault(each.flavor, f"as {each.name}")
    yield from found.items()


@_from_home
def config_keys(app: App, context: click.Context) -> Iterator[Candidate]:
    """Keys in the configuration of the component on the command line."""
    if (found := _component(app, context)) is not None:
        for key in found.config:
            yield key.replace(".", "\\."), ""


@_from_home
def component_labels(app: App, context: click.Context) -> Iterator[Candidate]:
    """Labels of the component on the command line."""
    if (found := _component(app, context)) is not None:
        yield from found.labels.items()


@_from_home
def stack_labels(app: App, context: click.Context) -> Iterator[Candidate]:
    """Labels of the stack on the command line."""
    from stackroom.events.state import Stack

    found = app.copy().view.find(Stack, _given(context, "name"))
    yield from found[1].labels.items() if found is not None else ()


@_from_home
def entities(app: App, context: click.Context) -> Iterator[Candidate]:
    """What has a history of its own: stacks, components as TYPE/NAME, the profile."""
    view = app.copy().view
    yield from _stacks(view)
    for each in _components(view):
        yield f"{each.component_type}/{each.name}", each.flavor
    yield "profile", "the profile itself"


@_from_home
def commits(app: App, context: click.Context) -> Iterator[Candidate]:
    """The newest commits, by their number."""
    yield from _commits(app)


@_from_home
def typed_components(app: App, context: click.Context) -> Iterator[Candidate]:
    """Components as TYPE/NAME."""
    for each in _components(app.copy().view):
        yield f"{each.component_type}/{each.name}", each.flavor


@_from_home
def authors(app: App, context: click.Context) -> Iterator[Candidate]:
    """Who made the newest commits."""
    copy = app.copy()
    commits = copy.log.recent(copy.id, None, COMMITS)
    yield from ((author, "") for author in dict.fromkeys(each.author for each in commits))


def event_types(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Types of events in profiles, and component types."""
    from stackroom.events.codec import CHANGES
    from stackroom.events.people.permissions import PEOPLE

    own = [(name, "") for name, change in CHANGES.items() if change.kind not in PEOPLE]
    return items(own, incomplete) + types(context, parameter, incomplete)


@_from_home
def tags(app: App, context: click.Context) -> Iterator[Candidate]:
    """Tags."""
    yield from _tags(app)


@_from_home
def moments(app: App, context: click.Context) -> Iterator[Candidate]:
    """Places in history: tags, the newest commits, and a word for a time."""
    yield from _tags(app)
    yield from _commits(app)
    yield "yesterday", "as it was when yesterday ended"


@_from_home
def restorable(app: App, context: click.Context) -> Iterator[Candidate]:
    """What was deleted, and what is there: stacks, and components as TYPE/NAME."""
    view = app.copy().view
    for gone in view.gone.values():
        if gone.kind == "stack":
            yield gone.name, "deleted"
        elif gone.kind == "component":
            yield f"{gone.component_type}/{gone.name}", "deleted"
    yield from _stacks(view)
    for each in _components(view):
        yield f"{each.component_type}/{each.name}", each.flavor


@_from_home
def comparable(app: App, context: click.Context) -> Iterator[Candidate]:
    """What can be compared: moments, stacks, profiles."""
    yield from _tags(app)
    yield from _commits(app)
    for name, description in _stacks(app.copy().view):
        yield f"stack:{name}", description
    for entry in app.workspace.profiles():
        yield f"profile:{entry.name}", entry.hub or "local"


@_from_home
def conflicts(app: App, context: click.Context) -> Iterator[Candidate]:
    """Open conflicts, by their number."""
    from stackroom.events.state import Conflict

    for _, each in app.copy().view.all(Conflict):
        yield str(each.opened), each.held[0].proposal.message


@_from_home
def open_requests(app: App, context: click.Context) -> Iterator[Candidate]:
    """Change requests that wait, by their number."""
    from stackroom.client.drafting import requests

    for each in requests.open_requests(app.copy().view):
        yield str(each.number), f"{each.author}: {each.message}"


@_from_home
def requests(app: App, context: click.Context) -> Iterator[Candidate]:
    """Change requests, by their number."""
    from stackroom.client.drafting import requests

    copy = app.copy()
    for each in [*requests.open_requests(copy.view), *requests.ended_requests(copy)]:
        yield str(each.number), f"{each.stage}, {each.author}: {each.message}"


@_from_home
def runs(app: App, context: click.Context) -> Iterator[Candidate]:
    """The newest runs, by what others call them, or the end of their id."""
    from stackroom.client.commands.naming import short

    for run in _runs(app):
        yield run.name or short(run.id), f"{run.pipeline}, {run.status}"


@_from_home
def pipelines(app: App, context: click.Context) -> Iterator[Candidate]:
    """Pipelines of the newest runs."""
    for pipeline in dict.fromkeys(run.pipeline for run in _runs(app)):
        yield pipeline, ""


def _runs(app: App) -> "Iterator[Run]":
    from stackroom.client.history.runs import recent
    from stackroom.events.log import RunsWanted

    return (seen.run for seen in recent(app.copy(), RunsWanted(limit=COMMITS)))


@_from_home
def waiting(app: App, context: click.Context) -> Iterator[Candidate]:
    """Changes that are pending or parked, by their number."""
    copy = app.copy()
    for standing in copy.standings:
        yield str(standing.proposal.number), standing.proposal.message or "pending"
    for parked in copy.parked:
        yield str(parked.proposal.number), parked.sentence


@_from_home
def parked(app: App, context: click.Context) -> Iterator[Candidate]:
    """Changes that the hub refused, by their number."""
    for each in app.copy().parked:
        yield str(each.proposal.number), each.sentence


def _commits(app: App) -> Iterator[Candidate]:
    copy = app.copy()
    for commit in copy.log.recent(copy.id, None, COMMITS):
        yield str(commit.seq), f"{commit.author}: {commit.message}"


def _tags(app: App) -> Iterator[Candidate]:
    from stackroom.events.state import Tag

    for _, tag in app.copy().view.all(Tag):
        yield tag.name, f"#{tag.seq}"


def _type(context: click.Context) -> str:
    """The component type that the command is about, as typed before or settled by its group."""
    settled = getattr(context.command, "settled", {})
    return type_named(settled.get("type") or _given(context, "type"))


def _given(context: click.Context, name: str) -> str:
    """The argument of that name, or "".

    Before an option whose value is being completed, click leaves the arguments where they were.
    """
    if found := context.params.get(name):
        return str(found)
    arguments = [p.name for p in context.command.params if isinstance(p, click.Argument)]
    return dict(zip(arguments, context.args, strict=False)).get(name, "")


def _component(app: App, context: click.Context) -> "Component | None":
    from stackroom.events.state import Component

    found = app.copy().view.find(Component, _given(context, "name"), _type(context))
    return found[1] if found is not None else None


def _components(view: "State") -> "Iterator[Component]":
    from stackroom.events.state import Component

    return (component for _, component in view.all(Component))


def _stacks(view: "State") -> Iterator[Candidate]:
    from stackroom.events.state import Stack

    for _, stack in view.all(Stack):
        yield stack.name, stack.description

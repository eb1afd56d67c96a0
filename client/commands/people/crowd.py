"""The people of a hub as they stand in this home, for the commands on them."""

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from stackroom.client.commands.people.news import ask_for_people
from stackroom.events.people.entities import Assignment, Invitation, Project, Role, Team, User
from stackroom.events.people.model import RoleRevoked
from stackroom.events.people.people import BUILT_IN, HUB, Directory
from stackroom.events.values import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackroom.client.commands.context import App
    from stackroom.client.drafting.draft import Draft
    from stackroom.events.entity import Entity
    from stackroom.events.model import Change
    from stackroom.events.values import Path, Value

E = TypeVar("E", bound="Entity")


class Held(Struct, frozen=True):
    """A role that somebody holds; `scope` is `hub`, `project NAME` or `profile NAME`.

    `team` is the team through which a user holds it, empty where it is assigned directly.
    """

    assignment: str
    role: str
    scope: str
    team: str = ""

    def __str__(self) -> str:
        where = f" in {self.scope}" if self.scope != "hub" else ""
        return f"{self.role}{where}" + (f" (by team {self.team})" if self.team else "")


class Crowd:
    """The people of the hub at `url`, or of the one that was joined last. Raises as `Workspace.people`."""

    def __init__(self, app: "App", url: str | None = None) -> None:
        self.app = app
        workspace = app.workspace
        self.address = workspace.hub(url).url
        ask_for_people(app, self.address)
        self.copy = workspace.copy(workspace.people(self.address).id)
        self.view = self.copy.view
        self.directory = Directory(self.view)
        self._profiles = {entry.id: entry.name for entry in workspace.store.profiles()}

    # Finding

    def find(self, kind: type[E], name: str) -> tuple[str, E]:
        """The id and entity of that kind and name; NotFound."""
        from stackroom.client.errors import missing

        key = name.casefold() if kind in (User, Invitation) else name
        found = self.view.find(kind, key)
        if found is None:
            names = [entity.name for _, entity in self.view.all(kind)]
            what = f"{kind.kind} {name!r} on this hub"
            raise missing(what, name, names, f"stackroom {kind.kind} list")
        return found

    def role(self, name: str) -> str:
        """The id of a role; a built-in one's is its name. NotFound."""
        return name if name in BUILT_IN else self.find(Role, name)[0]

    def subject(self, user: str | None, team: str | None) -> str:
        """The id of a user or of a team; UsageError unless one of them is given."""
        import click

        if bool(user) == bool(team):
            raise click.UsageError("say for whom: either --user NAME or --team NAME")
        return self.find(User, user)[0] if user else self.find(Team, team or "")[0]

    def assignment(self, text: str) -> tuple[str, Assignment]:
        """The assignment of that id, or of the end of one; NotFound, UsageError for several."""
        import click

        from stackroom.client.errors import NotFound

        found = [(i, a) for i, a in self.view.all(Assignment) if i.endswith(text.lower())]
        if len(found) > 1:
            raise click.UsageError(f"{len(found)} assignments end in {text!r}: give more of the id")
        if not text or not found:
            raise NotFound(f"there is no assignment {text!r}", hint="stackroom assignment list")
        return found[0]

    def all(self, kind: type[E]) -> list[tuple[str, E]]:
        """(id, entity) of each of that kind: by name, assignments by when they were made."""
        found = list(self.view.all(kind))
        return sorted(found, key=lambda each: (each[1].name.casefold(), each[1].stamps[WHOLE][0]))

    # Saying

    def name(self, id: str) -> str:
        """The name of an entity, or the end of its id where it is gone."""
        entity = self.view.get(id)
        return entity.name if entity is not None else id[-12:]

    def role_name(self, role: str) -> str:
        """The name of a role."""
        return role if role in BUILT_IN else self.name(role)

    def profile_name(self, id: str) -> str:
        """The name of a profile, or the end of its id where it is not here."""
        return self._profiles.get(id, id[-12:])

    def scope(self, scope: str) -> str:
        """`hub`, `project NAME` or `profile NAME`."""
        if scope == HUB:
            return "hub"
        if isinstance(self.view.get(scope), Project):
            return f"project {self.name(scope)}"
        return f"profile {self.profile_name(scope)}"

    def held(self, subject: str, team: str = "") -> "Iterator[Held]":
        """The roles that are assigned to a user or team."""
        subject = self.view.resolve(subject)
        for id, assignment in self.all(Assignment):
            if self.view.resolve(assignment.subject) == subject:
                role, scope = self.role_name(assignment.role), self.scope(assignment.scope)
                yield Held(id, role, scope, team)

    def assigned(self, subject: str) -> "Iterator[Assignment]":
        """The assignments to a user or team themselves."""
        for _, assignment in self.view.all(Assignment):
            if self.view.resolve(assignment.subject) == subject:
                yield assignment

    def teams_of(self, user: str) -> list[tuple[str, Team]]:
        """The teams that a user is in."""
        return [(id, team) for id, team in self.all(Team) if user in team.members]

    # Changing

    def draft(self, message: str = "") -> "Draft":
        """A draft of changes among these people."""
        return self.app.workspace.edit(self.copy, message)

    def commit(self, changes: "Iterable[tuple[str, Change]]", done: str, message: str = "") -> None:
        """Makes the changes as one commit, and says what became of it."""
        draft = self.draft(message)
        draft.add(changes)
        self.app.commit(draft, done)

    def update(self, kind: type[E], name: str, written: "dict[Path, Value]", message: str) -> None:
        """Writes these values of the entity of that kind and name, as one commit. NotFound."""
        from stackroom.events.composing.compose import UPDATED

        id, _ = self.find(kind, name)
        change = UPDATED[kind.kind](written)
        self.commit([(id, change)], f"{kind.kind.capitalize()} {name!r} updated", message)

    def rename(self, kind: type[E], name: str, new_name: str, message: str) -> None:
        """Renames the entity of that kind and name, as one commit. NotFound."""
        from stackroom.events.composing.compose import RENAMED

        id, _ = self.find(kind, name)
        done = f"{kind.kind.capitalize()} {name!r} renamed to {new_name!r}"
        self.commit([(id, RENAMED[kind.kind](new_name))], done, message)

    def revoked(self, id: str) -> "list[tuple[str, Change]]":
        """The end of all assignments that name `id`: as subject, role or scope."""
        return [
            (each, RoleRevoked())
            for each, a in self.view.all(Assignment)
            if id in (a.subject, a.role, a.scope)
        ]

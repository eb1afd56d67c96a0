"""What a command is given: the home, the workspace, the active profile, and where to print.

Values come from the command line, then from the environment: STACKROOM_HOME (the folder of all local
state), STACKROOM_PROFILE, STACKROOM_STACK, STACKROOM_USER, STACKROOM_OFFLINE=1, STACKROOM_OUTPUT.
"""

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.choosing import PHRASES, Secrets, Why
from stackroom.client.commands.output import FORMATS, Format, Output
from stackroom.client.errors import NoProfile

if TYPE_CHECKING:
    from stackroom.client.drafting.draft import Draft
    from stackroom.client.home.home import Home
    from stackroom.client.home.store import ProfileEntry
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.repository import Repository
    from stackroom.client.workspace import Workspace
    from stackroom.events.state import State


class App:
    """One run of the command line; commands take it with `@click.pass_obj`."""

    def __init__(self) -> None:
        self.profile_name: str | None = None
        """The profile named by --profile."""
        self.stack_name: str | None = None
        """The stack named by --stack."""
        self.allow_plaintext = False
        """Whether this command may save credentials in plain text."""
        self.secrets: Secrets | None = None
        """What becomes of credentials that an import brings; None where the command has no say."""
        self.secrets_file = Path("stackroom-secrets.yaml")
        """Where the values go that references stand for."""
        self.worked_on: tuple[str, Why] | None = None
        """The name of the profile that the command works on, and who said so; until it is told."""
        self.offline = os.environ.get("STACKROOM_OFFLINE", "") not in ("", "0")
        """Whether the command must stay off the network."""
        self.output = Output(_format_from_environment())

    @property
    def format(self) -> Format:
        """How results are printed."""
        return self.output.format

    @format.setter
    def format(self, value: Format) -> None:
        self.output.format = value

    @cached_property
    def home(self) -> "Home":
        """The folder of all local state."""
        from stackroom.client.home.home import Home

        return Home.default()

    @cached_property
    def workspace(self) -> "Workspace":
        """The local profiles; opened when first asked for, closed when the command ends."""
        from stackroom.client import chance
        from stackroom.client.workspace import Workspace

        opened = Workspace.open(
            self.home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt
        )
        opened.allow_plaintext = self.allow_plaintext
        click.get_current_context().find_root().call_on_close(opened.close)
        return opened

    @cached_property
    def repository(self) -> "Repository | None":
        """The repository that the working folder is in."""
        from stackroom.client.repository import Repository

        try:
            return Repository.find(Path.cwd())
        except FileNotFoundError:  # The working folder is gone.
            return None

    def entry(self) -> "ProfileEntry":
        """The profile to work on: see `Workspace.active_profile`. Without any, `default` is made."""
        workspace = self.workspace
        repository = None if self.profile_name else self.repository
        try:
            entry, why = workspace.active_profile(self.profile_name, repository)
        except NoProfile:
            if workspace.make_default_profile():
                self.output.note("Profile 'default' was made, with the local default stack.")
            entry, why = workspace.active_profile()
        self.worked_on = entry.name, why
        return entry

    def copy(self) -> "ProfileCopy":
        """The profile to work on, as it stands here; `entry` finds it.

        --profile also finds one that was deleted: its history can be read, and what is parked in it.
        """
        workspace, name = self.workspace, self.profile_name
        if name is not None and not any(name in (e.name, e.id) for e in workspace.profiles()):
            gone = [e for e in workspace.store.profiles() if e.deleted and name in (e.name, e.id)]
            if len(gone) == 1:
                return workspace.copy(gone[0].id)
        return workspace.copy(self.entry().id)

    def qualified(self, copy: "ProfileCopy") -> str:
        """The profile's name, with its hub where another profile has the same name."""
        same = [e for e in self.workspace.profiles() if e.name == copy.name]
        return copy.name if len(same) == 1 else f"{copy.name}@{copy.hub or 'local'}"

    def show_copy_age(self, copy: "ProfileCopy", state: "State | None" = None) -> None:
        """A footnote for people: which profile they read, why that one, and how fresh it is.

        With `state`, also what moment that is of, if it is not the state of now.
        """
        from stackroom.client.commands.freshness import footnote

        said = footnote(self.workspace, copy)
        if state is not None and state is not copy.view:
            said = ", ".join(filter(None, (f"as it was after #{state.seq}", said)))
        self.tell_profile(f", {said}" if said else "")

    def tell_profile(self, more: str = "") -> None:
        """Tells people once which profile the command worked on, and why that one."""
        if self.worked_on is not None and self.output.for_people:
            name, why = self.worked_on
            self.output.note(f"Profile {name!r} ({PHRASES[why]}){more}")
        self.worked_on = None

    def commit(self, draft: "Draft", done: str) -> None:
        """Saves the draft, tries the hub for a short moment, and says what became of it.

        `done` is what was done, as a sentence without a full stop: "Stack 'prod' renamed to 'live'".
        """
        from stackroom.client.commands.saving import commit

        commit(self, draft, done)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Asks before something is deleted; `yes` is the answer given as --yes.

        Raises Refused if the answer is no, and UsageError where nobody can be asked.
        """
        from stackroom.client.commands.exits import Refused

        if yes:
            return
        if not sys.stdin.isatty():
            raise click.UsageError(
                "this asks for confirmation, and there is no terminal: add --yes"
            )
        if not click.confirm(question, err=True):
            raise Refused("Nothing was changed")


def _format_from_environment() -> Format:
    asked = os.environ.get("STACKROOM_OUTPUT", "table")
    return asked if asked in FORMATS else "table"

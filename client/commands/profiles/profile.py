"""`stackroom profile`: making, choosing and naming the profiles that a team shares."""

from typing import TYPE_CHECKING

import click
from msgspec import UNSET, Struct

from stackroom.client.choosing import PHRASES, Why
from stackroom.client.commands import completing
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.lookup import state_at
from stackroom.client.commands.options import (
    at_option,
    global_option,
    message_option,
    parse_value,
    yes_option,
)
from stackroom.client.commands.output import Fields, Lines, Table, Toned
from stackroom.client.commands.saving import Written, offer, tell
from stackroom.client.commands.tree import group
from stackroom.events.state import Component, Flavor, Stack
from stackroom.events.values import Value

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.home.store import ProfileEntry
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.rights import Access


class ProfileRow(Struct, frozen=True):
    """A profile of this home; without a `hub` it is local. `why` says why the active one is.

    `access` is what one may do there: write, read or none; null in a local one.
    """

    id: str
    name: str
    hub: str | None
    active: bool
    synced_at: int | None
    pending: int
    parked: int
    why: Why | None = None
    access: "Access | None" = None


class Described(Struct, frozen=True):
    """A profile with what it holds; `default_stack` is a name."""

    id: str
    name: str
    description: str
    hub: str | None
    seq: int
    root: str
    settings: dict[str, Value]
    default_stack: str | None
    stacks: int
    components: int
    flavors: int
    conflicts: int
    pending: int
    parked: int


_AT = "stackroom.client.commands.profiles.profile_files"


@group(
    "profile",
    lazy={"export": f"{_AT}:export", "import": f"{_AT}:import_", "clone": f"{_AT}:clone"},
    example="stackroom profile create team\nstackroom profile set team",
)
def profile() -> None:
    """Make, choose and name profiles: each has its own stacks, components and history."""


@profile.command(
    "create",
    example="""
    stackroom profile create team -m "for everybody"
    stackroom profile create mine --local      without any hub; see profile publish
    """,
)
@click.argument("name")
@click.option("--local", is_flag=True, help="Without a hub: only on this machine.")
@click.option(
    "--hub",
    metavar="URL",
    help="On this hub, where several are connected.",
    shell_complete=completing.joined_hubs,
)
@click.option("--description", default="", metavar="TEXT", help="What the profile is for.")
@click.option(
    "--with-default-stack",
    "with_stack",
    is_flag=True,
    help="Begin with a stack of a local orchestrator and a local artifact store.",
)
@message_option
@click.pass_obj
def create(
    app: "App",
    name: str,
    local: bool,
    hub: str | None,
    description: str,
    with_stack: bool,
    message: str,
) -> None:
    """Make a profile on the hub, or with --local on this machine alone.

    It becomes the active one if none was set.
    """
    from stackroom.client.definitions.definitions import default_stack

    made(
        app,
        name,
        local=local,
        hub=hub,
        message=message,
        description=description,
        wanted=default_stack("default") if with_stack else None,
        activate=True,
        done=f"Profile {name!r} created",
    )


def made(
    app: "App",
    name: str,
    *,
    local: bool,
    hub: str | None,
    message: str,
    description: str = "",
    wanted: "Definitions | None" = None,
    activate: bool = False,
    done: str,
) -> None:
    """Makes a profile, with what is `wanted` in it, and tells that it is `done`.

    With `activate` it becomes the active one if none was set.

    Raises Refused, with nothing kept, where the hub has one of that name.
    """
    if local and hub:
        raise click.UsageError("--local and --hub exclude each other")
    workspace = app.workspace
    url = None if local else _hub_or_local(app, hub)
    entry, saved = workspace.create_profile(
        name, hub=url, message=message, description=description, wanted=wanted
    )
    if activate and workspace.chosen_profile() is None:
        workspace.set_active_profile(entry.id)
    if saved.answer is not None:
        tell(app, Written("committed", entry.id, saved.proposal.id, saved.answer.seq), done)
        return
    (written,) = offer(app, entry.id, [saved.proposal.id])
    if written.outcome == "parked":
        # Nothing was built on it yet: no proposal is lost by giving the name up.
        workspace.store.drop(saved.proposal.id)
        workspace.store.forget_profile(entry.id)
        raise Refused(written.sentence, hint="stackroom profile list", reason=written.code)
    tell(app, written, done)


@profile.command("list", example="stackroom profile list --output json")
@click.pass_obj
def list_(app: "App") -> None:
    """List the profiles of this home; `*` is the active one."""
    from stackroom.client.commands.together.status import synced

    app.workspace.make_default_profile()
    rows = _rows(app)
    now = app.workspace.clock()
    app.output.show(
        rows,
        Table(
            ("", "name", "hub", "access", "synced", "pending", "parked"),
            [
                (
                    Toned("*", "good") if row.active else "",
                    f"{row.name} ({PHRASES[row.why]})" if row.why else row.name,
                    row.hub or "(local)",
                    row.access,
                    synced(row.synced_at, now) if row.hub else "",
                    row.pending,
                    row.parked,
                )
                for row in rows
            ],
            empty="No profiles yet: stackroom profile create NAME",
        ),
    )


@profile.command("describe", example="stackroom profile describe team")
@click.argument("name", required=False, shell_complete=completing.profiles)
@at_option
@click.pass_obj
def describe(app: "App", name: str | None, at: str | None) -> None:
    """Show what a profile is for and what it holds; the active one without NAME."""
    copy = app.copy() if name is None else app.workspace.copy(app.workspace.entry(name).id)
    view = state_at(copy, at)
    now = view is copy.view
    entity = view.profile
    seq = copy.seq if now else view.seq
    default = view.get(entity.default_stack) if entity and entity.default_stack else None
    shown = Described(
        copy.id,
        copy.name if entity is None else entity.name,
        entity.description if entity is not None else "",
        copy.hub,
        seq,
        _root(copy, seq),
        entity.settings if entity is not None else {},
        default.name if default is not None else None,
        sum(1 for _ in view.all(Stack)),
        sum(1 for _ in view.all(Component)),
        sum(1 for _ in view.all(Flavor)),
        len(view.conflicts),
        len(copy.standings) if now else 0,
        len(copy.parked) if now else 0,
    )
    app.output.show(
        shown,
        Fields(
            [
                ("description", shown.description),
                ("hub", shown.hub or "(local)"),
                ("at", f"#{shown.seq}"),
                ("root", shown.root),
                ("settings", shown.settings),
                ("default stack", shown.default_stack or "(none)"),
                ("stacks", shown.stacks),
                ("components", shown.components),
                ("flavors", shown.flavors),
                ("conflicts", shown.conflicts),
                ("id", shown.id),
            ],
            title=shown.name,
        ),
    )
    app.show_copy_age(copy, view)


def _root(copy: "ProfileCopy", seq: int) -> str:
    """The Merkle root after commit `seq`, in hexadecimal; empty where that commit is not here."""
    if seq == copy.seq:
        return copy.log.head(copy.id).root.hex()
    found = [commit for commit in copy.log.commits(copy.id, seq - 1, 1) if commit.seq == seq]
    return found[0].root.hex() if found else ""


@profile.command("get", example="stackroom profile get --output json")
@click.pass_obj
def get(app: "App") -> None:
    """Show which profile is active here, and who said so."""
    entry = app.entry()
    (row,) = (row for row in _rows(app) if row.id == entry.id)
    app.output.show(row, Lines([entry.name]))


@profile.command("set", example="stackroom profile set team")
@click.argument("name", shell_complete=completing.profiles)
@global_option
@click.pass_obj
def set_(app: "App", name: str, everywhere: bool) -> None:
    """Work on a profile from now on; --profile and STACKROOM_PROFILE go before it.

    Inside a repository (see init), that is set for the repository; with --global, for all others.
    """
    entry = app.workspace.entry(name)
    if app.repository is not None and not everywhere:
        app.repository.write(profile=app.qualified(app.workspace.copy(entry.id)))
        where = f"in the repository {app.repository.root}"
    else:
        app.workspace.set_active_profile(entry.id)
        where = "here"
    told = Lines([f"Profile {entry.name!r} is active {where}."])
    app.output.show({"id": entry.id, "name": entry.name}, told)


@profile.command(
    "update",
    example="""
    stackroom profile update team --description "all that runs in production"
    stackroom profile update team --setting merge=entity
    """,
)
@click.argument("name", shell_complete=completing.profiles)
@click.option("--description", metavar="TEXT", help="What the profile is for.")
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="merge=entity has edits of one entity conflict, whatever their paths; secrets=refuse takes no "
    "credential in plain text. May be repeated.",
)
@click.option("--unset", multiple=True, metavar="KEY", help="Remove a setting.")
@message_option
@click.pass_obj
def update(
    app: "App",
    name: str,
    description: str | None,
    settings: tuple[str, ...],
    unset: tuple[str, ...],
    message: str,
) -> None:
    """Change a profile's description and settings."""
    if description is None and not settings and not unset:
        raise click.UsageError("nothing to change: give --description, --setting or --unset")
    draft = app.workspace.edit(app.workspace.copy(app.workspace.entry(name).id), message)
    changed = draft.profile()
    if description is not None:
        changed.describe(description)
    for text in settings:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--setting {text!r} is not of the form KEY=VALUE")
        changed.setting(key, parse_value(value, f"--setting {key}"))
    for key in unset:
        changed.setting(key, UNSET)
    app.commit(draft, f"Profile {name!r} updated")


@profile.command("rename", example="stackroom profile rename team platform")
@click.argument("name", shell_complete=completing.profiles)
@click.argument("new_name")
@message_option
@click.pass_obj
def rename(app: "App", name: str, new_name: str, message: str) -> None:
    """Give a profile another name, for everybody. Its history goes with it."""
    entry = app.workspace.entry(name)
    draft = app.workspace.edit(app.workspace.copy(entry.id), message)
    draft.profile().rename(new_name)
    app.commit(draft, f"Profile {name!r} renamed to {new_name!r}")


@profile.command("delete", example="stackroom profile delete old --yes")
@click.argument("name", shell_complete=completing.profiles)
@yes_option
@message_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str) -> None:
    """Close a profile for everybody. Its history stays, and takes nothing more: this is final."""
    entry = app.workspace.entry(name)
    draft = app.workspace.edit(app.workspace.copy(entry.id), message)
    draft.profile().delete()
    whose = "for everybody" if entry.hub else "here"
    app.confirm(f"Delete profile {name!r} {whose}, with all its stacks?", yes=yes)
    app.commit(draft, f"Profile {name!r} deleted")


@profile.command("publish", example="stackroom profile publish mine")
@click.argument("name", shell_complete=completing.local_profiles)
@click.option(
    "--hub",
    metavar="URL",
    help="To this hub, where several are connected.",
    shell_complete=completing.joined_hubs,
)
@click.pass_obj
def publish(app: "App", name: str, hub: str | None) -> None:
    """Give a local profile to the hub, with its whole history: who, when and why included."""
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.together.sync import failed, results, tell_failures
    from stackroom.client.commands.together.syncing import told
    from stackroom.client.connection import exchange

    if app.offline:
        raise click.UsageError("publish needs the network: leave out --offline")
    entry = app.workspace.entry(name)
    url = _hub(app, hub)
    with progress(app.output, "Publishing") as bar:
        report = exchange.publish(app.workspace, url, entry.id, tell=bar.at)
    (shown,) = results(app, report)
    app.output.show(shown, Lines([f"Published to {report.url}.", *told(shown)]))
    tell_failures(app, failed(report))


def _hub(app: "App", text: str | None) -> str:
    """The address of the hub that is meant: the one named, or the one that was joined last; NoHub."""
    from stackroom.client.commands.hubs.connect import address_of, joined_hubs, not_connected

    joined = [hub.url for hub in joined_hubs(app)]
    url = app.workspace.hub().url if text is None else address_of(app, text)
    if url not in joined:
        raise not_connected(url, joined, f"stackroom connect {url} --token TOKEN")
    return url


def _hub_or_local(app: "App", text: str | None) -> str:
    """As `_hub`; where none was joined, NoHub says that --local does without."""
    from stackroom.client.errors import NoHub

    if text is None and not app.workspace.store.hubs():
        raise NoHub("no hub was joined", hint=f"add --local to do without, or {NoHub.hint}")
    return _hub(app, text)


def _rows(app: "App") -> list[ProfileRow]:
    from stackroom.client.errors import NoProfile

    workspace = app.workspace
    try:
        entry, reason = workspace.active_profile(app.profile_name, app.repository)
        active, why = entry.id, reason
    except NoProfile:
        active, why = "", None
    counts = workspace.store.counts()

    def row(entry: "ProfileEntry") -> ProfileRow:
        waiting = counts.get(entry.id)
        pending, parked = (waiting.pending, waiting.parked) if waiting is not None else (0, 0)
        is_active = entry.id == active
        return ProfileRow(
            entry.id,
            entry.name,
            entry.hub,
            is_active,
            entry.synced_at,
            pending,
            parked,
            why if is_active else None,
            workspace.access(entry.id, entry.hub),
        )

    return [row(entry) for entry in workspace.profiles()]

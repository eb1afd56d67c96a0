"""`stackroom doctor`: what is wrong here, and the command that mends it."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.exits import Exit, Refused
from stackroom.client.commands.output import Fields, Lines, Table, Toned, View
from stackroom.client.commands.tree import command
from stackroom.client.doctor.configuration import Said
from stackroom.client.doctor.finding import Finding, Level, worst_first
from stackroom.client.doctor.repairing import Repaired
from stackroom.events.version import VERSION

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.terminal import Tone
    from stackroom.client.doctor.bundle import Schema
    from stackroom.client.workspace import Workspace
    from stackroom.sync.hosting.folder import HubFolder

TONES: "dict[Level, Tone]" = {
    "ok": "good",
    "note": "quiet",
    "warning": "careful",
    "error": "bad",
}


class Examined(Struct, frozen=True):
    """What doctor found, worst first; what it repaired before; and where each setting was said."""

    findings: list[Finding]
    repaired: list[Repaired]
    configuration: list[Said]
    bundle: str = ""


@command(
    "doctor",
    example="""
    stackroom doctor
    stackroom doctor --repair
    stackroom doctor --full --data /srv/stackroom
    stackroom doctor --bundle report.zip
    """,
)
@click.option("--repair", is_flag=True, help="Mend what can be mended without a risk, first.")
@click.option(
    "--full", is_flag=True, help="Compute every hash again, not those of the newest commits."
)
@click.option(
    "--bundle",
    "bundle_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a zip for a bug report: no names, values or tokens.",
    shell_complete=completing.files,
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="STACKROOM_HOME/hub, if there is one",
    metavar="DIR",
    help="The folder of a hub to look at, too.",
)
@click.pass_context
def doctor(
    context: click.Context, repair: bool, full: bool, bundle_file: Path | None, data: Path | None
) -> None:
    """Look at this home, its hubs and a hub's folder; say what is wrong, and what mends it.

    Ends with 0 if nothing is worse than a warning, with 9 if something that is stored or known does not
    add up, and with 1 for any other error. A damaged cache is fetched anew by --repair, damaged proposals
    are rescued as far as they can be read, and what was there is kept.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.sync.hosting.folder import HubFolder

    app: App = context.obj
    if bundle_file is not None and bundle_file.exists():
        raise Refused(f"there is a file {bundle_file} already", hint="choose another name")
    usual = app.home.path / "hub"
    named = data if data is not None else usual
    folder = HubFolder(named) if data is not None or (usual / "hub.db").exists() else None
    with progress(app.output, "Looking"):
        seen = _examine(app, folder, full=full)
        repaired: list[Repaired] = []
        if repair:
            repaired = _repair(app, folder, seen)
            seen = _examine(app, folder, full=full)
    findings = worst_first([*seen.home, *seen.hub])
    named_bundle = str(bundle_file) if bundle_file is not None else ""
    shown = Examined(findings, repaired, seen.configuration, named_bundle)
    if bundle_file is not None:
        _bundle(app, bundle_file, folder, shown)
    app.output.show(shown, lambda: _view(shown))
    context.exit(_code(findings))


class _Seen(Struct, frozen=True):
    """What was found, of the home and of the hub's folder."""

    home: list[Finding]
    hub: list[Finding]
    configuration: list[Said]


def _examine(app: "App", folder: "HubFolder | None", *, full: bool) -> _Seen:
    from stackroom.client import chance
    from stackroom.client.doctor import home, hub_folder

    own = VERSION
    found = home.examine(app.home, lambda: _open(app), own=own, offline=app.offline, full=full)
    said = _of_client(app)
    if folder is None:
        return _Seen(found, [], said)
    of_hub, settings = hub_folder.examine(folder, own=own, now=chance.clock(), full=full)
    return _Seen(found, of_hub, said + settings)


def _repair(app: "App", folder: "HubFolder | None", seen: _Seen) -> list[Repaired]:
    from stackroom.client import chance
    from stackroom.client.doctor import home, hub_folder
    from stackroom.client.doctor.repairing import repair_home, repair_hub

    done: list[Repaired] = []
    if app.home.proposals.exists():
        done += repair_home(
            app.home,
            seen.home,
            lambda: _open(app),
            private=home.private_files(app.home),
            new_id=chance.new_id,
            salt=chance.salt,
            now=chance.clock(),
            offline=app.offline,
        )
    if folder is not None and folder.log.exists():
        done += repair_hub(folder, seen.hub, private=hub_folder.private_files(folder))
    return done


def _open(app: "App") -> "Workspace":
    """The workspace, which is closed before anything is mended; not the one that the command is given."""
    from stackroom.client import chance
    from stackroom.client.workspace import Workspace

    return Workspace.open(app.home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)


def _of_client(app: "App") -> list[Said]:
    from stackroom.client.doctor.configuration import of_client
    from stackroom.events.errors import StackroomError

    flags: dict[str, str] = {}
    if app.profile_name:
        flags["profile"] = app.profile_name
    if app.offline and os.environ.get("STACKROOM_OFFLINE", "") in ("", "0"):
        flags["offline"] = "yes"
    if app.format != os.environ.get("STACKROOM_OUTPUT", "table"):
        flags["output"] = app.format
    kept = {"home": (str(app.home.path), "default")}
    if app.home.proposals.exists():
        # What is wrong with the files stands among the findings; not every account has a name.
        with suppress(StackroomError, KeyError, OSError):
            kept |= _kept(app)
    return of_client(os.environ, flags, kept)


def _kept(app: "App") -> dict[str, tuple[str, str]]:
    """What the home says: who works here, and on which profile."""
    from stackroom.client.errors import ClientError

    workspace = _open(app)
    try:
        said = {
            "user": (
                workspace.user(None),
                "setting" if workspace.store.setting("user") else "login",
            )
        }
        hubs = workspace.store.hubs()
        if len(hubs) == 1:
            said["user"] = (hubs[0].user, "hub")
        try:
            entry, why = workspace.active_profile(None, app.repository)
        except ClientError:
            return said  # None is set, which is no fault.
        return said | {"profile": (entry.name, str(why))}
    finally:
        workspace.close()


def _bundle(app: "App", target: Path, folder: "HubFolder | None", shown: Examined) -> None:
    from stackroom.client.doctor import bundle

    bundle.write(target, shown.findings, shown.configuration, shown.repaired, _schemas(app, folder))


def _schemas(app: "App", folder: "HubFolder | None") -> "list[Schema]":
    from stackroom.client.doctor import home, hub_folder
    from stackroom.client.doctor.bundle import schema
    from stackroom.client.home.store_file import steps as of_store
    from stackroom.events.sqlite.schema import steps as of_log

    store, cache = home.look(app.home)
    hub = hub_folder.look(folder) if folder is not None else None
    pairs = ((store, of_store("")), (cache, of_log("", "cache")), (hub, of_log("", "log")))
    return [schema(seen, steps) for seen, steps in pairs if seen is not None]


def _code(findings: Sequence[Finding]) -> int:
    errors = [finding for finding in findings if finding.level == "error"]
    if any(finding.integrity for finding in errors):
        return Exit.INTEGRITY
    return Exit.ERROR if errors else Exit.DONE


def _view(shown: Examined) -> list[View]:
    views: list[View] = []
    if shown.repaired:
        lines = [f"{'Mended' if r.done else 'Not mended'}: {r.sentence}" for r in shown.repaired]
        views.append(Lines(lines))
    rows = [
        (Toned(f.level, TONES[f.level]), f.check, f.sentence, f.command) for f in shown.findings
    ]
    views.append(Table(("level", "check", "finding", "what mends it"), rows))
    fields = [(s.name, f"{s.value} (from {s.source})") for s in shown.configuration]
    views.append(Fields(fields, "Configuration"))
    if shown.bundle:
        views.append(Lines([f"Written to {shown.bundle}: look into it before you pass it on."]))
    return views

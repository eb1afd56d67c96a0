"""`stackroom sync`: receives what others did, and pushes what is pending."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands.exits import Exit
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.events.errors import LogCorrupt, StackroomError
from stackroom.events.state import Conflict, Request, State

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.together.syncing import Synced
    from stackroom.client.connection.exchange import Report
    from stackroom.client.home.store import ProfileEntry


@command(
    "sync",
    example="""
    stackroom sync
    stackroom sync --plan       what would be pushed, merged, put in conflict or refused
    stackroom sync --watch      stay connected, and say what happens
    """,
)
@click.option("--plan", is_flag=True, help="Only say what would happen; change nothing.")
@click.option("--watch", is_flag=True, help="Stay connected until Ctrl-C.")
@click.pass_context
def sync(context: click.Context, plan: bool, watch: bool) -> None:
    """Receive what others did and push what is pending, in every profile that has a hub.

    With --profile only in that one. Ends with 5 if a conflict is open afterwards, and with 6 if the
    hub cannot be reached.

    With --watch it also says which homes of others, or of you elsewhere, joined and left: each once,
    however many commands run there. What runs in this home is not told.
    """
    app: App = context.obj
    if plan and watch:
        raise click.UsageError("--plan and --watch exclude each other")
    if app.offline:
        raise click.UsageError("sync needs the network: leave out --offline and STACKROOM_OFFLINE")
    targets = _targets(app)
    if plan:
        _plan(app, targets)
    elif watch:
        from stackroom.client.commands.together.watch import watch as stay

        stay(app, targets)
    elif _sync(app, targets):
        context.exit(Exit.CONFLICTS)


def _targets(app: "App") -> "dict[str, list[ProfileEntry]]":
    """The profiles to sync, by the address of their hub."""
    from stackroom.client.commands.hubs.connect import joined_hubs
    from stackroom.client.errors import NoHub

    if app.profile_name is not None:
        entry = app.entry()
        if entry.hub is None:
            raise NoHub(
                f"profile {entry.name!r} is local: it has no hub to sync with",
                hint=f"stackroom profile publish {entry.name}",
            )
        return {entry.hub: [entry]}
    targets: dict[str, list[ProfileEntry]] = {hub.url: [] for hub in joined_hubs(app)}
    for entry in app.workspace.profiles():
        if entry.hub in targets:
            targets[entry.hub].append(entry)
    if not targets:
        raise NoHub("there is no hub to sync with")
    return targets


def _sync(app: "App", targets: "dict[str, list[ProfileEntry]]") -> bool:
    """Exchanges with every hub, tells what happened, and says whether a conflict is open."""
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.together.syncing import told
    from stackroom.client.connection.exchange import exchange

    done: list[Synced] = []
    failures: list[StackroomError] = []
    for url, entries in targets.items():
        try:
            with progress(app.output, "Syncing") as bar:
                report = exchange(app.workspace, url, chosen(app, entries), tell=bar.at)
        except LogCorrupt:
            raise
        except StackroomError as error:
            failures.append(error)
            continue
        tell_renewal(app, report)
        done += results(app, report)
        failures += failed(report)
    if done or not failures:
        lines = [line for each in done for line in told(each)]
        app.output.show(done, Lines(lines or ["The hub has no profile that you may read."]))
    tell_failures(app, failures)
    return any(each.conflicts for each in done)


def chosen(app: "App", entries: "list[ProfileEntry]") -> list[str] | None:
    """The profiles to exchange: those named by --profile, or (None) all that the hub lists."""
    return None if app.profile_name is None else [entry.id for entry in entries]


def failed(report: "Report") -> list[StackroomError]:
    """What went wrong after the hub had let us in."""
    from stackroom.client.replica.problems import as_error

    found = [as_error(done.problem) for done in report.profiles.values() if done.problem]
    return [*found, *filter(None, [report.interrupted])]


def tell_failures(app: "App", failures: list[StackroomError]) -> None:
    """Raises the first failure; the others are notes."""
    for other in failures[1:]:
        app.output.note(f"Also: {other}")
    if failures:
        raise failures[0]


def tell_renewal(app: "App", report: "Report") -> None:
    """Says that this home took a new identity meanwhile, if it did."""
    from stackroom.client.home.renewals import told

    if report.renewed and (renewal := app.workspace.store.renewal()) is not None:
        app.output.note(told(renewal.code))


def results(app: "App", report: "Report") -> "list[Synced]":
    """What an exchange did to each profile, with the conflicts and change requests that are open now."""
    from stackroom.client.commands.together.syncing import synced

    people = report.welcome.hub
    copies = [
        (app.workspace.copy(id), done)
        for id, done in report.profiles.items()
        if id != people or done.committed or done.parked or done.problem is not None
    ]
    return [
        synced(copy.name, done, opened(copy.confirmed, Conflict), opened(copy.confirmed, Request))
        for copy, done in copies
    ]


def opened(state: State, kind: type[Conflict | Request]) -> list[int]:
    """The seqs that opened the conflicts or change requests of `state`, the oldest first."""
    return sorted(holding.opened for _, holding in state.all(kind))


def _plan(app: "App", targets: "dict[str, list[ProfileEntry]]") -> None:
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.profiles.planning import planned, view
    from stackroom.client.commands.progress import progress
    from stackroom.client.connection import exchange

    shown = []
    for url, entries in targets.items():
        for entry in entries:
            with progress(app.output, "Asking the hub"):
                foreseen = exchange.plan(app.workspace, url, entry.id)
            names = Names(app.workspace.copy(entry.id).view)
            shown.append(planned(entry.name, foreseen, names))
    app.output.show(shown, lambda: [part for each in shown for part in view(each)])

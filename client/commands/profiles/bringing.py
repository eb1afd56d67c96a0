"""Bringing definitions into a profile: deciding what has two definitions, showing it, doing it.

All commands that do so come here: `stack import`, `profile import`, `apply` and those of other sources.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import click

from stackroom.client.choosing import Secrets
from stackroom.client.definitions.differing import dotted
from stackroom.client.definitions.planning import Called, OnConflict, OtherDefinitions, Plan, plan
from stackroom.client.errors import RefusedLocally
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.output import View
    from stackroom.client.commands.profiles.planned import Planned
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.definitions.flavors import ComponentFault
    from stackroom.client.drafting.draft import Draft
    from stackroom.client.files.sources import Source
    from stackroom.client.profile_copy import ProfileCopy

_ABOUT_SECRETS: Final = (
    "--secrets reference puts references in their place, and the values in a file; "
    "--secrets keep takes them along"
)

F = TypeVar("F", bound=Callable[..., Any])

dry_run_option: Callable[[F], F] = click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and do nothing."
)


def on_conflict_options(command: F) -> F:
    """Gives a command `on_conflict: OnConflict | None` and `suffix: str`."""
    with_suffix = click.option(
        "--suffix",
        default="",
        metavar="TEXT",
        help="What `rename` adds to a name; _2, _3 … without it.",
    )(command)
    return click.option(
        "--on-conflict",
        type=click.Choice(get_args(OnConflict)),
        help="Where a name has another definition here: do nothing at all (fail), take another name "
        "(rename), give what is here the source's values (replace), or use what is here (reuse). "
        "Asked for at a terminal; fail elsewhere.",
    )(with_suffix)


def secrets_options(command: F) -> F:
    """`--secrets` and `--secrets-file`: what becomes of credentials in plain text; `App` is told."""

    def tell(name: str) -> Callable[..., None]:
        return lambda context, _parameter, value: setattr(context.obj, name, value)

    with_file = click.option(
        "--secrets-file",
        type=click.Path(dir_okay=False, path_type=Path),
        default="stackroom-secrets.yaml",
        show_default=True,
        expose_value=False,
        callback=tell("secrets_file"),
        help="Where --secrets reference writes the values (mode 0600); never overwritten.",
    )(command)
    return click.option(
        "--secrets",
        type=click.Choice(get_args(Secrets)),
        default="refuse",
        show_default=True,
        expose_value=False,
        callback=tell("secrets"),
        help="Credentials in plain text: import nothing (refuse), put references in their place and "
        "the values in a file (reference), or import them as they are (keep).",
    )(with_file)


def read(app: "App", paths: Iterable[str], *, name: str = "") -> "list[Source]":
    """The files that are meant, read; `name` is the stack's instead of the file's. Raises as `sources`.

    UsageError where a name is given for several files.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.client.files import sources

    found = sources.paths(paths)
    if name and len(found) > 1:
        raise click.UsageError(f"the name {name!r} is for one file, and there are {len(found)}")
    with progress(app.output, "Reading", total=len(found)) as bar:
        return list(sources.read_all(found, name=name, done=bar.step))


def bring(
    app: "App",
    copy: "ProfileCopy",
    wanted: "Definitions",
    done: str,
    *,
    message: str,
    on_conflict: OnConflict | None,
    suffix: str = "",
    dry_run: bool = False,
    sources: Sequence["Source"] = (),
) -> None:
    """Brings what is wanted into the profile as one commit, or with `dry_run` shows what would be done.

    What does not fit its flavor is noted, and taken as it is: it came from where it worked. Raises
    OtherDefinitions where names are taken and nobody decided.
    """
    from stackroom.client.commands.profiles import planned

    referring = app.secrets == "reference"
    if sources:
        warnings = planned.warnings(sources, secrets=not referring)
    else:
        warnings = [] if referring else planned.credentials(wanted)
    values: dict[str, dict[str, str]] = {}
    if referring:
        from stackroom.client.definitions.referencing import referenced

        wanted, values = referenced(wanted, copy.view)
    elif app.secrets == "keep":
        app.workspace.allow_plaintext = True
    if dry_run:
        made = _plan(app, copy, wanted, on_conflict or "fail", suffix, {})
        warnings += map(str, misfits(wanted, made, copy))
        show(app, copy, made, sources, warnings)
        return
    made = _decided(app, copy, wanted, on_conflict, suffix)
    warnings += map(str, misfits(wanted, made, copy))
    for recognised in planned.recognised(sources):
        app.output.note(recognised)
    for warning in warnings:
        app.output.note(f"Note: {warning}.")
    draft = drafted(app, copy, made, message)
    if values and not draft.empty:
        from stackroom.client.definitions.referencing import write

        write(app.secrets_file, values)
        number = sum(map(len, values.values()))
        app.output.note(
            f"{counted(number, 'credential is', 'credentials are')} in {app.secrets_file}, and referred to "
            "from here. Next: zenml secret create NAME --interactive, for each name in that file; "
            "then delete it."
        )
    try:
        app.commit(draft, done)
    except RefusedLocally as refused:
        if values and not draft.empty:
            app.secrets_file.unlink()
        if refused.reason != "plaintext_secret" or app.secrets is None:
            raise
        raise RefusedLocally(refused.refusal, hint=_ABOUT_SECRETS) from None


def misfits(wanted: "Definitions", made: Plan, copy: "ProfileCopy") -> "list[ComponentFault]":
    """Where components that the plan would make or change do not fit their flavors."""
    from stackroom.client.definitions import flavors

    touched = {step.called for step in made.steps if step.changes}
    return [
        fault
        for fault in flavors.faults_of(wanted, copy.view)
        if ("component", fault.type, fault.name) in touched
    ]


def drafted(app: "App", copy: "ProfileCopy", made: Plan, message: str) -> "Draft":
    """A draft of what carries the plan out. Raises OtherDefinitions, RefusedLocally."""
    if made.taken:
        raise OtherDefinitions(made.taken)
    draft = app.workspace.edit(copy, message)
    draft.add(made.changes)
    return draft


def show(
    app: "App",
    copy: "ProfileCopy",
    made: Plan,
    sources: Iterable["Source"] = (),
    warnings: Iterable[str] = (),
) -> None:
    """Shows the plan as the result. Raises RefusedLocally where a rule would refuse it."""
    shown, views = _viewed(app, copy, made, sources, warnings)
    app.output.show(shown, views)
    for warning in shown.warnings:
        app.output.note(f"Note: {warning}.")


def show_beside(
    app: "App", copy: "ProfileCopy", made: Plan, sources: Iterable["Source"] = ()
) -> None:
    """Shows the plan on stderr, to whoever is asked about it. Raises as `show`."""
    _, views = _viewed(app, copy, made, sources, ())
    app.output.beside(views)


def _viewed(
    app: "App",
    copy: "ProfileCopy",
    made: Plan,
    sources: Iterable["Source"],
    warnings: Iterable[str],
) -> "tuple[Planned, list[View]]":
    from stackroom.client.commands.profiles import planned

    draft = app.workspace.edit(copy)
    draft.add(made.changes)
    shown = planned.planned(copy.name, made, copy.view, draft.preview, sources, warnings)
    return shown, planned.view(shown, copy.view, draft.preview)


def _plan(
    app: "App",
    copy: "ProfileCopy",
    wanted: "Definitions",
    on_conflict: OnConflict,
    suffix: str,
    decisions: dict[Called, OnConflict],
) -> Plan:
    new_id = app.workspace.new_id
    return plan(
        wanted, copy.view, new_id, on_conflict=on_conflict, decisions=decisions, suffix=suffix
    )


def _decided(
    app: "App",
    copy: "ProfileCopy",
    wanted: "Definitions",
    on_conflict: OnConflict | None,
    suffix: str,
) -> Plan:
    """The plan; at a terminal, a person decides about each name that is taken."""
    decisions: dict[Called, OnConflict] = {}
    while True:
        made = _plan(app, copy, wanted, on_conflict or "fail", suffix, decisions)
        if not made.taken or on_conflict is not None or not _can_ask(app):
            return made
        # One at a time: whether a stack differs depends on what becomes of its components.
        step = made.taken[0]
        decision = _ask(step.asked or step.name, step.type or step.kind, made)
        if decision == "fail":
            return made
        decisions[step.called] = decision


def _can_ask(app: "App") -> bool:
    return app.output.for_people and sys.stdin.isatty() and sys.stderr.isatty()


def _ask(name: str, what: str, made: Plan) -> OnConflict:
    differs = ", ".join(dotted(d.path) for d in made.taken[0].divergences)
    letters: dict[str, OnConflict] = {"r": "replace", "u": "reuse", "n": "rename", "q": "fail"}
    click.echo(f"{what.replace('_', ' ')} {name!r} is here with another {differs}.", err=True)
    chosen: str = click.prompt(
        "[r]eplace it, [u]se the one that is here, import under a [n]ew name, or [q]uit",
        type=click.Choice(list(letters)),
        show_choices=False,
        err=True,
    )
    return letters[chosen]

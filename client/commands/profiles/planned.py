"""What a plan looks like: what would be made, changed and deleted, key by key; before anything is done.

Values of keys that hold credentials are not shown: plans are printed by machines that many read.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, structs

from stackroom.client.commands import telling
from stackroom.client.commands.naming import Names, called
from stackroom.client.commands.output import Changes, Lines, View
from stackroom.client.definitions import flavors
from stackroom.client.definitions.definitions import Definitions
from stackroom.client.definitions.differing import dotted
from stackroom.client.definitions.planning import Action, Plan, Step
from stackroom.client.zenml.model import ComponentSpec
from stackroom.client.zenml.travel import warnings_of
from stackroom.events.counting import counted
from stackroom.events.history.history import diff
from stackroom.events.secrets.credentials import format_of, leaves, located
from stackroom.events.state import Component, State
from stackroom.events.values import Maybe, Path, Value, segments

if TYPE_CHECKING:
    from stackroom.client.files.sources import Source

SECRET: Final = "(secret)"
"""What stands in place of a credential."""


class SourceRow(Struct, frozen=True):
    """A file that was read; `form` is a letter of `docs/yaml.md`, or `stackroom`."""

    path: str
    form: str
    stack: str


class StepRow(Struct, frozen=True):
    """What becomes of one entity: create, reuse, update, delete or taken (nobody decided).

    `name` is the one that it gets, `asked` the one that the source has. `differs` are the paths in which
    the source and what stands differ.
    """

    action: Action
    kind: str
    type: str
    name: str
    asked: str
    origin: str
    differs: list[Path]


class Planned(Struct, frozen=True):
    """A plan; `changes` is false where nothing would be done, `difference` what would be, value by value."""

    profile: str
    changes: bool
    create: int
    update: int
    delete: int
    taken: int
    sources: list[SourceRow]
    steps: list[StepRow]
    difference: list[telling.ChangeRow]
    warnings: list[str]


def planned(
    profile: str,
    plan: Plan,
    before: State,
    after: State,
    sources: Iterable["Source"] = (),
    warnings: Iterable[str] = (),
) -> Planned:
    """The plan for programs; `after` is the state that it would bring about."""
    difference = [
        structs.replace(
            row, before=_hidden(row, row.before, before), after=_hidden(row, row.after, after)
        )
        for row in telling.changed(diff(before, after), Names(after, before))
    ]
    done = Counter(
        step.action if step.action in ("create", "delete") else "update"
        for step in plan.steps
        if step.changes
    )
    return Planned(
        profile,
        done.total() > 0,
        done["create"],
        done["update"],
        done["delete"],
        len(plan.taken),
        [SourceRow(s.path, s.form, s.stack) for s in sources],
        [_row(step) for step in plan.steps],
        difference,
        list(warnings),
    )


def view(shown: Planned, before: State, after: State) -> list[View]:
    """The plan for people."""
    names = Names(after, before)
    lines = list(telling.change_lines(shown.difference, names))
    taken = [
        f"! {called(step.kind, step.name, step.type)} has another definition: "
        f"{', '.join(map(dotted, step.differs))}"
        for step in shown.steps
        if step.action == "taken"
    ]
    return [Changes(lines), Changes(taken), Lines([summary(shown)])]


def summary(shown: Planned) -> str:
    """`Plan: 2 to create, 1 to update, 0 to delete.`"""
    if shown.taken:
        taken = counted(shown.taken, "name has", "names have")
        return f"Nothing would be done: {taken} other definitions here."
    if not shown.changes:
        return "Nothing to change: all of it is there already."
    return f"Plan: {shown.create} to create, {shown.update} to update, {shown.delete} to delete."


def recognised(sources: Iterable["Source"]) -> list[str]:
    """What the files are that ZenML wrote, a line for each form."""
    found: dict[str, list[str]] = {}
    for source in sources:
        if source.form != "stackroom":
            found.setdefault(source.recognised, []).append(source.path)
    return [
        f"{paths[0]}: {what}" if len(paths) == 1 else f"{len(paths)} files: each {what}"
        for what, paths in found.items()
    ]


def warnings(sources: Iterable["Source"], *, secrets: bool = True) -> list[str]:
    """What will not do for others, a sentence each; with the file, where there are several.

    Without `secrets`, credentials in plain text are none: references will stand in their places.
    """
    found = list(sources)
    return [
        f"{f'{source.path}: ' if len(found) > 1 else ''}{warning.where}: {warning.sentence}"
        for source in found
        for warning in source.warnings
        if secrets or warning.kind != "plain secret"
    ]


def credentials(defined: Definitions) -> list[str]:
    """The places of credentials in plain text, a sentence each; flavors that it defines go first."""
    own = {(f.type, f.name): f for f in defined.flavors}

    def marked(type: str, flavor: str, key: str) -> bool:
        return flavors.marked(type, flavor, key, own.get((type, flavor)))

    return [
        f"{warning.where}: {warning.sentence}"
        for c in defined.components
        for warning in warnings_of(ComponentSpec(c.type, c.name, c.flavor, c.config), marked)
        if warning.kind == "plain secret"
    ]


def _row(step: Step) -> StepRow:
    differs = [divergence.path for divergence in step.divergences]
    asked = step.asked or step.name
    return StepRow(step.action, step.kind, step.type, step.name, asked, step.origin, differs)


def _hidden(row: telling.ChangeRow, value: Maybe, state: State) -> Maybe:
    """The value, without the credentials in it; `state` is the one that it stands in."""
    keys = segments(row.path)
    component = state.get(row.id)
    if value is UNSET:
        return value
    if not isinstance(component, Component) or keys[:1] != ("config",):
        return _masked(value, keys, {at for at, leaf in leaves(value, keys) if format_of(leaf)})
    type, flavor = component.component_type, component.flavor
    marks = flavors.marked_in(state)
    found = located(type, value, keys[1:], lambda key: marks(type, flavor, key))
    return _masked(value, keys[1:], {at for at, _ in found})


def _masked(value: Value, keys: tuple[str, ...], secret: set[tuple[str, ...]]) -> Value:
    """The value at `keys`, with `(secret)` at those of a credential."""
    match value:
        case dict():
            return {k: _masked(inner, (*keys, k), secret) for k, inner in value.items()}
        case list():
            return [_masked(v, (*keys, str(n)), secret) for n, v in enumerate(value)]
        case _:
            return SECRET if keys in secret else value

"""Differences of what is exported, as unified diffs: of a profile's files, or of a stack's for ZenML."""

from collections.abc import Mapping
from difflib import unified_diff

from msgspec import Struct

from stackroom.client.definitions.exporting import definitions, stack_file
from stackroom.client.files import folder, shape, text
from stackroom.client.zenml import render_stack
from stackroom.events.state import Stack, State


class FileDiff(Struct, frozen=True):
    """A file that differs, and how: `diff` is what `patch` takes; empty where only one side has a file."""

    file: str
    diff: str


def of_files(before: State, after: State, labels: tuple[str, str]) -> list[FileDiff]:
    """Of the files that `profile export` would write; only those that differ are rendered."""
    old, new = _files(before), _files(after)
    changed = [place for place in sorted({*old, *new}) if old.get(place) != new.get(place)]
    return [_diff(place, _rendered(old, place), _rendered(new, place), labels) for place in changed]


def of_stacks(
    before: tuple[State, Stack | None], after: tuple[State, Stack | None], labels: tuple[str, str]
) -> list[FileDiff]:
    """Of the files that `stack export --format zenml-0.98` would write."""
    was, now = (_stack(*before), _stack(*after))
    if was == now:
        return []
    shown = after[1] or before[1]
    name = shown.name if shown is not None else ""
    return [_diff(f"{name}.yaml", was, now, labels)]


def _files(state: State) -> dict[str, shape.File]:
    name = state.profile.name if state.profile is not None else ""
    return {str(folder.place(file)): file for file in shape.files(name, definitions(state))}


def _rendered(files: Mapping[str, shape.File], place: str) -> str:
    return text.render(files[place]) if place in files else ""


def _stack(state: State, stack: Stack | None) -> str:
    if stack is None:
        return ""
    file = stack_file(state, stack, "zenml-0.98")
    return render_stack(file, form=file.form)


def _diff(place: str, was: str, now: str, labels: tuple[str, str]) -> FileDiff:
    old, new = (f"{label}/{place}" for label in labels)
    lines = unified_diff(
        was.splitlines(keepends=True),
        now.splitlines(keepends=True),
        old if was else "/dev/null",
        new if now else "/dev/null",
    )
    return FileDiff(place, "".join(lines))

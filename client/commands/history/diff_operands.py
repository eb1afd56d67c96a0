"""What `stackroom diff` compares, as it is written.

    43, v1, '2h ago'                     the profile at that moment
    stack:prod, stack:prod@v1            a stack, now or at a moment
    stack:lab/prod@yesterday             a stack of another profile
    profile:lab, profile:lab@v1          another profile

A name with an @ in it is taken whole where there is a stack of that name.
"""

from typing import TYPE_CHECKING, Literal

import click
from msgspec import Struct

from stackroom.client.commands.lookup import find_stack, state_at
from stackroom.events.state import Stack, State

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy


class Operand(Struct, frozen=True):
    """One side: a moment of the profile in use, a stack, or a profile, of the state that it is looked at in.

    `id` is that of the stack, `label` how it was written.
    """

    kind: Literal["moment", "stack", "profile"]
    copy: "ProfileCopy"
    state: State
    label: str
    id: str = ""

    @property
    def profile(self) -> str:
        """The id of the profile that it is of."""
        return self.copy.id


def operand(app: "App", text: str) -> Operand:
    """What `text` names; UsageError, NotFound."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("stack", "profile"):
        copy = app.copy()
        return Operand("moment", copy, state_at(copy, text), text)
    if not rest:
        raise click.UsageError(f"{text!r} names no {kind}: write {kind}:NAME")
    if kind == "profile":
        name, moment = _split(rest, [entry.name for entry in app.workspace.profiles()])
        copy = app.workspace.copy(app.workspace.entry(name).id)
        return Operand("profile", copy, state_at(copy, moment), text)
    profile, slash, stack = rest.rpartition("/")
    copy = app.workspace.copy(app.workspace.entry(profile).id) if slash else app.copy()
    name, moment = _split(stack, [each.name for _, each in copy.view.all(Stack)])
    state = state_at(copy, moment)
    return Operand("stack", copy, state, text, find_stack(state, name)[0])


def _split(text: str, names: list[str]) -> tuple[str, str | None]:
    """The name and the moment in `NAME@MOMENT`; a known name is taken whole."""
    name, at, moment = text.rpartition("@")
    return (text, None) if not at or text in names else (name, moment)

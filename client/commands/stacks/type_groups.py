"""A group of commands for each component type, as ZenML has them: `stackroom orchestrator list`.

They are the commands of `stackroom component`, and of `stackroom flavor`, with the type filled in.
"""

import re
from functools import partial
from typing import Any

import click

from stackroom.client.commands.context import App
from stackroom.client.commands.stacks.component import component
from stackroom.client.commands.stacks.flavor import flavor
from stackroom.client.commands.tree import GLOBAL, Command, Group
from stackroom.client.component_types import TYPES, ComponentType, type_named
from stackroom.events.deciding import rules
from stackroom.events.errors import StackroomError
from stackroom.events.state import Component, Flavor


def __getattr__(type: str) -> Group:
    """The group for the type of that name: they are made when they are asked for."""
    for known in TYPES:
        if known.type == type:
            return type_group(known)
    raise AttributeError(type)


def of_the_team(context: click.Context, name: str) -> Group | None:
    """The group for a component type that only the profile in use has; None if it has none of it.

    A type comes to be with its first component or flavor (`component register my_type …`).
    """
    app = context.ensure_object(App)
    type = type_named(name)
    if rules.refuse_type(type) is not None or not app.home.proposals.exists():
        return None
    if not app.workspace.store.profiles():
        return None
    try:
        state = app.copy().view
    except StackroomError:
        return None  # The command that was misspelt is told, and nothing of the profile.
    used = {c.component_type for _, c in state.all(Component)}
    used |= {f.component_type for _, f in state.all(Flavor)}
    return type_group(ComponentType(type, f"{type}s", None, "")) if type in used else None


def type_group(known: ComponentType) -> Group:
    """The group for one component type."""
    plural = known.plural.replace("_", " ")
    group = _of_type(
        component, known, known.dashed, f"{plural.capitalize()}: registered, listed, changed."
    )
    own = f"Flavors of {plural}: ZenML's, and those of the team."
    group.add_command(_of_type(flavor, known, "flavor", own))
    return group


def _of_type(general: Group, known: ComponentType, name: str, help: str) -> Group:
    group = Group(name, help=help)
    for command in general.commands.values():
        assert isinstance(command, Command)
        group.add_command(_with_type(command, known, general.name or ""))
    return group


def _with_type(command: Command, known: ComponentType, general: str) -> Command:
    """`command` with its argument `type` settled."""
    callback: Any = command.callback
    settled = {"type": known.type}
    return Command(
        command.name,
        callback=partial(callback, **settled),
        settled=settled,
        params=[p for p in command.params if p.name not in {"type", *GLOBAL}],
        help=_without_type(command.help or ""),
        context_settings=command.context_settings,
        example=_example(command.example, known, general),
    )


def _without_type(help: str) -> str:
    return re.sub(r",? (?:or those )?of (?:one )?(?:component )?TYPE", "", help)


def _example(example: str, known: ComponentType, general: str) -> str:
    """The lines of an example that are about this type, as this group has them."""
    lines = []
    for line in example.strip().splitlines():
        words = line.split()
        if words[1:2] == [general] and words[3:4] == [known.dashed]:
            tail = "flavor " if general == "flavor" else ""
            lines.append(
                f"stackroom {known.dashed} {tail}{words[2]} {' '.join(words[4:])}".rstrip()
            )
    return "\n".join(lines)

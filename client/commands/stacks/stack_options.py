"""The component options of the stack commands, made from the one table of component types."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeAlias, TypeVar

import click

from stackroom.client.commands import completing
from stackroom.client.component_types import TYPES, ComponentType, type_named

F = TypeVar("F", bound=Callable[..., Any])

Members: TypeAlias = dict[str, list[str]]
"""Names of components by type, in the order in which they were given."""

ZENML_SPELLING = {"token_normalize_func": lambda token: token.replace("_", "-")}
"""`context_settings` with which `--container_registry` is `--container-registry`, as in ZenML."""


def members_options(command: F) -> F:
    """Gives a command `members: Members`, from an option for each known type and `--component`."""

    @wraps(command)
    def gathered(*args: Any, component: tuple[str, ...], **given: Any) -> Any:
        members: Members = {}
        for known in TYPES:
            if names := given.pop(_parameter(known)):
                members[known.type] = list(names)
        add_pairs(members, component, "--component")
        return command(*args, members=members, **given)

    made: Any = click.option(
        "--component",
        multiple=True,
        metavar="TYPE=NAME",
        help="A component of any type; may be repeated.",
        shell_complete=completing.pairs,
    )(gathered)
    for known in reversed(TYPES):
        made = _names_option(known)(made)
    return made  # type: ignore[no-any-return]


def types_options(command: F) -> F:
    """Gives a command `types: list[str]`, from a flag for each known type."""

    @wraps(command)
    def gathered(*args: Any, **given: Any) -> Any:
        types = [known.type for known in TYPES if given.pop(_parameter(known))]
        return command(*args, types=types, **given)

    made: Any = gathered
    for known in reversed(TYPES):
        made = click.option(
            *_spellings(known),
            _parameter(known),
            is_flag=True,
            help=f"Remove {_every(known)}.",
        )(made)
    return made  # type: ignore[no-any-return]


def add_pairs(members: Members, pairs: Iterable[str], option: str) -> Members:
    """Adds `TYPE=NAME` pairs to `members`; UsageError naming the one that is not such a pair."""
    for pair in pairs:
        type, equals, name = pair.partition("=")
        if not equals or not type or not name:
            raise click.UsageError(f"{option} {pair!r} is not of the form TYPE=NAME")
        members.setdefault(type_named(type), []).append(name)
    return members


def _names_option(known: ComponentType) -> Callable[[F], F]:
    return click.option(
        *_spellings(known),
        _parameter(known),
        multiple=True,
        metavar="NAME",
        help=f"{known.words.capitalize()}.",
        shell_complete=completing.components_of(known.type),
    )


def _spellings(known: ComponentType) -> list[str]:
    long = f"--{known.dashed}"
    return [known.short, long] if known.short else [long]


def _parameter(known: ComponentType) -> str:
    return f"of_{known.type}"


def _every(known: ComponentType) -> str:
    return f"every {known.words} from the stack"

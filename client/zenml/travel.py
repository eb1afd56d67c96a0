"""What in a stack will not do for others: paths and addresses of one machine, plain secrets."""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from stackroom.client.zenml.model import ComponentSpec, StackFile, StackWarning
from stackroom.events.secrets.credentials import leaves, located

Marked: TypeAlias = Callable[[str, str, str], bool]
"""Whether the flavor (component type, name) marks that key of a configuration as a credential."""

_ONE_MACHINE: Final = (
    (
        "local path",
        re.compile(r"(?:/|~/|~\Z|[A-Za-z]:[\\/]|\\\\|file:).*", re.DOTALL),
        "a path on one machine: others will not have it",
    ),
    (
        "local address",
        re.compile(
            r"(?:.*(?://|@))?(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal)"
            r"(?:[:/].*)?",
            re.DOTALL | re.IGNORECASE,
        ),
        "an address that means another machine on every machine",
    ),
)
"""Kind, the whole values that are of it, and what to say."""


def _none_marked(_type: str, _flavor: str, _key: str) -> bool:
    return False


def warnings_for(stack: StackFile, marked: Marked = _none_marked) -> list[StackWarning]:
    """What to tell a person before this stack is shared; the values themselves are not in it.

    Credentials go by their names; `marked` knows of others, where it knows the flavor.
    """
    found = [w for spec in stack.components for w in warnings_of(spec, marked)]
    return [*stack.ambiguous, *found]


def warnings_of(spec: ComponentSpec, marked: Marked = _none_marked) -> Iterator[StackWarning]:
    """The same for one component."""
    for path, value in leaves(spec.config):
        for kind, rule, sentence in _ONE_MACHINE:
            if isinstance(value, str) and rule.fullmatch(value):
                yield StackWarning(kind=kind, where=_where(spec, path), sentence=sentence)
    found = located(spec.type, spec.config, (), lambda key: marked(spec.type, spec.flavor, key))
    for path, reason in found:
        yield StackWarning(
            kind="plain secret",
            where=_where(spec, path),
            sentence=f"looks like a credential in plain text ({reason}): use a secret reference "
            "such as {{name.key}}",
        )


def _where(spec: ComponentSpec, path: tuple[str, ...]) -> str:
    return f"{spec.type}/{spec.name}: {'.'.join(path)}"

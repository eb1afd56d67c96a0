"""What in a stack will not do for others: paths and addresses of one machine, plain secrets."""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from stackroom.client.zenml.model import ComponentSpec, StackFile, StackWarning, Value

Marked: TypeAlias = Callable[[str, str, str], bool]
"""Whether the flavor (component type, name) marks that key of a configuration as a credential."""

_REFERENCE: Final = re.compile(r"\{\{\s*[^\s{}.]+\.[^\s{}]+\s*\}\}")
"""A whole value that names a secret's key, as ZenML writes it: `{{mlflow.password}}`."""

_WITH_PASSWORD: Final = re.compile(r"[^\s/]*//[^\s/@:]*:[^\s/@]+@.*", re.DOTALL)
"""An address with a password in it."""

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
    (
        "plain secret",
        _WITH_PASSWORD,
        "an address with a password in it: use a secret reference such as {{name.key}}",
    ),
)
"""Kind, the whole values that are of it, and what to say."""

_SECRET_WORDS: Final = {
    "password", "passwd", "passphrase", "pwd", "secret", "token", "key", "apikey", "credentials",
}  # fmt: skip
"""A name that ends in one of these holds a credential; ZenML's flavors mark such attributes."""

_SECRET_NAMES: Final = {"token_secret", "ssh_private_key", "aws_access_key_id", "access_key_id"}
"""Credentials by their whole name, where the last word does not tell."""

_NAMES_OF_SECRETS: Final = {
    ("", "authentication_secret"),
    ("metadata_store", "secret"),
    ("model_deployer", "secret"),
}
"""Attributes (component type, name) that name a secret kept elsewhere; the type '' means any."""

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def _none_marked(_type: str, _flavor: str, _key: str) -> bool:
    return False


def warnings_for(stack: StackFile, marked: Marked = _none_marked) -> list[StackWarning]:
    """What to tell a person before this stack is shared; the values themselves are not in it.

    Credentials go by their names; `marked` knows of others, where it knows the flavor.
    """
    found = [w for spec in stack.components for w in warnings_of(spec, marked)]
    return [*stack.ambiguous, *found]


def is_reference(value: Value) -> bool:
    """Whether the value is a reference to a secret's key, which ZenML fills in: `{{mlflow.password}}`."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def has_password(value: Value) -> bool:
    """Whether the value is an address with a password in it."""
    return isinstance(value, str) and _WITH_PASSWORD.fullmatch(value) is not None


def warnings_of(spec: ComponentSpec, marked: Marked = _none_marked) -> Iterator[StackWarning]:
    """The same for one component."""
    for path, value in leaves(spec.config):
        where = f"{spec.type}/{spec.name}: {'.'.join(path)}"
        for kind, rule, sentence in _ONE_MACHINE:
            if isinstance(value, str) and rule.fullmatch(value):
                yield StackWarning(kind=kind, where=where, sentence=sentence)
        if is_credential(spec.type, path, value, marked=marked(spec.type, spec.flavor, path[0])):
            yield StackWarning(
                kind="plain secret",
                where=where,
                sentence="looks like a credential in plain text: use a secret reference "
                "such as {{name.key}}",
            )


def leaves(value: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every text, number or boolean with the keys that lead to it; list items count from 0."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, str(index)))
    else:
        yield path, value


def is_credential(
    component_type: str, path: tuple[str, ...], value: Value, *, marked: bool = False
) -> bool:
    """Whether the value at these keys of a configuration is a credential in plain text.

    By its name; or because the flavor has `marked` it as one.
    """
    if isinstance(value, bool) or value in (None, "") or is_reference(value):
        return False
    if marked:
        return True
    name = next((key for key in reversed(path) if not key.isdigit()), "")
    if {("", name), (component_type, name)} & _NAMES_OF_SECRETS:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and (words[-1] in _SECRET_WORDS or "_".join(words) in _SECRET_NAMES)

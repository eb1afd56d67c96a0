"""Credentials of a source moved out of it: references in their places, the values in a file of their own."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TypeAlias

from msgspec import structs

from stackroom.client.definitions import flavors
from stackroom.client.definitions.definitions import ComponentDefinition, Definitions
from stackroom.client.definitions.plaintext import secret_name
from stackroom.client.errors import ClientError
from stackroom.events.secrets.credentials import leaves, located
from stackroom.events.state import State
from stackroom.events.values import Value

Secrets: TypeAlias = dict[str, dict[str, str]]
"""The values by the name of a secret, and by the key in it."""


class SecretsFileExists(ClientError):
    """The file that credentials are to be written to is there already."""

    hint = "name another with --secrets-file; what is there may be all that has its values"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists, and is not overwritten")


def referenced(wanted: Definitions, view: State) -> tuple[Definitions, Secrets]:
    """What is wanted, with a reference for each credential in plain text; and their values.

    `view` has the team's flavors, for components whose flavor is not in the source.
    A secret is named for its component; for its component's type, too, where components of several
    types share the name and do not agree on a value.
    """
    defined = {(f.type, f.name): f for f in wanted.flavors}
    places = [
        (c, keys, value)
        for c in wanted.components
        for keys, value in _credentials(
            c, defined.get((c.type, c.flavor)) or flavors.own(view, c.type, c.flavor)
        )
    ]
    values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for c, keys, value in places:
        values[secret_name(c.name), _key(keys)].add(value)
    contested = {name for (name, _), each in values.items() if len(each) > 1}
    found: Secrets = {}
    references: dict[tuple[str, str], dict[tuple[str, ...], str]] = {}
    for c, keys, value in places:
        name = secret_name(c.name)
        name = secret_name(f"{c.name}-{c.type}") if name in contested else name
        kept = found.setdefault(name, {})
        key = next(k for k in _numbered(_key(keys)) if kept.get(k, value) == value)
        kept[key] = value
        references.setdefault((c.type, c.name), {})[keys] = f"{{{{{name}.{key}}}}}"
    components = tuple(
        structs.replace(c, config=_placed(c.config, references.get((c.type, c.name), {})))
        for c in wanted.components
    )
    return structs.replace(wanted, components=components), found


def _credentials(
    c: ComponentDefinition, own: flavors.Own | None
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys and values of credentials in plain text in a component's configuration."""

    def marked(key: str) -> bool:
        return flavors.marked(c.type, c.flavor, key, own)

    values = dict(leaves(c.config))
    for keys, _ in located(c.type, c.config, (), marked):
        yield keys, str(values[keys])


def _key(keys: tuple[str, ...]) -> str:
    return secret_name("_".join(keys))


def _numbered(key: str) -> Iterator[str]:
    yield key
    yield from (f"{key}_{n}" for n in count(2))


def _placed(
    config: Mapping[str, Value], references: Mapping[tuple[str, ...], str]
) -> dict[str, Value]:
    def place(value: Value, keys: tuple[str, ...]) -> Value:
        if isinstance(value, dict):
            return {key: place(inner, (*keys, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [place(inner, (*keys, str(n))) for n, inner in enumerate(value)]
        return references.get(keys, value)

    return {key: place(value, (key,)) for key, value in config.items()}


def write(path: Path, secrets: Mapping[str, Mapping[str, str]]) -> None:
    """Writes the values as YAML, readable by the owner alone. Raises SecretsFileExists, OSError."""
    from io import StringIO

    from ruamel.yaml import YAML

    text = StringIO()
    YAML().dump({name: dict(values) for name, values in secrets.items()}, text)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SecretsFileExists(path) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            "# Each name is a secret: zenml secret create NAME --interactive asks for its keys.\n"
        )
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())

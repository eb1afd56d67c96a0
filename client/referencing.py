"""Credentials of a source moved out of it: references in their places, the values in a file of their own."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import structs

from stackroom.client import flavors
from stackroom.client.definitions import ComponentDefinition, Definitions
from stackroom.client.errors import ClientError
from stackroom.client.plaintext import reference, secret_name
from stackroom.events.credentials import why
from stackroom.events.values import Value

Secrets: TypeAlias = dict[str, dict[str, str]]
"""The values by the name of a secret, and by the key in it."""


class SecretsFileExists(ClientError):
    """The file that credentials are to be written to is there already."""

    hint = "name another with --secrets-file; what is there may be all that has its values"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists, and is not overwritten")


def referenced(wanted: Definitions) -> tuple[Definitions, Secrets]:
    """What is wanted, with a reference for each credential in plain text; and their values."""
    found: Secrets = {}
    own = {(f.type, f.name): f for f in wanted.flavors}

    def component(c: ComponentDefinition) -> ComponentDefinition:
        known = own.get((c.type, c.flavor))

        def place(value: Value, keys: tuple[str, ...]) -> Value:
            if isinstance(value, dict):
                return {key: place(inner, (*keys, key)) for key, inner in value.items()}
            if isinstance(value, list):
                return [place(inner, (*keys, str(n))) for n, inner in enumerate(value)]
            marked = flavors.marked(c.type, c.flavor, keys[0], known)
            if why(c.type, keys, value, marked=marked) is None:
                return value
            found.setdefault(secret_name(c.name), {})[secret_name("_".join(keys))] = str(value)
            return reference(c.name, keys)

        config = {key: place(value, (key,)) for key, value in c.config.items()}
        return structs.replace(c, config=config)

    components = tuple(component(c) for c in wanted.components)
    return structs.replace(wanted, components=components), found


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
        file.write("# Each name is a secret; `zenml secret create NAME --KEY=VALUE …` keeps it.\n")
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())

"""The JSON Schema of the protocol's messages, made from the types: `python -m stackroom.sync.schema`."""

import sys
from inspect import cleandoc
from typing import Any, get_args

import msgspec

from stackroom.sync import protocol as wire


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12: `$defs` has every message and what it is made of."""
    directions = {"from_replica": get_args(wire.FromReplica), "from_hub": get_args(wire.FromHub)}
    every = [message for messages in directions.values() for message in messages]
    _, parts = msgspec.json.schema_components(every, ref_template="#/$defs/{name}")
    for part in parts.values():
        if "description" in part:
            # Python 3.13 and newer take a docstring's indentation away, older ones leave it in.
            part["description"] = cleandoc(part["description"])
    unions = {
        name: {"anyOf": [{"$ref": f"#/$defs/{message.__name__}"} for message in messages]}
        for name, messages in directions.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stackroom protocol, version {wire.VERSION}",
        "description": "A message in the JSON coding: one text frame, one message.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in unions],
        "$defs": {**unions, **parts},
    }


def text() -> str:
    """The schema as it is checked in."""
    encoded = msgspec.json.encode(schema(), order="deterministic")
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())

"""What a JSON Schema (2020-12) says against a configuration; jsonschema is imported when a schema is at hand.

It goes by the schema, and is as lenient as ZenML is: a reference to a secret may stand anywhere, and text
that reads as what is asked for is that. Nothing is fetched: what a schema refers to has to be in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stackroom.events.secrets.credentials import is_reference
from stackroom.events.values import Value

if TYPE_CHECKING:
    from jsonschema import ValidationError

READS_AS: Final[dict[str, re.Pattern[str]]] = {
    "integer": re.compile(r"\s*[+-]?\d[\d_]*(\.0*)?\s*"),
    "number": re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"),
    "boolean": re.compile(r"true|false|yes|no|on|off|y|n|t|f|1|0", re.IGNORECASE),
}
"""Text that pydantic reads as a value of that JSON type: command lines know only text."""


class Fault(Struct, frozen=True):
    """Something wrong at one key; `nearest` is the key that was probably meant."""

    key: str
    sentence: str
    nearest: str = ""
    missing: bool = False

    def __str__(self) -> str:
        return (
            f"{self.sentence} (did you mean {self.nearest!r}?)" if self.nearest else self.sentence
        )


def unknown(key: str, keys: Iterable[str]) -> Fault:
    """That there is no such key; the nearest of `keys` may have been meant."""
    from difflib import get_close_matches

    near = get_close_matches(key[:100].replace("-", "_"), keys, 1)
    return Fault(key, f"there is no attribute {key!r}", near[0] if near else "")


def missing(key: str) -> Fault:
    """That a required key is not there."""
    return Fault(key, f"{key} is required", missing=True)


def schema_fault(schema: Mapping[str, Value]) -> str | None:
    """Why this is no JSON Schema, or None if it is one."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:200]}"
    except RecursionError:
        return "it is nested too deep"
    return None


def by_schema(schema: Mapping[str, Value], config: Mapping[str, Value]) -> list[Fault]:
    """What the schema says against the configuration, in the order of its keys, each thing once."""
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    if (why := schema_fault(schema)) is not None:
        return [Fault("", f"the flavor's schema is no JSON Schema ({why})")]
    # An empty registry: a reference to somewhere else must not have this machine fetch it.
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        errors = [e for e in validator.iter_errors(config) if not _lenient(e)]
    except Unresolvable as unresolvable:
        return [
            Fault("", f"the flavor's schema refers to {unresolvable.ref!r}, which is not in it")
        ]
    except RecursionError:
        return [Fault("", "the flavor's schema refers to itself without end")]
    except ValueError as error:  # an $id or $ref that is no address
        return [Fault("", f"the flavor's schema refers to what is no address ({error})")]
    errors.sort(key=lambda error: list(map(str, error.absolute_path)))
    return list(dict.fromkeys(fault for error in errors for fault in _faults(error)))


def _faults(error: "ValidationError") -> Iterator[Fault]:
    """An error in our words. Values are not in them: any may be a credential."""
    path = ".".join(map(str, error.absolute_path))
    instance: Any = error.instance
    needed: Any = error.validator_value
    match error.validator:
        case "additionalProperties" if needed is False:
            names, patterns = (
                _map(error.schema, key) for key in ("properties", "patternProperties")
            )
            for key in sorted(instance):
                if key not in names and not any(re.search(p, key) for p in patterns):
                    fault = unknown(key, names)
                    yield (
                        Fault(f"{path}.{key}", f"{path}: {fault.sentence}", fault.nearest)
                        if (path)
                        else fault
                    )
        case "required":
            for key in needed:
                if key not in instance:
                    yield missing(f"{path}.{key}" if path else key)
        case "type":
            kind = " or ".join(needed) if isinstance(needed, list) else needed
            yield Fault(path, f"{path or 'the configuration'} must be of type {kind}")
        case None:  # the schema `false`
            yield Fault(path, f"{path or 'the configuration'} holds what the schema forbids")
        case rule:
            yield Fault(
                path, f"{path or 'the configuration'} breaks the rule {rule!r} of the schema"
            )


def _map(schema: Any, key: str) -> dict[str, Any]:
    found = schema.get(key) if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def _lenient(error: "ValidationError") -> bool:
    """Whether the value will do nevertheless: ZenML fills in secrets, and reads text, before it checks."""
    text = error.instance
    if not isinstance(text, str):
        return False
    if is_reference(text):
        return True
    match error.validator:
        case "type":
            kinds = error.validator_value
            asked = kinds if isinstance(kinds, list) else [kinds]
            return any(READS_AS[kind].fullmatch(text) for kind in asked if kind in READS_AS)
        case "anyOf" | "oneOf":
            branches: dict[Any, list[ValidationError]] = {}
            for inner in error.context or ():
                branches.setdefault(inner.relative_schema_path[0], []).append(inner)
            return any(all(map(_lenient, branch)) for branch in branches.values())
    return False

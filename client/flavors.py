"""The flavors that ZenML brings, and what is wrong with a configuration by the light of its flavor.

`flavors.json` has ZenML's built-in and integration flavors with their attributes, as the command lines of
0.10, 0.12, 0.13 and 0.98 know them. A configuration is right if some version would take its keys: stacks of
all generations live beside each other. A flavor that a team registered itself goes before ZenML's of its
name, and is checked by its JSON Schema, if it has one. Of any other flavor nothing is known, and nothing
is wrong.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from stackroom.client.definitions import Definitions, FlavorDefinition
from stackroom.events.state import Flavor, State
from stackroom.events.values import Value

Own: TypeAlias = Flavor | FlavorDefinition
"""A flavor that a team made itself: as it stands, or as a source has it."""

AttributeType: TypeAlias = Literal["str", "int", "float", "bool", "dict", "list", "any"]

_REFERENCE: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)
"""A value that ZenML takes from a secret when it is needed: it may stand anywhere."""

_WORDS: Final[dict[AttributeType, str]] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a map",
    "list": "a list",
}
_TRUTHS: Final = {"true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0"}


class Attribute(Struct, frozen=True):
    """One key of a configuration. `required` where every version that has the flavor requires it.

    `versions` are those that know the key, if they are fewer than those that have the flavor.
    """

    type: AttributeType
    required: bool = False
    secret: bool = False
    nullable: bool = False
    versions: tuple[str, ...] = ()


class KnownFlavor(Struct, frozen=True):
    """A flavor that ZenML brings, and the versions that have it."""

    versions: tuple[str, ...]
    attributes: dict[str, Attribute]
    integration: str | None = None


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


class ComponentFault(Struct, frozen=True):
    """A fault of a component that a source defines."""

    type: str
    name: str
    origin: str
    fault: Fault

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        return f"{where}{self.type}/{self.name}: {self.fault}"


@cache
def shipped() -> dict[str, dict[str, KnownFlavor]]:
    """ZenML's flavors by component type and name."""
    data = Path(__file__).with_name("flavors.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, dict[str, KnownFlavor]])


def known(type: str, name: str) -> KnownFlavor | None:
    """ZenML's flavor of that component type and name, if it has one."""
    return shipped().get(type, {}).get(name)


def attributes(type: str, name: str, own: Own | None) -> dict[str, Attribute]:
    """What a configuration of that flavor may say; empty if nothing is known of it."""
    if own is not None:
        return _of_schema(own.config_schema or {})
    flavor = known(type, name)
    return flavor.attributes if flavor is not None else {}


def faults(
    type: str, name: str, config: Mapping[str, Value], own: Own | None = None
) -> list[Fault]:
    """What is wrong with the configuration of a component of that type and flavor, key by key.

    `own` is the team's flavor of that name. Values are not in the sentences: any may be a credential.
    """
    if own is not None:
        return list(_by_schema(own.config_schema, config)) if own.config_schema else []
    flavor = known(type, name)
    return list(_by_attributes(flavor.attributes, config)) if flavor is not None else []


def faults_of(wanted: Definitions, state: State) -> list[ComponentFault]:
    """What is wrong with the components that a source defines; `state` has the team's other flavors."""
    defined = {(f.type, f.name): f for f in wanted.flavors}
    return [
        ComponentFault(c.type, c.name, c.origin, fault)
        for c in wanted.components
        for fault in faults(
            c.type,
            c.flavor,
            c.config,
            defined.get((c.type, c.flavor)) or own(state, c.type, c.flavor),
        )
    ]


def own(state: State, type: str, name: str) -> Flavor | None:
    """The team's flavor of that component type and name."""
    found = state.find(Flavor, name, type)
    return found[1] if found is not None else None


def schema_fault(schema: Mapping[str, Value]) -> str | None:
    """Why this is no JSON Schema, or None if it is one."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:200]}"
    return None


def _by_attributes(
    attributes: Mapping[str, Attribute], config: Mapping[str, Value]
) -> Iterator[Fault]:
    for key, value in config.items():
        attribute = attributes.get(key)
        if attribute is None:
            yield Fault(key, f"there is no attribute {key!r}", _nearest(key, attributes))
        elif not _fits(attribute, value):
            yield Fault(key, f"{key} must be {_WORDS[attribute.type]}")
    for key, attribute in attributes.items():
        if attribute.required and key not in config:
            yield Fault(key, f"{key} is required", missing=True)


def _nearest(key: str, keys: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key[:100].replace("-", "_"), keys, 1)
    return near[0] if near else ""


def _fits(attribute: Attribute, value: Value) -> bool:
    """Whether ZenML would take the value, or make it fit: text is read as what is asked for."""
    if value is None or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return True
    if isinstance(value, str):
        return _reads_as(value, attribute.type)
    match attribute.type:
        case "dict":
            return isinstance(value, dict)
        case "list":
            return isinstance(value, list)
        case "bool":
            return isinstance(value, bool) or value in (0, 1)
        case "int":
            return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        case "float":
            return isinstance(value, int | float)
        case _:
            return True


def _reads_as(text: str, kind: AttributeType) -> bool:
    """Whether ZenML reads the text as a value of that kind: maps and lists are JSON then."""
    try:
        match kind:
            case "int":
                int(text)
            case "float":
                float(text)
            case "bool":
                return text.lower() in _TRUTHS
            case "dict" | "list":
                return isinstance(msgspec.json.decode(text), dict if kind == "dict" else list)
    except (ValueError, msgspec.DecodeError):
        return False
    return True


def _by_schema(schema: Mapping[str, Value], config: Mapping[str, Value]) -> Iterator[Fault]:
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    if (why := schema_fault(schema)) is not None:
        yield Fault("", f"the flavor's schema is no JSON Schema ({why})")
        return
    properties = schema.get("properties")
    names = list(properties) if isinstance(properties, dict) else []
    # An empty registry: a reference to somewhere else must not have this machine fetch it.
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        errors: list[Any] = list(validator.iter_errors(config))
    except Unresolvable as unresolvable:
        yield Fault("", f"the flavor's schema refers to {unresolvable.ref!r}, which is not in it")
        return
    for error in sorted(errors, key=lambda e: list(map(str, e.absolute_path))):
        path = ".".join(map(str, error.absolute_path))
        match error.validator:
            case "additionalProperties" if not path:
                for key in sorted(set(config) - set(names)):
                    yield Fault(key, f"there is no attribute {key!r}", _nearest(key, names))
            case "required":
                for key in error.validator_value:
                    if key not in error.instance:
                        full = f"{path}.{key}" if path else key
                        yield Fault(full, f"{full} is required", missing=True)
            case "type":
                yield Fault(path, f"{path} must be of type {error.validator_value}")
            case rule:
                yield Fault(
                    path, f"{path or 'the configuration'} breaks the rule {rule!r} of the schema"
                )


def _of_schema(schema: Mapping[str, Value]) -> dict[str, Attribute]:
    """The attributes that a JSON Schema's own properties come to."""
    kinds: dict[Value, AttributeType] = {
        "string": "str", "integer": "int", "number": "float", "boolean": "bool",
        "object": "dict", "array": "list",
    }  # fmt: skip
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    found: dict[str, Attribute] = {}
    for key, of in (properties if isinstance(properties, dict) else {}).items():
        says = of if isinstance(of, dict) else {}
        type = says.get("type")
        kind = kinds.get(type, "any") if isinstance(type, str) else "any"
        secret = says.get("sensitive") is True or says.get("format") == "password"
        found[key] = Attribute(kind, key in needed, secret)
    return found


def rows(type: str = "") -> Iterator[tuple[str, str, KnownFlavor]]:
    """(component type, name, flavor) of each of ZenML's flavors, of one component type or all."""
    for each, named in shipped().items():
        if not type or each == type:
            for name, flavor in named.items():
                yield each, name, flavor

"""The flavors that ZenML brings, and what is wrong with a configuration by the light of its flavor.

`flavors.json` lies where the dashboard's forms get it, too, and has ZenML's built-in and integration
flavors with their attributes, as the command lines of 0.10, 0.12, 0.13 and 0.98 know them. A configuration
is right if some version would take its keys: stacks of all generations live beside each other. A flavor
that a team registered itself goes before ZenML's of its name, and is checked by its JSON Schema, if it has
one. Of any other flavor nothing is known, and nothing is wrong.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

import stackroom.sync
from stackroom.client.definitions.definitions import Definitions, FlavorDefinition
from stackroom.client.definitions.schema_faults import READS_AS, Fault, by_schema, missing, unknown
from stackroom.events.model import FlavorRegistered
from stackroom.events.secrets.credentials import is_reference
from stackroom.events.state import Flavor, State
from stackroom.events.values import Value

if TYPE_CHECKING:
    from stackroom.client.zenml.travel import Marked

_SHIPPED: Final = Path(stackroom.sync.__file__).parent / "dashboard" / "later" / "flavors.json"

Own: TypeAlias = Flavor | FlavorDefinition | FlavorRegistered
"""A flavor that a team made itself: as it stands, as a source has it, or as it is being registered."""

AttributeType: TypeAlias = Literal["str", "int", "float", "bool", "dict", "list", "any"]

_WORDS: Final[dict[AttributeType, str]] = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a map",
    "list": "a list",
    "any": "a value",
}
_JSON_TYPES: Final[dict[AttributeType, str]] = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}


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
    return msgspec.json.decode(_SHIPPED.read_bytes(), type=dict[str, dict[str, KnownFlavor]])


def known(type: str, name: str) -> KnownFlavor | None:
    """ZenML's flavor of that component type and name, if it has one."""
    return shipped().get(type, {}).get(name)


def attributes(type: str, name: str, own: Own | None) -> dict[str, Attribute]:
    """What a configuration of that flavor may say; empty if nothing is known of it."""
    if own is not None:
        return _of_schema(own.config_schema or {})
    flavor = known(type, name)
    return flavor.attributes if flavor is not None else {}


def marked(type: str, name: str, key: str, own: Own | None = None) -> bool:
    """Whether the flavor marks that key of a configuration as a credential."""
    attribute = attributes(type, name, own).get(key)
    return attribute is not None and attribute.secret


def marked_in(state: State) -> "Marked":
    """What flavors mark as credentials, those of the team in `state` going before ZenML's."""
    return lambda type, name, key: marked(type, name, key, own(state, type, name))


def faults(
    type: str, name: str, config: Mapping[str, Value], own: Own | None = None
) -> list[Fault]:
    """What is wrong with the configuration of a component of that type and flavor, key by key.

    `own` is the team's flavor of that name. Values are not in the sentences: any may be a credential.
    """
    if own is not None:
        return by_schema(own.config_schema, config) if own.config_schema else []
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


def _by_attributes(
    attributes: Mapping[str, Attribute], config: Mapping[str, Value]
) -> Iterator[Fault]:
    for key, value in config.items():
        attribute = attributes.get(key)
        if attribute is None:
            yield unknown(key, attributes)
        elif not _fits(attribute, value):
            yield Fault(key, f"{key} must be {_WORDS[attribute.type]}")
    for key, attribute in attributes.items():
        if attribute.required and key not in config:
            yield missing(key)


def _fits(attribute: Attribute, value: Value) -> bool:
    """Whether ZenML would take the value, or make it fit: text is read as what is asked for."""
    if value is None:
        return attribute.nullable
    if is_reference(value):
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
        case "str":
            return not isinstance(value, dict | list)
        case "any":
            return True


def _reads_as(text: str, kind: AttributeType) -> bool:
    """Whether ZenML reads the text as a value of that kind: maps and lists are JSON then."""
    match kind:
        case "int" | "float" | "bool":
            return READS_AS[_JSON_TYPES[kind]].fullmatch(text) is not None
        case "dict" | "list":
            try:
                return isinstance(msgspec.json.decode(text), dict if kind == "dict" else list)
            except msgspec.DecodeError:
                return False
        case "str" | "any":
            return True


def _of_schema(schema: Mapping[str, Value]) -> dict[str, Attribute]:
    """The attributes that a JSON Schema's own properties come to."""
    kinds: dict[str, AttributeType] = {json: kind for kind, json in _JSON_TYPES.items()}
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

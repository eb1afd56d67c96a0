"""Configurations on the command line: checked against their flavor, and asked for attribute by attribute."""

import sys
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.lookup import find_component
from stackroom.client.commands.options import Setting, parse_value
from stackroom.client.definitions import flavors
from stackroom.client.errors import InvalidConfig
from stackroom.events.state import State
from stackroom.events.values import Value

if TYPE_CHECKING:
    pass

_TEXT = (bool, int, float)
"""What YAML makes of text that looks like it."""


def fitted(
    state: State, type: str, flavor: str, settings: tuple[Setting, ...]
) -> tuple[Setting, ...]:
    """The settings, with text where the flavor's attribute is text: an account number is no number."""
    known = flavors.attributes(type, flavor, flavors.own(state, type, flavor))

    def fit(setting: Setting) -> Setting:
        attribute = known.get(setting.keys[0]) if len(setting.keys) == 1 else None
        is_text = attribute is not None and attribute.type == "str"
        if is_text and isinstance(setting.value, _TEXT):
            return Setting(setting.keys, setting.text, setting.text)
        return setting

    return tuple(map(fit, settings))


def check(state: State, type: str, flavor: str, config: Mapping[str, Value]) -> None:
    """Raises InvalidConfig where the configuration does not fit its flavor."""
    if found := flavors.faults(type, flavor, config, flavors.own(state, type, flavor)):
        raise InvalidConfig(found, type, flavor)


def check_change(before: State, after: State, type: str, name: str) -> None:
    """Raises InvalidConfig for what the change makes wrong; what was odd before may stay so."""
    _, was = find_component(before, type, name)
    _, now = find_component(after, type, name)
    own = flavors.own(after, type, now.flavor)
    earlier = (
        set(flavors.faults(type, was.flavor, was.config, own)) if was.flavor == now.flavor else ()
    )
    found = [
        fault
        for fault in flavors.faults(type, now.flavor, now.config, own)
        if fault not in earlier or _at(was.config, fault.key) != _at(now.config, fault.key)
    ]
    if found:
        raise InvalidConfig(found, type, now.flavor)


def _at(config: Value, key: str) -> Value:
    """The value that a fault's key leads to, None if there is none; a key may have dots of its own."""
    inner = {str(i): each for i, each in enumerate(config)} if isinstance(config, list) else config
    if not isinstance(inner, dict):
        return None
    first, dot, rest = key.partition(".")
    return _at(inner.get(first), rest) if dot and key not in inner else inner.get(key)


def ask(state: State, type: str, flavor: str, given: Container[str]) -> dict[str, Value]:
    """Asks for the attributes that are not given, those that are required first; empty leaves one out.

    Raises UsageError where nobody can be asked, or nothing is known of the flavor.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("--interactive asks, and there is no terminal")
    own = flavors.own(state, type, flavor)
    attributes = flavors.attributes(type, flavor, own)
    if not attributes and (own is not None or flavors.known(type, flavor) is None):
        raise click.UsageError(f"nothing is known of the attributes of flavor {flavor!r}")
    answers: dict[str, Value] = {}
    ordered = sorted(attributes.items(), key=lambda pair: (not pair[1].required, pair[0]))
    for key, attribute in ordered:
        if key not in given:
            answer = _ask(type, flavor, key, attribute, own)
            if answer is not None:
                answers[key] = answer
    return answers


def _ask(
    type: str, flavor: str, key: str, attribute: flavors.Attribute, own: "flavors.Own | None"
) -> Value:
    """One answer that fits, asked for as often as it takes; None where it is left out."""
    words: list[str] = [] if attribute.type == "any" else [attribute.type]
    if attribute.versions:
        words.append(f"ZenML {', '.join(attribute.versions)} only")
    kind = f" ({', '.join(words)})" if words else ""
    need = ", required" if attribute.required else ""
    if attribute.secret:
        kind += ", a credential: {{name.key}} refers to a secret"
    while True:
        text: str = click.prompt(
            f"{key}{kind}{need}",
            default="",
            show_default=False,
            hide_input=attribute.secret,
            err=True,
        )
        if not text and not attribute.required:
            return None
        value: Value = text
        if text and attribute.type != "str" and not text.startswith("{{"):
            try:
                value = parse_value(text, key)
            except click.UsageError as error:
                click.echo(error.format_message(), err=True)
                continue
        faults = [
            f
            for f in flavors.faults(type, flavor, {key: value}, own)
            if f.key == key or f.key.startswith(f"{key}.")
        ]
        if text and not faults:
            return value
        click.echo(str(faults[0]) if faults else f"{key} is required", err=True)

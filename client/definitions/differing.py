"""Where an entity that stands says something else than a definition, path by path."""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct, structs

from stackroom.client.definitions.definitions import ProfileDefinition
from stackroom.events.fold import DEFAULT_STACK
from stackroom.events.model import Registered
from stackroom.events.state import AnyEntity, Profile
from stackroom.events.values import Maybe, Path, pointer, same

PROVENANCE: Final = "zenml"
"""The key in `extra` that says where something came from (its form, version, id): no difference."""

_COMPARED_BY_LEAF: Final = {"config", "labels"}
_KEYS: Final = {"name", "component_type"}
"""Fields by which an entity is found: they never differ."""


class Divergence(Struct, frozen=True, omit_defaults=True):
    """One path where what stands and what is wanted differ; absent where there is no value."""

    path: Path
    standing: Maybe = UNSET
    wanted: Maybe = UNSET


def dotted(path: Path) -> str:
    """The path as people read it: `config.namespace`."""
    return path.removeprefix("/").replace("/", ".")


class Compared(Struct, frozen=True):
    """Where two definitions contradict each other, and what the wanted one only adds beside."""

    divergences: tuple[Divergence, ...]
    added: tuple[Divergence, ...]


def compare(
    standing: AnyEntity, wanted: Registered, *, unsaid: frozenset[str], whole: bool
) -> Compared:
    """Compares an entity with the registration that is wanted.

    The fields in `unsaid` are left out. In `extra`, a key that only one side has is no contradiction,
    unless what is wanted is the `whole` definition.
    """
    found: list[Divergence] = []
    added: list[Divergence] = []
    for field in structs.fields(wanted):
        path, name = pointer(field.name), field.name
        if name in _KEYS or name in unsaid:
            continue
        before, after = getattr(standing, name), getattr(wanted, name)
        if name in _COMPARED_BY_LEAF:
            found += _leaves(path, before, after)
        elif name == "components":
            for type in sorted({*before, *after}):
                found += _leaf(
                    path + pointer(type), before.get(type, UNSET), after.get(type, UNSET)
                )
        elif name == "extra":
            for key in sorted({*before, *after} - {PROVENANCE}):
                differing = _leaves(
                    path + pointer(key), before.get(key, UNSET), after.get(key, UNSET)
                )
                if whole or (key in before and key in after):
                    found += differing
                elif key in after:
                    added += differing
        else:
            found += _leaf(path, before, after)
    return Compared(tuple(found), tuple(added))


def compare_profile(
    standing: Profile, wanted: ProfileDefinition, default_stack: str | None
) -> tuple[Divergence, ...]:
    """Where the profile itself differs; `default_stack` is the id of the one that is wanted."""
    found: list[Divergence] = []
    if wanted.description is not None:
        found += _leaf(pointer("description"), standing.description, wanted.description)
    if wanted.settings is not None:
        found += _leaves(pointer("settings"), standing.settings, wanted.settings)
    if wanted.default_stack is not None:
        found += _leaf(DEFAULT_STACK, standing.default_stack, default_stack)
    return tuple(found)


def provenance(wanted: Registered) -> dict[Path, Maybe]:
    """The write that says where `wanted` came from, if it says so."""
    extra = getattr(wanted, "extra", {})
    return {pointer("extra", PROVENANCE): extra[PROVENANCE]} if PROVENANCE in extra else {}


def _leaf(path: Path, standing: Maybe, wanted: Maybe) -> Iterator[Divergence]:
    if not same(standing, wanted):
        yield Divergence(path, standing, wanted)


def _leaves(path: Path, standing: Maybe, wanted: Maybe) -> Iterator[Divergence]:
    """Where the values differ, down to the leaves that both have."""
    if isinstance(standing, dict) and isinstance(wanted, dict):
        for key in sorted(standing.keys() | wanted.keys()):
            inner = standing.get(key, UNSET), wanted.get(key, UNSET)
            yield from _leaves(path + pointer(key), *inner)
    else:
        yield from _leaf(path, standing, wanted)

"""The events that all peers are given: the same ones, in the same order, of the same size."""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec import Struct

from benchmarks.workload import Shape, Team, registration, update
from stackroom.events.model import Change, Event

COMPONENTS: Final = 5_000
MARK: Final = re.compile(rb"change-(\d{8})")
"""Stands once in every event, in any coding, and says which it is."""


class Made(Struct, frozen=True):
    """One event: as our replicas propose it, and as the JSON object that the others keep."""

    number: int
    event: Event
    json: bytes


class Supply:
    """The events of one room; a second supply of the same room makes the same ones."""

    def __init__(self, room: str, components: int = COMPONENTS) -> None:
        self.team = team(room, components)
        self._made = 0

    def take(self, count: int, share: int = 0, shares: int = 1) -> list[Made]:
        """The next `count` events; of one writer's `share` of the components, where there are many."""
        own = self.team.components[share::shares]
        return [self._next(own[n % len(own)]) for n in range(count)]

    def deal(self, writers: int, each: int) -> list[list[Made]]:
        """`each` events for each writer, of components that are that writer's alone."""
        return [self.take(each, n, writers) for n in range(writers)]

    def _next(self, component: str) -> Made:
        return self._sealed(component, update(self._made + 1))

    def registrations(self, writers: int, each: int) -> list[list[Made]]:
        """For each writer, components that are to be registered."""
        return [
            [self._sealed(self.team.new_id(), registration(self._made + 1)) for _ in range(each)]
            for _ in range(writers)
        ]

    def _sealed(self, id: str, change: Change) -> Made:
        self._made += 1
        event = self.team.seal(id, change)
        plain = {
            "id": event.entity,
            "type": event.type,
            "version": event.version,
            "salt": event.salt,
            "change": msgspec.Raw(event.body.encode()),
        }
        return Made(self._made, event, msgspec.json.encode(plain))


def team(room: str, components: int = COMPONENTS, stacks: int = 0) -> Team:
    """The team whose profile is the room; the same name makes the same ids."""
    return Team(room, Shape(components, stacks), seed=1, space=crc32(room.encode()))


def marks(data: bytes) -> list[int]:
    """The numbers of the events in what came."""
    return [int(mark) for mark in MARK.findall(data)]


class Written(Struct, frozen=True):
    """What an update writes."""

    set: dict[str, Any]


class Kept(Struct, frozen=True):
    """An event as the peers' clients read it."""

    id: str
    change: Written


def fold(state: MutableMapping[str, dict[str, Any]], events: Sequence[Kept]) -> None:
    """Rebuilds what a client of a peer shows: the values of each component, by path."""
    for event in events:
        state.setdefault(event.id, {}).update(event.change.set)


def of_object(found: Mapping[str, Any]) -> Kept:
    """An event that came as an object already."""
    return Kept(found["id"], Written(found["change"]["set"]))

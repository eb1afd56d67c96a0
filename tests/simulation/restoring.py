"""An old copy of the hub's file is put in its place, and an administrator has the hub healed.

It has a randomness of its own, so that seeds without it do what they did before there was this.
"""

import sqlite3
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING

from stackroom.events.history.history import pages
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.sync import protocol as wire
from tests.simulation.promises import in_log

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

EVERY = 20.0
"""Virtual seconds between two looks of the administrator, in peace."""

ENOUGH = 15
"""Looks after which what nobody can give back is given up."""


class Restoring:
    """Backups, restorations and healings of one run."""

    def __init__(self, world: "Simulation", seed: int) -> None:
        self.world = world
        self.random = Random(f"restoring {seed}")
        self.happens = self.random.random() < 0.4
        self.backup = world.hub.path.with_name("backup.db")
        self.looks = 0

    def plan(self, torment: float) -> None:
        """Says when what is to happen while there are faults."""
        if not self.happens:
            return
        after = self.world.clock.after
        times = sorted(self.random.random() * torment for _ in range(self.random.choice([2, 2, 4])))
        for number, time in enumerate(times):
            after(time, self.restore if number % 2 else self.back_up)
        for _ in range(self.random.randint(0, 3)):
            after(times[1] + self.random.random() * (torment - times[1]), self.heal)

    def peace(self) -> None:
        """The administrator heals, again and again, until all is one; at last the rest is given up."""
        if self.happens:
            self.world.clock.after(EVERY, self.look)

    def look(self) -> None:
        self.looks += 1
        self.heal(unproven=self.looks > ENOUGH // 2, give_up=self.looks > ENOUGH)
        if self.looks < 2 * ENOUGH - 4:
            self.world.clock.after(EVERY, self.look)

    def back_up(self) -> None:
        source = sqlite3.connect(self.world.hub.path)
        copy = sqlite3.connect(self.backup)
        with copy:
            source.backup(copy)
        copy.close()
        source.close()

    def restore(self) -> None:
        """The hub's process dies, and its file is the old one; soon somebody starts it again."""
        if not self.backup.exists():
            return
        world = self.world
        hub = world.hub
        had_been = hub.up
        hub.crash()
        before = self._histories()
        for ending in ("-wal", "-shm"):
            hub.path.with_name(hub.path.name + ending).unlink(missing_ok=True)
        hub.path.write_bytes(self.backup.read_bytes())
        after = self._histories()
        had = set().union(*(node.has() for node in world.nodes))
        for profile in world.profiles:
            lost = in_log(before[profile]) - in_log(after[profile])
            world.witness.goes_back(profile, after[profile], lost - had, self._answered())
        if had_been:
            world.clock.after(self.random.random() * 5, world.start_hub)

    def _histories(self) -> dict[str, list[Commit]]:
        log = self.world.hub.open_log()
        try:
            return {
                profile: log.read(
                    lambda reader, profile=profile: [  # type: ignore[misc]
                        commit for page in pages(reader, profile, 0) for commit in page
                    ]
                )
                for profile in self.world.profiles
            }
        finally:
            log.close()

    def _answered(self) -> set[str]:
        """The proposals that the file on the disk has an answer for."""
        log = self.world.hub.open_log()
        asked = list(self.world.witness.typed)

        def answered(reader: LogReader) -> Iterable[str]:
            return reader.answers(asked).keys()

        try:
            return set(log.read(answered))
        finally:
            log.close()

    def heal(self, *, unproven: bool = False, give_up: bool = False) -> None:
        profiles = self.world.profiles
        if give_up:
            profiles = [p for p in profiles if self.world.hub.is_parted(p)]
        order = wire.Heal(tuple(profiles), unproven=unproven, give_up=give_up)
        if self.world.hub.up and profiles:
            self.world.hub.heal(order)

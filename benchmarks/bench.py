"""What every case is given: how much to measure, where to keep files, and how to speak of progress."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.series import Series


class Scale(Struct, frozen=True, kw_only=True):
    """How much is measured; times in seconds."""

    commit_rounds: int
    commit_seconds: float
    commit_warm_up: float
    """Of everybody in every work before the first round."""
    history: int
    """Commits of one profile, for the cold client."""
    long_history: int
    """Commits of one profile, to seek in."""
    components: int
    """Components of that profile."""
    newcomers: int
    """Cold clients, one after the other, of each kind."""
    profiles: int
    commits_each: int
    """Commits of each of the profiles that a hub holds."""
    starts: int
    """Cold starts of a hub."""
    audiences: tuple[int, ...]
    """Subscribers, ours and those of the peers."""
    audience_rounds: int
    audience_commits: int
    idle_connections: int
    many_profiles: int
    """Of a hub that has many."""
    idle_seconds: float
    delivery_rounds: int
    delivery_seconds: float
    """At a steady pace, in each round."""
    delivery_flat_out: float
    """In a closed loop, in each round."""
    peers_history: int
    """Events that a fresh client of each peer catches up with."""
    catch_ups: int
    """Fresh clients of each peer."""
    abuse_rounds: int
    abuse_seconds: float
    """Of each kind of abuse in each round."""
    audit_rounds: int
    command_runs: int
    limit_rounds: int


FULL: Final = Scale(
    commit_rounds=4,
    commit_seconds=0.7,
    commit_warm_up=0.2,
    history=100_000,
    long_history=1_000_000,
    components=1_000,
    newcomers=5,
    profiles=10,
    commits_each=10_000,
    starts=5,
    audiences=(50, 200),
    audience_rounds=3,
    audience_commits=300,
    idle_connections=5_000,
    many_profiles=1_000,
    idle_seconds=45.0,
    delivery_rounds=3,
    delivery_seconds=2.5,
    delivery_flat_out=1.5,
    peers_history=100_000,
    catch_ups=3,
    abuse_rounds=3,
    abuse_seconds=5.0,
    audit_rounds=3,
    command_runs=25,
    limit_rounds=5,
)
QUICK: Final = Scale(
    commit_rounds=2,
    commit_seconds=0.15,
    commit_warm_up=0.05,
    history=10_000,
    long_history=10_000,
    components=1_000,
    newcomers=2,
    profiles=10,
    commits_each=1_000,
    starts=2,
    audiences=(50,),
    audience_rounds=1,
    audience_commits=150,
    idle_connections=500,
    many_profiles=100,
    idle_seconds=2.0,
    delivery_rounds=1,
    delivery_seconds=1.0,
    delivery_flat_out=0.3,
    peers_history=5_000,
    catch_ups=1,
    abuse_rounds=1,
    abuse_seconds=3.0,
    audit_rounds=1,
    command_runs=5,
    limit_rounds=2,
)


class Bench(Struct, frozen=True):
    """One run: `folder` is on a real disk; `found` is what earlier cases leave for later ones.

    The limits of the machine are in `found` once `limits` has run, by the names that `limits` has.
    """

    scale: Scale
    folder: Path
    say: Callable[[str], None]
    found: dict[str, Series] = msgspec.field(default_factory=dict)

"""What every case is given: how much to measure, where to keep files, and how to speak of progress."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct


class Scale(Struct, frozen=True, kw_only=True):
    """How much is measured; times in seconds."""

    writers: tuple[int, ...]
    commit_rounds: int
    commit_seconds: float
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
    """Subscribers."""
    audience_rounds: int
    audience_commits: int
    idle_connections: int
    idle_profiles: int
    idle_seconds: float
    abuse_rounds: int
    abuse_seconds: float
    """Of each kind of abuse in each round."""
    audit_rounds: int
    command_runs: int
    limit_rounds: int


FULL: Final = Scale(
    writers=(1, 4, 8, 16, 32),
    commit_rounds=5,
    commit_seconds=1.5,
    history=100_000,
    long_history=1_000_000,
    components=1_000,
    newcomers=5,
    profiles=10,
    commits_each=10_000,
    starts=5,
    audiences=(50, 200),
    audience_rounds=3,
    audience_commits=400,
    idle_connections=5_000,
    idle_profiles=1_000,
    idle_seconds=45.0,
    abuse_rounds=3,
    abuse_seconds=6.0,
    audit_rounds=7,
    command_runs=15,
    limit_rounds=5,
)
QUICK: Final = Scale(
    writers=(1, 8, 32),
    commit_rounds=3,
    commit_seconds=1.0,
    history=100_000,
    long_history=200_000,
    components=1_000,
    newcomers=2,
    profiles=10,
    commits_each=10_000,
    starts=3,
    audiences=(50, 200),
    audience_rounds=1,
    audience_commits=250,
    idle_connections=1_000,
    idle_profiles=200,
    idle_seconds=4.0,
    abuse_rounds=1,
    abuse_seconds=5.0,
    audit_rounds=3,
    command_runs=7,
    limit_rounds=3,
)


class Bench(Struct, frozen=True):
    """One run: `folder` is on a real disk, `reference` the command of another reference hub."""

    scale: Scale
    folder: Path
    reference: tuple[str, ...]
    say: Callable[[str], None]

"""Verifying a long history: its hashes alone, and all that an audit looks at."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import AUTHOR, REPLICA, Shape, Team, build, committed
from stackroom.events import codec
from stackroom.events.audit.audit import Authors
from stackroom.events.audit.derived import Derived
from stackroom.events.audit.verify import Verifier, verify
from stackroom.events.log import Taken
from stackroom.events.proofs import merkle
from stackroom.events.proofs.authors import KnownKey
from stackroom.events.proofs.signing import Signer
from stackroom.events.sqlite.log import open_reader

SIGNED = 20_000
"""Commits whose signatures are verified, at the most."""


def run(bench: Bench) -> list[Outcome]:
    """Verifies one history again and again, in each way in turn."""
    scale = bench.scale
    team = Team("team", Shape(scale.components, 0, scale.history), seed=5, space=5)
    path = bench.folder / "audit.db"
    build(path, [team])
    signed = _signed(team, min(SIGNED, scale.history))
    keys = {Signer(bytes(32)).key: KnownKey(AUTHOR, REPLICA, 0)}
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "hashes": (scale.history, lambda: _hashes(path, team.profile)),
        "all": (scale.history, lambda: _all(path, team.profile)),
        "signed": (len(signed), lambda: _authors(team.profile, signed, keys)),
    }
    wall: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(scale.audit_rounds):
        for way, (commits, work) in ways.items():
            began, cpu = time.perf_counter(), time.process_time()
            work()
            processor[way].append(commits / (time.process_time() - cpu))
            wall[way].append(commits / (time.perf_counter() - began))
            bench.say(f"{way}: {wall[way][-1]:,.0f} commits/s")
    titles = {
        "hashes": "every leaf, place and root, and the head",
        "all": "the same, and snapshots, indexes and catalogue against the folded state",
        "signed": "the same hashes, and the author's Ed25519 signature of each commit",
    }
    rows = tuple(
        (
            titles[way],
            f"{commits:,}",
            Series(tuple(wall[way])).shown(),
            Series(tuple(processor[way])).shown(),
        )
        for way, (commits, _) in ways.items()
    )
    hashes = Series(tuple(processor["hashes"])).median
    notes = (
        f"medians (least–most) of {scale.audit_rounds} rounds, all ways in turn in each; one process, one "
        "thread, the file in the page cache; commits of one event of about 300 bytes",
        "`commits/s of one core` counts the time that the process had a core, which neighbours cannot take",
        "the signed commits are in memory: what is measured is verification, not reading",
    )
    heading = ("what is verified", "commits", "commits/s", "commits/s of one core")
    target = Target("hashes of a history, on one core", hashes, "at least", 50_000, "commits/s")
    return [Outcome("Audit", heading, rows, (target,), notes)]


def _hashes(path: Path, profile: str) -> None:
    with open_reader(path) as log:
        verify(log, profile)


def _all(path: Path, profile: str) -> None:
    with open_reader(path) as log:
        verify(log, profile, [Derived(log.beside(profile), profile)])


def _authors(profile: str, signed: list[Taken], keys: dict[bytes, KnownKey]) -> None:
    authors = Authors(profile, keys)
    verifier = Verifier(profile, [authors])
    for taken in signed:
        verifier.take(taken)
    if authors.found != {"valid": len(signed)}:
        raise AssertionError(f"not all signatures hold: {authors.found}")


def _signed(team: Team, count: int) -> list[Taken]:
    """The first commits of a history like the one on disk, signed by their author."""
    signer, tree = Signer(bytes(32)), merkle.Growing()
    made: list[Taken] = []
    for seq, one in enumerate(
        Team("team", structs.replace(team.shape, commits=count), seed=5, space=5).history(), 1
    ):
        proposal = signer.sign(team.profile, REPLICA, one)
        commit = committed(seq, proposal)
        leaf = merkle.leaf_hash(codec.leaf(team.profile, commit))
        tree.add(leaf)
        made.append(Taken(structs.replace(commit, root=tree.root()), "accepted", leaf))
    return made

"""Everybody who takes part in a case, running at the same time: an idle server costs the others nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.bench import Bench
from benchmarks.peers import roster
from benchmarks.peers.peer import Peer, Server


class Entrant(Struct, frozen=True):
    """A peer, and its server."""

    peer: Peer
    server: Server
    started_after: float
    """Seconds from its start until it could be connected to."""

    @property
    def name(self) -> str:
        """Of the peer."""
        return self.peer.name


class Field(Struct, frozen=True):
    """Who takes part; `left_out` says of everybody else why not."""

    entrants: tuple[Entrant, ...]
    left_out: tuple[str, ...]

    def turn(self, number: int) -> Sequence[Entrant]:
        """Everybody in turn, in the other direction every other time."""
        return self.entrants[:: -1 if number % 2 else 1]

    def drop(self, entrant: Entrant, error: Exception) -> "Field":
        """Without one that failed. Ours must not: what it cannot do is not to be passed over."""
        if entrant.peer.ours:
            raise error
        rest = tuple(each for each in self.entrants if each is not entrant)
        reason = f"{entrant.name} is left out: it failed ({type(error).__name__}: {error})"
        return Field(rest, (*self.left_out, reason))


@contextmanager
def field(
    bench: Bench, case: str, takes_part: Callable[[Peer], bool] = lambda peer: True
) -> Iterator[Field]:
    """Starts everybody who is installed, each on a folder of its own; ends them at the end."""
    entrants: list[Entrant] = []
    left_out = list(roster.left_out())
    with ExitStack() as stack:
        for peer in filter(takes_part, roster.here()):
            begun = time.perf_counter()
            try:
                server = stack.enter_context(peer.serving(folder(bench, case, peer)))
            except Exception as error:
                if peer.ours:
                    raise
                left_out.append(f"{peer.name} is left out: it did not start ({error})")
                continue
            entrants.append(Entrant(peer, server, time.perf_counter() - begun))
        yield Field(tuple(entrants), tuple(left_out))


def folder(bench: Bench, case: str, peer: Peer) -> Path:
    """A peer's own, for a case."""
    made = bench.folder / case / slug(peer.name)
    made.mkdir(parents=True, exist_ok=True)
    return made


def slug(name: str) -> str:
    """A name as part of a path."""
    return "".join(c if c.isalnum() else "-" for c in name.lower())

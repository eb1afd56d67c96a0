"""What a fresh process is ready for when its clock starts: imports, and nothing else.

A client imports some of its modules only when it is called. One process finds out which those are; the
next ones import them first.
"""

import resource
import sys
from collections.abc import Iterable, Set
from contextlib import suppress
from importlib import import_module


def load(names: Iterable[str]) -> set[str]:
    """Imports these modules, in this order; all that are imported then."""
    for name in names:
        with suppress(ImportError):  # Some are made by others, and cannot be asked for by name.
            import_module(name)
    return set(sys.modules)


def imported(known: Set[str]) -> tuple[str, ...]:
    """The modules imported beside those that were known, each after what it imports."""
    return tuple(name for name in sys.modules if name not in known)


def processor() -> float:
    """Seconds of the processor that this process, and its children that have ended, have used so far."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)

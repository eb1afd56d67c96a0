"""The builds of Stackroom that are measured: the plain one, and one that was compiled, where there is one."""

import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

COMPILED: Final = Path(__file__).parents[1] / ".venv-compiled" / "bin" / "python"
"""The interpreter of an environment in which a compiled build of this tree is installed."""


class Build(Struct, frozen=True):
    """A build by the interpreter that runs it: its hub, and its clients where they are fresh processes."""

    name: str
    python: str

    @property
    def service(self) -> tuple[str, ...]:
        """What runs its hub."""
        return self.python, "-m", "stackroom.sync"

    def missing(self) -> str:
        """What is not there, and how it comes there; empty if it is."""
        if Path(self.python).exists():
            return ""
        return f"there is no {Path(self.python).parents[1].name} with a compiled build"


PLAIN: Final = Build("stackroom", sys.executable)
OPTIONAL: Final = Build("stackroom, compiled", str(COMPILED))


def here() -> list[Build]:
    """Those that there are; the plain one first."""
    return [PLAIN] if OPTIONAL.missing() else [PLAIN, OPTIONAL]

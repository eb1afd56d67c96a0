"""Modules that others import, as click, msgspec and websockets do, and that nobody asks for anything mostly.

Each is a stand-in until somebody does, and imported then. Together they take as long to import as all of
the client's own modules: `inspect` draws in `ast`, `dis` and `tokenize`, `importlib.metadata` draws in
`email`, `csv` and `zipfile`. The command line and the hub's process do this, before they import anything: who
imports `stackroom` as a library has its modules as it is used to.
"""

import os
import sys
from importlib import import_module
from types import ModuleType

LATE = ("importlib.metadata", "shutil", "ssl", "textwrap", "tomllib", "urllib.request")

HIDDEN = "typing_extensions"
"""What msgspec takes from it where it is installed, Python 3.11 has in `typing`."""


def postpone() -> None:
    """Has those modules imported at their first use; none of them is imported yet."""
    for name in LATE:
        _stand_in(name)
    # What is known is all that is asked of them mostly: click has no translations, and cleans one line.
    _stand_in(
        "gettext", gettext=lambda text: text, ngettext=lambda one, more, n: one if n == 1 else more
    )
    _stand_in("inspect", cleandoc=_cleandoc)
    _stand_in("platform", system=lambda: os.uname().sysname)
    _import_without(HIDDEN, "msgspec")


class _StandIn(ModuleType):
    """Has what is known of a module without it."""

    def __getattr__(self, attribute: str) -> object:
        return getattr(_real(self.__name__), attribute)


def _stand_in(name: str, **known: object) -> None:
    if name in sys.modules:
        return
    sys.modules[name] = module = _StandIn(name)
    module.__dict__.update(known)
    package, _, last = name.rpartition(".")
    if package:
        setattr(import_module(package), last, module)


def _real(name: str) -> ModuleType:
    """The module itself, imported now unless it was."""
    if isinstance(sys.modules.get(name), _StandIn):
        del sys.modules[name]
    return import_module(name)


def _cleandoc(text: str) -> str:
    """As `inspect` has it."""
    if "\n" in text or "\t" in text:
        cleaned: str = _real("inspect").cleandoc(text)
        return cleaned
    return text.lstrip()


def _import_without(hidden: str, name: str) -> None:
    """Imports `name` as it is where `hidden` is not installed."""
    if hidden in sys.modules:
        return
    sys.modules[hidden] = None  # type: ignore[assignment]  # So Python has what is not to be found.
    try:
        import_module(name)
    finally:
        del sys.modules[hidden]

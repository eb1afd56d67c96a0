"""Modules that others import, as click, msgspec and websockets do, and that nobody asks for anything mostly.

Each is a stand-in until somebody does, and imported then. Together they take as long to import as all of
the client's own modules: `inspect` draws in `ast`, `dis` and `tokenize`, `importlib.metadata` draws in
`email`, `csv` and `zipfile`. The command line and the hub's process do this, before they import anything: who
imports `stackroom` as a library has its modules as it is used to.
"""

import _thread
import os
import sys
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # As of `typing`, which takes a while to import.
    from typing import Any

LATE = (
    "fnmatch",
    "importlib.metadata",
    "ntpath",
    "shutil",
    "ssl",
    "textwrap",
    "tomllib",
    "traceback",
    "urllib.request",
)

PACKAGES = ("importlib.metadata", "tomllib")
"""Those of them that have modules within."""

OF_MSGSPEC = ("msgspec.inspect", "msgspec.toml", "msgspec.yaml")
"""What msgspec imports of its own, for those who ask: `inspect` makes 36 classes."""

PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~/"
"""What stands in the URI of a file as it is: what the paths of most files consist of."""

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
    # Whether threads are left is asked as the process ends: nobody has started one.
    _stand_in("threading", local=_thread._local, _shutdown=lambda: None)
    _stand_in("urllib.parse", quote_from_bytes=_quote_from_bytes)
    if sys.version_info < (3, 12) and "datetime" not in sys.modules:
        # It makes all its classes in Python first, and takes these for them, as later versions do at once.
        sys.modules["datetime"] = import_module("_datetime")
    if "msgspec" not in sys.modules:
        for name in OF_MSGSPEC:
            _stand_in(name)
        _stand_in("msgspec._json_schema", schema=_schema, schema_components=_schema_components)
        _import_without(HIDDEN, "msgspec")


def plainly(name: str) -> None:
    """Imports a module without compiling what it says of types in strings.

    click says so for type checkers in thirty places, and the first that is compiled has Python make
    all classes of its syntax tree. Nobody asks click for its types while it runs.
    """
    import typing

    names = typing.__dict__
    names["compile"] = lambda *_: None  # In place of the builtin, for that module alone.
    try:
        import_module(name)
    finally:
        del names["compile"]


class _StandIn(ModuleType):
    """Has what is known of a module without it."""

    def __getattr__(self, attribute: str) -> object:
        # `from` asks whatever it imports from whether it has modules.
        if attribute == "__path__" and self.__name__ not in PACKAGES:
            raise AttributeError(attribute)
        return getattr(_real(self.__name__), attribute)


def _stand_in(name: str, **known: object) -> None:
    if name in sys.modules:
        return
    sys.modules[name] = module = _StandIn(name)
    module.__dict__.update(known)
    package, _, last = name.rpartition(".")
    if package and package != "msgspec":  # Which is not imported yet, and will find them.
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


def _quote_from_bytes(data: bytes, safe: str | bytes = "/") -> str:
    """As `urllib.parse` has it."""
    if safe != "/" or data.strip(PLAIN):
        quoted: str = _real("urllib.parse").quote_from_bytes(data, safe)
        return quoted
    return data.decode()


def _schema(*args: "Any", **kwargs: "Any") -> "Any":
    return _real("msgspec._json_schema").schema(*args, **kwargs)


def _schema_components(*args: "Any", **kwargs: "Any") -> "Any":
    return _real("msgspec._json_schema").schema_components(*args, **kwargs)


def _import_without(hidden: str, name: str) -> None:
    """Imports `name` as it is where `hidden` is not installed."""
    if hidden in sys.modules:
        return
    sys.modules[hidden] = None  # type: ignore[assignment]  # So Python has what is not to be found.
    try:
        plainly(name)
    finally:
        del sys.modules[hidden]

"""Modules that are imported at their first use: nobody can tell, but by the time that it takes."""

import subprocess
import sys

BEGIN = """
import sys
from stackroom.events.late import postpone
postpone()
import click, importlib, inspect, platform, textwrap, urllib.request, uuid
from importlib import metadata
assert "ast" not in sys.modules and "email" not in sys.modules and "http" not in sys.modules
"""


def said(program: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", BEGIN + program], check=True, capture_output=True, text=True
    )
    return ran.stdout.strip()


def test_each_is_there_when_it_is_asked_for_something() -> None:
    assert said("print(metadata.version('click'))") == metadata_version("click")
    assert said("print(importlib.metadata.version('click'))") == metadata_version("click")
    assert said("print(textwrap.dedent('  a'))") == "a"
    assert said("print(urllib.request.Request('http://x').host)") == "x"
    assert said("print(inspect.signature(len))") == "(obj, /)"
    assert said("from inspect import isfunction; print(isfunction(len))") == "False"


def test_what_is_known_without_them_is_what_they_say() -> None:
    import inspect
    import platform

    assert said("print(platform.system())") == platform.system()
    assert said("print(platform.machine())") == platform.machine()
    for text in ("", "  a ", "a\n  b\n    c", "\ta", "\n\n a\n\n"):
        assert said(f"print(repr(inspect.cleandoc({text!r})))") == repr(inspect.cleandoc(text))


def test_who_has_the_stand_in_has_the_module_then() -> None:
    assert said("inspect.isclass(int); print(inspect.getdoc.__module__)") == "inspect"
    assert said("inspect.isclass; import inspect as i; print(i.__file__[-10:])") == "inspect.py"


def test_nothing_is_missing_afterwards() -> None:
    assert said("import typing_extensions; print(typing_extensions.Self)") == "typing.Self"


def test_what_is_imported_already_stays() -> None:
    program = "import inspect; from stackroom.events.late import postpone; postpone(); print(inspect.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert ran.stdout.strip().endswith("inspect.py")


def metadata_version(name: str) -> str:
    from importlib.metadata import version

    return version(name)

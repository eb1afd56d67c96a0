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


def test_from_has_nothing_imported_that_is_known() -> None:
    program = "from gettext import gettext, ngettext; from inspect import cleandoc; print({})"
    for name in ("gettext", "inspect"):
        assert said(program.format(f"hasattr(sys.modules[{name!r}], '__path__')")) == "False"
        assert said(program.format(f"type(sys.modules[{name!r}]).__name__")) == "_StandIn"
    assert said("from gettext import find; print(find.__module__)") == "gettext"


def test_the_uri_of_a_plain_path_is_known() -> None:
    # An editable installation has imported them by now.
    program = """
import sys
for name in ("fnmatch", "ipaddress", "ntpath", "pathlib", "urllib.parse"):
    sys.modules.pop(name, None)
from stackroom.events.late import postpone
postpone()
from pathlib import Path, PureWindowsPath
print(Path("/tmp/a-b_c~1/hub.db").as_uri())
assert "ipaddress" not in sys.modules
print(Path("/tmp/a b?#%/\u00fc").as_uri(), PureWindowsPath("C:/a").drive, Path("/a/b.db").match("*.db"))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert ran.stdout.splitlines() == [
        "file:///tmp/a-b_c~1/hub.db",
        "file:///tmp/a%20b%3F%23%25/%C3%BC C: True",
    ]


def test_who_starts_threads_is_waited_for() -> None:
    assert said("print(type(sys.modules['threading']).__name__)") == "_StandIn"
    program = (
        "import threading, time\n"
        "def late(): time.sleep(0.1); print(threading.current_thread().name)\n"
        "threading.Thread(target=late, name='last').start()"
    )
    assert said(program) == "last"


def test_msgspec_has_all_that_it_is_asked_for() -> None:
    import msgspec

    assert said("import msgspec; print(msgspec.toml.decode('a = 1'))") == "{'a': 1}"
    assert said("import msgspec; print(msgspec.inspect.type_info(int))") == str(
        msgspec.inspect.type_info(int)
    )
    assert said("import msgspec; print(msgspec.json.schema(int))") == "{'type': 'integer'}"
    assert (
        said("import msgspec; print(msgspec.json.schema_components([int])[0][0])")
        == "{'type': 'integer'}"
    )


def test_times_are_those_of_the_library() -> None:
    program = (
        "import datetime, pickle; d = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC); print({})"
    )
    assert said(program.format("pickle.loads(pickle.dumps(d)) == d")) == "True"
    assert said(program.format("type(d).__module__")) == "datetime"
    assert said(program.format("datetime.datetime.strptime('2026', '%Y').year")) == "2026"


def test_strings_of_types_are_compiled_again_after_an_import() -> None:
    program = (
        "from stackroom.events.late import plainly; plainly('click'); import typing\n"
        "def f(a: 'int') -> 'str': ...\n"
        "print(typing.get_type_hints(f), 'compile' in vars(typing))"
    )
    assert said(program) == "{'a': <class 'int'>, 'return': <class 'str'>} False"


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

"""What the commands of a moment import: most of their time. By name and by count, which say the same
on every machine; seconds are for `python -m benchmarks commands`.
"""

import sys
from collections.abc import Sequence

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person

READING = (
    ("stack", "list"),
    ("component", "list"),
    ("status",),
    ("log",),
    ("stack", "describe", "s"),
)

WRITES = {
    "stackroom.client.drafting.draft",
    "stackroom.client.drafting.proposing",
    "stackroom.client.connection.keeper",
    "stackroom.client.connection.exchange",
    "stackroom.client.replica.witness",
    "stackroom.events.deciding.checking",
    "stackroom.events.secrets.credential_formats",
    "stackroom.events.sqlite.write",
    "stackroom.events.audit.verify",
    "stackroom.sync.protocol",
}
"""Ours, for those who change something or speak to a hub."""

FOLDS = {
    "stackroom.events.bodies",
    "stackroom.events.fold",
    "stackroom.events.model",
    "stackroom.events.people.model",
}
"""Ours, for those who read what events say: the state of now is kept whole, and the log tells what they are of."""

SLOW = {
    *(
        "ast",
        "asyncio",
        "bisect",
        "concurrent.futures",
        "copy",
        "email",
        "hashlib",
        "http",
        "importlib.metadata",
        "inspect",
        "ipaddress",
        "json",
    ),
    *(
        "logging",
        "math",
        "platform",
        "secrets",
        "shutil",
        "socket",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "unicodedata",
        "urllib.parse",
        "urllib.request",
    ),
    *("anyio", "cryptography", "jsonschema", "platformdirs", "rich", "ruamel", "websockets"),
}
"""Of others."""

THIRD_PARTY = {"click", "msgspec", "typing_extensions"}
"""All that a command that reads needs of what is installed beside it; the last is only looked for."""


def imported(person: Person, *words: str) -> set[str]:
    """What a process of the command line imports that the bare interpreter does not."""
    ran = person.process(*words, python=("-v",)).ok()
    return _modules(ran.err) - BARE


def _modules(told: str) -> set[str]:
    """Those that it imported, by a statement or by `import_module`: `-X importtime` leaves out the latter."""
    return {line.split("'")[1] for line in told.splitlines() if line.startswith("import '")}


def _bare() -> set[str]:
    import subprocess

    bare = [sys.executable, "-v", "-c", "pass"]
    return _modules(subprocess.run(bare, capture_output=True, text=True, check=True).stderr)


BARE = _bare()


def own(modules: set[str]) -> Sequence[str]:
    return sorted(m for m in modules if m.split(".")[0] == "stackroom")


@pytest.fixture
def reader(team: Hub, ada: Person) -> Person:
    """Someone with a profile of a hub, and a stack in it."""
    ada.stackroom("stack", "register", "s", "-o", "k8s").ok()
    return ada


def test_the_version_is_told_with_next_to_nothing(ada: Person) -> None:
    found = imported(ada, "--version")
    assert own(found) == [
        "stackroom",
        "stackroom.client",
        "stackroom.client.commands",
        "stackroom.events",
        "stackroom.events.version",
    ]
    assert not {m.split(".")[0] for m in found} & {"argparse", "click", "msgspec", "typing"}
    assert len(found) <= 10


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_who_reads_imports_what_reads(reader: Person, words: tuple[str, ...]) -> None:
    found = imported(reader, *words)
    assert not found & WRITES
    assert not {m for m in found for slow in SLOW if f"{m}.".startswith(f"{slow}.")}
    packages = {m.split(".")[0] for m in found}
    beside = {p for p in packages - sys.stdlib_module_names if not p.startswith("_")}
    assert beside - {"stackroom", "org"} <= THIRD_PARTY  # `copy` looks for Jython's `org`.
    assert not found & FOLDS
    assert len(own(found)) <= (71 if words[0] == "log" else 70)
    assert len(found) <= (106 if words[0] == "log" else 104)


def test_who_reads_a_local_profile_imports_no_authority(ada: Person) -> None:
    ada.stackroom("profile", "create", "mine", "--local").ok()
    found = imported(ada, "stack", "list")
    assert not found & (WRITES - {"stackroom.events.sqlite.write"})
    assert not {m for m in found if m.startswith("stackroom.sync.")}


def test_who_writes_imports_no_more_than_that_takes(reader: Person) -> None:
    words = ("component", "update", "orchestrator", "k8s", "--ns=dl", "--n=1", "--no-validate")
    found = imported(reader, *words)
    assert "websockets.sync.client" in found
    unneeded = {
        *(
            "anyio",
            "asyncio",
            "email",
            "http.client",
            "importlib.metadata",
            "inspect",
            "jsonschema",
        ),
        *(
            "rich",
            "ruamel",
            "ssl",
            "stackroom.client.transport.line",
            "stackroom.client.connection.worker",
        ),
        *("stackroom.client.zenml", "stackroom.sync.server", "subprocess", "urllib.request"),
    }
    assert not {m for m in found for name in unneeded if f"{m}.".startswith(f"{name}.")}
    assert len(own(found)) <= 170
    assert len(found) <= 287

"""A hub as a process of its own, run by the commands that anybody would use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.commands.runner import Person


class Hub:
    """A hub on a folder; `host` is the person who runs it, and its first administrator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "hub"
        self.host = Person(folder / "host", "host")
        self.url = ""
        self.link = ""
        """What its first start gave for `stackroom join`."""

    def up(self) -> None:
        """Starts it, at the same port as before; the host comes in first."""
        port = self.url.rpartition(":")[2] or "0"
        started = self.host.data("hub", "up", "--data", str(self.data), "--port", port)
        self.url = started["url"]
        if not self.link:
            self.link = started["join"]
            self.host.stackroom("join", self.link).ok()

    def down(self) -> None:
        """Ends it."""
        self.host.stackroom("hub", "down", "--data", str(self.data)).ok()

    def running(self) -> bool:
        """Whether its process is there."""
        status = self.host.data("hub", "status", "--data", str(self.data))
        return bool(status["running"])

    def invite(self, name: str, *options: str) -> str:
        """What `join` takes, for somebody of that name; a maintainer without other options."""
        options = options or ("--role", "maintainer")
        invited: dict[str, Any] = self.host.data("invite", name, *options)
        return str(invited["join"])

    def join(self, person: Person, *options: str) -> Person:
        """Has `person` join, by an invitation with these options."""
        link = self.invite(person.env["STACKROOM_USER"] or "", *options)
        person.stackroom("join", link).ok()
        return person

    def token(self, name: str, *options: str) -> str:
        """A token of somebody who has joined from another home."""
        other = self.join(Person(self.folder / f"elsewhere-{name}", name), *options)
        return str(other.credentials()[self.url])


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """A hub that runs, and is ended in any case."""
    hub = Hub(folder)
    try:
        hub.up()
        yield hub
    finally:
        if hub.running():
            hub.down()

"""A hub as a process of its own, run by the commands that anybody would use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.commands.runner import Person


class Hub:
    """A hub on a folder; `host` is the person who runs it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "hub"
        self.host = Person(folder / "host", "host")
        self.url = ""
        self.token = ""

    def up(self) -> None:
        """Starts it, at the same port as before."""
        port = self.url.rpartition(":")[2] or "0"
        started = self.host.data("hub", "up", "--data", str(self.data), "--port", port)
        self.url = started["url"]
        self.token = started.get("token", self.token)

    def down(self) -> None:
        """Ends it."""
        self.host.stackroom("hub", "down", "--data", str(self.data)).ok()

    def running(self) -> bool:
        """Whether its process is there."""
        status = self.host.data("hub", "status", "--data", str(self.data))
        return bool(status["running"])

    def join(self, person: Person) -> Person:
        """Has `person` connect."""
        person.stackroom("connect", self.url, "--token", self.token).ok()
        return person


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

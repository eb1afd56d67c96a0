"""Errors of the hub as a process.

StackroomError
└── HubError
    ├── AlreadyRunning    another process serves this folder
    ├── NotRunning        no hub serves this folder
    ├── PortInUse         something else listens there
    └── DidNotStart       the process ended, or did not become ready
"""

from stackroom.events.errors import StackroomError


class HubError(StackroomError):
    """A hub cannot be run as asked."""

    exit_code = 1


class AlreadyRunning(HubError):
    """Another process serves this folder."""

    def __init__(self, data: str, url: str = "") -> None:
        at = f" at {url}" if url else ""
        super().__init__(f"a hub is running already on {data}{at}", hint="stackroom hub status")


class NotRunning(HubError):
    """No hub serves this folder."""

    def __init__(self, data: str) -> None:
        super().__init__(f"no hub is running on {data}", hint="stackroom hub up")


class PortInUse(HubError):
    """Something else listens there."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"port {port} of {host} is in use", hint="name another with --port, or 0 for a free one"
        )


class DidNotStart(HubError):
    """The process ended, or did not become ready in time."""

    def __init__(self, data: str, last: str) -> None:
        said = f": {last}" if last else ""
        super().__init__(f"the hub on {data} did not start{said}", hint="stackroom hub logs")

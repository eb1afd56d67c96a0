"""Errors of the hub as a process.

StackroomError
└── HubError
    ├── AlreadyRunning    another process serves this folder
    ├── NotRunning        no hub serves this folder
    ├── PortInUse         something else listens there
    ├── DidNotStart       the process ended, or did not become ready
    ├── BadCertificate    the files are not a certificate and its key
    ├── NotEncrypted      it would listen to other machines without TLS
    ├── BadSetting        a setting has no such name, or takes no such value
    ├── HasCertificate    the folder has a certificate already
    ├── NotReadmitted     nobody is let in again by that name
    ├── HubKeyLost        the key by which the hub signed is not there any more
    ├── BadHubKey         the file of the hub's key is none, or another hub's
    ├── NoHubKey          there is no hub, or it has no key yet
    ├── AnchorFailed      checkpoints could not be written where they are to be kept
    ├── HubDamaged        its file does not add up
    ├── NotBackedUp       no backup was made
    ├── NotRestored       no backup was put in place
    └── MissingExtra      a setting needs a library that is not installed

FetchFailed is nobody's error: it is told as a refusal to whoever wants to sign in.
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


class BadCertificate(HubError):
    """The files are not a certificate and its key; a hub that runs goes on with what it had."""

    hint = "--tls-cert and --tls-key take PEM files; or: stackroom hub init --tls self-signed"


class NotEncrypted(HubError):
    """It would listen to other machines without TLS."""

    exit_code = 2

    def __init__(self, host: str) -> None:
        super().__init__(
            f"at {host}, other machines reach the hub, and tokens would travel in the clear",
            hint="stackroom hub init --tls self-signed, or --tls-cert and --tls-key; "
            "--insecure listens without",
        )


class BadSetting(HubError):
    """A setting has no such name, or takes no such value."""

    exit_code = 2
    hint = "stackroom hub limits"


class HasCertificate(HubError):
    """The folder has a certificate already, which people may have pinned."""

    def __init__(self, data: str) -> None:
        super().__init__(
            f"the hub's folder {data} has a certificate already",
            hint="--replace makes another, which everybody must pin again",
        )


class NotReadmitted(HubError):
    """Nobody is let in again: there is no such hub, or no administrator of that name."""

    exit_code = 2
    hint = "stackroom hub readmit --user NAME --data DIR"


class HubKeyLost(HubError):
    """The key by which the hub signed its checkpoints is not in its folder any more."""

    def __init__(self, data: str) -> None:
        super().__init__(
            f"the hub in {data} has signed with a key that is not there any more",
            hint=f"put hub.key back from a backup; or: stackroom hub rotate-key --lost --data {data}",
        )


class BadHubKey(HubError):
    """The file of the hub's key cannot be read as one, or is that of another hub."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"{path} is not the key of this hub: {why}", hint="put it back from a backup"
        )


class NoHubKey(HubError):
    """There is no hub in the folder, or it was never started and has no key."""

    exit_code = 2

    def __init__(self, data: str) -> None:
        super().__init__(f"there is no hub with a key in {data}", hint="stackroom hub up")


class AnchorFailed(HubError):
    """Checkpoints could not be written where they are to be kept; the hub goes on, and tries again."""

    hint = "a target is a file, a folder in a git repository, or an http(s) address that takes POST"

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"checkpoints cannot be kept in {target[:200]}: {why}")
        self.why = why


class HubDamaged(HubError):
    """A hub's file does not add up, or cannot be read: nothing is served from it, or copied."""

    exit_code = 9
    hint = (
        "stackroom hub restore FILE puts a backup in its place; stackroom hub heal then takes back from "
        "clients what came after it"
    )

    def __init__(self, path: str, why: str) -> None:
        self.why = why
        super().__init__(f"{path} is damaged: {why}")


class NotBackedUp(HubError):
    """No backup was made; what was there before is as it was."""


class NotRestored(HubError):
    """No backup was put in place; the hub's folder is as it was."""


class MissingExtra(HubError):
    """A setting needs a library that is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(
            f"the hub's settings need the extra {extra!r}, which is not installed",
            hint=f"pip install 'stackroom[{extra}]'",
        )


class FetchFailed(Exception):
    """The provider gave no answer that can be used; the sentence says why."""

"""Errors of the client: each has its exit code, a sentence, and a hint with the command to run next.

    StackroomError
    └── ClientError                  1
        ├── RefusedLocally           1   a rule refuses the change; nothing was saved (4: for want of a right)
        ├── NameTaken                1   the hub has a profile of that name
        ├── ReadOnly                 1   the profile holds something newer than this program
        ├── InvalidConfig            1   a configuration is not one of its flavor
        ├── NotASource               1   a file is neither ours nor a stack of ZenML's
        ├── NoKeyring                1   the system's keyring cannot be used
        ├── KeysDamaged              1   the file with the key of this home cannot be read
        ├── Closed                   1   the connection was closed
        ├── FetchedAnew              1   the copy that a change was made upon is not here any more
        ├── FileReplaced             1   a file of the home was deleted or replaced while in use
        ├── NotFound                 3   there is nothing of that name
        │   ├── NoProfile            3   no profile is active
        │   └── NoHub                3   no hub was connected
        ├── HubRefused               1   the hub does not carry an order out
        ├── NotAuthorised            4   the hub does not let this user in, or not do this
        │   └── NotSignedIn          4   … as the OpenID provider does not say who they are
        ├── Unreachable              6   the hub does not answer
        │   └── SlowDown             6   … or asks for a pause: too much came from here
        ├── Unencrypted              6   the way to the hub is open to everybody on it
        ├── VersionMismatch          8   hub and client do not understand each other
        ├── NotTrusted               9   the hub's certificate is not the one that is known
        ├── OtherKey                 9   the hub does not sign by the key that was pinned
        └── OtherHub                 9   another hub answers at the address of the one that was joined

An IntegrityError of the log is 9 too. The codes stand in `docs/exit-codes.md`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stackroom.events import limits
from stackroom.events.errors import StackroomError

if TYPE_CHECKING:
    from stackroom.events.deciding.rules import Refusal


class ClientError(StackroomError):
    """Base of the client's errors."""

    exit_code = 1


class RefusedLocally(ClientError):
    """A rule refuses the change in the author's own view; nothing was saved."""

    def __init__(self, refusal: "Refusal", *, hint: str = "") -> None:
        self.refusal = refusal
        if refusal.code == "not_allowed":
            self.exit_code = NotAuthorised.exit_code
            hint = (
                hint or "ask an administrator of the hub; if it was granted since: stackroom sync"
            )
        if refusal.code == "plaintext_secret":
            hint = hint or "zenml secret create NAME, or --allow-plaintext for this one command"
        super().__init__(refusal.sentence, hint=hint)

    @property
    def reason(self) -> str:
        """The rule's code."""
        return self.refusal.code


class NameTaken(ClientError):
    """The hub has a profile of that name."""


class ReadOnly(ClientError):
    """The profile holds something newer than this program: it can be read up to there."""


class Closed(ClientError):
    """The connection was closed."""


class FetchedAnew(ClientError):
    """The copy that a change was made upon is not this home's any more: nothing was saved."""

    hint = "look at it as it is now, and make the change again"

    def __init__(self, name: str) -> None:
        super().__init__(f"profile {name!r} has just been fetched anew; nothing was saved")


class FileReplaced(ClientError):
    """A file of the home was deleted or replaced by somebody while this program had it open."""

    hint = "run it again: it opens the file that is there now"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} was deleted or replaced while it was in use: nothing was written")


class InvalidConfig(ClientError):
    """A configuration does not fit its flavor: misspelt, missing or of another type; nothing was saved."""

    def __init__(self, faults: Iterable[object], type: str = "TYPE", flavor: str = "") -> None:
        self.faults = list(faults)
        said = "; ".join(map(str, self.faults))
        super().__init__(
            f"this does not fit flavor {flavor!r}: {said}" if flavor else said,
            hint=f"stackroom flavor describe {type} {flavor or 'FLAVOR'} lists what there is; "
            "--no-validate takes it as it is",
        )


class NotASource(ClientError):
    """A file that is neither ours nor a stack in any of ZenML's forms; the sentence says where and why."""


class HubRefused(ClientError):
    """The hub did not carry out an order; `reason` is its code for why."""

    def __init__(self, reason: str, sentence: str, *, hint: str = "") -> None:
        self.reason = reason
        super().__init__(sentence, hint=hint)


class NotFound(ClientError):
    """There is nothing of that name."""

    exit_code = 3


class NoProfile(NotFound):
    """No profile is active."""


class NoHub(NotFound):
    """No hub was connected."""

    hint = "stackroom join ADDRESS#CODE, or stackroom connect URL --token TOKEN"


class NotAuthorised(ClientError):
    """The hub does not let this user in, or not do this."""

    exit_code = 4
    hint = "stackroom connect URL --token TOKEN"


class NotSignedIn(NotAuthorised):
    """The OpenID provider did not say who this is."""

    hint = "run it again; or connect with a token: stackroom connect URL"


class Unreachable(ClientError):
    """The hub does not answer."""

    exit_code = 6
    hint = "work goes on offline; run stackroom sync when the hub is back"


class SlowDown(Unreachable):
    """The hub asks for a pause: more came from here than it takes. Nothing is lost."""

    hint = "what is pending stays here; run stackroom sync in a while"


class Unencrypted(ClientError):
    """The way to the hub is open to everybody on it, token included; nothing was sent."""

    exit_code = 6

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} leads to another machine without TLS: your token could be read on the way",
            hint=f"take the hub's wss:// address; or: stackroom connect {url} --insecure",
        )


class VersionMismatch(ClientError):
    """Hub and client do not understand each other."""

    exit_code = 8
    hint = "update the older of the two (stackroom --version)"


class NotTrusted(ClientError):
    """The hub's certificate is not the one that is known, or is of no known authority; nothing was sent."""

    exit_code = 9
    hint = "ask the hub's admin for its fingerprint, or for the authority's file (--ca-file)"


class OtherKey(ClientError):
    """The hub signs neither by the key that was pinned nor by one that it has named; nothing was sent."""

    exit_code = 9

    def __init__(self, url: str, sentence: str, shown: str = "") -> None:
        hint = "nothing was sent; ask its operator what became of the key"
        if shown:
            hint = (
                "nothing was sent; if its operator confirms the new key: "
                f"stackroom connect {url} --hub-key {shown}"
            )
        super().__init__(sentence, hint=hint)


class OtherHub(ClientError):
    """Another hub answers at the address of the one that was joined."""

    exit_code = 9


@contextmanager
def needed() -> Iterator[None]:
    """For what the hub alone can do: who does not reach it is not told that work goes on without it."""
    try:
        yield
    except Unreachable as error:
        if error.hint == Unreachable.hint:
            error.hint = "look whether the address is right and the hub runs, and do it again"
        raise


def silent(url: str) -> Unreachable:
    """The hub at `url` said nothing for longer than one waits."""
    return Unreachable(f"the hub at {url} has fallen silent")


def no_message(url: str, error: Exception) -> Unreachable:
    """What the hub at `url` sent is none of its messages."""
    return Unreachable(f"the hub at {url} sent no message: {error}")


def missing(what: str, name: str, names: Iterable[str], listing: str) -> NotFound:
    """NotFound on `what`; the hint is the nearest of `names` to `name`, or the command that lists them."""
    return NotFound(f"there is no {what}", hint=nearest(name, names) or listing)


def nearest(name: str, names: Iterable[str]) -> str:
    """`did you mean 'prod'?` with the nearest of `names` to `name`, or "" if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name[: limits.NAME_LENGTH], names, 1)
    return f"did you mean {near[0]!r}?" if near else ""

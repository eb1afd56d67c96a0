"""Access for tests that are not about people: a token is a password and a name, and all may do all."""

from collections.abc import Iterable, Sequence

from stackroom.events.deciding.rules import Refusal
from stackroom.events.model import Commit, Millis
from stackroom.events.people.permissions import PERMISSIONS, Rights
from stackroom.sync import protocol as wire
from stackroom.sync.people.access import Fact, Principal, Term

PASSWORD = "srm_test"


def token_of(name: str, password: str = PASSWORD) -> str:
    """The token by which `OpenAccess` takes a connection for `name`."""
    return f"{password}/{name}"


class OpenAccess:
    """Everybody who knows the password may do everything, except seeing people: there are none."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.password = password

    def authenticate(self, hello: wire.Hello, now: Millis) -> Principal | Refusal:
        return self.holder(hello.token, now)

    def holder(self, token: str, now: Millis) -> Principal | Refusal:
        password, _, name = token.rpartition("/")
        if password != self.password:
            return Refusal("unauthorised", "this hub does not know this token")
        return Principal(name)

    def refuse(self, principal: Principal, now: Millis) -> Refusal | None:
        return None

    @property
    def standing(self) -> object:
        return object()

    def rights(self, principal: Principal, profile: str = "") -> Rights:
        return frozenset(PERMISSIONS) - {"people.read", "people.write"}

    def beside(self, principal: Principal) -> Iterable[str]:
        return ()

    def term(self, principal: Principal) -> Term | None:
        return None

    def redeemable(self, code: str) -> bool:
        return False

    def has_key(self, principal: Principal, key: bytes) -> bool | None:
        return None

    def answer(self, principal: Principal, order: wire.AnyOrder, now: Millis) -> wire.Reply | None:
        return wire.Reply(0, "not_allowed", "there are no people here")

    def follow(self, commits: Sequence[Commit]) -> None:
        raise AssertionError("there are no people here")

    def keep(self, facts: Iterable[Fact]) -> None:
        raise AssertionError("there are no people here")

    def news(self) -> list[Fact]:
        return []

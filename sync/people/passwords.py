"""Passwords: which are taken, and how they are kept (argon2id, RFC 9106).

The parameters are the second recommended ones of RFC 9106, section 4, for which 64 MiB are enough: three
passes, four lanes, a salt of 128 and a tag of 256 bits. Needs the extra `passwords`, imported on first use.
"""

from functools import cache
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from stackroom.events.deciding.rules import Refusal
from stackroom.sync.errors import MissingExtra

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MOST: Final = 1_000
"""Characters; nobody types more."""

DISTINCT: Final = 5
"""Different characters at the least: `aaaaaaaaaaaaaaa` and `abababababababa` are guessed first."""


def refuse_password(password: str, user: str, least: int) -> Refusal | None:
    """Why `user` may not have this password (NIST SP 800-63B-4, section 3.1.1.2).

    Of what it is made, nobody says: a long sentence is a good one.
    """
    told = _normal(password)
    if not least <= len(told) <= MOST:
        return Refusal("weak_password", f"a password has {least} to {MOST} characters")
    if any(word.casefold() in told.casefold() for word in (user, "stackroom") if len(word) > 2):
        return Refusal("weak_password", "this password has your name or the hub's in it")
    if len(set(told.casefold())) < DISTINCT:
        return Refusal("weak_password", f"this password has not even {DISTINCT} characters in it")
    return None


def hash_password(password: str) -> bytes:
    """What is kept of it. Takes a while, and 64 MiB."""
    return _hasher().hash(_normal(password)).encode()


def is_password(password: str, known: bytes | None) -> bool:
    """Whether `known` is the hash of `password`; None is nobody's, and takes as long."""
    from argon2.exceptions import VerifyMismatchError

    try:
        _hasher().verify(known or _nobodys(), _normal(password))
    except VerifyMismatchError:
        return False
    return known is not None


def need_argon2() -> None:
    """Raises MissingExtra where passwords cannot be used."""
    try:
        import argon2  # noqa: F401
    except ImportError as error:
        raise MissingExtra("passwords") from error


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _nobodys() -> bytes:
    return hash_password("the password that nobody has")


def _normal(password: str) -> str:
    """One form of what looks alike on every keyboard."""
    return normalize("NFKC", password)

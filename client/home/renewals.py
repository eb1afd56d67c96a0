"""Why a home took a new identity, in words."""

from typing import Final

_REASONS: Final[dict[str, str]] = {
    "replica_copied": "this home was copied, or restored from a backup",
    "key_in_use": "this home was copied, or restored from a backup",
    "replica_has_key": "the key of this home was lost, or restored from a backup",
    "key_ended": "the key of this home was ended on the hub",
    "numbers_in_doubt": "the file of its changes was damaged, and with it the numbers that it had used",
    "unknown_key": "the key of this home was ended on the hub",
}


def reason(code: str) -> str:
    """Why, by the code with which the hub did not take the identity of before."""
    return _REASONS[code]


def told(code: str) -> str:
    """The sentence for the person whose home it is."""
    why = reason(code)
    return f"{why[0].upper()}{why[1:]}: it has taken a new identity, and keeps what was pending and parked."

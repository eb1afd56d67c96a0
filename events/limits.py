"""Every limit of the model, in one place; `docs/limits.md` lists them for people."""

from typing import Final

NAME_LENGTH: Final = 255
"""Characters in the name of an entity."""

MESSAGE_LENGTH: Final = 10_000
"""Characters in the message of a commit."""

PATH_DEPTH: Final = 32
"""Segments in a path, and levels of nesting in a value."""

BODY_BYTES: Final = 1 << 20
"""Bytes in the JSON text of one event."""

EVENTS_PER_PROPOSAL: Final = 10_000
"""Events in one proposal."""

PROPOSAL_BYTES: Final = 4 << 20
"""Bytes in all the event bodies of one proposal."""

INTEGER_MIN: Final = -(2**63)
"""The smallest integer that msgpack can say (its `int 64`)."""

INTEGER_MAX: Final = 2**64 - 1
"""The largest integer that msgpack can say (its `uint 64`)."""

COUNT_MOST: Final = 2**53 - 1
"""The largest seq, number, version or time: what every JSON parser keeps exactly (RFC 8259)."""

SALT_BYTES_MOST: Final = 64
"""Bytes of an event's salt; authors make 16."""

KEY_BYTES: Final = 32
"""Bytes of an author's public key (Ed25519, RFC 8032, section 5.1)."""

SIGNATURE_BYTES: Final = 64
"""Bytes of an author's signature (section 5.1.6 there)."""

ID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
"""An id: a UUID in lower case (authors make version 7, RFC 9562)."""

TOKENS_PER_USER: Final = 200
"""Tokens of one user that have not expired."""

KEYS_PER_USER: Final = 200
"""Keys of one user's replicas that have not ended; one more ends the oldest."""

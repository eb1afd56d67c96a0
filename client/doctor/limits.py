"""From where on `doctor` speaks up; `docs/limits.md` lists it for people."""

from typing import Final

NEWEST: Final = 2_000
"""Commits of a file whose hashes are computed again without `--full`, the newest of its profiles."""

DISK_LOW: Final = 512 << 20
"""Free bytes below which there is a warning; also below the size of the largest file."""

DISK_FULL: Final = 32 << 20
"""Free bytes below which it is an error: a write-ahead log takes as much."""

CLOCKS_APART: Final = 30_000
"""Milliseconds by which the clock may differ from the hub's: they order nothing, but people read them."""

TOKEN_ENDS: Final = 604_800_000
"""Milliseconds before a token's end from which there is a warning; connections renew it before."""

CERTIFICATE_ENDS: Final = 2_592_000_000
"""Milliseconds before a certificate's end from which there is a warning."""

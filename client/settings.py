"""Every limit and default of the client, in one place; `docs/limits.md` lists them for people."""

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """How a client behaves; times in seconds, sizes in bytes."""

    default_port: int = 8765
    """Of a hub's address that names none."""
    write_patience: float = 1.5
    """How long a command that writes waits for the hub before it says `saved offline`."""
    sync_patience: float = 60.0
    """How long a command that needs the hub waits for it."""
    open_timeout: float = 10.0
    """From dialling to the hub's welcome."""
    close_timeout: float = 2.0
    """For the hub to answer a goodbye."""
    ping_interval: float = 20.0
    """Between two pings to the hub."""
    ping_timeout: float = 20.0
    """A hub that answers no ping for so long is gone."""
    message_bytes: int = 64 << 20
    """The largest message taken from a hub: a snapshot of a large profile."""
    backoff_base: float = 0.25
    """Before the second attempt to connect: a random time up to this, doubled for each one after."""
    backoff_cap: float = 30.0
    """The longest that such a time becomes."""
    slow_down: float = 5.0
    """Waited beside, where the hub asked for a pause."""
    push_attempts: int = 4
    """How often one exchange offers the hub what it had no room for."""
    poll: float = 0.5
    """How often a live connection looks for edits that other processes saved."""
    inbox: int = 64
    """Messages and jobs that wait in a live connection."""
    pages_behind: int = 8
    """Pages of an old history that wait for the disk before no more are taken in."""
    snapshot_tail: int = 500
    """Commits after which the cached state is written anew."""
    token_days: int = 90
    """Days that a token is good which `join` and `token create` make; connections renew it before."""
    provider_patience: float = 600.0
    """How long somebody may take to sign in at an OpenID provider."""
    provider_timeout: float = 30.0
    """How long the provider may take for one answer."""
    zenml_patience: float = 30.0
    """How long a ZenML server may take for one answer."""
    progress_delay: float = 0.5
    """How long work lasts before a terminal shows how far it is."""
    freshness: float = 5.0
    """The time of the last contact is written at most so often."""

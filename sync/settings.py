"""Every limit and default of the hub, in one place; `docs/limits.md` lists them for people."""

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """How a hub behaves; times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    """The address to listen at; beyond loopback, only with TLS or `insecure`."""
    port: int = 8765
    """0 is any free one."""
    tls_cert: str = ""
    """A file with the certificate and those that lead to its authority (PEM); empty for no TLS."""
    tls_key: str = ""
    """A file with the certificate's private key (PEM, without a passphrase)."""
    insecure: bool = False
    """Whether to listen beyond loopback without TLS: tokens can be read on the way."""
    allowed_hosts: frozenset[str] = frozenset()
    """Names by which the hub may be called, beside those of its address and of its certificate."""
    allowed_origins: frozenset[str] = frozenset()
    """Origins (`https://host:port`) of other sites whose pages may connect."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses of proxies that are believed about whom they speak for (X-Forwarded-For)."""

    message_bytes: int = 8 << 20
    """The largest message taken from a replica."""
    queue_messages: int = 4
    """Messages of one connection that came and were not looked at yet; then TCP holds the rest back."""
    hello_timeout: float = 10.0
    """For each step until a replica is let in: TLS, the handshake, the first message."""
    strangers: int = 256
    """Connections at a time that were not let in yet; one more, and the oldest is dropped."""
    strangers_address: int = 64
    """… of one address."""
    connections_address: int = 1_000
    """Connections at a time of one address."""
    connections_user: int = 200
    """Connections at a time of one user."""
    opened_second: float = 20.0
    """Connections that an address may open a second, in the long run."""
    opened_burst: float = 300.0
    """… and at once, after it has been quiet."""
    file_share: float = 0.05
    """What a connection counts among those when it came for a file of the dashboard, which has many."""
    ping_interval: float = 20.0
    """Between two pings to a peer."""
    ping_timeout: float = 20.0
    """A peer from which nothing comes for so long after a ping is gone."""

    push_proposals: int = 1_000
    """Proposals in one push."""
    push_bytes: int = 6 << 20
    """Bytes in one push, below `message_bytes` with room for the frame."""
    backlog_proposals: int = 4_000
    """Undecided proposals of one connection; beyond it, the hub reads no more from it."""
    backlog_orders: int = 8
    """Orders of one connection that wait; beyond it, the hub reads no more from it."""
    backlog_reads: int = 1_000
    """Pages that one connection asked for and has not taken; beyond it, the hub reads no more from it."""
    subscriptions: int = 10_000
    """Profiles that one connection follows."""
    watches: int = 16
    """Profiles that one connection is shown, folded: the hub keeps the state of each in memory."""
    messages_second: float = 500.0
    """Messages that a user, with all tokens, may send a second in the long run; the rest is read late."""
    messages_burst: float = 5_000.0
    """… and at once, after it has been quiet."""
    bytes_second: float = 8 << 20
    """Bytes of messages that a user may send a second, in the long run."""
    bytes_burst: float = 64 << 20
    """… and at once."""
    proposals_second: float = 1_000.0
    """Proposals that a user may push a second, in the long run."""
    proposals_burst: float = 10_000.0
    """… and at once."""
    slow_patience: float = 60.0
    """How long a connection may go on beyond its user's rates, read slowly; then it is closed."""
    batch_proposals: int = 2_000
    """Proposals decided in one transaction."""
    batch_share: int = 250
    """Proposals of one user in it: others do not wait for a transaction that is full of theirs."""

    page_commits: int = 1_000
    """History goes out in pages of at most so many commits."""
    page_bytes: int = 1 << 20
    """A page ends with the commit that brings it to so many bytes of bodies."""
    blocks_bytes: int = 32 << 20
    """Of history that was packed for a reader and is kept so for the next, the least recent going first."""
    read_second: float = 16 << 20
    """Bytes of history that a user may be sent a second, in the long run; the rest comes late."""
    read_burst: float = 64 << 20
    """… and at once, after it has been quiet."""
    shown_bytes: int = 256 << 10
    """What is shown folded comes in pages; each ends with what brings it to so many bytes."""
    log_entries: int = 200
    """Commits in one answer to what commits changed."""
    log_sought: int = 5_000
    """Commits that are looked through for one answer, where only some are asked for."""
    log_differences: int = 500
    """Values that are told of one commit in it; of how many entities there are more, is counted."""
    inspected: int = 200
    """Connections, and profiles, in one answer to how the hub fares; of how many there are, is counted."""

    profiles: int = 10_000
    """Profiles that are not deleted."""
    entities_profile: int = 20_000
    """Stacks, components and flavors of one profile."""
    conflicts_user: int = 200
    """Open conflicts of one user's changes in one profile; further ones are refused, and stay there."""
    requests_user: int = 200
    """Changes of one user that wait for approval in one profile; further ones are refused, and stay there."""
    config_bytes: int = 256 << 10
    """JSON text of one component's configuration."""
    config_depth: int = 24
    """Levels of nesting in one component's configuration."""

    failures_free: int = 3
    """Failed sign-ins of an address, or for an account, before answers are delayed."""
    failure_delay: float = 0.25
    """The first such delay, doubled with each further failure."""
    failure_delay_most: float = 5.0
    """The longest such delay, below `hello_timeout`."""
    failures_forgotten: float = 900.0
    """After so long without another, failures are forgotten."""
    failures_kept: int = 10_000
    """Addresses, accounts and pairs of both that are remembered, the least recent forgotten first."""
    delayed: int = 64
    """Sign-ins that wait at a time; beyond it, they are refused at once."""
    delayed_address: int = 8
    """… of one address."""

    passwords: bool = False
    """Whether people may set a password, and sign in by it."""
    password_length: int = 15
    """Characters that a password has at the least (NIST SP 800-63B-4, section 3.1.1.2)."""
    passwords_at_once: int = 2
    """Passwords that are looked at a time: each takes 64 MiB and a core for a moment."""
    sign_in_lifetime: float = 43_200.0
    """How long a token is good that signing in by a password or a provider made; it is not renewed."""
    provider_timeout: float = 3.0
    """For one answer of the OpenID provider; a sign-in takes three, within `hello_timeout`."""
    logins: int = 1_000
    """Browsers that were sent to the provider and are not back; beyond it, the oldest is forgotten."""
    login_seconds: float = 600.0
    """After so long it is too late to come back."""
    login_code_seconds: float = 60.0
    """How long the one-time code is good that a browser is handed then."""

    ended_kept: float = 2_592_000.0
    """How long the hash of a token is kept that has ended: until then, its holder is told so."""

    security_log_bytes: int = 16 << 20
    """The security log begins a new file at so many bytes."""
    security_log_files: int = 8
    """Files of the security log that are kept."""
    refusals_second: float = 1.0
    """Refusals of one user that the security log notes a second, in the long run; the rest is counted."""
    refusals_burst: float = 100.0
    """… and at once: no flood of them pushes all else out of the log."""
    security_log_waiting: int = 10_000
    """Entries that wait to be written; beyond it, they are dropped and counted."""
    notes_reply: int = 500
    """Entries of the security log in one answer to whoever may read it."""

    live_buffer: int = 1 << 20
    """Unsent bytes of one connection beyond which it is moved from live delivery to pages."""
    buffer_most: int = 16 << 20
    """Unsent bytes of one connection beyond which it is closed."""

    heal_bytes: int = 256 << 20
    """Of a lost history that is taken back at once: it is in memory until all of it was looked at."""
    heal_patience: float = 30.0
    """How long who offered a lost history may take for one page of it."""

    snapshot_every: int = 1_000
    """Commits between two snapshots of a state; as many as it had entities at the last, if that is more."""
    snapshot_worth: int = 4_000
    """Commits behind the head from which a subscriber may be sent a snapshot."""
    pasts_kept: int = 8
    """States of the past that are kept in memory for whoever looks at them, of all profiles together."""
    verify_start: int = 10_000
    """Commits whose hashes are computed again when the hub starts, the newest of its profiles."""
    states_kept: int = 256
    """Profiles whose state is kept in memory, the least recently used given up first."""

    anchor_to: str = ""
    """Where checkpoints are kept: a file, a folder in a git repository, an http(s) URL; empty for nowhere."""
    anchor_every: float = 3_600.0
    """Between two times that what has changed is kept there."""
    anchor_timeout: float = 30.0
    """For the answer of such a URL."""

    tick: float = 1.0
    """Between two looks at which tokens have expired."""
    closing_grace: float = 1.0
    """For whoever is turned away to take what they were told, before the connection is cut."""
    shutdown_grace: float = 5.0
    """For connections to close when the hub ends."""

"""Using it: the replica and its two files, the connection, the Python API, the command line.

`connect` (for an event loop) and `connect_sync` (for plain scripts and notebooks) are the way in:

    async with stackroom.client.connect("ws://localhost:8765", token=token) as hub: ...

`fetch` reads one profile once, and stores nothing.

Imports `sync` (the protocol; the server for `stackroom hub`) and `events`.

`workspace` is a home at work. Beside it: `home` (what is kept on this machine), `replica` (what it says
to a hub; no I/O), `transport` (lines to a hub), `connection` (exchanges over them), `drafting` (from a
change to a saved proposal), `history` (moments, comparisons, runs, audits), `definitions` (what sources
say; `files`, `stores`, `zenml`, `zenml_server` read and write them), `python` (behind `connect`),
`rescue` and `doctor` (what is damaged), `reports`, `commands`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # As of `typing`, which takes a while to import, and says the same.
    from stackroom.client.api import connect
    from stackroom.client.blocking import connect as connect_sync
    from stackroom.client.python.fetching import fetch

__all__ = ["connect", "connect_sync", "fetch"]


def __getattr__(name: str) -> object:
    # Late, so that a command that only reads does not import an event loop.
    if name == "connect":
        from stackroom.client.api import connect

        return connect
    if name == "connect_sync":
        from stackroom.client.blocking import connect as connect_sync

        return connect_sync
    if name == "fetch":
        from stackroom.client.python.fetching import fetch

        return fetch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

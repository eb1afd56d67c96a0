"""What happened: the events of a profile, the state they add up to, and the rules between them.

The room is a functional core: `model` (what can happen), `carriers` (in what), `codec` (how it is kept;
`bodies`: each change), `state` and `fold` (what it adds up to), `rules` and `check` (what may be added),
`resolve` (how a conflict ends), `history` (what was when), `merkle` (what proves it). `log` says what keeps
the commits; `sqlite_log` keeps them in SQLite, on a thread of its own (`database`), by the steps in
`migrations`. `late` is for processes that must start at once: what others import for nothing waits for its
first use.

Imports nothing of `sync` and `client`.
"""

"""What happened: the events of a profile, the state they add up to, and the rules between them.

The room is a functional core. At the top stands what everything uses: `model` (what can happen),
`carriers` (in what), `codec` (how it is kept; `bodies`: each change), `state` and `fold` (what it adds up
to), `log` (what keeps the commits). Beside it, each importing only those before it: `people` (who may do
what), `proofs` (Merkle trees, signatures, checkpoints), `secrets` (credentials, and redaction),
`deciding` (`check`: what may be added), `history` (what was when), `composing` (changes made for an end:
undone, brought back, a conflict resolved), `sqlite` (the log in SQLite, on a thread of its own), `audit`
(a history held against its proofs). `late` is for processes that must start at once: what others import
for nothing waits for its first use.

Imports nothing of `sync` and `client`.
"""

"""Moving it: the wire protocol, and the hub that a team runs.

`protocol` has the messages, `hub` is the hub as a state machine without I/O, `server` carries its bytes in
and out. Beside them: `people` (who may do what), `oidc` (who signs in elsewhere), `sockets` (connections),
`web` (plain HTTP), `deciding` (from a push to a commit), `reading` (what is read for somebody), `healing`
(histories that part), `checkpoints` (what the hub signs), `hosting` (the hub as a process on a machine).

Imports `events`, and nothing of `client`.
"""

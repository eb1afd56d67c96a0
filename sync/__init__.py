"""Moving it: the wire protocol, and the hub that a team runs.

`protocol` has the messages, `access` who may do what, `authority` decides on proposals, `hub` is the
hub as a state machine without I/O; `server` and what stands beside it carry its bytes in and out.

Imports `events`, and nothing of `client`.
"""

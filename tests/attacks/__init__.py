"""What a hostile client can try, each attack against a real hub over real sockets.

`docs/security.md` names these tests: who attacks, what they want, and what stops them.
"""

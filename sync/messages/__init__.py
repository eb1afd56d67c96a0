"""What hub and replicas say to each other, message by message, beside those in `protocol`.

`protocol` has the commonest, hands on the names of all, and codes them: import from there, but for what a
message is made of. Imports `events`, and nothing else of `sync`.
"""

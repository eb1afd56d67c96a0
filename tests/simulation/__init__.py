"""A deterministic simulation of a hub and its replicas, in one process, from one seed.

`clock` is virtual time; `network` delays, duplicates and cuts; `hub_node` and `replica_node` run the very
cores that the server and the client run, on real SQLite files; `edits` is what people do; `faults` what
befalls them; `promises` checks what must always hold. `python -m tests.simulation --seed N` replays one.
"""

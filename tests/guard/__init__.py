"""The guard of the hot paths: what they take is counted, not timed, and held under ceilings.

The real hub and a real client run as processes under `traced`, which counts the bytecode instructions that
our own code executes, and the statements that SQLite is given. Counts do not depend on how busy the
machine is. `python -m tests.guard` shows them; with `--set` it writes `ceilings.json` anew.
"""

"""Measuring it: what a hub, a cold client and the commands take on this machine.

`python -m benchmarks` runs every case and writes RESULTS.md; README.md says how each is measured.
Imports the three rooms; nothing imports this.
"""
